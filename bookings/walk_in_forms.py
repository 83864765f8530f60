"""What the counter sends with a click, what is corrected afterwards, and which visits to list."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from franceservices.form_fields import FrenchTimeField
from partners.models import Partner, Site

from .forms import CivilDateField, day_input
from .models import DeskReason, DeskVisit, DurationBand, VisitChannel, VisitNature
from .walk_ins import defaults_of, partners_of

AS_THE_REASON_SAYS = ""
NO_PARTNER = "aucun"
YES, NO = "oui", "non"
PEOPLE = {"min_value": 1, "max_value": 99}
PEOPLE_ERRORS = dict.fromkeys(
    ("required", "invalid", "min_value", "max_value"), "Un passage compte entre 1 et 99 personnes."
)
UNKNOWN = {"invalid_choice": "Choisissez une réponse de la liste."}


class NoteVisitForm(forms.Form):
    """One click on a reason, with what is set beside it; an empty field leaves it to the reason."""

    reason = forms.ChoiceField(
        label="Motif",
        error_messages={
            "required": "Choisissez un motif.",
            "invalid_choice": "Ce motif n’est plus proposé. Choisissez-en un autre.",
        },
    )
    people = forms.IntegerField(label="Personnes", required=False, error_messages=PEOPLE_ERRORS, **PEOPLE)
    partner = forms.ChoiceField(
        label="Partenaire",
        required=False,
        error_messages={"invalid_choice": "Ce partenaire n’a pas de convention avec cet espace."},
    )
    nature = forms.ChoiceField(label="Nature", required=False, choices=VisitNature, error_messages=UNKNOWN)
    channel = forms.ChoiceField(label="Canal", required=False, choices=VisitChannel, error_messages=UNKNOWN)
    duration = forms.ChoiceField(label="Durée", required=False, choices=DurationBand, error_messages=UNKNOWN)
    at_computer = forms.ChoiceField(
        label="Point numérique", required=False, choices=[(YES, "oui"), (NO, "non")], error_messages=UNKNOWN
    )

    def __init__(self, *args, site: Site, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.site = site
        self.reasons = {reason.slug: reason for reason in DeskReason.objects.filter(is_active=True)}
        self.partners = {partner.slug: partner for partner in partners_of(site)}
        self.fields["reason"].choices = [(slug, slug) for slug in self.reasons]
        self.fields["partner"].choices = [(slug, slug) for slug in (AS_THE_REASON_SAYS, NO_PARTNER, *self.partners)]

    def visit_fields(self) -> dict[str, object]:
        """What `note_visit` takes, the reason filling in what was not said. Only once the form is valid."""
        said = self.cleaned_data
        reason = self.reasons[said["reason"]]
        defaults = defaults_of(reason, partners=self.partners.values())
        partner = defaults.partner if said["partner"] == AS_THE_REASON_SAYS else self.partners.get(said["partner"])
        return {
            "reason": reason,
            "people": said["people"] or 1,
            "partner": partner,
            "nature": said["nature"] or defaults.nature,
            "channel": said["channel"] or VisitChannel.ON_SITE,
            "duration": said["duration"] or defaults.duration,
            "at_computer": said["at_computer"] == YES if said["at_computer"] else defaults.at_computer,
        }

    def sentences(self) -> list[str]:
        """What is wrong, one French sentence each."""
        return [error for errors in self.errors.values() for error in errors]


class CorrectVisitForm(forms.ModelForm):
    """A visit as it was noted, to be said otherwise; its moment is typed as a day and an hour of the site."""

    day = CivilDateField(
        label="Jour", widget=day_input(), error_messages={"required": "Écrivez le jour de ce passage."}
    )
    hour = FrenchTimeField(
        label="Heure", help_text="Par exemple 9h10.", error_messages={"required": "Écrivez l’heure de ce passage."}
    )
    people = forms.IntegerField(label="Personnes", error_messages=PEOPLE_ERRORS, **PEOPLE)

    class Meta:
        model = DeskVisit
        fields = ("reason", "people", "partner", "nature", "channel", "duration", "at_computer")
        widgets = {
            "nature": forms.RadioSelect,
            "channel": forms.RadioSelect,
            "duration": forms.RadioSelect,
        }
        error_messages = {
            "partner": {"invalid_choice": "Ce partenaire n’a pas de convention avec cet espace."},
            "reason": {"required": "Choisissez un motif.", "invalid_choice": "Ce motif n’est pas connu."},
        }

    field_order = ["day", "hour", "reason", "people", "partner", "nature", "channel", "duration", "at_computer"]

    def __init__(self, *args, site: Site, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.zone: ZoneInfo = site.zone
        noted = timezone.localtime(self.instance.occurred_at, self.zone)
        self.initial |= {"day": noted.date(), "hour": noted.time()}
        # What was noted stays a choice after it was withdrawn from the counter.
        self.fields["reason"].queryset = _with(
            DeskReason.objects.filter(is_active=True), DeskReason, self.instance.reason_id
        )
        self.fields["partner"].queryset = _with(partners_of(site), Partner, self.instance.partner_id)
        self.fields["partner"].empty_label = "Aucun"

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        day, hour = cleaned.get("day"), cleaned.get("hour")
        if isinstance(day, date) and isinstance(hour, time):
            moment = self._moment(day, hour)
            if moment > timezone.now():
                raise ValidationError("Un passage est noté une fois venu\u00a0: ce jour et cette heure sont à venir.")
            cleaned["occurred_at"] = moment
        return cleaned

    def _moment(self, day: date, hour: time) -> datetime:
        """The moment typed; the seconds that were noted stay when it is still the same minute."""
        noted = timezone.localtime(self.instance.occurred_at, self.zone)
        if (day, hour) == (noted.date(), noted.time().replace(second=0, microsecond=0)):
            return self.instance.occurred_at
        return datetime.combine(day, hour, self.zone).astimezone(UTC)

    def visit_fields(self) -> dict[str, object]:
        """What `correct_visit` takes. Only once the form is valid."""
        names = ("reason", "partner", "people", "nature", "channel", "duration", "at_computer", "occurred_at")
        return {name: self.cleaned_data[name] for name in names}


def _with(proposed: QuerySet, model: type, chosen: int | None) -> QuerySet:
    """The rows of `proposed`, and the one that was chosen before."""
    return model.objects.filter(pk__in=proposed.values("pk")) | model.objects.filter(pk=chosen)


class VisitFilterForm(forms.Form):
    """Which visits to list; every field is in the address."""

    q = forms.CharField(
        label="Motif ou partenaire", required=False, strip=True, widget=forms.TextInput(attrs={"type": "search"})
    )
    du = CivilDateField(label="Du", required=False, widget=day_input())
    au = CivilDateField(label="Au", required=False, widget=day_input())

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        first, last = cleaned.get("du"), cleaned.get("au")
        if first and last and last < first:
            self.add_error("au", "Cette date précède la première\u00a0: elle n’est pas appliquée.")
        return cleaned
