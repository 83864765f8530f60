"""A committee and a training as they are typed, with the occurrences that they fulfil."""

from datetime import date

from django import forms
from django.db.models import QuerySet

from franceservices.form_fields import FrenchDecimalField, ReasonableDateField

from .due_dates import owed_by_words, period_words
from .models import Convention, Document, DocumentKind, ObligationDue, ObligationKind, TrainedPerson
from .people import typed_names

COMMITTEE_FIELDS = (
    "held_on",
    "ccas_attendees",
    "partner_attendees",
    "attendees",
    "agenda",
    "decisions",
    "minutes_text",
    "minutes",
)
TRAINING_FIELDS = ("held_on", "subject", "trainer", "people_trained", "duration_hours")

NEEDS_DATE = {"required": "Donnez la date.", "invalid": "Écrivez une date, par exemple 12/03/2026."}


class OccurrenceChoiceField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, occurrence: ObligationDue) -> str:
        obligation = occurrence.obligation
        owed_by = owed_by_words(obligation.owed_by, obligation.convention)
        return f"{obligation.label} – {owed_by}, {period_words(occurrence)}"


class ProvesMixin(forms.Form):
    """What both have: the day, and the open occurrences of one kind; those under way are proposed for a new one."""

    proves_kind: str

    def add_occurrences(self, convention: Convention, *, today: date, is_new: bool) -> None:
        self.today = today
        self.fields["held_on"].widget.attrs["max"] = today.isoformat()
        begun = (
            ObligationDue.objects.open()
            .filter(obligation__convention=convention, obligation__kind=self.proves_kind, period_starts_on__lte=today)
            .select_related("obligation__convention__partner")
            .order_by("due_on", "pk")
        )
        if not begun.exists():
            return
        self.fields["fulfils"] = OccurrenceChoiceField(
            label="Remplit", required=False, queryset=begun, help_text="Les échéances que cela remplit."
        )
        if is_new:
            self.fields["fulfils"].initial = [due.pk for due in begun if due.period_ends_on >= today]

    def clean_held_on(self) -> date:
        day = self.cleaned_data["held_on"]
        if day > self.today:
            raise forms.ValidationError("Cette date est à venir\u00a0: inscrivez ce qui a eu lieu.")
        return day


class CommitteeForm(ProvesMixin):
    proves_kind = ObligationKind.COMMITTEE

    held_on = ReasonableDateField(label="Réuni le", error_messages=NEEDS_DATE)
    ccas_attendees = forms.CharField(
        label="Présents pour le CCAS",
        required=False,
        help_text="Une personne par ligne, avec sa fonction.",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    partner_attendees = forms.CharField(
        label="Présents pour le partenaire",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    attendees = forms.CharField(
        label="Autres présents",
        required=False,
        help_text="Une personne par ligne, après son organisme, par exemple «\u00a0Préfecture : Mme Roy\u00a0».",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    agenda = forms.CharField(
        label="Ordre du jour", required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    decisions = forms.CharField(
        label="Décisions", required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    minutes_text = forms.CharField(
        label="Compte rendu écrit ici", required=False, max_length=50_000, widget=forms.Textarea(attrs={"rows": 8})
    )
    minutes = forms.ModelChoiceField(
        label="Compte rendu déposé",
        required=False,
        queryset=Document.objects.none(),
        empty_label="Aucun",
        help_text="Un document déjà déposé, de nature «\u00a0Compte rendu\u00a0».",
    )

    def __init__(self, *args, convention: Convention, documents: QuerySet[Document], today: date, row=None, **kwargs):
        if row is not None:
            kwargs["initial"] = {name: getattr(row, name) for name in COMMITTEE_FIELDS}
        super().__init__(*args, **kwargs)
        self.fields["partner_attendees"].label = f"Présents pour {convention.partner.short_name}"
        self.fields["minutes"].queryset = documents.filter(kind=DocumentKind.MINUTES)
        self.add_occurrences(convention, today=today, is_new=row is None)

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        if not any(cleaned.get(name) for name in ("ccas_attendees", "partner_attendees", "attendees")):
            self.add_error("ccas_attendees", "Écrivez au moins une personne présente.")
        return cleaned


class TrainingForm(ProvesMixin):
    proves_kind = ObligationKind.TRAINING

    held_on = ReasonableDateField(label="Tenue le", error_messages=NEEDS_DATE)
    subject = forms.CharField(
        label="Sujet", max_length=200, error_messages={"required": "Écrivez le sujet de la formation."}
    )
    trainer = forms.CharField(label="Formateur", required=False, max_length=150)
    names = forms.CharField(
        label="Noms des personnes formées",
        required=False,
        help_text="Une personne par ligne. Nommée, elle compte une fois dans le bilan, même si elle revient.",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    people_trained = forms.IntegerField(
        label="Nombre de personnes formées",
        required=False,
        min_value=1,
        max_value=1000,
        help_text="Si les noms ne sont pas connus. Sans nom, chaque participation compte.",
        error_messages={
            "min_value": "Une formation compte au moins une personne.",
            "max_value": "1 000 personnes au plus.",
            "invalid": "Écrivez un nombre entier.",
        },
    )
    duration_hours = FrenchDecimalField(
        label="Durée (heures)",
        required=False,
        min_value=0,
        max_value=200,
        max_digits=5,
        decimal_places=2,
        error_messages={"max_value": "200 heures au plus.", "min_value": "Une durée ne peut pas être négative."},
    )

    def __init__(self, *args, convention: Convention, documents: QuerySet[Document], today: date, row=None, **kwargs):
        if row is not None:
            kwargs["initial"] = {name: getattr(row, name) for name in TRAINING_FIELDS}
            named = [person.name for person in row.people.all()]
            if named:
                kwargs["initial"] |= {"names": "\n".join(named), "people_trained": None}
        super().__init__(*args, **kwargs)
        self.add_occurrences(convention, today=today, is_new=row is None)

    def clean_names(self) -> list[str]:
        names = typed_names(self.cleaned_data["names"])
        longest = TrainedPerson._meta.get_field("name").max_length
        if any(len(name) > longest for name in names):
            raise forms.ValidationError(f"Un nom a {longest} caractères au plus\u00a0: écrivez une personne par ligne.")
        return names

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        if not cleaned.get("names") and cleaned.get("people_trained") is None and not self.errors:
            self.add_error("names", "Donnez les noms des personnes formées, ou leur nombre.")
        return cleaned


def committee_values(form: CommitteeForm) -> dict[str, object]:
    """What `record_committee` takes from a valid form."""
    return {name: form.cleaned_data[name] for name in COMMITTEE_FIELDS}


def training_values(form: TrainingForm) -> dict[str, object]:
    """What `record_training` takes from a valid form."""
    return {name: form.cleaned_data[name] for name in (*TRAINING_FIELDS, "names")}
