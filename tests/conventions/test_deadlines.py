"""Dates that follow from other dates: the golden table of the two agreements, and the days on which months go wrong."""

import datetime as dt
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions.deadlines import (
    anniversaries,
    appeal_deadline,
    enforceable_on,
    last_notice_day,
    notice_days,
    suggested_dispatch,
    term_in_months,
)
from franceservices.dates import add_months
from partners.calendars import public_holidays

DATES = st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31))


def day(text: str) -> date:
    """« 31/03/2028 »."""
    return dt.datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007  (a civil date has no zone)


def days(*texts: str) -> list[date]:
    return [day(text) for text in texts]


def holidays(calendar: str, *years: int) -> set[date]:
    return {found for year in years for found in public_holidays(calendar, year)}


# --- The golden table of DOMAIN.md -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "transmitted", "expected"),
    [
        ("24/02/2025", "24/02/2025", "24/02/2025"),  # Besançon
        ("24/02/2025", "20/02/2025", "24/02/2025"),
        ("20/02/2025", "24/02/2025", "24/02/2025"),
        ("02/05/2017", None, None),  # Montsinéry: the transmission is unknown
        (None, "24/02/2025", None),
        (None, None, None),
    ],
)
def test_an_act_is_enforceable_once_published_and_transmitted(published, transmitted, expected):
    found = enforceable_on(published_on=published and day(published), transmitted_on=transmitted and day(transmitted))
    assert found == (expected and day(expected))


@pytest.mark.parametrize(
    ("published", "calendar", "expected"),
    [
        ("24/02/2025", "", "25/04/2025"),  # Besançon: a Friday
        ("02/05/2017", "973", "03/07/2017"),  # Montsinéry: a Monday
        ("09/04/2017", "973", "12/06/2017"),  # 10 June is a holiday at Guyane, and a Saturday
        ("09/04/2020", "973", "11/06/2020"),  # 10 June 2020, a Wednesday: abolition of slavery, at Guyane only
        ("09/04/2020", "", "10/06/2020"),
        ("13/05/2025", "", "15/07/2025"),  # 14 July
        ("23/10/2025", "", "24/12/2025"),
        ("24/10/2025", "", "26/12/2025"),  # Christmas
        ("31/10/2025", "", "02/01/2026"),  # 1 January, the year after
        ("31/12/2023", "", "01/03/2024"),  # two months end on 29 February
        ("31/12/2024", "", "03/03/2025"),  # on the 28th, then a Saturday
        ("28/01/2026", "", "30/03/2026"),  # 29 March, when clocks advance, is a Sunday
        ("24/08/2026", "", "26/10/2026"),  # 25 October, when they go back, is a Sunday
        ("17/02/2025", "", "18/04/2025"),  # Good Friday is a working day
        ("20/02/2025", "", "22/04/2025"),  # Easter Monday is not
    ],
)
def test_two_clear_months_then_the_next_working_day(published, calendar, expected):
    published_on = day(published)
    found = appeal_deadline(published_on, holidays(calendar, published_on.year, published_on.year + 1))
    assert found == day(expected)


@pytest.mark.parametrize(
    ("counted_from", "months", "last", "dispatch"),
    [
        ("31/03/2028", 3, "31/12/2027", "17/12/2027"),  # Besançon: calendar months, not 90 days
        ("09/08/2017", 3, "09/05/2017", "25/04/2017"),  # Montsinéry, three times
        ("09/08/2018", 3, "09/05/2018", "25/04/2018"),
        ("09/08/2019", 3, "09/05/2019", "25/04/2019"),
        ("31/05/2028", 3, "29/02/2028", "15/02/2028"),
        ("31/05/2027", 3, "28/02/2027", "14/02/2027"),
        ("29/02/2028", 12, "28/02/2027", "14/02/2027"),
        ("29/02/2028", 48, "29/02/2024", "15/02/2024"),
        ("31/08/2026", 6, "28/02/2026", "14/02/2026"),
        ("28/02/2027", 6, "28/08/2026", "14/08/2026"),
        ("29/03/2026", 1, "28/02/2026", "14/02/2026"),  # the clocks advance
        ("25/10/2026", 1, "25/09/2026", "11/09/2026"),  # the clocks go back
        ("31/03/2028", 0, "31/03/2028", "17/03/2028"),
    ],
)
def test_the_last_day_to_receive_a_notice_and_the_day_to_send_it(counted_from, months, last, dispatch):
    found = last_notice_day(day(counted_from), months)
    assert (found, suggested_dispatch(found)) == (day(last), day(dispatch))


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        ("09/08/2016", "08/08/2019", ["09/08/2017", "09/08/2018", "09/08/2019"]),
        ("01/04/2025", "31/03/2028", ["01/04/2026", "01/04/2027", "01/04/2028"]),
        ("29/02/2024", "28/02/2028", ["28/02/2025", "28/02/2026", "28/02/2027", "29/02/2028"]),
        ("01/01/2025", "30/06/2026", ["01/01/2026"]),
        ("01/01/2025", "30/12/2025", []),
        ("31/08/2025", "30/08/2026", ["31/08/2026"]),
    ],
)
def test_anniversaries(starts, ends, expected):
    assert anniversaries(day(starts), day(ends)) == days(*expected)


# --- Six months around 31 August, and 29 February ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("31/08/2026", 6, "28/02/2027"),
        ("31/08/2027", 6, "29/02/2028"),
        ("31/08/2026", -6, "28/02/2026"),
        ("31/08/2024", -6, "29/02/2024"),
        ("29/02/2024", 12, "28/02/2025"),
        ("29/02/2024", 48, "29/02/2028"),
        ("28/02/2027", -6, "28/08/2026"),
    ],
)
def test_calendar_months(start, months, expected):
    assert add_months(day(start), months) == day(expected)


# --- Both readings of a clause ----------------------------------------------------------------------------------


def readings(starts: str, ends: str, months: int | None) -> tuple[list[date], list[date]]:
    """The last days of notice at the term, and at each anniversary."""
    return tuple(
        [
            found.last_day
            for found in notice_days(
                starts_on=day(starts), ends_on=day(ends), months=months, at_each_anniversary=at_each_anniversary
            )
        ]
        for at_each_anniversary in (False, True)
    )


def test_besancon_both_ways():
    at_term, yearly = readings("01/04/2025", "31/03/2028", 3)
    assert at_term == days("31/12/2027")
    assert yearly == days("01/01/2026", "01/01/2027", "01/01/2028")


def test_montsinery_both_ways():
    at_term, yearly = readings("09/08/2016", "08/08/2019", 3)
    assert at_term == days("08/05/2019")
    assert yearly == days("09/05/2017", "09/05/2018", "09/05/2019")


def test_a_convention_ends_on_the_eve_of_the_anniversary_or_on_its_term():
    yearly = notice_days(starts_on=day("09/08/2016"), ends_on=day("08/08/2019"), months=3, at_each_anniversary=True)
    assert [found.ends_on for found in yearly] == days("08/08/2017", "08/08/2018", "08/08/2019")
    (at_term,) = notice_days(
        starts_on=day("01/04/2025"), ends_on=day("31/03/2028"), months=3, at_each_anniversary=False
    )
    assert (at_term.counted_from, at_term.ends_on) == (day("31/03/2028"), day("31/03/2028"))


def test_a_clause_that_leaves_no_occasion():
    assert readings("01/04/2025", "31/03/2028", None) == ([], [])
    assert readings("01/04/2025", "31/03/2028", 32767) == ([], [])
    # One month of convention, three months of notice: it would have been due before the beginning.
    assert readings("01/04/2025", "30/04/2025", 3) == ([], [])


# --- What holds for any dates -----------------------------------------------------------------------------------


@given(published_on=DATES)
def test_an_appeal_ends_on_a_working_day_more_than_two_months_later(published_on):
    closed = {add_months(published_on, 2) + dt.timedelta(days=1)}
    last = appeal_deadline(published_on, closed)
    assert last > add_months(published_on, 2)
    assert last.isoweekday() < 6
    assert last not in closed


@given(starts_on=DATES, length=st.integers(0, 4000))
def test_anniversaries_are_years_apart_and_within_the_term_or_just_after(starts_on, length):
    ends_on = starts_on + dt.timedelta(days=length)
    found = anniversaries(starts_on, ends_on)
    assert [one.year - starts_on.year for one in found] == list(range(1, len(found) + 1))
    assert all(starts_on < one <= ends_on + dt.timedelta(days=1) for one in found)
    assert len(found) == max(term_in_months(starts_on, ends_on)[0] // 12, len(found) if starts_on.day == 29 else 0)


@given(starts_on=DATES, length=st.integers(0, 4000), months=st.integers(0, 24), yearly=st.booleans())
def test_every_occasion_lies_within_the_term(starts_on, length, months, yearly):
    ends_on = starts_on + dt.timedelta(days=length)
    for found in notice_days(starts_on=starts_on, ends_on=ends_on, months=months, at_each_anniversary=yearly):
        assert starts_on <= found.last_day <= found.counted_from
        assert starts_on <= found.ends_on <= ends_on
