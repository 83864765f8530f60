from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from franceservices.dates import (
    WEEKDAYS,
    day_bounds,
    format_date_long,
    format_date_short,
    format_date_weekday,
    format_duration,
    format_time,
    format_time_range,
    join_fr,
    local_interval,
    monday_of,
    month_end,
    parse_iso_date_or_none,
    term_month_start,
    today_in,
    whole_term_months,
)

PARIS, CAYENNE = ZoneInfo("Europe/Paris"), ZoneInfo("America/Cayenne")
SPRING_CHANGE, AUTUMN_CHANGE = date(2026, 3, 29), date(2026, 10, 25)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


# --- writing ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "long", "weekday", "short"),
    [
        (date(2025, 4, 1), "1er avril 2025", "mardi 1er avril 2025", "mar. 1er avril 2025"),
        (date(2025, 4, 3), "3 avril 2025", "jeudi 3 avril 2025", "jeu. 3 avril 2025"),
        (date(2024, 2, 29), "29 février 2024", "jeudi 29 février 2024", "jeu. 29 février 2024"),
        (date(2016, 8, 21), "21 août 2016", "dimanche 21 août 2016", "dim. 21 août 2016"),
    ],
)
def test_days(day, long, weekday, short):
    assert (format_date_long(day), format_date_weekday(day), format_date_short(day)) == (long, weekday, short)


@pytest.mark.parametrize("function", [format_date_long, format_date_weekday, format_date_short, monday_of])
def test_a_moment_is_not_a_day(function):
    with pytest.raises(TypeError):
        function(utc(2025, 4, 1))


def test_hours():
    assert [format_time(time(8, 30)), format_time(time(9)), format_time(time(13, 5, 59))] == ["8h30", "9h00", "13h05"]
    assert format_time_range(time(8, 30), time(12, 30)) == "8h30–12h30"
    with pytest.raises(TypeError):
        format_time(utc(2025, 4, 1, 8))


@pytest.mark.parametrize(
    ("minutes", "written"), [(0, "0 min"), (45, "45 min"), (60, "1 h"), (65, "1 h 05"), (90, "1 h 30"), (2160, "36 h")]
)
def test_durations(minutes, written):
    assert format_duration(minutes) == written.replace(" ", "\u00a0")


def test_negative_duration_is_refused():
    with pytest.raises(ValueError):
        format_duration(-1)


def test_lists():
    assert [join_fr(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a et b", "a, b et c"]


def test_week():
    assert list(WEEKDAYS) == [1, 2, 3, 4, 5, 6, 7]
    assert (WEEKDAYS[1], WEEKDAYS[7]) == ("lundi", "dimanche")
    assert monday_of(date(2025, 4, 3)) == date(2025, 3, 31)
    assert monday_of(date(2025, 3, 31)) == date(2025, 3, 31)
    assert monday_of(date(2025, 4, 6)) == date(2025, 3, 31)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "demain",
        "2025-02-30",
        "20250403",
        "2025-W14-4",
        "2025-4-3",
        "0001-01-01",
        "9999-12-31",
        "٢٠٢٥-٠٤-٠٣",
        "2025-04-03\n",
        "2025-04-03T00:00",
    ],
)
def test_absurd_days_in_an_address_are_none(text):
    assert parse_iso_date_or_none(text) is None


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_days_in_an_address_are_read_back(day):
    assert parse_iso_date_or_none(day.isoformat()) == day


# --- moments ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("month", [1, 7])
def test_nine_o_clock_at_montsinery_is_noon_utc_all_year(month):
    day = date(2026, month, 15)
    assert local_interval(day, time(9), time(10, 30), CAYENNE) == (
        utc(2026, month, 15, 12),
        utc(2026, month, 15, 13, 30),
    )


def test_nine_o_clock_at_besancon_follows_the_season():
    assert local_interval(date(2026, 1, 15), time(9), time(10), PARIS)[0] == utc(2026, 1, 15, 8)
    assert local_interval(date(2026, 7, 15), time(9), time(10), PARIS)[0] == utc(2026, 7, 15, 7)


@pytest.mark.parametrize(
    ("day", "start", "end", "starts_at", "ends_at"),
    [
        # Clocks jump from 2h00 to 3h00: what does not exist moves to 3h00, and never past it.
        (SPRING_CHANGE, time(8, 30), time(12, 30), utc(2026, 3, 29, 6, 30), utc(2026, 3, 29, 10, 30)),
        (SPRING_CHANGE, time(1, 30), time(3, 30), utc(2026, 3, 29, 0, 30), utc(2026, 3, 29, 1, 30)),
        (SPRING_CHANGE, time(1, 30), time(2, 30), utc(2026, 3, 29, 0, 30), utc(2026, 3, 29, 1)),
        (SPRING_CHANGE, time(2, 45), time(3, 10), utc(2026, 3, 29, 1), utc(2026, 3, 29, 1, 10)),
        # Clocks fall back from 3h00 to 2h00: what exists twice is the first.
        (AUTUMN_CHANGE, time(8, 30), time(12, 30), utc(2026, 10, 25, 7, 30), utc(2026, 10, 25, 11, 30)),
        (AUTUMN_CHANGE, time(1, 30), time(2, 30), utc(2026, 10, 24, 23, 30), utc(2026, 10, 25, 0, 30)),
        (AUTUMN_CHANGE, time(2, 30), time(3, 30), utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 2, 30)),
    ],
)
def test_days_when_clocks_change_in_paris(day, start, end, starts_at, ends_at):
    assert local_interval(day, start, end, PARIS) == (starts_at, ends_at)


def test_an_interval_that_the_change_swallows_is_refused():
    with pytest.raises(ValueError, match="les horloges avancent"):
        local_interval(SPRING_CHANGE, time(2, 15), time(3), PARIS)


def test_moments_come_in_utc_so_that_they_subtract_by_elapsed_time():
    starts_at, ends_at = local_interval(AUTUMN_CHANGE, time(1), time(5), PARIS)
    assert starts_at.tzinfo is ends_at.tzinfo is UTC
    assert ends_at - starts_at == timedelta(hours=5)


@pytest.mark.parametrize(
    ("start", "end"), [(time(9), time(9)), (time(9), time(8)), (time(9, tzinfo=UTC), time(10, tzinfo=UTC))]
)
def test_impossible_interval_is_refused(start, end):
    with pytest.raises(ValueError):
        local_interval(date(2026, 1, 15), start, end, PARIS)


def test_bounds_of_a_day():
    assert day_bounds(SPRING_CHANGE, PARIS) == (utc(2026, 3, 28, 23), utc(2026, 3, 29, 22))
    assert day_bounds(AUTUMN_CHANGE, PARIS) == (utc(2026, 10, 24, 22), utc(2026, 10, 25, 23))
    assert day_bounds(date(2026, 6, 10), CAYENNE) == (utc(2026, 6, 10, 3), utc(2026, 6, 11, 3))


def test_a_midnight_that_does_not_exist():
    """Beirut changes at midnight: the day begins at 1h00, with the moment of the change."""
    assert day_bounds(SPRING_CHANGE, ZoneInfo("Asia/Beirut"))[0] == utc(2026, 3, 28, 22)


@given(
    day=st.dates(date(2000, 1, 1), date(2037, 12, 30)),
    name=st.sampled_from(["Europe/Paris", "America/Cayenne", "America/Miquelon", "Asia/Beirut", "Indian/Reunion"]),
    clock=st.times().map(lambda moment: moment.replace(microsecond=0)),
)
def test_days_tile_time_and_local_times_are_kept(day, name, clock):
    zone = ZoneInfo(name)
    starts_at, ends_at = day_bounds(day, zone)
    assert ends_at == day_bounds(day + timedelta(days=1), zone)[0]
    assert timedelta(hours=23) <= ends_at - starts_at <= timedelta(hours=25)
    assert today_in(zone, starts_at) == day
    assert today_in(zone, ends_at - timedelta(seconds=1)) == day
    if clock > time(4):
        moment = local_interval(day, time(3, 59), clock, zone)[1]
        assert moment.astimezone(zone).time() == clock


def test_today_depends_on_the_zone():
    evening_in_cayenne = utc(2026, 1, 16, 1)
    assert today_in(PARIS, evening_in_cayenne) == date(2026, 1, 16)
    assert today_in(CAYENNE, evening_in_cayenne) == date(2026, 1, 15)
    with time_machine.travel(evening_in_cayenne):
        assert today_in(CAYENNE) == date(2026, 1, 15)
    with pytest.raises(ValueError):
        today_in(PARIS, datetime(2026, 1, 16))


@pytest.mark.parametrize(
    ("starts_on", "months", "expected"),
    [
        (date(2026, 4, 15), 0, date(2026, 4, 15)),
        (date(2026, 4, 15), 9, date(2027, 1, 15)),
        (date(2026, 1, 31), 1, date(2026, 3, 1)),
        (date(2026, 1, 29), 1, date(2026, 3, 1)),
        (date(2024, 2, 29), 12, date(2025, 3, 1)),
    ],
)
def test_a_month_of_a_term_begins_where_the_one_before_ends(starts_on, months, expected):
    assert term_month_start(starts_on, months) == expected
    assert whole_term_months(starts_on, expected - timedelta(days=1)) == months
    assert whole_term_months(starts_on, expected) == months


def test_a_month_ends_on_its_last_day():
    assert [month_end(date(2024, month, 5)).day for month in (1, 2, 4)] == [31, 29, 30]
