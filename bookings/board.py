"""The day of a space as cards, without a database: who is expected where, who waits, what is free."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from franceservices.dates import format_duration

from .agenda import Entry, GivenUpRow, PermanenceRow, entries_of


@dataclass(frozen=True)
class Line:
    """One line of a card: an appointment, or free time; `is_now` where the appointment's hour has come."""

    entry: Entry
    is_now: bool


@dataclass(frozen=True)
class Part:
    """One permanence of a card, and its lines in order."""

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
    "late": "en retard",
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


def waiting_of(cards: Iterable[Card]) -> list[Entry]:
    """Who waits, the longest first."""
    entries = (line.entry for card in cards for part in card.parts for line in part.lines)
    waiting = (entry for entry in entries if entry.appointment is not None and entry.appointment.state == "arrived")
    return sorted(waiting, key=lambda entry: entry.appointment.since)


@dataclass(frozen=True)
class GivenUpLine:
    """An appointment that was cancelled, as the board tells it under the cards."""

    permanence: PermanenceRow
    appointment: GivenUpRow

    @property
    def starts(self) -> str:
        return self.permanence.hour_of(self.appointment.starts_at)


def cancelled_of(permanences: Iterable[PermanenceRow]) -> list[GivenUpLine]:
    """What was given up in the day and not rebooked, by the hour for which it was."""
    lines = [GivenUpLine(row, appointment) for row in permanences for appointment in row.given_up]
    return sorted(lines, key=lambda line: (line.appointment.starts_at, line.appointment.pk))
