"""When an obligation is owed, over the term: the golden table, and terms that begin on awkward days."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions import duties
from conventions.duties import occurrences
from conventions.models import DueMoment, Frequency

BESANCON = dt.date(2025, 4, 1), dt.date(2028, 3, 31)
MONTSINERY = dt.date(2016, 8, 9), dt.date(2019, 8, 8)
LEAP = dt.date(2024, 2, 29), dt.date(2027, 2, 27)


def days(frequency, moment, term) -> list[str]:
    found = occurrences(frequency=frequency, due_moment=moment, starts_on=term[0], ends_on=term[1])
    return [occurrence.due_on.isoformat() for occurrence in found]


def test_the_words_are_those_of_the_models():
    assert set(Frequency.values) == {duties.ONCE, duties.MONTHLY, duties.YEARLY, duties.CONTINUOUS}
    assert set(DueMoment.values) == {duties.AT_START, duties.AT_END}


@pytest.mark.parametrize("term", [BESANCON, MONTSINERY])
def test_36_monthly_returns_over_three_years(term):
    assert len(days("monthly", "end", term)) == 36


@pytest.mark.parametrize(
    ("frequency", "moment", "term", "expected"),
    [
        ("yearly", "start", BESANCON, ["2025-04-01", "2026-04-01", "2027-04-01"]),
        ("yearly", "end", BESANCON, ["2026-03-31", "2027-03-31", "2028-03-31"]),
        ("yearly", "end", MONTSINERY, ["2017-08-08", "2018-08-08", "2019-08-08"]),
        ("yearly", "start", LEAP, ["2024-02-29", "2025-02-28", "2026-02-28"]),
        # A last year that is shorter is owed like the others.
        ("yearly", "end", (dt.date(2025, 4, 1), dt.date(2026, 9, 30)), ["2026-03-31", "2026-09-30"]),
        ("once", "start", BESANCON, ["2025-04-01"]),
        ("once", "end", BESANCON, ["2028-03-31"]),
        ("continuous", "start", BESANCON, []),
        # By the 10th of the next month, over the turn of a year and 31 August.
        ("monthly", "end", (dt.date(2025, 12, 1), dt.date(2026, 1, 31)), ["2026-01-10", "2026-02-10"]),
        ("monthly", "end", (dt.date(2026, 8, 31), dt.date(2026, 9, 29)), ["2026-09-10"]),
        ("monthly", "start", (dt.date(2026, 2, 28), dt.date(2026, 3, 31)), ["2026-02-28", "2026-03-01"]),
        # No month ends within it.
        ("monthly", "end", (dt.date(2026, 3, 3), dt.date(2026, 3, 20)), []),
    ],
)
def test_the_days(frequency, moment, term, expected):
    assert days(frequency, moment, term) == expected


def test_the_first_monthly_period_begins_with_the_term():
    first, second = occurrences(frequency="monthly", due_moment="end", starts_on=MONTSINERY[0], ends_on=MONTSINERY[1])[
        :2
    ]
    assert (first.period_starts_on, first.period_ends_on) == (dt.date(2016, 8, 9), dt.date(2016, 8, 31))
    assert (second.period_starts_on, second.period_ends_on) == (dt.date(2016, 9, 1), dt.date(2016, 9, 30))


@given(
    starts_on=st.dates(dt.date(2016, 1, 1), dt.date(2028, 12, 31)),
    length=st.integers(0, 2500),
    frequency=st.sampled_from(["once", "monthly", "yearly"]),
    moment=st.sampled_from(["start", "end"]),
)
def test_periods_follow_one_another_within_the_term(starts_on, length, frequency, moment):
    ends_on = starts_on + dt.timedelta(days=length)
    found = occurrences(frequency=frequency, due_moment=moment, starts_on=starts_on, ends_on=ends_on)
    if frequency != "monthly":
        assert found[-1].period_ends_on == ends_on
    for occurrence in found:
        assert starts_on <= occurrence.period_starts_on <= occurrence.period_ends_on <= ends_on
        assert occurrence.due_on >= occurrence.period_starts_on
    for one, other in pairwise(found):
        assert other.period_starts_on == one.period_ends_on + dt.timedelta(days=1)
        assert other.due_on > one.due_on
    assert not found or found[0].period_starts_on == starts_on


@pytest.mark.parametrize("wrong", [{"frequency": "weekly"}, {"due_moment": "noon"}])
def test_unknown_words_are_refused(wrong):
    with pytest.raises(ValueError):
        occurrences(**{"frequency": "yearly", "due_moment": "end", "starts_on": LEAP[0], "ends_on": LEAP[1], **wrong})
