"""The weekly grid as a table, mornings above afternoons: the same rows on the pages and in the documents."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time

from franceservices.dates import WEEKDAYS, format_date_long, format_time, format_time_range, join_fr

from .fees import HALF_DAY_BOUNDARY
from .models import Audience, BookingMode, Convention, PermanenceSlot

WORKING_WEEK = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class WeekSlot:
    """One line of the grid as it is read: `8h30–10h00`, `travailleurs sociaux`."""

    time_range: str
    note: str


@dataclass(frozen=True)
class WeekCell:
    """What happens on one half-day of one weekday."""

    weekday: str
    slots: tuple[WeekSlot, ...]


@dataclass(frozen=True)
class WeekRow:
    """Mornings, or afternoons, of the whole week."""

    label: str
    cells: tuple[WeekCell, ...]


@dataclass(frozen=True)
class WeekTable:
    """Monday to Friday, and the days of the week-end on which something happens."""

    weekdays: tuple[str, ...]
    rows: tuple[WeekRow, ...]


def slot_note(slot: PermanenceSlot, *, convention: Convention, names_office: bool) -> str:
    """For whom, where and how long, as far as it does not go without saying."""
    return ", ".join(
        [slot.get_audience_display().lower(), *slot_particulars(slot, convention=convention, names_office=names_office)]
    )


def slot_particulars(slot: PermanenceSlot, *, convention: Convention, names_office: bool) -> list[str]:
    """What sets a line of the grid apart: its office among several, walk-in, a validity shorter than the term."""
    particulars = []
    if names_office:
        particulars.append(slot.office.full_label)
    if slot.mode == BookingMode.WALK_IN:
        particulars.append("sans rendez-vous")
    if slot.starts_on > convention.starts_on and slot.ends_on < convention.ends_on:
        particulars.append(f"du {format_date_long(slot.starts_on)} au {format_date_long(slot.ends_on)}")
    elif slot.starts_on > convention.starts_on:
        particulars.append(f"à compter du {format_date_long(slot.starts_on)}")
    elif slot.ends_on < convention.ends_on:
        particulars.append(f"jusqu’au {format_date_long(slot.ends_on)}")
    return particulars


def week_table(convention: Convention, slots: Iterable[PermanenceSlot]) -> WeekTable | None:
    """The table of `slots`, which are those of `convention`; None without any. A slot stands where it begins."""
    slots = sorted(slots, key=lambda slot: (slot.weekday, slot.start_time, slot.starts_on))
    if not slots:
        return None
    names_office = len({slot.office_id for slot in slots}) > 1
    weekdays = sorted({*WORKING_WEEK, *(slot.weekday for slot in slots)})
    morning = [slot for slot in slots if slot.start_time < HALF_DAY_BOUNDARY]
    afternoon = [slot for slot in slots if slot.start_time >= HALF_DAY_BOUNDARY]

    def row(label: str, of_half_day: Sequence[PermanenceSlot]) -> WeekRow:
        return WeekRow(
            label,
            tuple(
                WeekCell(
                    WEEKDAYS[weekday],
                    tuple(
                        WeekSlot(
                            format_time_range(slot.start_time, slot.end_time),
                            slot_note(slot, convention=convention, names_office=names_office),
                        )
                        for slot in of_half_day
                        if slot.weekday == weekday
                    ),
                )
                for weekday in weekdays
            ),
        )

    return WeekTable(
        tuple(WEEKDAYS[weekday] for weekday in weekdays),
        (row("Matin", morning), row("Après-midi", afternoon)),
    )


def weekly_lines(
    slots: Iterable[PermanenceSlot], *, convention: Convention, audience: Audience, names_office: bool
) -> list[str]:
    """The slots of one audience as the articles write them: `Le mardi de 10h00 à 12h30 et de 13h30 à 16h30`."""
    lines: dict[tuple[int, tuple[str, ...]], list[str]] = {}
    for slot in sorted(slots, key=lambda slot: (slot.weekday, slot.starts_on, slot.start_time)):
        if slot.audience == audience:
            key = (slot.weekday, tuple(slot_particulars(slot, convention=convention, names_office=names_office)))
            lines.setdefault(key, []).append(time_span(slot.start_time, slot.end_time))
    return [
        f"Le {WEEKDAYS[weekday]} {join_fr(spans)}" + (f" ({', '.join(particulars)})" if particulars else "")
        for (weekday, particulars), spans in lines.items()
    ]


def time_span(start: time, end: time) -> str:
    """`de 8h30 à 12h30`, as sentences write it."""
    return f"de {format_time(start)} à {format_time(end)}"
