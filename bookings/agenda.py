"""The agenda of a space, computed without a database: permanences and appointments in, placed cells out.

Times are placed by the clock on the wall of the site: 9h00 stands at 9h00 on the days when clocks change too. What is
free is computed on moments, with `availability`. Rows come from `schedule_rows`, markup is made by `agenda_markup`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from franceservices.dates import MONTHS, WEEKDAYS, format_date_long, format_time, format_time_range

from .availability import Span, free_spans
from .steps import DeskStep

# What the style sheet has rows for (agenda-grid.css), in minutes after midnight, and the height of one row.
EARLIEST, LATEST, ROW = 7 * 60, 20 * 60, 5
# The first hour of a grid can be 7h00 to 12h00; a day without anything is drawn from 8h00 to 18h00.
LATEST_FIRST_HOUR, USUAL_DAY = 12, (8, 18)
# Tracks that one day can take on the screen, and that a week can take on a sheet of A4.
MOST_TRACKS, MOST_TRACKS_ON_PAPER = 6, 14
# Below a quarter of an hour nothing can be read in a cell unless the rows are higher.
SHORTEST_CELL = 15


class WallClock(NamedTuple):
    """A moment as the clock on the wall of a site tells it: the civil date, minutes after midnight, and `8h30`."""

    day: date
    minutes: int
    label: str


@lru_cache(maxsize=4096)
def wall_clock(moment: datetime, zone: ZoneInfo) -> WallClock:
    """`moment` in `zone`; remembered, since the appointments of a week begin and end at a hundred moments in all."""
    local = moment.astimezone(zone)
    return WallClock(local.date(), local.hour * 60 + local.minute, format_time(local.time()))


class AppointmentRow(NamedTuple):
    """One appointment: for whom, why, when; `state` is a key of the style sheet and `state_label` its word."""

    pk: int
    span: Span
    who: str
    reason: str
    subject: str
    for_social_worker: bool
    state: str
    state_label: str
    # Since when she waits or is with the agent, where she does.
    since: datetime | None = None
    needs: tuple[str, ...] = ()
    # What can be noted now, the usual step first, and the step that an undo takes back.
    steps: tuple[DeskStep, ...] = ()
    undoable: DeskStep | None = None

    def is_at(self, now: datetime) -> bool:
        return self.span.start <= now < self.span.end


@dataclass(frozen=True, slots=True)
class GivenUpRow:
    """One appointment that was cancelled; `by` says on whose side (`l’usager`)."""

    pk: int
    starts_at: datetime
    who: str
    by: str


@dataclass(frozen=True, slots=True)
class PermanenceRow:
    """One permanence with its appointments that stand, in order.

    `shortest` is the shortest appointment that the reader may still book in it, None when she may book none at all.
    """

    pk: int
    day: date
    span: Span
    zone: ZoneInfo
    site: str
    place: str
    partner: str
    partner_slug: str
    colour: str
    office: str
    is_cancelled: bool
    notes: tuple[str, ...]
    appointments: tuple[AppointmentRow, ...]
    shortest: timedelta | None
    # What was given up of it and not rebooked, for the pages that tell.
    given_up: "tuple[GivenUpRow, ...]" = ()

    @property
    def hours(self) -> str:
        """`8h30–12h30`, at the site."""
        return f"{self.hour_of(self.span.start)}–{self.hour_of(self.span.end)}"

    @property
    def entries(self) -> "list[Entry]":
        """Its appointments, without what is free."""
        return [Entry(self, appointment.span, appointment) for appointment in self.appointments]

    def hour_of(self, moment: datetime) -> str:
        """`8h30`, at the site."""
        return wall_clock(moment, self.zone).label

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)


class Entry(NamedTuple):
    """One line of a permanence: an appointment, or free time where there is none."""

    permanence: PermanenceRow
    span: Span
    appointment: AppointmentRow | None

    @property
    def starts(self) -> str:
        return self.permanence.hour_of(self.span.start)

    @property
    def ends(self) -> str:
        return self.permanence.hour_of(self.span.end)

    @property
    def booking_query(self) -> str:
        """What the booking page is told about a free time: its day and its partner."""
        return _booking_query(self.permanence.day, self.permanence.partner_slug)


@lru_cache(maxsize=1024)
def _booking_query(day: date, partner_slug: str) -> str:
    return urlencode({"jour": day.isoformat(), "partenaire": partner_slug})


def without_free_time(rows: Iterable[PermanenceRow]) -> list[PermanenceRow]:
    """The same rows with nothing to book in them."""
    return [replace(row, shortest=None) for row in rows]


def free_gaps(window: Span, busy: Iterable[Span], *, shortest: timedelta, not_before: datetime) -> list[Span]:
    """The whole free stretches of `window`, each from the first time that can be offered in it to its end.

    A stretch too short for `shortest`, or of which nothing is left after `not_before`, is not free for anybody.
    """
    gaps = []
    cursor = window.start
    for taken in [*sorted(busy), Span(window.end, window.end)]:
        gap = Span(cursor, min(taken.start, window.end))
        first = next(free_spans(gap, [], duration=shortest, not_before=not_before), None)
        if first is not None:
            gaps.append(Span(first.start, gap.end))
        cursor = max(cursor, taken.end)
    return gaps


def entries_of(permanence: PermanenceRow, *, now: datetime) -> list[Entry]:
    """The appointments and, where the reader may book, the free stretches from `now` on, in order of time."""
    entries = permanence.entries
    if permanence.shortest is not None:
        busy = [appointment.span for appointment in permanence.appointments]
        gaps = free_gaps(permanence.span, busy, shortest=permanence.shortest, not_before=now)
        entries += [Entry(permanence, gap, None) for gap in gaps]
    return sorted(entries, key=lambda entry: entry.span)


# --- The grid ---------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where something stands in a day: minutes after midnight, multiples of five, `[start, end)`."""

    start: int
    end: int

    def overlaps(self, other: "Place") -> bool:
        return self.start < other.end and other.start < self.end


class Cell(NamedTuple):
    """An entry and its place."""

    entry: Entry
    place: Place


@dataclass(frozen=True, slots=True)
class Band:
    """A permanence in lane `lane` of `lanes` (from 1), which its cells share."""

    permanence: PermanenceRow
    place: Place
    lane: int
    lanes: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class AgendaDay:
    """One column. `closed_because` is the holiday or closure of the day; `closed` what is to be hatched."""

    day: date
    closed_because: str | None
    opening: tuple[tuple[time, time], ...]
    closed: tuple[Place, ...]
    bands: tuple[Band, ...]

    @property
    def lanes(self) -> int:
        """How many permanences stand side by side where the day is fullest; 1 on an empty day."""
        return max((band.lanes for band in self.bands), default=1)

    @property
    def title(self) -> str:
        """`mercredi 1er avril`."""
        return f"{WEEKDAYS[self.day.isoweekday()]} {_day_and_month(self.day)}"

    @property
    def opening_label(self) -> str:
        """`8h30–12h30 et 13h30–17h00`; empty when the space does not open."""
        return " et ".join(format_time_range(start, end) for start, end in self.opening)


@dataclass(frozen=True, slots=True)
class Agenda:
    """The columns, and the hours `[first_hour, last_hour)` that the grid shows."""

    days: tuple[AgendaDay, ...]
    first_hour: int
    last_hour: int

    @property
    def tracks(self) -> list[int]:
        """How many tracks of the grid each day takes: as many as it has lanes, up to what the style sheet knows."""
        return [min(day.lanes, MOST_TRACKS) for day in self.days]

    @property
    def fits_on_paper(self) -> bool:
        """Whether the grid can be read on a sheet; the table is printed instead of one that cannot."""
        return sum(self.tracks) <= MOST_TRACKS_ON_PAPER

    @property
    def needs_room(self) -> bool:
        """Whether something is so short that its line needs higher rows to be read."""
        return any(
            cell.place.end - cell.place.start < SHORTEST_CELL
            for day in self.days
            for band in day.bands
            for cell in band.cells
        )

    @property
    def is_empty(self) -> bool:
        return not any(day.bands for day in self.days)


def build_agenda(
    *,
    days: Sequence[date],
    permanences: Iterable[PermanenceRow],
    opening: Mapping[date, Sequence[tuple[time, time]]],
    closed_because: Mapping[date, str],
    now: datetime,
) -> Agenda:
    """Place `permanences` on `days`, in order; `opening` holds the hours `[start, end)` of each day, site-local.

    Where no opening hours are known at all nothing is hatched, so that a space without them is not shown as closed.
    """
    # On a closed day nobody is to be booked, though a permanence may still stand in it.
    permanences = [replace(row, shortest=None) if row.day in closed_because else row for row in permanences]
    usual = {day: () if day in closed_because else tuple(sorted(opening.get(day, ()))) for day in days}
    first_hour, last_hour = _hours_shown(usual.values(), [_place(row, row.span) for row in permanences])
    whole = Place(first_hour * 60, last_hour * 60)
    knows_hours = any(opening.values())
    return Agenda(
        tuple(
            AgendaDay(
                day=day,
                closed_because=closed_because.get(day),
                opening=usual[day],
                closed=_complement(usual[day], whole) if knows_hours or day in closed_because else (),
                bands=_bands([row for row in permanences if row.day == day], now=now),
            )
            for day in days
        ),
        first_hour,
        last_hour,
    )


def _hours_shown(openings: Iterable[Sequence[tuple[time, time]]], places: Sequence[Place]) -> tuple[int, int]:
    """The whole hours that hold everything, within what the style sheet can show."""
    starts = [_minutes(start) for opening in openings for start, _ in opening] + [place.start for place in places]
    ends = [_minutes(end) for opening in openings for _, end in opening] + [place.end for place in places]
    if not starts:
        return USUAL_DAY
    first = min(max(min(starts), EARLIEST) // 60, LATEST_FIRST_HOUR)
    return first, max(-(-min(max(ends), LATEST) // 60), first + 1)


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _place(permanence: PermanenceRow, span: Span) -> Place:
    """Where `span` stands on the day of `permanence`, rounded outwards to rows and kept inside the grid."""
    start, end = wall_clock(span.start, permanence.zone), wall_clock(span.end, permanence.zone)
    first = 0 if start.day < permanence.day else start.minutes
    last = 24 * 60 if end.day > permanence.day else end.minutes
    first = min(max(first - first % ROW, EARLIEST), LATEST - SHORTEST_CELL)
    return Place(first, max(min(last + -last % ROW, LATEST), first + ROW))


def _complement(opening: Sequence[tuple[time, time]], whole: Place) -> tuple[Place, ...]:
    """What of `whole` lies outside the opening hours, rounded to rows."""
    closed, cursor = [], whole.start
    for start, end in opening:
        begin = _minutes(start) // ROW * ROW
        if begin > cursor:
            closed.append(Place(cursor, min(begin, whole.end)))
        cursor = max(cursor, _minutes(end) // ROW * ROW)
    if cursor < whole.end:
        closed.append(Place(cursor, whole.end))
    return tuple(place for place in closed if place.start < place.end)


def _bands(permanences: Sequence[PermanenceRow], *, now: datetime) -> tuple[Band, ...]:
    """The permanences of one day side by side: those that touch a common time share the width of the column."""
    placed = sorted(
        ((_place(row, row.span), row) for row in permanences), key=lambda pair: (pair[0], pair[1].partner, pair[1].pk)
    )
    bands: list[Band] = []
    group: list[tuple[Place, PermanenceRow, int]] = []
    lane_ends: list[int] = []

    def close_group() -> None:
        for place, row, lane in group:
            cells = tuple(Cell(entry, _place(row, entry.span)) for entry in entries_of(row, now=now))
            bands.append(Band(row, place, lane + 1, len(lane_ends), cells))
        group.clear()
        lane_ends.clear()

    for place, row in placed:
        if lane_ends and place.start >= max(lane_ends):
            close_group()
        lane = next((index for index, end in enumerate(lane_ends) if end <= place.start), len(lane_ends))
        lane_ends[lane : lane + 1] = [place.end]
        group.append((place, row, lane))
    close_group()
    return tuple(bands)


# --- Words ------------------------------------------------------------------------------------------------------


def _day_and_month(day: date) -> str:
    return format_date_long(day).rsplit(" ", 1)[0]


def week_label(monday: date) -> str:
    """`du 30 mars au 5 avril 2026`, `du 6 au 12 avril 2026`, `du 28 décembre 2026 au 3 janvier 2027`."""
    sunday = monday + timedelta(days=6)
    if monday.year != sunday.year:
        return f"du {format_date_long(monday)} au {format_date_long(sunday)}"
    if monday.month != sunday.month:
        return f"du {_day_and_month(monday)} au {format_date_long(sunday)}"
    first = _day_and_month(monday).removesuffix(f" {MONTHS[monday.month - 1]}")
    return f"du {first} au {format_date_long(sunday)}"
