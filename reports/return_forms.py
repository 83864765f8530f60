"""What is typed about monthly returns and yearly reports."""

from django import forms

from conventions.models import Convention
from franceservices.dates import parse_iso_date_or_none
from partners.models import Contact

from .annual_reports import LONGEST_TEXT
from .establishing import LONGEST_COMMENT, LONGEST_REASON
from .periods import Period
from .return_lists import ReturnState


class ReturnFilterForm(forms.Form):
    """The words and the state above the list; what is not among the choices filters nothing."""

    q = forms.CharField(
        label="Partenaire, mois ou numéro",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    etat = forms.ChoiceField(label="État", required=False, choices=[("", "Tous"), *ReturnState.choices])


class EstablishForm(forms.Form):
    """A comment; `expected_digest` is that of the figures that the person was shown."""

    comment = forms.CharField(
        label="Commentaire",
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Il figure sur le relevé : absences, fermetures, ce qui explique un chiffre.",
    )
    expected_digest = forms.CharField(widget=forms.HiddenInput, max_length=64)


class CorrectionForm(EstablishForm):
    """Why a new version is established; the reason is printed on it."""

    reason = forms.CharField(
        label="Motif de la correction",
        max_length=LONGEST_REASON,
        error_messages={"required": "Dites pourquoi ce relevé est corrigé."},
        help_text="Il figure sur la nouvelle version.",
    )

    field_order = ["reason", "comment"]


class SendForm(forms.Form):
    """To whom a return is sent: contacts of the partner who have an address."""

    contacts = forms.ModelMultipleChoiceField(
        label="Destinataires",
        queryset=Contact.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez au moins un destinataire."},
    )

    def __init__(self, *args, contacts: list[Contact], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contacts"].queryset = Contact.objects.filter(pk__in=[contact.pk for contact in contacts])
        self.fields["contacts"].label_from_instance = _named


def _named(contact: Contact) -> str:
    title = f", {contact.job_title}" if contact.job_title else ""
    return f"{contact.name}{title} ({contact.email})"


class ReportSearchForm(forms.Form):
    """The words above the list of reports."""

    q = forms.CharField(
        label="Partenaire, convention ou numéro",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search"}),
    )


class ReportPeriodForm(forms.Form):
    """Which year of a convention a report is about."""

    periode = forms.ChoiceField(label="Période", error_messages={"required": "Choisissez une période."})

    def __init__(self, *args, convention: Convention, periods: list[Period], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["periode"].choices = [
            (f"{period.first.isoformat()}_{period.last.isoformat()}", _period_label(period, convention))
            for period in periods
        ]

    @property
    def period(self) -> Period:
        first, _, last = self.cleaned_data["periode"].partition("_")
        return Period(parse_iso_date_or_none(first), parse_iso_date_or_none(last))


def _period_label(period: Period, convention: Convention) -> str:
    if period == Period.of_year(period.first.year):
        return f"Année civile {period.first.year}"
    years = period.first.year - convention.starts_on.year + 1
    nth = "1re" if years == 1 else f"{years}e"
    return f"{nth} année de la convention, {period.label}"


class ReportTextForm(forms.Form):
    """The words that people add to the figures."""

    difficulties = forms.CharField(
        label="Difficultés rencontrées",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Une ligne vide sépare deux paragraphes.",
    )
    comments = forms.CharField(
        label="Commentaires et perspectives",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
