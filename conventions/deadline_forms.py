"""How an occurrence is said to be fulfilled or waived, and how a list of deadlines is narrowed."""

from collections.abc import Iterable
from datetime import date

from django import forms
from django.db.models import QuerySet

from franceservices.dates import format_date_long
from franceservices.form_fields import ReasonableDateField
from partners.models import Partner

from .fulfilment import PROOF_MISSING
from .models import CommitteeMeeting, Document, ObligationDue, Party, TrainingSession

TO_DO, LATER, SETTLED = "", "plus-tard", "remplies"
LONGEST_SEARCH = 100


class DocumentChoiceField(forms.ModelChoiceField):
    def label_from_instance(self, document: Document) -> str:
        day = document.valid_from or document.uploaded_at.date()
        return f"{document.title} ({format_date_long(day)})"


class FulfilForm(forms.Form):
    """The day, and one proof at least; `today` is the civil date at the space."""

    on = ReasonableDateField(
        label="Remplie le",
        error_messages={"required": "Donnez le jour où l’obligation a été remplie.", "invalid": "Écrivez une date."},
    )
    document = DocumentChoiceField(
        label="Document", required=False, queryset=Document.objects.none(), empty_label="Aucun"
    )
    committee_meeting = forms.ModelChoiceField(
        label="Réunion du comité", required=False, queryset=CommitteeMeeting.objects.none(), empty_label="Aucune"
    )
    training_session = forms.ModelChoiceField(
        label="Formation", required=False, queryset=TrainingSession.objects.none(), empty_label="Aucune"
    )
    proof_note = forms.CharField(
        label="En quelques mots",
        required=False,
        max_length=300,
        help_text="Ce qui le prouve quand ce n’est ni un document ni une réunion, par exemple un courriel reçu.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self,
        *args,
        today: date,
        documents: QuerySet[Document],
        meetings: QuerySet[CommitteeMeeting],
        trainings: QuerySet[TrainingSession],
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["on"].initial = today
        self.fields["on"].widget.attrs["max"] = today.isoformat()
        self.fields["document"].queryset = documents
        for name, proofs in (("committee_meeting", meetings), ("training_session", trainings)):
            self.fields[name].queryset = proofs
            if not proofs.exists():
                del self.fields[name]

    def clean_on(self) -> date:
        day = self.cleaned_data["on"]
        if day > self.today:
            raise forms.ValidationError("Cette date est à venir\u00a0: donnez le jour où l’obligation a été remplie.")
        return day

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        proofs = ("document", "committee_meeting", "training_session")
        if not self.errors and not any(cleaned.get(name) for name in proofs) and not cleaned["proof_note"].strip():
            self.add_error("proof_note", PROOF_MISSING)
        return cleaned


class WaiveForm(forms.Form):
    reason = forms.CharField(
        label="Motif",
        max_length=200,
        help_text="Il est gardé avec votre nom et la date.",
        error_messages={
            "required": "Écrivez pourquoi cette échéance n’est pas demandée.",
            "max_length": "200 caractères au plus\u00a0: quelques mots suffisent.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class DeadlineFilterForm(forms.Form):
    """The words and the choices above a list of deadlines; what is not among the choices filters nothing."""

    quand = forms.CharField(required=False, widget=forms.HiddenInput)
    q = forms.CharField(label="Rechercher", required=False, max_length=LONGEST_SEARCH)
    partenaire = forms.ChoiceField(label="Partenaire", required=False)
    qui = forms.ChoiceField(
        label="Dû par",
        required=False,
        choices=[("", "Tous"), (Party.CCAS, "CCAS"), (Party.PARTNER, "Partenaire")],
    )

    def __init__(self, *args, partners: Iterable[Partner], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs["type"] = "search"
        names = {partner.slug: partner.short_name for partner in partners}
        if len(names) > 1:
            self.fields["partenaire"].choices = [("", "Tous les partenaires"), *sorted(names.items())]
        else:
            del self.fields["partenaire"]
        self.is_valid()
        chosen = {name: self.cleaned_data.get(name) or "" for name in self.fields}
        self.words = chosen["q"].replace("\x00", " ")
        self.partner_slug = chosen.get("partenaire", "")
        self.parties = {Party.BOTH, chosen["qui"]} if chosen["qui"] else set()
        self.tab = chosen["quand"] if chosen["quand"] in (LATER, SETTLED) else TO_DO
        self.is_filtered = bool(self.words.strip() or self.partner_slug or self.parties)


def settled_first(occurrences: QuerySet[ObligationDue]) -> QuerySet[ObligationDue]:
    """Those fulfilled or waived, the latest first."""
    return occurrences.exclude(fulfilled_on=None, waived_at=None).order_by("-due_on", "-pk")


class FeedForm(forms.Form):
    device = forms.CharField(
        label="Appareil",
        required=False,
        max_length=100,
        help_text="Par exemple «\u00a0téléphone\u00a0» ou «\u00a0poste du bureau\u00a0», pour s’y retrouver.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
