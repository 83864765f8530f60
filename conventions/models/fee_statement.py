from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from franceservices.db import DateRangeInclusive
from partners.models import Ccas

from .convention import Convention


class StatementPeriod(models.TextChoices):
    """Which year a statement covers."""

    CIVIL_YEAR = "civil_year", "Année civile"
    CONVENTION_YEAR = "convention_year", "Année de la convention"


class FeeStatementQuerySet(models.QuerySet):
    def visible_to(self, user) -> "FeeStatementQuerySet":
        """Those that the CCAS of `user` issued."""
        return self.filter(ccas__in=Ccas.objects.visible_to(user))

    def with_parties(self) -> "FeeStatementQuerySet":
        """Everything that a list or a page of statements names, without a query a row."""
        return self.select_related("convention__partner", "convention__site__ccas", "correction", "corrects")

    def standing(self) -> "FeeStatementQuerySet":
        """Those that no later one corrects."""
        return self.filter(is_corrected=False)


class FeeStatement(models.Model):
    """An *état liquidatif*: what the partner owes for `[starts_on, ends_on]`, both days included, in euros without VAT.

    Issued at once and frozen: a trigger of the database lets only the *titre*, the payment and `is_corrected` be
    written afterwards. Numbered without gaps per CCAS and `year` (the year of issue). `content` is what the document
    prints, the steps of the calculation among it. A correction is a new statement that `corrects` it.
    """

    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", on_delete=models.PROTECT, related_name="fee_statements")
    convention = models.ForeignKey(
        Convention, verbose_name="convention", on_delete=models.PROTECT, related_name="fee_statements"
    )
    year = models.PositiveSmallIntegerField("exercice")
    number = models.PositiveIntegerField("numéro")
    period = models.CharField("période", max_length=20, choices=StatementPeriod)
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    amount = models.DecimalField("montant (€)", max_digits=10, decimal_places=2)
    content = models.JSONField("contenu", encoder=DjangoJSONEncoder)
    issued_on = models.DateField("émis le")
    issued_at = models.DateTimeField("enregistré le", default=timezone.now)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="émis par", on_delete=models.PROTECT, related_name="+"
    )
    corrects = models.OneToOneField(
        "self", verbose_name="corrige", on_delete=models.PROTECT, null=True, blank=True, related_name="correction"
    )
    correction_reason = models.CharField("motif de la correction", max_length=300, blank=True)
    is_corrected = models.BooleanField("corrigé", default=False)
    revenue_order_number = models.CharField("numéro du titre", max_length=40, blank=True)
    revenue_order_on = models.DateField("date du titre", null=True, blank=True)
    paid_on = models.DateField("payé le", null=True, blank=True)
    paid_amount = models.DecimalField("montant payé (€)", max_digits=10, decimal_places=2, null=True, blank=True)

    objects = FeeStatementQuerySet.as_manager()

    class Meta:
        verbose_name = "état liquidatif"
        verbose_name_plural = "états liquidatifs"
        ordering = ["-year", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["ccas", "year", "number"], name="statement_number_unique"),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="statement_amount_not_negative"),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="statement_period_ordered"
            ),
            models.CheckConstraint(
                condition=models.Q(corrects=None, correction_reason="")
                | (models.Q(corrects__isnull=False) & ~models.Q(correction_reason="")),
                name="statement_correction_has_reason",
                violation_error_message="Dites pourquoi cet état est corrigé.",
            ),
            models.CheckConstraint(
                condition=models.Q(revenue_order_number="", revenue_order_on=None)
                | (~models.Q(revenue_order_number="") & models.Q(revenue_order_on__isnull=False)),
                name="statement_order_number_and_date",
                violation_error_message="Donnez le numéro et la date du titre, ou aucun des deux.",
            ),
            models.CheckConstraint(
                condition=models.Q(paid_on=None, paid_amount=None)
                | models.Q(paid_on__isnull=False, paid_amount__gte=0),
                name="statement_payment_date_and_amount",
                violation_error_message="Donnez la date et le montant du paiement, ou aucun des deux.",
            ),
            ExclusionConstraint(
                name="statement_period_once",
                expressions=[("convention", RangeOperators.EQUAL), (DateRangeInclusive(), RangeOperators.OVERLAPS)],
                condition=models.Q(is_corrected=False),
                violation_error_message="Un état liquidatif couvre déjà tout ou partie de cette période.",
            ),
        ]

    def __str__(self) -> str:
        return f"État liquidatif n° {self.label}"

    @property
    def label(self) -> str:
        """« 2026-007 »."""
        return f"{self.year}-{self.number:03d}"
