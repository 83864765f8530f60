from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce, ExtractYear
from django.utils import timezone

from partners.models import Ccas, Partner, Site


class TransmissionSlipQuerySet(models.QuerySet):
    def visible_to(self, user) -> "TransmissionSlipQuerySet":
        """Those sent from the desks of the CCAS's staff; those sent to her caisse for a partner's agent."""
        if user.partner_id is not None and not user.is_superuser:
            return self.filter(partner_id=user.partner_id)
        return self.filter(site__in=Site.objects.visible_to(user))

    def with_parties(self) -> "TransmissionSlipQuerySet":
        """Everything that a line of a list names."""
        return self.select_related("ccas", "site", "partner", "sent_by")

    def with_progress(self) -> "TransmissionSlipQuerySet":
        """How far the caisse is: `acknowledged_count`, `returned_count` and `decided_count`, of `file_count`."""
        # The module of the lines imports this one.
        lines = self.model.lines.rel.related_model.objects.filter(slip=OuterRef("pk")).order_by().values("slip")

        def counted(condition: models.Q) -> Coalesce:
            return Coalesce(Subquery(lines.filter(condition).annotate(count=Count("pk")).values("count")), 0)

        return self.annotate(
            acknowledged_count=counted(models.Q(acknowledged_at__isnull=False)),
            returned_count=counted(models.Q(returned_at__isnull=False)),
            decided_count=counted(~models.Q(result="")),
        )


class TransmissionSlip(models.Model):
    """The slip (*bordereau de transmission*) with which complete files went to a caisse.

    It exists once it is sent, and never changes again: triggers of the database refuse it. Numbers follow each other
    without gaps, by CCAS and civil year of `sent_on`.
    """

    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", on_delete=models.PROTECT, related_name="slips")
    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="slips")
    partner = models.ForeignKey(Partner, verbose_name="caisse", on_delete=models.PROTECT, related_name="slips")
    year = models.PositiveSmallIntegerField("année")
    number = models.PositiveIntegerField("numéro", validators=[MinValueValidator(1)])
    sent_on = models.DateField("envoyé le")
    sent_at = models.DateTimeField("saisi le", default=timezone.now)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="envoyé par", on_delete=models.PROTECT, related_name="+"
    )
    file_count = models.PositiveSmallIntegerField("dossiers", validators=[MinValueValidator(1)])
    # Names of the parties as they were on that day: see `casefiles/frozen.py`.
    content = models.JSONField("en-tête", default=dict)

    objects = TransmissionSlipQuerySet.as_manager()

    class Meta:
        verbose_name = "bordereau de transmission"
        verbose_name_plural = "bordereaux de transmission"
        ordering = ["-sent_on", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["ccas", "year", "number"],
                name="slip_number_unique",
                violation_error_message="Ce numéro de bordereau est déjà pris.",
            ),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="slip_number_from_one"),
            models.CheckConstraint(
                condition=models.Q(file_count__gte=1),
                name="slip_has_files",
                violation_error_message="Un bordereau compte au moins un dossier.",
            ),
            models.CheckConstraint(condition=models.Q(year=ExtractYear("sent_on")), name="slip_year_is_its_date_s"),
            # The key that its lines refer to.
            models.UniqueConstraint(fields=["id", "site", "partner", "sent_on"], name="slip_key_of_lines"),
        ]
        indexes = [
            models.Index(name="slip_site_sent", fields=["site", "sent_on"]),
            models.Index(name="slip_partner_sent", fields=["partner", "sent_on"]),
        ]

    def __str__(self) -> str:
        return f"Bordereau n° {self.full_number}"

    @property
    def full_number(self) -> str:
        """`2026-0012`."""
        return f"{self.year}-{self.number:04d}"
