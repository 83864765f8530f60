from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from conventions.models import Convention
from franceservices.db import who_and_when
from partners.models import Ccas
from reports.periods import Period


class AnnualReportQuerySet(models.QuerySet):
    def visible_to(self, user) -> "AnnualReportQuerySet":
        """Those of the conventions of the CCAS of `user`; none for a partner's agent, to whom they are handed out."""
        return self.filter(ccas__in=Ccas.objects.visible_to(user))

    def with_parties(self) -> "AnnualReportQuerySet":
        """Everything that a list or a page of reports names, without a query a row."""
        return self.select_related(
            "convention__partner", "convention__site__ccas", "replaces", "replaced_by", "issued_by", "written_by"
        )

    def drafts(self) -> "AnnualReportQuerySet":
        return self.filter(issued_at=None)

    def issued(self) -> "AnnualReportQuerySet":
        return self.filter(issued_at__isnull=False)


class AnnualReport(models.Model):
    """A *bilan annuel* of a convention over `[starts_on, ends_on]`, both days included.

    A draft holds the words that people add (difficulties, comments); its figures are read when it is looked at. Once
    established it is numbered without gaps per CCAS and `year`, `content` holds all that it prints, and a trigger of
    the database refuses any change but `is_replaced`. A mistake is corrected by a new report that `replaces` it.
    """

    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", on_delete=models.PROTECT, related_name="annual_reports")
    convention = models.ForeignKey(
        Convention, verbose_name="convention", on_delete=models.PROTECT, related_name="annual_reports"
    )
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    difficulties = models.TextField("difficultés rencontrées", blank=True)
    comments = models.TextField("commentaires et perspectives", blank=True)
    written_at = models.DateTimeField("modifié le", default=timezone.now)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="modifié par", on_delete=models.PROTECT, related_name="+"
    )
    year = models.PositiveSmallIntegerField("exercice", null=True, blank=True)
    number = models.PositiveIntegerField("numéro", null=True, blank=True)
    content = models.JSONField("contenu", encoder=DjangoJSONEncoder, null=True, blank=True)
    issued_on = models.DateField("établi le", null=True, blank=True)
    issued_at = models.DateTimeField("enregistré le", null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="établi par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    replaces = models.OneToOneField(
        "self", verbose_name="remplace", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    is_replaced = models.BooleanField("remplacé", default=False)

    objects = AnnualReportQuerySet.as_manager()

    class Meta:
        verbose_name = "bilan annuel"
        verbose_name_plural = "bilans annuels"
        ordering = ["-ends_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["ccas", "year", "number"], name="annual_report_number_unique"),
            models.UniqueConstraint(
                fields=["convention", "starts_on", "ends_on"],
                condition=models.Q(issued_at=None),
                name="annual_report_one_draft",
                violation_error_message="Un projet de bilan existe déjà pour cette période.",
            ),
            models.UniqueConstraint(
                fields=["convention", "starts_on", "ends_on"],
                condition=models.Q(issued_at__isnull=False, is_replaced=False),
                name="annual_report_one_standing",
                violation_error_message="Un bilan est déjà établi pour cette période.",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="annual_report_period_ordered"
            ),
            models.CheckConstraint(condition=who_and_when("issued"), name="annual_report_issued_when_and_by"),
            models.CheckConstraint(
                condition=models.Q(
                    issued_at=None, issued_on=None, year=None, number=None, content=None, is_replaced=False
                )
                | models.Q(
                    issued_at__isnull=False,
                    issued_on__isnull=False,
                    year__isnull=False,
                    number__isnull=False,
                    content__isnull=False,
                ),
                name="annual_report_draft_or_issued",
            ),
        ]

    def __str__(self) -> str:
        return f"Bilan annuel n° {self.label}" if self.is_issued else f"Projet de bilan, {self.period.label}"

    @property
    def is_issued(self) -> bool:
        return self.issued_at is not None

    @property
    def label(self) -> str:
        """« 2026-007 », nothing for a draft."""
        return f"{self.year}-{self.number:03d}" if self.is_issued else ""

    @property
    def period(self) -> Period:
        return Period(self.starts_on, self.ends_on)
