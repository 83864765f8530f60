"""Dates that follow from other dates of a convention. Pure: civil dates in, civil dates out.

Months are calendar months: three months before 31/05 is the last day of February. No hour and no time zone takes part,
so the two days a year on which clocks change are days like the others.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, timedelta

from franceservices.dates import add_months, term_month_start, whole_term_months

DISPATCH_DAYS = 14
"""How many days before the last one a registered letter is better sent: a habit of prudence, no rule of law."""

_SATURDAY = 6


@dataclass(frozen=True)
class NoticeDay:
    """One occasion to end a convention.

    `counted_from` is the day before which the notice is counted back, the term or an anniversary; `last_day` the last
    one on which the other party may receive it; `dispatch_on` when it is better sent; `ends_on` the last day of the
    convention if it is used.
    """

    counted_from: date
    last_day: date
    dispatch_on: date
    ends_on: date


def enforceable_on(*, published_on: date | None, transmitted_on: date | None) -> date | None:
    """The day an act became enforceable (*exécutoire*): once published and received in prefecture, whichever is later.

    Code général des collectivités territoriales, article L2131-1. None as long as one of the two is not known.
    """
    if published_on is None or transmitted_on is None:
        return None
    return max(published_on, transmitted_on)


def appeal_deadline(published_on: date, holidays: Container[date]) -> date:
    """The last day on which an action may be brought against an act published on `published_on`.

    Code de justice administrative, article R421-1: two months from the publication. They are clear (*délai franc*):
    neither the day of the publication nor the one on which they are complete counts; a last day that is a Saturday, a
    Sunday or one of `holidays` moves to the next working day.
    """
    day = add_months(published_on, 2) + timedelta(days=1)
    while day.isoweekday() >= _SATURDAY or day in holidays:
        day += timedelta(days=1)
    return day


def last_notice_day(term_or_anniversary: date, months: int) -> date:
    """The last day on which the other party may receive a notice (*préavis*) of `months` calendar months.

    By the convention's own article: Besançon, article 10 (three months before its term: 31/12/2027 for 31/03/2028);
    Montsinéry, article VI (three months before an anniversary: 09/05 for 09/08). Raises ValueError for more months than
    there have been since year 1.
    """
    return add_months(term_or_anniversary, -months)


def suggested_dispatch(day: date) -> date:
    """When to send the letter that must be received by `day`: `DISPATCH_DAYS` earlier. Prudence; no article."""
    return day - timedelta(days=DISPATCH_DAYS)


def anniversaries(starts_on: date, ends_on: date) -> list[date]:
    """The days on which a convention that runs over `[starts_on, ends_on]` has completed one year, two years…

    The last is the day after the term where the term is of whole years. They are the *échéances annuelles* of article
    VI of Montsinéry's convention. One begun on 29 February has them on the 28th in the years that lack it.
    """
    found = []
    years = 1
    while (day := add_months(starts_on, 12 * years)) <= ends_on + timedelta(days=1):
        found.append(day)
        years += 1
    return found


def notice_days(
    *, starts_on: date, ends_on: date, months: int | None, at_each_anniversary: bool
) -> tuple[NoticeDay, ...]:
    """The occasions to end a convention, by one of the two readings of its clause, the earliest first.

    At its term alone; or at each anniversary, on the eve of which it then ends. Occasions that would ask for a notice
    before the convention begins are left out, and all are where `months` is None.
    """
    if months is None:
        return ()
    if at_each_anniversary:
        ends = [(day, day - timedelta(days=1)) for day in anniversaries(starts_on, ends_on)]
    else:
        ends = [(ends_on, ends_on)]
    days = (
        (counted_from, last_notice_day(counted_from, months), last_day)
        for counted_from, last_day in ends
        # No calendar reaches further back.
        if months < (counted_from.year - 1) * 12
    )
    return tuple(
        NoticeDay(counted_from, received_by, suggested_dispatch(received_by), last_day)
        for counted_from, received_by, last_day in days
        if received_by >= starts_on
    )


def term_in_months(starts_on: date, ends_on: date) -> tuple[int, int]:
    """Whole months of the term `[starts_on, ends_on]`, both days included, and the days left over after them."""
    months = whole_term_months(starts_on, ends_on)
    return months, (ends_on - term_month_start(starts_on, months)).days + 1
