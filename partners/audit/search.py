"""The journal of a CCAS, searched: the form, what it finds, and a list that does not count a million lines."""

from datetime import date, timedelta
from functools import cached_property

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet

from franceservices.dates import NEWEST_YEAR, OLDEST_YEAR, day_bounds, today_in
from franceservices.db import Folded, Joined
from franceservices.text import fold
from partners.models import AuditAction, AuditEvent, AuditOrigin, User

from .tracking import TRACKED

EVENTS_A_PAGE = 25
# Beyond, lines are not counted: one narrows the search, or exports.
COUNTED_AT_MOST = 10_000
DAYS_AT_FIRST = 30


class DayField(forms.DateField):
    """A day chosen in the browser's own calendar; the address holds `2026-11-24`, in years that have midnights."""

    def __init__(self, *, label: str) -> None:
        chosen = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(label=label, required=False, widget=chosen, input_formats=["%Y-%m-%d"])

    def clean(self, value: object) -> date | None:
        day = super().clean(value)
        if day is not None and not OLDEST_YEAR <= day.year <= NEWEST_YEAR:
            raise forms.ValidationError(f"Choisissez une année de {OLDEST_YEAR} à {NEWEST_YEAR}.", code="year")
        return day


class JournalForm(forms.Form):
    """What to find in the journal; every field is in the address."""

    du = DayField(label="Du")
    au = DayField(label="Au")
    personne = forms.CharField(label="Fait par (nom ou courriel)", required=False, max_length=100)
    objet = forms.ChoiceField(label="Objet", required=False)
    numero = forms.IntegerField(label="N° de l’objet", required=False, min_value=0, max_value=2**63 - 1)
    action = forms.ChoiceField(label="Action", required=False, choices=[("", "Toutes"), *AuditAction.choices])
    origine = forms.ChoiceField(label="Origine", required=False, choices=[("", "Toutes"), *AuditOrigin.choices])
    requete = forms.RegexField(
        r"^[0-9a-f]{12}$",
        label="N° de requête ou d’incident",
        required=False,
        error_messages={"invalid": "Un numéro de requête a douze chiffres ou lettres de a à f."},
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        kinds = sorted(((entry.slug, entry.name) for entry in TRACKED.values()), key=lambda kind: fold(kind[1]))
        self.fields["objet"].choices = [("", "Tous"), *kinds]

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        first, last = cleaned.get("du"), cleaned.get("au")
        if first and last and last < first:
            self.add_error("au", "Le dernier jour doit suivre le premier.")
        if cleaned.get("numero") is not None and not cleaned.get("objet") and "objet" not in self.errors:
            self.add_error("objet", "Dites de quel objet c’est le numéro.")
        return cleaned


class JournalPaginator(Paginator):
    """Counts ten thousand lines at most: the rest is behind a narrower search."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNTED_AT_MOST].count()

    @property
    def stops_counting(self) -> bool:
        return self.count == COUNTED_AT_MOST


def asked_or_recent(asked: dict, *, zone) -> dict:
    """What the address asks; without a day or a number, the last thirty days."""
    if {"du", "numero", "requete"} & {name for name, text in asked.items() if text or name == "du"}:
        return asked
    return {**asked, "du": (today_in(zone) - timedelta(days=DAYS_AT_FIRST)).isoformat()}


def events_found(user: User, wanted: dict[str, object], *, zone) -> QuerySet[AuditEvent]:
    """The lines of the CCAS of `user` that answer to every readable filter, the latest first."""
    found = events_seen_by(user)
    if wanted.get("du"):
        found = found.filter(at__gte=day_bounds(wanted["du"], zone)[0])
    if wanted.get("au"):
        found = found.filter(at__lt=day_bounds(wanted["au"], zone)[1])
    if wanted.get("action"):
        found = found.filter(action=wanted["action"])
    if wanted.get("origine"):
        found = found.filter(origin=wanted["origine"])
    if wanted.get("requete"):
        found = found.filter(request_id=wanted["requete"])
    if wanted.get("objet"):
        found = found.filter(_of_kind(wanted["objet"], wanted.get("numero")))
    words = fold(wanted.get("personne", "")).split()
    if words:
        found = found.filter(user__in=_people(words))
    return found.order_by("-at", "-pk")


def events_seen_by(user: User) -> QuerySet[AuditEvent]:
    """The lines of the CCAS of an administrator; all of them for the technical account."""
    events = AuditEvent.objects.select_related("user", "site")
    if user.is_superuser:
        return events
    return events.filter(ccas_id=user.ccas_id) if user.ccas_id else events.none()


def _of_kind(slug: str, number: int | None) -> Q:
    """The lines of one kind of object; of one object, those of all that belongs to its page too."""
    entry = next(entry for entry in TRACKED.values() if entry.slug == slug)
    if number is None:
        return Q(model=entry.label)
    if entry.page:
        return Q(model=entry.label, object_id=number)
    return Q(page_model=entry.label, page_id=number)


def _people(words: list[str]) -> QuerySet[User]:
    people = User.objects.alias(folded=Folded(Joined("first_name", "last_name", "email")))
    for word in words:
        people = people.filter(folded__contains=word)
    return people
