"""What the desk types to change dates: a period, an absence, a closure, an office, one date, one more date."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.http import QueryDict
from django.utils import timezone

from conventions.models import Audience, Convention
from franceservices.dates import format_date_long, local_interval
from franceservices.form_fields import FrenchTimeField
from partners.models import Office, Partner, SchoolHoliday, Site

from .forms import CancelForm, CivilDateField, day_input
from .free_times import parse_time_key
from .impact import Decision
from .models import Appointment, CancelledBy, Permanence, ScheduleChange, ScheduleChangeKind
from .schedule_changes import Settled, Settlement

LONGEST_PERIOD = timedelta(days=366)
LONGEST_REASON = ScheduleChange._meta.get_field("reason").max_length
SIDES = [(CancelledBy.PARTNER, "le partenaire"), (CancelledBy.CCAS, "le CCAS")]


class ReasonedForm(forms.Form):
    """Every change says why; the reason is read by colleagues and by the partner."""

    reason = forms.CharField(
        label="Motif",
        max_length=LONGEST_REASON,
        help_text="Lu par vos collègues et par le partenaire, sans donnée de santé.",
        error_messages={
            "required": "Écrivez en quelques mots le motif de ce changement.",
            "max_length": f"{LONGEST_REASON} caractères au plus\u00a0: quelques mots suffisent.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args, site: Site | None, today: date, **kwargs) -> None:
        self.site = site
        self.today = today
        super().__init__(*args, **kwargs)
        # The whole of what was pasted comes back with the sentence, instead of being cut in silence.
        self.fields["reason"].widget.attrs.pop("maxlength", None)
        self.order_fields([name for name in self.fields if name != "reason"] + ["reason"])


class PeriodForm(ReasonedForm):
    """Civil days, both included; one day when the last is left empty."""

    starts_on = CivilDateField(label="Du", widget=day_input(), error_messages={"required": "Écrivez le premier jour."})
    ends_on = CivilDateField(
        label="Au", required=False, widget=day_input(), help_text="Compris. Vide\u00a0: un seul jour."
    )

    def clean_starts_on(self) -> date:
        return _not_past(self.cleaned_data["starts_on"], self.today)

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        first = cleaned.get("starts_on")
        if first is None or "ends_on" in self.errors:
            return cleaned
        last = cleaned["ends_on"] = cleaned.get("ends_on") or first
        if last < first:
            self.add_error("ends_on", "Le dernier jour précède le premier.")
        elif last - first > LONGEST_PERIOD:
            self.add_error(
                "ends_on", "Un an au plus\u00a0: pour une absence durable, changez la grille de la convention."
            )
        return cleaned

    def decided(self, kind: ScheduleChangeKind, side: CancelledBy, **more) -> Decision:
        cleaned = self.cleaned_data
        return Decision(
            kind=kind,
            site=self.site,
            starts_on=cleaned["starts_on"],
            ends_on=cleaned["ends_on"],
            reason=cleaned["reason"],
            side=side,
            **more,
        )


class AbsenceForm(PeriodForm):
    """A partner does not come."""

    partner = forms.ModelChoiceField(
        label="Partenaire",
        queryset=Partner.objects.none(),
        empty_label="Choisissez…",
        error_messages={
            "required": "Choisissez le partenaire absent.",
            "invalid_choice": "Ce partenaire n’a ni convention ni permanence dans cet espace.",
        },
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        coming = Permanence.objects.filter(site=self.site, day__gte=self.today).values("partner")
        running = Convention.objects.filter(site=self.site, ends_on__gte=self.today).values("partner")
        self.fields["partner"].queryset = Partner.objects.filter(pk__in=coming.union(running))
        self.order_fields(["partner", "starts_on", "ends_on", "reason"])

    def decision(self) -> Decision:
        return self.decided(ScheduleChangeKind.ABSENCE, CancelledBy.PARTNER, partner=self.cleaned_data["partner"])


class ClosureForm(PeriodForm):
    """The space does not open."""

    def decision(self) -> Decision:
        return self.decided(ScheduleChangeKind.CLOSURE, CancelledBy.CCAS)


class OfficeOutageForm(PeriodForm):
    """An office cannot be used; another one may take its place."""

    office = forms.ModelChoiceField(
        label="Bureau hors service",
        queryset=Office.objects.none(),
        empty_label="Choisissez…",
        error_messages={
            "required": "Choisissez le bureau.",
            "invalid_choice": "Ce bureau n’est pas dans cet espace.",
        },
    )
    new_office = forms.ModelChoiceField(
        label="Bureau de remplacement",
        queryset=Office.objects.none(),
        required=False,
        empty_label="Aucun\u00a0: les permanences sont annulées",
        help_text="Les permanences y sont tenues aux mêmes heures, là où il est libre.",
        error_messages={"invalid_choice": "Ce bureau n’est pas dans cet espace."},
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("office", "new_office"):
            self.fields[name].queryset = Office.objects.filter(site=self.site)
        self.order_fields(["office", "starts_on", "ends_on", "new_office", "reason"])

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        if cleaned.get("new_office") and cleaned["new_office"] == cleaned.get("office"):
            self.add_error("new_office", "C’est le bureau hors service\u00a0: choisissez-en un autre.")
        return cleaned

    def decision(self) -> Decision:
        return self.decided(
            ScheduleChangeKind.OFFICE_OUTAGE,
            CancelledBy.CCAS,
            office=self.cleaned_data["office"],
            new_office=self.cleaned_data["new_office"],
        )


class PermanenceChangeForm(ReasonedForm):
    """One date: not held, or held at other hours or in another office."""

    # The fields that the browser would ask for may be hidden.
    use_required_attribute = False

    action = forms.ChoiceField(
        label="Que change-t-il\u00a0?",
        choices=[("cancel", "Annuler cette date"), ("change", "Changer l’horaire ou le bureau")],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Dites ce qui change.",
            "invalid_choice": "Choisissez une des deux réponses.",
        },
    )
    start_time = FrenchTimeField(label="De", error_messages={"required": "Écrivez une heure, par exemple 8h30."})
    end_time = FrenchTimeField(label="À", error_messages={"required": "Écrivez une heure, par exemple 12h30."})
    office = forms.ModelChoiceField(
        label="Bureau",
        queryset=Office.objects.none(),
        empty_label=None,
        error_messages={
            "required": "Choisissez le bureau.",
            "invalid_choice": "Ce bureau n’est pas dans cet espace.",
        },
    )
    side = forms.ChoiceField(
        label="À la demande de",
        choices=SIDES,
        widget=forms.RadioSelect,
        initial=CancelledBy.PARTNER,
        error_messages={
            "required": "Dites qui demande ce changement.",
            "invalid_choice": "Choisissez une des deux réponses.",
        },
    )

    def __init__(self, *args, permanence: Permanence, **kwargs) -> None:
        self.permanence = permanence
        kwargs.setdefault("initial", {}).update(
            start_time=permanence.local_start.time(),
            end_time=permanence.local_end.time(),
            office=permanence.office_id,
        )
        super().__init__(*args, **kwargs)
        self.fields["office"].queryset = Office.objects.filter(site=self.site)
        if self.is_bound and self.data.get("action") == "cancel":
            # A date that is not held needs neither; they are hidden beside that answer.
            for name in ("start_time", "end_time", "office"):
                self.fields[name].required = False

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        if cleaned.get("action") != "change" or self.errors:
            return cleaned
        start, end = cleaned["start_time"], cleaned["end_time"]
        if end <= start:
            self.add_error("end_time", "L’heure de fin doit suivre l’heure de début.")
            return cleaned
        try:
            during = DateTimeTZRange(*local_interval(self.permanence.day, start, end, self.site.zone), "[)")
        except ValueError as error:
            raise ValidationError(str(error)) from error
        cleaned["during"] = during
        if during.upper <= timezone.now():
            self.add_error("end_time", "Cette heure est déjà passée.")
        elif during == self.permanence.during and cleaned["office"] == self.permanence.office:
            raise ValidationError("Rien ne change\u00a0: écrivez un autre horaire ou choisissez un autre bureau.")
        elif during.lower != self.permanence.during.lower and self.permanence.during.lower <= timezone.now():
            self.add_error("start_time", "Cette permanence a commencé\u00a0: son début ne change plus.")
        elif during.lower != self.permanence.during.lower and during.lower <= timezone.now():
            self.add_error("start_time", "Cette heure est déjà passée.")
        return cleaned

    def decision(self) -> Decision:
        cleaned = self.cleaned_data
        shared = {
            "site": self.site,
            "starts_on": self.permanence.day,
            "ends_on": self.permanence.day,
            "reason": cleaned["reason"],
            "side": CancelledBy(cleaned["side"]),
            "partner": self.permanence.partner,
            "permanence": self.permanence,
        }
        if cleaned["action"] == "cancel":
            return Decision(kind=ScheduleChangeKind.CANCELLATION, office=self.permanence.office, **shared)
        kept_hours = cleaned["during"] == self.permanence.during
        return Decision(
            kind=ScheduleChangeKind.NEW_OFFICE if kept_hours else ScheduleChangeKind.NEW_HOURS,
            office=cleaned["office"],
            during=cleaned["during"],
            new_office=cleaned["office"],
            **shared,
        )


class AdditionForm(ReasonedForm):
    """A date beside the weekly grid, of a partner that has a convention at the space."""

    convention = forms.ModelChoiceField(
        label="Partenaire",
        queryset=Convention.objects.none(),
        empty_label="Choisissez…",
        error_messages={
            "required": "Choisissez le partenaire.",
            "invalid_choice": "Ce partenaire n’a pas de convention en cours dans cet espace.",
        },
    )
    day = CivilDateField(label="Jour", widget=day_input(), error_messages={"required": "Écrivez le jour."})
    start_time = FrenchTimeField(label="De", error_messages={"required": "Écrivez une heure, par exemple 8h30."})
    end_time = FrenchTimeField(label="À", error_messages={"required": "Écrivez une heure, par exemple 12h30."})
    office = forms.ModelChoiceField(
        label="Bureau",
        queryset=Office.objects.none(),
        empty_label="Choisissez…",
        error_messages={
            "required": "Choisissez le bureau.",
            "invalid_choice": "Ce bureau n’est pas dans cet espace.",
        },
    )
    audience = forms.ChoiceField(
        label="Pour qui\u00a0?",
        choices=Audience.choices,
        initial=Audience.PUBLIC,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites pour qui.", "invalid_choice": "Choisissez une des deux réponses."},
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        conventions = Convention.objects.filter(site=self.site, ends_on__gte=self.today).with_parties()
        self.fields["convention"].queryset = conventions.order_by("partner__name", "starts_on")
        self.fields["convention"].label_from_instance = lambda found: (
            f"{found.partner.short_name} (jusqu’au {format_date_long(found.ends_on)})"
        )
        self.fields["office"].queryset = Office.objects.filter(site=self.site, is_active=True)

    def clean_day(self) -> date:
        return _not_past(self.cleaned_data["day"], self.today)

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        start, end = cleaned.get("start_time"), cleaned.get("end_time")
        if start and end and end <= start:
            self.add_error("end_time", "L’heure de fin doit suivre l’heure de début.")
        return cleaned


class MoveForm(CancelForm):
    """Who asks that an appointment be moved, and why if it helps."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        side = self.fields["cancelled_for"]
        side.label = "À la demande de"
        side.error_messages["required"] = "Dites qui demande une autre heure."


def _not_past(day: date, today: date) -> date:
    if day < today:
        raise ValidationError("Cette date est passée\u00a0: un changement vaut à partir d’aujourd’hui.", code="past")
    return day


def holidays_ahead(zones: Iterable[str], today: date) -> list[SchoolHoliday]:
    """The school holidays of these zones that are not over, the next four of them, offered as periods."""
    zones = [zone for zone in zones if zone]
    if not zones:
        return []
    return list(SchoolHoliday.objects.filter(zone__in=zones, ends_on__gte=today).order_by("starts_on", "zone")[:4])


@dataclass(frozen=True)
class Choices:
    """What was chosen on the page of a change: one choice for all, and others one by one; `time_…` as it was shown."""

    for_all: str = ""
    one_by_one: dict[int, str] = field(default_factory=dict)
    times: dict[int, tuple[int, datetime]] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: QueryDict, appointments: Iterable[Appointment]) -> "Choices":
        """The choices for `appointments`; anything unreadable is no choice."""
        known = set(Settlement.values)
        one_by_one, times = {}, {}
        for appointment in appointments:
            choice = sent.get(f"choice_{appointment.pk}", "")
            if choice in known:
                one_by_one[appointment.pk] = choice
            time = parse_time_key(sent.get(f"time_{appointment.pk}", ""))
            if time is not None:
                times[appointment.pk] = time
        for_all = sent.get("for_all", "")
        return cls(for_all if for_all in known else "", one_by_one, times)

    def settled(self, appointments: Iterable[Appointment]) -> dict[int, Settled]:
        """The choice for each, where there is one; without a proposed time a person waits in the worklist."""
        found = {}
        for appointment in appointments:
            choice = self.one_by_one.get(appointment.pk) or self.for_all
            if choice:
                found[appointment.pk] = Settled(Settlement(choice), self.times.get(appointment.pk))
        return found
