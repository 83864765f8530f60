"""Free times within permanences: pure arithmetic over sorted half-open intervals, no database.

Times are handed out one after the other (*au fil de la permanence*): the first begins with the permanence, each next
one where the last ended, and a kept time pushes what follows to its own end. So no gap is left that nobody can use,
and a reason of 20 minutes may follow one of 45.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple


class Span(NamedTuple):
    """The half-open interval `[start, end)`; both moments are aware, or both naive in tests."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Span") -> bool:
        return self.start < other.end and other.start < self.end


def free_spans(window: Span, busy: Iterable[Span], *, duration: timedelta, not_before: datetime) -> Iterator[Span]:
    """The times of `duration` that can be offered in `window`, in order, none overlapping another or a busy one.

    `busy` may come in any order and reach beyond the window. A time that begins before `not_before` is passed over,
    but keeps its place, so that what is offered does not depend on the minute in which one asks.
    Raises ValueError when `duration` is not positive.
    """
    if duration <= timedelta(0):
        raise ValueError("duration must be positive")
    cursor = window.start
    for taken in [*sorted(busy), Span(window.end, window.end)]:
        while cursor + duration <= min(taken.start, window.end):
            if cursor >= not_before:
                yield Span(cursor, cursor + duration)
            cursor += duration
        cursor = max(cursor, taken.end)
