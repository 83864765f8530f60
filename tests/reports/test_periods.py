import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.periods import Period, Preset, period_of

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))


def period(first: str, last: str) -> Period:
    return Period(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("asked", "previous", "year_before"),
    [
        # Whole months follow whole months, whatever their length.
        (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28"), ("2025-03-01", "2025-03-31")),
        (("2026-02-01", "2026-02-28"), ("2026-01-01", "2026-01-31"), ("2025-02-01", "2025-02-28")),
        (("2024-02-01", "2024-02-29"), ("2024-01-01", "2024-01-31"), ("2023-02-01", "2023-02-28")),
        (("2026-04-01", "2026-06-30"), ("2026-01-01", "2026-03-31"), ("2025-04-01", "2025-06-30")),
        # A month under way is laid beside as many days of the month before.
        (("2026-11-01", "2026-11-22"), ("2026-10-01", "2026-10-22"), ("2025-11-01", "2025-11-22")),
        (("2026-03-01", "2026-03-30"), ("2026-02-01", "2026-02-28"), ("2025-03-01", "2025-03-30")),
        # What begins with a year follows a year.
        (("2026-01-01", "2026-11-22"), ("2025-01-01", "2025-11-22"), ("2025-01-01", "2025-11-22")),
        (("2026-01-01", "2026-12-31"), ("2025-01-01", "2025-12-31"), ("2025-01-01", "2025-12-31")),
        (("2025-01-01", "2026-12-31"), ("2023-01-01", "2024-12-31"), ("2024-01-01", "2025-12-31")),
        # Anything else as many days.
        (("2026-04-06", "2026-04-12"), ("2026-03-30", "2026-04-05"), ("2025-04-06", "2025-04-12")),
        (("2026-04-03", "2026-04-03"), ("2026-04-02", "2026-04-02"), ("2025-04-03", "2025-04-03")),
        (("2024-02-29", "2024-02-29"), ("2024-02-28", "2024-02-28"), ("2023-02-28", "2023-02-28")),
    ],
)
def test_what_a_period_is_compared_with(asked, previous, year_before):
    assert period(*asked).previous == period(*previous)
    assert period(*asked).year_before == period(*year_before)


@given(DAYS, st.integers(0, 800))
def test_a_period_and_the_one_before_never_meet(first, length):
    asked = Period(first, first + dt.timedelta(days=length))
    assert asked.previous.last < asked.first
    assert len(asked.months) == len({(day.year, day.month) for day in asked.days()})


@pytest.mark.parametrize(
    ("asked", "label"),
    [
        (("2026-11-01", "2026-11-30"), "novembre 2026"),
        (("2026-01-01", "2026-12-31"), "année 2026"),
        (("2025-04-01", "2025-04-01"), "le 1er avril 2025"),
        (("2026-11-01", "2026-11-22"), "du 1er au 22 novembre 2026"),
        (("2026-01-01", "2026-11-22"), "du 1er janvier au 22 novembre 2026"),
        (("2025-09-01", "2026-08-31"), "du 1er septembre 2025 au 31 août 2026"),
    ],
)
def test_a_period_in_words(asked, label):
    assert str(period(*asked)) == label


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        (Preset.THIS_MONTH, "2026-04-01", "2026-04-03"),
        (Preset.LAST_MONTH, "2026-03-01", "2026-03-31"),
        (Preset.THIS_YEAR, "2026-01-01", "2026-04-03"),
        (Preset.LAST_YEAR, "2025-01-01", "2025-12-31"),
        (Preset.SCHOOL_YEAR, "2025-09-01", "2026-04-03"),
    ],
)
def test_named_periods(preset, first, last):
    assert period_of(preset, dt.date(2026, 4, 3)) == period(first, last)


def test_a_school_year_begins_in_september():
    assert period_of(Preset.SCHOOL_YEAR, dt.date(2026, 9, 1)).first == dt.date(2026, 9, 1)
    assert period_of(Preset.SCHOOL_YEAR, dt.date(2026, 8, 31)).first == dt.date(2025, 9, 1)
    assert period_of(Preset.LAST_MONTH, dt.date(2026, 1, 15)) == Period.of_month(2025, 12)


def test_days_are_cut_at_midnight_of_their_zone():
    year = Period.of_year(2025)
    assert year.moments(ZoneInfo("America/Cayenne"))[1] == dt.datetime(2026, 1, 1, 3, tzinfo=dt.UTC)
    assert year.moments(ZoneInfo("Indian/Reunion"))[1] == dt.datetime(2025, 12, 31, 20, tzinfo=dt.UTC)
    spring = period("2026-03-29", "2026-03-29").moments(ZoneInfo("Europe/Paris"))
    assert spring[1] - spring[0] == dt.timedelta(hours=23)


def test_what_is_no_period_is_refused():
    with pytest.raises(ValueError, match="suivre"):
        period("2026-04-03", "2026-04-02")
    with pytest.raises(TypeError):
        Period(dt.datetime(2026, 4, 3, tzinfo=dt.UTC), dt.date(2026, 4, 3))
    with pytest.raises(ValueError, match="libres"):
        period_of(Preset.FREE, dt.date(2026, 4, 3))
