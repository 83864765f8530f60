"""What is typed about personal data: a request and its answer, how long data are kept, texts of the register."""

from datetime import date

from django import forms

from franceservices.form_fields import ReasonableDateField

from .models import DataRequest, DataRequestKind, EliminationLine, RegisterText
from .models.retention_rule import FEWEST_MONTHS, MOST_MONTHS
from .social_security_numbers import refuse_nir

LONGEST_TEXT = 2000
LONGEST_REGISTER_TEXT = RegisterText._meta.get_field("text").max_length


class DataRequestForm(forms.Form):
    """A request as the desk notes it. `today` is the civil date at the desk."""

    kind = forms.ChoiceField(
        label="Ce que la personne demande",
        choices=DataRequestKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez ce que la personne demande."},
    )
    received_on = ReasonableDateField(
        label="Demande reçue le",
        help_text="Le délai d’un mois court de ce jour.",
        error_messages={"required": "Indiquez le jour de la demande.", "invalid": "Cette date n’existe pas."},
    )
    asked_by = forms.CharField(
        label="Demandée par",
        required=False,
        max_length=DataRequest._meta.get_field("asked_by").max_length,
        validators=[refuse_nir],
        help_text="Laissez vide si c’est la personne elle-même\u00a0; sinon, qui la représente et à quel titre.",
    )
    details = forms.CharField(
        label="Précisions",
        required=False,
        max_length=LONGEST_TEXT,
        validators=[refuse_nir],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Par exemple ce qui est à corriger. Sans donnée de santé.",
    )

    def __init__(self, *args, today: date, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["received_on"].initial = today

    def clean_received_on(self) -> date:
        day = self.cleaned_data["received_on"]
        if day > self.today:
            raise forms.ValidationError("La demande ne peut pas avoir été reçue après aujourd’hui.", code="future")
        return day


class AnswerForm(forms.Form):
    """What was answered to the person."""

    is_granted = forms.TypedChoiceField(
        label="Réponse",
        choices=[("oui", "Acceptée"), ("non", "Refusée")],
        coerce=lambda value: value == "oui",
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez la réponse."},
    )
    answer = forms.CharField(
        label="Ce qui a été répondu",
        required=False,
        max_length=LONGEST_TEXT,
        validators=[refuse_nir],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Obligatoire pour un refus\u00a0: la personne doit en connaître la raison.",
    )


class RetentionForm(forms.Form):
    """How long one space keeps the data of people."""

    months = forms.IntegerField(
        label="Mois après le dernier contact",
        min_value=FEWEST_MONTHS,
        max_value=MOST_MONTHS,
        error_messages={
            "required": "Écrivez un nombre de mois.",
            "invalid": "Écrivez un nombre de mois, en chiffres.",
            "min_value": f"{FEWEST_MONTHS} mois au moins.",
            "max_value": f"{MOST_MONTHS} mois au plus.",
        },
    )


class RegisterTextForm(forms.Form):
    """One heading of the register, in the CCAS's own words."""

    text = forms.CharField(
        label="Texte",
        required=False,
        max_length=LONGEST_REGISTER_TEXT,
        validators=[refuse_nir],
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Le texte d’avant reste dans l’historique.",
    )


class KeepForm(forms.Form):
    """Why a person is taken out of a list."""

    because = forms.CharField(
        label="Gardée parce que",
        max_length=EliminationLine._meta.get_field("kept_because").max_length,
        validators=[refuse_nir],
        help_text="Gardé avec la liste\u00a0: sans nom.",
        error_messages={"required": "Dites pourquoi cette fiche est gardée."},
    )


class LaunchForm(forms.Form):
    """The number of the list, typed by hand, before what cannot be undone."""

    number = forms.CharField(
        label="Numéro de la liste",
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Recopiez le numéro de la liste."},
    )
