"""What is typed about fee statements: the day of issue, why one is corrected, what the finance system answered."""

from django import forms

from franceservices.form_fields import FrenchDecimalField, ReasonableDateField

from .models import FeeStatement
from .statement_search import StatementState

REQUIRED_DATE = {"required": "Donnez une date.", "invalid": "Donnez une date, par exemple 15/01/2026."}


class IssueForm(forms.Form):
    """The day of issue; `expected_amount` is what the person was shown."""

    issued_on = ReasonableDateField(
        label="Date d’émission", error_messages=REQUIRED_DATE, help_text="Son année est l’exercice de l’état."
    )
    expected_amount = FrenchDecimalField(widget=forms.HiddenInput, decimal_places=2, max_digits=12)


class CorrectionForm(IssueForm):
    """Why, and when; the reason is printed on the new statement."""

    reason = forms.CharField(
        label="Motif de la correction",
        max_length=FeeStatement._meta.get_field("correction_reason").max_length,
        error_messages={"required": "Dites pourquoi cet état est corrigé."},
        help_text="Il figure sur le nouvel état.",
        widget=forms.TextInput,
    )

    field_order = ["reason", "issued_on"]


class RevenueOrderForm(forms.Form):
    """The *titre* as the finance system numbered it."""

    prefix = "titre"

    number = forms.CharField(
        label="Numéro du titre", max_length=40, error_messages={"required": "Donnez le numéro du titre."}
    )
    on = ReasonableDateField(label="Date du titre", error_messages=REQUIRED_DATE)


class PaymentForm(forms.Form):
    """What was received, and when."""

    prefix = "paiement"

    on = ReasonableDateField(label="Date du paiement", error_messages=REQUIRED_DATE)
    amount = FrenchDecimalField(
        label="Montant payé (€)",
        decimal_places=2,
        max_digits=10,
        error_messages={"required": "Donnez le montant payé."},
    )


class StatementFilterForm(forms.Form):
    """The words and the choices above the list; what is not among the choices filters nothing."""

    q = forms.CharField(
        label="Partenaire, espace ou numéro",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    annee = forms.TypedChoiceField(label="Exercice", required=False, coerce=int, empty_value=None)
    etat = forms.ChoiceField(label="État", required=False, choices=[("", "Tous"), *StatementState.choices])

    def __init__(self, *args, years: list[int], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["annee"].choices = [("", "Tous"), *((year, str(year)) for year in years)]
