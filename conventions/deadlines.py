"""Dates that follow from other dates of a convention. Pure: civil dates in, civil dates out."""

from calendar import monthrange
from datetime import date, timedelta


def enforceable_on(*, published_on: date | None, transmitted_on: date | None) -> date | None:
    """The day an act became enforceable (*exécutoire*): once published and received in prefecture, whichever is later.

    None as long as one of the two is not known.
    """
    if published_on is None or transmitted_on is None:
        return None
    return max(published_on, transmitted_on)


def months_before(day: date, months: int) -> date:
    """The same day of the month, `months` calendar months earlier, or the last day of a month that lacks it."""
    years, month_index = divmod(day.month - 1 - months, 12)
    year, month = day.year + years, month_index + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def last_day_of_notice(*, ends_on: date, notice_months: int | None) -> date | None:
    """The last day on which the other party may receive a notice (*préavis*) that takes effect at the term `ends_on`.

    Calendar months, not days: three months before 31/03/2028 is 31/12/2027. None where the convention asks for none, or
    for more months than there have been since year 1.
    """
    if notice_months is None or notice_months >= (ends_on.year - 1) * 12:
        return None
    return months_before(ends_on, notice_months)


def term_in_months(starts_on: date, ends_on: date) -> tuple[int, int]:
    """Whole months of the term `[starts_on, ends_on]`, both days included, and the days left over after them."""
    day_after = ends_on + timedelta(days=1)
    months = (day_after.year - starts_on.year) * 12 + day_after.month - starts_on.month
    if _months_after(starts_on, months) > day_after:
        months -= 1
    return months, (day_after - _months_after(starts_on, months)).days


def _months_after(day: date, months: int) -> date:
    """The same day of the month later on, or the first day of the next month where the month lacks it."""
    years, month_index = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month_index + 1, 1)
    return first + timedelta(days=min(day.day - 1, monthrange(first.year, first.month)[1]))
