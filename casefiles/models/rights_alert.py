from django.conf import settings
from django.db import models
from django.utils import timezone

from bookings.models import Visitor
from bookings.social_security_numbers import refuse_nir
from franceservices.db import who_and_when
from partners.models import Partner, Site

from .case_file import CaseFile


class RightsAlertQuerySet(models.QuerySet):
    def visible_to(self, user) -> "RightsAlertQuerySet":
        """Those raised at the desks of the CCAS's staff; those raised to her caisse for a partner's agent."""
        if user.partner_id is not None and not user.is_superuser:
            return self.filter(partner_id=user.partner_id)
        return self.filter(site__in=Site.objects.visible_to(user))

    def open(self) -> "RightsAlertQuerySet":
        """Those that are not closed, the nearest deadline first."""
        return self.filter(closed_at=None).order_by("deadline", "raised_at", "pk")

    def unanswered(self) -> "RightsAlertQuerySet":
        """Those open ones that the caisse has not answered, the nearest deadline first."""
        return self.open().filter(answered_at=None)

    def with_parties(self) -> "RightsAlertQuerySet":
        """Everything that a line of a list names."""
        return self.select_related(
            "site__ccas", "visitor", "partner", "file__kind", "raised_by", "seen_by", "answered_by", "closed_by"
        )


class RightsAlert(models.Model):
    """Somebody is about to lose her rights (*rupture de droits*), or has lost them: the CCAS tells the caisse.

    Seen and answered by an agent of the caisse, or typed back by the CCAS after a phone call; closed by the CCAS.
    """

    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="rights_alerts")
    visitor = models.ForeignKey(Visitor, verbose_name="usager", on_delete=models.PROTECT, related_name="rights_alerts")
    partner = models.ForeignKey(Partner, verbose_name="caisse", on_delete=models.PROTECT, related_name="rights_alerts")
    file = models.ForeignKey(
        CaseFile,
        verbose_name="dossier",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rights_alerts",
    )
    what = models.TextField(
        "ce qui menace",
        max_length=1000,
        validators=[refuse_nir],
        help_text="Lu par la caisse : quels droits, depuis ou jusqu’à quand ; sans donnée de santé.",
    )
    deadline = models.DateField("réponse nécessaire le")
    raised_at = models.DateTimeField("signalée le", default=timezone.now)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="signalée par", on_delete=models.PROTECT, related_name="+"
    )
    seen_at = models.DateTimeField("vue le", null=True, blank=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="vue par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    answered_at = models.DateTimeField("réponse le", null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="réponse de",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    answer = models.TextField("réponse de la caisse", max_length=1000, blank=True, validators=[refuse_nir])
    closed_at = models.DateTimeField("close le", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="close par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = RightsAlertQuerySet.as_manager()

    class Meta:
        verbose_name = "alerte de rupture de droits"
        verbose_name_plural = "alertes de rupture de droits"
        ordering = ["-raised_at", "-pk"]
        constraints = [
            *(
                models.CheckConstraint(condition=who_and_when(step), name=f"rights_alert_{step}_when_and_by")
                for step in ("seen", "answered", "closed")
            ),
            models.CheckConstraint(
                condition=models.Q(answered_at=None, answer="")
                | (models.Q(answered_at__isnull=False, seen_at__isnull=False) & ~models.Q(answer="")),
                name="rights_alert_answered_in_words",
                violation_error_message="Écrivez la réponse de la caisse.",
            ),
        ]
        indexes = [
            models.Index(
                name="rights_alert_open_partner",
                fields=["partner", "deadline"],
                condition=models.Q(closed_at=None),
            ),
            models.Index(
                name="rights_alert_open_site", fields=["site", "deadline"], condition=models.Q(closed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visitor.full_name} – {self.partner.short_name}"
