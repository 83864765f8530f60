from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from partners.models import Ccas, Partner


class BudgetLineQuerySet(models.QuerySet):
    def visible_to(self, user) -> "BudgetLineQuerySet":
        """Those of the CCAS of `user`."""
        return self.filter(ccas__in=Ccas.objects.visible_to(user))


class BudgetLine(models.Model):
    """What a CCAS plans to receive in a civil year, in euros: for one partner, or for all where `partner` is null."""

    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", on_delete=models.PROTECT, related_name="budget_lines")
    year = models.PositiveSmallIntegerField("exercice", validators=[MinValueValidator(2000), MaxValueValidator(2199)])
    service = models.CharField("service", max_length=80, help_text="Par exemple « 28000 – MSAP ».")
    nature = models.CharField("nature", max_length=20, help_text="Compte par nature, par exemple 70878.")
    label = models.CharField("libellé", max_length=200)
    partner = models.ForeignKey(
        Partner,
        verbose_name="partenaire",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="budget_lines",
        help_text="Laisser vide pour une ligne qui couvre tous les partenariats.",
    )
    amount = models.DecimalField(
        "montant prévu (€)", max_digits=10, decimal_places=2, validators=[MinValueValidator(0)]
    )

    objects = BudgetLineQuerySet.as_manager()

    class Meta:
        verbose_name = "ligne budgétaire"
        verbose_name_plural = "lignes budgétaires"
        ordering = ["-year", "service", "nature", "label"]
        constraints = [
            models.UniqueConstraint(
                fields=["ccas", "year", "service", "nature", "label", "partner"],
                name="budget_line_unique",
                nulls_distinct=False,
                violation_error_message="Cette ligne existe déjà pour cet exercice.",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0),
                name="budget_line_amount_not_negative",
                violation_error_message="Le montant prévu ne peut pas être négatif.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}, {self.year}"
