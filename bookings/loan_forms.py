"""To whom an idle office is lent, when and what for; and why a loan is given up."""

from django import forms
from django.db.models import QuerySet

from franceservices.form_fields import FrenchTimeField
from partners.models import Partner

from .models import Permanence

OWN_SERVICES_CHOICE = "services-du-ccas"
LONGEST_PURPOSE = Permanence._meta.get_field("purpose").max_length
LONGEST_REASON = Permanence._meta.get_field("cancellation_reason").max_length


class LoanForm(forms.Form):
    """One loan; `partners` are those it may be for, beside the CCAS's own services."""

    borrower = forms.ChoiceField(
        label="Prêté à",
        error_messages={
            "required": "Choisissez à qui le bureau est prêté.",
            "invalid_choice": "Choisissez un partenaire de la liste.",
        },
    )
    start_time = FrenchTimeField(label="De", error_messages={"required": "Écrivez l’heure de début."})
    end_time = FrenchTimeField(label="À", error_messages={"required": "Écrivez l’heure de fin."})
    purpose = forms.CharField(
        label="Objet",
        max_length=LONGEST_PURPOSE,
        error_messages={
            "required": "Écrivez à quoi servira le bureau, par exemple «\u00a0entretien d’accompagnement\u00a0».",
            "max_length": f"{LONGEST_PURPOSE} caractères au plus\u00a0: quelques mots suffisent.",
        },
        help_text="En quelques mots, sans nom d’usager.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args, partners: QuerySet[Partner], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.partners = {partner.slug: partner for partner in partners}
        self.fields["purpose"].widget.attrs.pop("maxlength", None)
        self.fields["borrower"].choices = [
            ("", "Choisir…"),
            (OWN_SERVICES_CHOICE, "Un agent du CCAS"),
            ("Partenaires", [(partner.slug, partner.name) for partner in self.partners.values()]),
        ]

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        start, end = cleaned.get("start_time"), cleaned.get("end_time")
        if start and end and end <= start:
            self.add_error("end_time", "L’heure de fin doit suivre l’heure de début.")
        return cleaned

    @property
    def borrower_chosen(self) -> Partner | None:
        """The partner, or None for the CCAS's own services. Only once the form is valid."""
        return self.partners.get(self.cleaned_data["borrower"])


class CancelLoanForm(forms.Form):
    """Why a loan is given up, if it helps."""

    reason = forms.CharField(
        label="Raison",
        required=False,
        max_length=LONGEST_REASON,
        error_messages={"max_length": f"{LONGEST_REASON} caractères au plus\u00a0: quelques mots suffisent."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("maxlength", None)
