"""What is typed about the budget: the year to look at, and one line of it."""

from django import forms

from franceservices.form_fields import FrenchDecimalField
from partners.models import Ccas, Partner

from .models import BudgetLine


class BudgetLineForm(forms.ModelForm):
    """One line; its CCAS is that of the person."""

    amount = FrenchDecimalField(
        label="Montant prévu (€)",
        min_value=0,
        decimal_places=2,
        max_digits=10,
        error_messages={"required": "Donnez le montant prévu."},
    )

    class Meta:
        model = BudgetLine
        fields = ["year", "service", "nature", "label", "partner", "amount"]

    def __init__(self, *args, ccas: Ccas, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.instance.ccas = ccas
        partners = Partner.objects.filter(conventions__site__ccas=ccas)
        if self.instance.partner_id:
            partners = partners | Partner.objects.filter(pk=self.instance.partner_id)
        self.fields["partner"].queryset = partners.distinct()
        self.fields["partner"].empty_label = "Tous les partenariats"

    def _get_validation_exclusions(self) -> set[str]:
        # The uniqueness of a line takes in its CCAS, which is no field of the form.
        return super()._get_validation_exclusions() - {"ccas"}
