from django.conf import settings
from django.db import models
from django.db.models import Case, Count, Exists, F, FilteredRelation, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from bookings.models import Visitor
from bookings.social_security_numbers import refuse_nir
from bookings.visitor_search import search_terms
from casefiles.stages import Stage
from conventions.models import Convention
from franceservices.db import Folded, who_and_when
from partners.models import Partner, Site

from .case_kind import CaseKind


class CaseFileQuerySet(models.QuerySet):
    def visible_to(self, user) -> "CaseFileQuerySet":
        """Those at the desks of the CCAS's staff. A partner's agent never reads the file itself, which holds more than
        what was sent: she reads the lines of the slips sent to her caisse (`SlipLine`).
        """
        return self.filter(site__in=Site.objects.visible_to(user))

    def with_parties(self) -> "CaseFileQuerySet":
        """Everything that a line of a list names."""
        return self.select_related("site__ccas", "visitor", "kind", "partner", "convention", "agent")

    def matching(self, words: str) -> "CaseFileQuerySet":
        """Those in whose visitor's name, phone or e-mail, or in whose kind, each of `words` occurs."""
        found = self
        for term in search_terms(words).every:
            folded = Folded(Value(term))
            found = found.alias(folded_kind=Folded("kind__label")).filter(
                Q(visitor__search_text__contains=folded) | Q(folded_kind__contains=folded)
            )
        return found

    def with_open_line(self) -> "CaseFileQuerySet":
        """`open_line`, the one line that the caisse has not sent back, for filters and columns: never more than one."""
        return self.alias(open_line=FilteredRelation("lines", condition=Q(lines__returned_at=None)))

    def with_stage(self) -> "CaseFileQuerySet":
        """The stage as `casefiles.stages.stage_of` has it, in SQL, and what lists show beside it.

        Adds `stage`, `lacking_count` (mandatory documents that are missing) and, of the open line, `open_line_id` and
        its dates and decision.
        """
        # The modules of both models import this one.
        lines = self.model.lines.rel.related_model.objects
        lacking = self.model.documents.rel.related_model.objects.filter(
            file=OuterRef("pk"), is_mandatory=True, state="missing"
        )
        return self.with_open_line().annotate(
            stage=Case(
                When(withdrawn_at__isnull=False, then=Value(Stage.WITHDRAWN.value)),
                When(open_line__result="accepted", then=Value(Stage.ACCEPTED.value)),
                When(open_line__result="refused", then=Value(Stage.REFUSED.value)),
                When(open_line__acknowledged_at__isnull=False, then=Value(Stage.ACKNOWLEDGED.value)),
                When(open_line__isnull=False, then=Value(Stage.SENT.value)),
                When(Q(agreed_on__isnull=False) & ~Exists(lacking), then=Value(Stage.COMPLETE.value)),
                When(
                    Exists(lines.filter(file=OuterRef("pk"), returned_at__isnull=False)),
                    then=Value(Stage.RETURNED.value),
                ),
                default=Value(Stage.PREPARATION.value),
                output_field=models.CharField(),
            ),
            lacking_count=Coalesce(
                Subquery(lacking.order_by().values("file").annotate(count=Count("pk")).values("count")), 0
            ),
            open_line_id=F("open_line__pk"),
            **{
                name: F(f"open_line__{name}")
                for name in (
                    "sent_on",
                    "acknowledgement_due_on",
                    "received_on",
                    "decision_due_on",
                    "tacit_on",
                    "result",
                    "decided_on",
                    "rights_until",
                )
            },
        )


class CaseFile(models.Model):
    """A request that the CCAS builds with a visitor and sends to a caisse (*dossier*).

    Its stage is not stored: it follows from the facts here, in the checklist and in the lines of the slips it went with
    (see `casefiles/stages.py`). What happened at the caisse is on the line, because a file may go there twice.
    """

    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="case_files")
    visitor = models.ForeignKey(Visitor, verbose_name="usager", on_delete=models.PROTECT, related_name="case_files")
    kind = models.ForeignKey(CaseKind, verbose_name="nature", on_delete=models.PROTECT, related_name="case_files")
    partner = models.ForeignKey(Partner, verbose_name="caisse", on_delete=models.PROTECT, related_name="case_files")
    convention = models.ForeignKey(
        Convention, verbose_name="convention", on_delete=models.PROTECT, related_name="case_files"
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="suivi par", on_delete=models.PROTECT, related_name="case_files"
    )
    opened_on = models.DateField("ouvert le")
    opened_at = models.DateTimeField("saisi le", default=timezone.now)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="ouvert par", on_delete=models.PROTECT, related_name="+"
    )
    agreed_on = models.DateField(
        "accord de la personne, donné le",
        null=True,
        blank=True,
        help_text="Sans son accord, un dossier n’est pas transmis.",
    )
    agreement_recorded_at = models.DateTimeField("accord saisi le", null=True, blank=True)
    agreement_recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="accord saisi par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    is_urgent = models.BooleanField("urgent", default=False)
    urgency = models.CharField(
        "ce qui presse",
        max_length=200,
        blank=True,
        validators=[refuse_nir],
        help_text="Lu par la caisse : quelques mots, sans donnée de santé.",
    )
    social_notes = models.TextField(
        "notes sociales",
        blank=True,
        validators=[refuse_nir],
        help_text="Lues par le CCAS seulement, jamais par un partenaire.",
    )
    renewal_of = models.ForeignKey(
        "self",
        verbose_name="renouvelle",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="renewals",
    )
    withdrawn_at = models.DateTimeField("retiré le", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="retiré par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    withdrawal_reason = models.CharField("motif du retrait", max_length=200, blank=True, validators=[refuse_nir])

    objects = CaseFileQuerySet.as_manager()

    class Meta:
        verbose_name = "dossier"
        verbose_name_plural = "dossiers"
        ordering = ["-opened_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=who_and_when("agreement_recorded")
                & (
                    models.Q(agreed_on=None, agreement_recorded_at=None)
                    | models.Q(agreed_on__isnull=False, agreement_recorded_at__isnull=False)
                ),
                name="case_file_agreement_when_and_by",
            ),
            models.CheckConstraint(condition=who_and_when("withdrawn"), name="case_file_withdrawn_when_and_by"),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None, withdrawal_reason="")
                | (models.Q(withdrawn_at__isnull=False) & ~models.Q(withdrawal_reason="")),
                name="case_file_withdrawn_says_why",
                violation_error_message="Dites pourquoi le dossier est retiré.",
            ),
            models.CheckConstraint(
                condition=models.Q(is_urgent=True) | models.Q(urgency=""),
                name="case_file_urgency_of_urgent",
            ),
            models.CheckConstraint(
                condition=models.Q(renewal_of=None) | ~models.Q(renewal_of=models.F("pk")),
                name="case_file_not_its_own_renewal",
            ),
            models.UniqueConstraint(
                fields=["renewal_of"],
                condition=models.Q(withdrawn_at=None),
                name="case_file_renewed_once",
                violation_error_message="Le renouvellement de ce dossier est déjà en cours.",
            ),
            # The key that the lines of slips refer to: a line is of the file's site and partner, and has its agreement.
            models.UniqueConstraint(fields=["id", "site", "partner", "agreed_on"], name="case_file_key_of_lines"),
        ]
        indexes = [
            models.Index(name="case_file_site_opened", fields=["site", "opened_on"]),
            models.Index(name="case_file_agent_opened", fields=["agent", "opened_on"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind.short_label} – {self.visitor.full_name}"
