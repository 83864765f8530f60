"""What a caisse answers, typed by its agent or back from paper: received, sent back, decided; and alerts."""

from datetime import date

from django import forms

from bookings.forms import day_input
from bookings.social_security_numbers import refuse_nir
from franceservices.form_fields import ReasonableDateField
from partners.models import Partner

from .forms import PastDateField, one_line, words_field
from .line_rows import LineRow
from .models import CaseDocument, DecisionResult, RightsAlert, SlipLine

MOST_LABELS = 20
LONGEST_LABEL = CaseDocument._meta.get_field("label").max_length


class AcknowledgeForm(forms.Form):
    """The day on which the caisse received what was sent."""

    def __init__(self, *args, today: date, sent_on: date, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["received_on"] = received_field(today=today, sent_on=sent_on)


def received_field(*, today: date, sent_on: date) -> PastDateField:
    field = PastDateField(today=today, label="Reçu par la caisse le")
    field.widget.attrs["min"] = sent_on.isoformat()
    return field


class ReturnForm(forms.Form):
    """What is missing in a file that the caisse sends back: documents of its checklist, and others."""

    documents = forms.MultipleChoiceField(
        label="Pièces à redonner",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Cette pièce n’est pas de ce dossier."},
    )
    labels = forms.CharField(
        label="Autres pièces",
        required=False,
        help_text="Une par ligne.",
        max_length=MOST_LABELS * (LONGEST_LABEL + 1),
        validators=[refuse_nir],
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, row: LineRow, today: date, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["documents"].choices = [
            (str(document["id"]), document["label"]) for document in row.line.content["documents"]
        ]
        if not row.line.content["documents"]:
            del self.fields["documents"]
        self.fields["labels"].widget.attrs.pop("maxlength", None)
        self.fields["note"] = words_field(
            SlipLine,
            "return_note",
            required=False,
            label="Précision",
            help_text="Lue par le CCAS, sans donnée de santé.",
            widget=one_line(),
        )
        if row.may_acknowledge:
            self.fields["received_on"] = received_field(today=today, sent_on=row.line.sent_on)
        self.fields["returned_on"] = PastDateField(today=today, label="Retourné le")

    def clean_labels(self) -> list[str]:
        """The lines that say something."""
        lines = [line.strip() for line in self.cleaned_data["labels"].splitlines()]
        labels = [line for line in lines if line]
        if len(labels) > MOST_LABELS:
            raise forms.ValidationError(f"{MOST_LABELS} pièces au plus.")
        if any(len(label) > LONGEST_LABEL for label in labels):
            raise forms.ValidationError(f"Une pièce se nomme en {LONGEST_LABEL} caractères au plus.")
        return labels

    def clean(self) -> dict[str, object]:
        typed = super().clean()
        if not typed.get("documents") and not typed.get("labels") and not self.errors:
            self.add_error(None, "Dites ce qui manque\u00a0: cochez une pièce, ou écrivez-en une autre.")
        return typed


class DecisionForm(forms.Form):
    """What was decided. `tacit_result` is what the law makes of the silence that is over, empty where it is not."""

    is_tacit = forms.BooleanField(required=False)
    result = forms.ChoiceField(
        label="Décision",
        choices=DecisionResult.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez accord ou refus.", "invalid_choice": "Choisissez accord ou refus."},
    )

    def __init__(self, *args, row: LineRow, today: date, tacit_result: str = "", **kwargs) -> None:
        super().__init__(*args, **kwargs)
        line = row.line
        if tacit_result:
            self.fields[
                "is_tacit"
            ].label = f"Décision tacite\u00a0: la caisse n’a pas répondu, son silence vaut {tacit_result}"
        else:
            del self.fields["is_tacit"]
        if row.may_acknowledge:
            self.fields["received_on"] = received_field(today=today, sent_on=line.sent_on)
        self.fields["decided_on"] = PastDateField(today=today, label="Décidé le")
        self.fields["decided_on"].widget.attrs["min"] = (line.received_on or line.sent_on).isoformat()
        self.fields["refusal_reason"] = words_field(
            SlipLine,
            "refusal_reason",
            required=False,
            help_text="Sans donnée de santé.",
            widget=one_line(),
        )
        for name, label in (("rights_from", "Droits ouverts du"), ("rights_until", "Jusqu’au")):
            self.fields[name] = ReasonableDateField(label=label, required=False, widget=day_input())
        self.order_fields(
            ["received_on", "is_tacit", "result", "decided_on", "refusal_reason", "rights_from", "rights_until"]
        )

    def clean(self) -> dict[str, object]:
        """What belongs to the other result is left aside: its fields are hidden."""
        typed = super().clean()
        result = typed.get("result")
        if result == DecisionResult.REFUSED:
            typed["rights_from"] = typed["rights_until"] = None
            if not typed.get("refusal_reason") and "refusal_reason" not in self.errors and not typed.get("is_tacit"):
                self.add_error("refusal_reason", "Dites le motif du refus.")
        elif result == DecisionResult.ACCEPTED:
            typed["refusal_reason"] = ""
            first, last = typed.get("rights_from"), typed.get("rights_until")
            if first and last and last < first:
                self.add_error("rights_until", "La fin des droits doit suivre leur début.")
            elif last and not first and "rights_from" not in self.errors:
                self.add_error("rights_from", "Dites aussi depuis quand les droits sont ouverts.")
        return typed


class RaiseAlertForm(forms.Form):
    """Whose rights are about to break is known already: which, at what caisse, and until when an answer helps."""

    partner = forms.ModelChoiceField(
        label="Caisse",
        queryset=Partner.objects.none(),
        empty_label="Choisir…",
        error_messages={
            "required": "Choisissez la caisse à alerter.",
            "invalid_choice": "Aucune convention n’est en vigueur avec cette caisse.",
        },
    )

    def __init__(self, *args, today: date, partners, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["partner"].queryset = partners
        self.fields["partner"].label_from_instance = lambda partner: partner.short_name
        self.fields["what"] = words_field(
            RightsAlert,
            "what",
            widget=forms.Textarea(attrs={"rows": 4}),
            error_messages={"required": "Dites quels droits vont cesser, et depuis ou jusqu’à quand."},
        )
        self.fields["deadline"] = ReasonableDateField(
            label="Réponse nécessaire le",
            widget=day_input(min=today.isoformat()),
            error_messages={"required": "Dites jusqu’à quand une réponse est utile."},
        )

    def clean_deadline(self) -> date:
        day = self.cleaned_data["deadline"]
        if day < self.today:
            raise forms.ValidationError("Cette date est déjà passée.")
        return day


class AnswerAlertForm(forms.Form):
    """What the caisse answers to an alert."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = words_field(
            RightsAlert,
            "answer",
            help_text="Ce qui est fait ou décidé, et à quelle date\u00a0; sans donnée de santé.",
            widget=forms.Textarea(attrs={"rows": 4}),
            error_messages={"required": "Écrivez la réponse de la caisse."},
        )
