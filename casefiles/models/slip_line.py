from django.conf import settings
from django.db import models

from bookings.social_security_numbers import refuse_nir
from bookings.visitor_search import search_terms
from franceservices.db import Folded, who_and_when
from partners.models import Partner, Site

from .case_file import CaseFile
from .transmission_slip import TransmissionSlip


class DecisionResult(models.TextChoices):
    ACCEPTED = "accepted", "Accord"
    REFUSED = "refused", "Refus"


class SlipLineQuerySet(models.QuerySet):
    def visible_to(self, user) -> "SlipLineQuerySet":
        """Those sent from the desks of the CCAS's staff; those sent to her caisse for a partner's agent."""
        if user.partner_id is not None and not user.is_superuser:
            return self.filter(partner_id=user.partner_id)
        return self.filter(site__in=Site.objects.visible_to(user))

    def standing(self) -> "SlipLineQuerySet":
        """Those that the caisse has not sent back: at most one a file."""
        return self.filter(returned_at=None)

    def with_parties(self) -> "SlipLineQuerySet":
        """Everything that a line of a list names."""
        return self.select_related("slip__ccas", "site", "partner", "file__kind", "file__visitor", "file__agent")

    def matching(self, words: str) -> "SlipLineQuerySet":
        """Those in whose visitor's name each of `words` occurs; never by phone or e-mail, which were not sent."""
        found = self
        for term in search_terms(words).every:
            found = found.filter(file__visitor__folded_name__contains=Folded(models.Value(term)))
        return found


class SlipLine(models.Model):
    """One file in one slip: a passage of the file at the caisse, from the day it is sent to its return or decision.

    `site`, `partner`, `sent_on` and `agreed_on` repeat the slip's and the file's; composite foreign keys make them
    agree, so that no line exists without the applicant's agreement (see the first migration). `content` is what the
    caisse was told, frozen. What is not sent back is the file's one open line.
    """

    slip = models.ForeignKey(TransmissionSlip, verbose_name="bordereau", on_delete=models.PROTECT, related_name="lines")
    file = models.ForeignKey(CaseFile, verbose_name="dossier", on_delete=models.PROTECT, related_name="lines")
    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="slip_lines")
    partner = models.ForeignKey(Partner, verbose_name="caisse", on_delete=models.PROTECT, related_name="slip_lines")
    position = models.PositiveSmallIntegerField("rang")
    sent_on = models.DateField("envoyé le")
    agreed_on = models.DateField("accord de la personne, donné le")
    acknowledgement_due_on = models.DateField("accusé de réception attendu le")
    content = models.JSONField("contenu transmis", default=dict)

    acknowledged_at = models.DateTimeField("accusé saisi le", null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="accusé saisi par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    received_on = models.DateField("reçu par la caisse le", null=True, blank=True)
    decision_due_on = models.DateField("décision attendue le", null=True, blank=True)
    tacit_on = models.DateField("décision tacite le", null=True, blank=True)

    returned_at = models.DateTimeField("retour saisi le", null=True, blank=True)
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="retour saisi par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    returned_on = models.DateField("retourné le", null=True, blank=True)
    missing = models.JSONField("pièces demandées", default=list, blank=True)
    return_note = models.CharField("précision", max_length=500, blank=True, validators=[refuse_nir])

    result = models.CharField("décision", max_length=10, choices=DecisionResult, blank=True)
    is_tacit = models.BooleanField("tacite", default=False)
    decided_on = models.DateField("décidé le", null=True, blank=True)
    decision_recorded_at = models.DateTimeField("décision saisie le", null=True, blank=True)
    decision_recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="décision saisie par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    refusal_reason = models.CharField("motif du refus", max_length=500, blank=True, validators=[refuse_nir])
    rights_from = models.DateField("droits du", null=True, blank=True)
    rights_until = models.DateField("au", null=True, blank=True)

    objects = SlipLineQuerySet.as_manager()

    class Meta:
        verbose_name = "dossier transmis"
        verbose_name_plural = "dossiers transmis"
        ordering = ["slip", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["file"],
                condition=models.Q(returned_at=None),
                name="slip_line_one_open_a_file",
                violation_error_message="Ce dossier est déjà parti dans un autre bordereau.",
            ),
            models.UniqueConstraint(fields=["slip", "position"], name="slip_line_position_once"),
            models.CheckConstraint(condition=models.Q(position__gte=1), name="slip_line_position_from_one"),
            models.CheckConstraint(
                condition=models.Q(agreed_on__lte=models.F("sent_on")),
                name="slip_line_agreed_before_sent",
                violation_error_message="L’accord de la personne doit précéder l’envoi.",
            ),
            *(
                models.CheckConstraint(condition=who_and_when(step), name=f"slip_line_{step}_when_and_by")
                for step in ("acknowledged", "returned", "decision_recorded")
            ),
            models.CheckConstraint(
                condition=models.Q(acknowledged_at=None, received_on=None, decision_due_on=None, tacit_on=None)
                | models.Q(
                    acknowledged_at__isnull=False, received_on__isnull=False, received_on__gte=models.F("sent_on")
                ),
                name="slip_line_received_after_sent",
                violation_error_message="La caisse n’a pas pu recevoir le dossier avant son envoi.",
            ),
            models.CheckConstraint(
                condition=models.Q(returned_at=None, returned_on=None, return_note="", missing=[])
                | models.Q(
                    returned_at__isnull=False,
                    acknowledged_at__isnull=False,
                    received_on__isnull=False,
                    returned_on__isnull=False,
                    returned_on__gte=models.F("received_on"),
                ),
                name="slip_line_returned_after_received",
                violation_error_message="Le retour ne peut pas précéder la réception.",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    result="", decided_on=None, decision_recorded_at=None, is_tacit=False, refusal_reason=""
                )
                | models.Q(
                    result__in=["accepted", "refused"],
                    decision_recorded_at__isnull=False,
                    acknowledged_at__isnull=False,
                    received_on__isnull=False,
                    decided_on__isnull=False,
                    decided_on__gte=models.F("received_on"),
                    returned_at=None,
                ),
                name="slip_line_decided_after_received",
                violation_error_message="Une décision suit la réception du dossier complet.",
            ),
            models.CheckConstraint(
                condition=~models.Q(result="refused") | ~models.Q(refusal_reason="") | models.Q(is_tacit=True),
                name="slip_line_refusal_says_why",
                violation_error_message="Dites le motif du refus.",
            ),
            models.CheckConstraint(
                condition=models.Q(rights_from=None, rights_until=None)
                | models.Q(result="accepted", rights_from__isnull=False, rights_until=None)
                | models.Q(result="accepted", rights_until__gte=models.F("rights_from"), rights_from__isnull=False),
                name="slip_line_rights_of_an_acceptance",
                violation_error_message="Des droits s’ouvrent par un accord, et leur fin suit leur début.",
            ),
        ]
        indexes = [
            models.Index(name="slip_line_partner_sent", fields=["partner", "sent_on"]),
            models.Index(name="slip_line_site_sent", fields=["site", "sent_on"]),
            # What is awaited from the caisses, and what is to be renewed: a few rows among all those of the past.
            models.Index(
                name="slip_line_awaited",
                fields=["site", "sent_on"],
                condition=models.Q(returned_at=None, result=""),
            ),
            models.Index(
                name="slip_line_rights_end",
                fields=["site", "rights_until"],
                condition=models.Q(rights_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slip}, rang {self.position}"
