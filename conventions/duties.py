"""When what an obligation asks for is owed, over the term of its convention. Pure: civil dates in, civil dates out.

Agreements say how often, seldom by which day; these are the rules of this application, the same for all of them:

- **once**: one occurrence, whose period is the whole term;
- **each year**: one for each year of the convention, counted from its first day and not from 1 January; the last is cut
  at the term;
- **each month**: one for each calendar month whose last day lies in the term, since such returns are made « en fin de
  mois ». The first begins with the term. A term of three years has 36 of them, on whatever day of the month it begins;
- **continuous**: none. Nothing is owed by a day.

What is owed at the start of a period (an insurance certificate) is due on its first day. What is owed at its end is due
on its last day (a committee that must meet each year), but for a monthly return: its figures are only known when the
month is over, so that it is due by the 10th of the next month.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from franceservices.dates import add_months, month_end

from .deadlines import anniversaries

ONCE, MONTHLY, YEARLY, CONTINUOUS = "once", "monthly", "yearly", "continuous"
AT_START, AT_END = "start", "end"
MONTHLY_RETURN_DAY = 10
"""The day of the next month by which a monthly return is due: ours, no agreement names one."""


@dataclass(frozen=True)
class Occurrence:
    """One time that an obligation is owed: for `[period_starts_on, period_ends_on]`, by `due_on` (days included)."""

    period_starts_on: date
    period_ends_on: date
    due_on: date


def occurrences(*, frequency: str, due_moment: str, starts_on: date, ends_on: date) -> list[Occurrence]:
    """All occurrences over the term `[starts_on, ends_on]`, both days included, the earliest first.

    `frequency` and `due_moment` are the values of `Frequency` and `DueMoment`. Raises ValueError for any other.
    """
    if due_moment not in (AT_START, AT_END):
        raise ValueError(f"unknown moment {due_moment!r}")
    if frequency == MONTHLY:
        return [_monthly(first, last, due_moment) for first, last in calendar_months(starts_on, ends_on)]
    periods = {
        ONCE: lambda: [(starts_on, ends_on)],
        YEARLY: lambda: convention_years(starts_on, ends_on),
        CONTINUOUS: list,
    }
    if frequency not in periods:
        raise ValueError(f"unknown frequency {frequency!r}")
    return [Occurrence(first, last, first if due_moment == AT_START else last) for first, last in periods[frequency]()]


def convention_years(starts_on: date, ends_on: date) -> list[tuple[date, date]]:
    """The years of the convention, first and last day of each; the last one may be shorter."""
    firsts = [starts_on, *(day for day in anniversaries(starts_on, ends_on) if day <= ends_on)]
    lasts = [*(day - timedelta(days=1) for day in firsts[1:]), ends_on]
    return list(zip(firsts, lasts, strict=True))


def calendar_months(starts_on: date, ends_on: date) -> Iterator[tuple[date, date]]:
    """The calendar months whose last day lies in the term; the first begins with it."""
    first = starts_on
    while (last := month_end(first)) <= ends_on:
        yield first, last
        first = last + timedelta(days=1)


def _monthly(first: date, last: date, due_moment: str) -> Occurrence:
    if due_moment == AT_START:
        return Occurrence(first, last, first)
    return Occurrence(first, last, add_months(last.replace(day=1), 1).replace(day=MONTHLY_RETURN_DAY))
