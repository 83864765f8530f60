"""Who occupies which office in which half-day, and what is left idle: pure arithmetic, no database.

The opening hours cut a day into its half-days, at the boundary by which fees are prorated (`conventions.fees`). Spans
are half-open intervals of aware moments in UTC, so that an hour is an hour on the days when clocks change too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from conventions.fees import HALF_DAY_BOUNDARY
from franceservices.dates import day_bounds, local_interval
from franceservices.money import NO_BREAK_SPACE, format_number

from .availability import Span

NOTHING = timedelta(0)
# What is left between two uses is worth showing as idle, and lending, from here on.
SHORTEST_LOAN = timedelta(hours=1)


class DayPart(StrEnum):
    """The two halves of a day, as the field counts them."""

    MORNING = "matin"
    AFTERNOON = "après-midi"


@dataclass(frozen=True, slots=True)
class HalfDay:
    """One half of a civil day: `whole` from or to midnight, `opening` the spans in which the site is open in it."""

    day: date
    part: DayPart
    whole: Span
    opening: tuple[Span, ...]

    def touches(self, span: Span) -> bool:
        """Whether a use of an office belongs to this half-day; one that straddles the boundary belongs to both."""
        return self.whole.overlaps(span)


def half_days(day: date, opening: Iterable[tuple[time, time]], zone: ZoneInfo) -> tuple[HalfDay, HalfDay]:
    """The morning and the afternoon of `day`; `opening` are its hours `[start, end)` in the local time of `zone`."""
    midnight, next_midnight = day_bounds(day, zone)
    _, boundary = local_interval(day, time.min, HALF_DAY_BOUNDARY, zone)
    spans = [Span(*local_interval(day, start, end, zone)) for start, end in sorted(opening)]
    return tuple(
        HalfDay(day, part, whole, tuple(intersection(spans, [whole])))
        for part, whole in [
            (DayPart.MORNING, Span(midnight, boundary)),
            (DayPart.AFTERNOON, Span(boundary, next_midnight)),
        ]
    )


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in order, what overlaps or touches being one span."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def intersection(spans: Iterable[Span], windows: Iterable[Span]) -> list[Span]:
    """The time that lies both in `spans` and in `windows`, in order."""
    windows = merged(windows)
    return [
        Span(max(span.start, window.start), min(span.end, window.end))
        for span in merged(spans)
        for window in windows
        if span.overlaps(window)
    ]


def idle_spans(windows: Iterable[Span], busy: Iterable[Span]) -> list[Span]:
    """The time of `windows` that no one of `busy` takes, in order."""
    taken = merged(busy)
    found = []
    for window in merged(windows):
        cursor = window.start
        for span in taken:
            if not span.overlaps(window):
                continue
            if span.start > cursor:
                found.append(Span(cursor, span.start))
            cursor = max(cursor, span.end)
        if cursor < window.end:
            found.append(Span(cursor, window.end))
    return found


def covered(spans: Iterable[Span]) -> timedelta:
    """How long `spans` are together; what overlaps is counted once."""
    return sum((span.end - span.start for span in merged(spans)), NOTHING)


@dataclass(frozen=True, slots=True)
class Share:
    """How long offices are occupied, of how long they could be.

    As for fees (`conventions.fees.occupancy_ratio`) a use outside the opening hours counts too: the office is occupied
    although the public is not let in. The ratio is capped at 1.
    """

    occupied: timedelta = NOTHING
    available: timedelta = NOTHING

    def __add__(self, other: "Share") -> "Share":
        return Share(self.occupied + other.occupied, self.available + other.available)

    @property
    def ratio(self) -> Fraction | None:
        """In the closed interval [0, 1]; None when nothing was open."""
        if not self.available:
            return None
        return min(Fraction(self.occupied // timedelta.resolution, self.available // timedelta.resolution), Fraction(1))

    @property
    def percent(self) -> int | None:
        """The ratio as a whole number of hundredths, a half going up; None when nothing was open."""
        return None if self.ratio is None else int(self.ratio * 100 + Fraction(1, 2))

    @property
    def sentence(self) -> str:
        """`14 h d’occupation sur 36 h d’ouverture, soit 39 %`."""
        if self.percent is None:
            return "aucune heure d’ouverture"
        return (
            f"{hours(self.occupied)} d’occupation sur {hours(self.available)} d’ouverture, soit {self.percent}\u00a0%"
        )


def share_of(uses: Iterable[Span], parts: Iterable[HalfDay]) -> Share:
    """The share of one office that `uses` occupy, of the opening hours of `parts`."""
    return Share(covered(uses), covered(span for part in parts for span in part.opening))


def hours(duration: timedelta) -> str:
    """`12 h 30`, `1 698 h`."""
    whole_hours, rest = divmod(duration // timedelta(minutes=1), 60)
    shown = f"{format_number(whole_hours)}{NO_BREAK_SPACE}h"
    return f"{shown}{NO_BREAK_SPACE}{rest:02}" if rest else shown
