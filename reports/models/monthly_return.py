from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from conventions.models import Convention
from franceservices.dates import format_month
from partners.models import Ccas, Partner, Site
from reports.periods import Period


class MonthlyReturnQuerySet(models.QuerySet):
    def visible_to(self, user) -> "MonthlyReturnQuerySet":
        """Those that the CCAS of `user` established; those about her caisse for a partner's agent."""
        if user.partner_id is not None and not user.is_superuser:
            return self.filter(partner=user.partner_id)
        return self.filter(ccas__in=Ccas.objects.visible_to(user))

    def with_parties(self) -> "MonthlyReturnQuerySet":
        """Everything that a list or a page of returns names, without a query a row."""
        return self.select_related("site__ccas", "partner", "correction", "corrects", "issued_by")

    def standing(self) -> "MonthlyReturnQuerySet":
        """Those that no later version replaces."""
        return self.filter(is_corrected=False)


class MonthlyReturn(models.Model):
    """A *relevé mensuel*: the figures of one partner at one space in one civil month, as they were when established.

    Frozen at once: a trigger of the database lets only `is_corrected` be written afterwards. Numbered without gaps per
    CCAS and `year` (the year in which it is established). `content` is what its page and its PDF print, exact values
    among it. A correction is a new return of the next `version`, that `corrects` the one before.
    """

    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", on_delete=models.PROTECT, related_name="monthly_returns")
    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="monthly_returns")
    partner = models.ForeignKey(
        Partner, verbose_name="partenaire", on_delete=models.PROTECT, related_name="monthly_returns"
    )
    convention = models.ForeignKey(
        Convention,
        verbose_name="convention",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="monthly_returns",
    )
    month = models.DateField("mois", help_text="Le premier jour du mois.")
    year = models.PositiveSmallIntegerField("exercice")
    number = models.PositiveIntegerField("numéro")
    version = models.PositiveSmallIntegerField("version", default=1)
    content = models.JSONField("contenu", encoder=DjangoJSONEncoder)
    issued_on = models.DateField("établi le")
    issued_at = models.DateTimeField("enregistré le", default=timezone.now)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="établi par", on_delete=models.PROTECT, related_name="+"
    )
    corrects = models.OneToOneField(
        "self", verbose_name="corrige", on_delete=models.PROTECT, null=True, blank=True, related_name="correction"
    )
    correction_reason = models.CharField("motif de la correction", max_length=300, blank=True)
    is_corrected = models.BooleanField("corrigé", default=False)

    objects = MonthlyReturnQuerySet.as_manager()

    class Meta:
        verbose_name = "relevé mensuel"
        verbose_name_plural = "relevés mensuels"
        ordering = ["-month", "partner", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["ccas", "year", "number"], name="monthly_return_number_unique"),
            models.UniqueConstraint(
                fields=["site", "partner", "month"],
                condition=models.Q(is_corrected=False),
                name="monthly_return_once_a_month",
                violation_error_message="Le relevé de ce mois est déjà établi.",
            ),
            models.CheckConstraint(
                condition=models.Q(month__day=1),
                name="monthly_return_month_is_its_first_day",
            ),
            models.CheckConstraint(
                condition=models.Q(corrects=None, correction_reason="", version=1)
                | (models.Q(corrects__isnull=False, version__gt=1) & ~models.Q(correction_reason="")),
                name="monthly_return_correction_has_reason",
                violation_error_message="Dites pourquoi ce relevé est corrigé.",
            ),
        ]

    def __str__(self) -> str:
        return f"Relevé mensuel n° {self.label}"

    @property
    def label(self) -> str:
        """« 2026-007 »."""
        return f"{self.year}-{self.number:03d}"

    @property
    def period(self) -> Period:
        return Period.of_month(self.month.year, self.month.month)

    @property
    def month_label(self) -> str:
        return format_month(self.month)
