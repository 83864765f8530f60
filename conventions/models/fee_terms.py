from decimal import Decimal
from fractions import Fraction

from django.core.validators import MinValueValidator
from django.db import models

from conventions.fees import AmountRounding, AreaRounding, ProrationBasis

from .convention import Convention

POSITIVE = [MinValueValidator(Decimal("0"))]


class FeeTerms(models.Model):
    """What the partner owes a year, in euros without VAT, and how the amount is explained.

    `annual_amount` is the contractual one and governs; the rate, the basis and the roundings let `fees.py` compute
    an amount beside it, whose gap is shown. `deliberated_amount` is what the deliberation announced, if it did.
    """

    convention = models.OneToOneField(
        Convention,
        verbose_name="convention",
        on_delete=models.CASCADE,
        related_name="fee_terms",
    )
    annual_amount = models.DecimalField(
        "montant annuel (€)",
        max_digits=10,
        decimal_places=2,
        validators=POSITIVE,
        help_text="Celui de la convention.",
    )
    deliberated_amount = models.DecimalField(
        "montant de la délibération (€)",
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=POSITIVE,
    )
    rate_per_m2 = models.DecimalField(
        "tarif (€/m²/an)",
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        validators=POSITIVE,
    )
    basis = models.CharField(
        "prorata",
        max_length=20,
        choices=ProrationBasis.choices(),
        default=ProrationBasis.DAYS.value,
    )
    fixed_ratio_numerator = models.PositiveIntegerField("part fixe : numérateur", null=True, blank=True)
    fixed_ratio_denominator = models.PositiveIntegerField("part fixe : dénominateur", null=True, blank=True)
    counts_social_worker_slots = models.BooleanField("compter les créneaux des travailleurs sociaux", default=True)
    area_rounding = models.CharField(
        "arrondi de la surface",
        max_length=20,
        choices=AreaRounding.choices(),
        default=AreaRounding.DOWN.value,
    )
    amount_rounding = models.CharField(
        "arrondi du montant",
        max_length=20,
        choices=AmountRounding.choices(),
        default=AmountRounding.CENT.value,
    )

    class Meta:
        verbose_name = "conditions financières"
        verbose_name_plural = "conditions financières"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(annual_amount__gte=0),
                name="fee_amount_not_negative",
                violation_error_message="Le montant annuel ne peut pas être négatif.",
            ),
            models.CheckConstraint(
                condition=~models.Q(basis="fixed")
                | models.Q(
                    fixed_ratio_numerator__isnull=False,
                    fixed_ratio_denominator__gt=0,
                    fixed_ratio_numerator__lte=models.F("fixed_ratio_denominator"),
                ),
                name="fee_fixed_ratio_given",
                violation_error_message="Une part fixe est une fraction entre 0 et 1, par exemple 2 sur 5.",
            ),
        ]

    def __str__(self) -> str:
        return f"Redevance – {self.convention}"

    @property
    def fixed_ratio(self) -> Fraction | None:
        """The agreed share of occupation, between 0 and 1, where the basis is a fixed ratio."""
        if self.fixed_ratio_numerator is None or not self.fixed_ratio_denominator:
            return None
        return Fraction(self.fixed_ratio_numerator, self.fixed_ratio_denominator)
