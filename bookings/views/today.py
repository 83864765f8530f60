"""The day of a space on one screen."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.views.generic import TemplateView

from bookings.agenda import Entry, PermanenceRow, entries_of
from bookings.models import Permanence
from bookings.schedule_rows import next_open_day, permanence_rows
from franceservices.dates import format_duration
from partners.calendars import closed_days
from partners.permissions import DeskMixin

from .chosen_day import chosen_day

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One line of a card: an appointment, or free time; `is_now` where the appointment's hour has come."""

    entry: Entry
    is_now: bool


@dataclass(frozen=True)
class Part:
    """One permanence of a card, its lines in order."""

    permanence: PermanenceRow
    lines: list[Line]


@dataclass(frozen=True)
class Card:
    """A partner in an office: all that they hold there in the day, morning and afternoon."""

    parts: list[Part]

    @property
    def first(self) -> PermanenceRow:
        return self.parts[0].permanence

    @property
    def hours(self) -> str:
        """`8h30–12h30`, of the only permanence; empty where each part names its own."""
        return self.first.hours if len(self.parts) == 1 else ""


def cards_of(permanences: Iterable[PermanenceRow], *, now: datetime) -> list[Card]:
    """One card for each partner and office, by the hour at which they begin."""
    parts: dict[tuple[str, str], list[Part]] = {}
    for row in permanences:
        lines = [
            Line(entry, is_now=entry.appointment is not None and entry.appointment.is_at(now))
            for entry in entries_of(row, now=now)
        ]
        parts.setdefault((row.partner_slug, row.office), []).append(Part(row, lines))
    return [Card(found) for found in parts.values()]


COUNTED = {
    "arrived": "en attente",
    "in_progress": "en entretien",
    "booked": ("attendu maintenant", "attendus maintenant"),
    "coming": "à venir",
    "warning": "à replacer",
    "honoured": ("reçu", "reçus"),
    "no_show": ("absent", "absents"),
}


def counts_of(cards: Iterable[Card]) -> list[str]:
    """`5 à venir`, `2 reçus`… and the time that is left to book."""
    states: Counter[str] = Counter()
    free = timedelta()
    for line in (line for card in cards for part in card.parts for line in part.lines):
        if line.entry.appointment is None:
            free += line.entry.span.end - line.entry.span.start
        else:
            states[line.entry.appointment.state] += 1
    total = sum(states.values())
    counts = [f"{total} rendez-vous" if total else "aucun rendez-vous"]
    for state, words in COUNTED.items():
        if number := states[state]:
            counts.append(f"{number} {words if isinstance(words, str) else words[number > 1]}")
    if free:
        counts.append(f"{format_duration(int(free.total_seconds()) // 60)} libres")
    return counts


class TodayView(DeskMixin, TemplateView):
    """Today's permanences side by side, with their appointments and their free time; `?jour=` shows another day."""

    template_name = "bookings/today.html"

    def get_context_data(self, **kwargs) -> dict[str, object]:
        now = self.site.now()
        chosen = chosen_day(self.request.GET, today=now.date())
        day = chosen.day
        here = Permanence.objects.visible_to(self.request.user).filter(site=self.site)
        closed_because = closed_days([self.site], day, day)[self.site.pk].reason(day)
        cards = cards_of(
            permanence_rows(here.on_days(day, day), now=now, free_for=None if closed_because else self.request.user),
            now=now,
        )
        following = next_open_day(here, site=self.site, after=day) if closed_because or not cards else None
        return super().get_context_data(
            day=day,
            is_today=day == now.date(),
            refused=chosen.refused,
            closed_because=closed_because,
            cards=cards,
            counts=counts_of(cards) if cards else [],
            following=following,
            following_url=self.address(following) if following else "",
            previous_url=self.address(day - ONE_DAY),
            next_url=self.address(day + ONE_DAY),
            today_url=reverse("bookings:today"),
            week_url=f"{reverse('bookings:agenda')}?{urlencode({'jour': day.isoformat()})}",
            **kwargs,
        )

    def address(self, day: date) -> str:
        """This page on another day."""
        return f"{reverse('bookings:today')}?{urlencode({'jour': day.isoformat()})}"
