"""The arithmetic of the agenda, without a database: what is free, what stands where, what a week is called."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bookings.agenda import (
    AppointmentRow,
    PermanenceRow,
    Place,
    build_agenda,
    entries_of,
    free_gaps,
    week_label,
)
from bookings.availability import Span

PARIS = ZoneInfo("Europe/Paris")
THURSDAY = dt.date(2026, 4, 2)
EVE = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
HALF_HOUR = dt.timedelta(minutes=30)


def at(clock: str, day: dt.date = THURSDAY, zone: ZoneInfo = PARIS) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), zone).astimezone(dt.UTC)


def span(text: str, day: dt.date = THURSDAY, zone: ZoneInfo = PARIS) -> Span:
    start, end = text.split("-")
    return Span(at(start, day, zone), at(end, day, zone))


def permanence(hours: str, *busy: str, day=THURSDAY, zone=PARIS, shortest=HALF_HOUR, pk=1) -> PermanenceRow:
    appointments = [
        AppointmentRow(number, span(taken, day, zone), "Leïla AMRANI", "Carte Vitale", "", False, "coming", "à venir")
        for number, taken in enumerate(busy, start=1)
    ]
    return PermanenceRow(
        pk=pk,
        day=day,
        span=span(hours, day, zone),
        zone=zone,
        site="Planoise",
        place="Paris",
        partner="CPAM",
        partner_slug="cpam",
        colour="bleu",
        office="bureau 27",
        is_cancelled=False,
        notes=(),
        appointments=tuple(appointments),
        shortest=shortest,
    )


def week(*rows: PermanenceRow, opening=None, closed=None, now=EVE):
    days = [THURSDAY]
    hours = {THURSDAY: [tuple(dt.time.fromisoformat(clock) for clock in pair.split("-")) for pair in opening or []]}
    return build_agenda(days=days, permanences=rows, opening=hours, closed_because=closed or {}, now=now)


def gaps(window: str, busy: list[str], *, not_before="00:00", minutes=30) -> list[str]:
    found = free_gaps(
        span(window),
        [span(taken) for taken in busy],
        shortest=dt.timedelta(minutes=minutes),
        not_before=at(not_before),
    )
    return [f"{gap.start.astimezone(PARIS):%H:%M}-{gap.end.astimezone(PARIS):%H:%M}" for gap in found]


@pytest.mark.parametrize(
    ("busy", "options", "expected"),
    [
        ([], {}, ["08:30-12:30"]),
        (["09:00-09:30"], {}, ["08:30-09:00", "09:30-12:30"]),
        (["10:00-10:30", "08:30-09:30"], {}, ["09:30-10:00", "10:30-12:30"]),
        (["08:30-12:30"], {}, []),
        # Twenty minutes are left: nothing of half an hour can be booked there.
        (["08:50-12:30"], {}, []),
        (["08:50-12:30"], {"minutes": 20}, ["08:30-08:50"]),
        # From now on, beginning with a time that is really offered.
        ([], {"not_before": "09:10"}, ["09:30-12:30"]),
        ([], {"not_before": "12:15"}, []),
        (["07:00-09:00", "12:00-14:00"], {}, ["09:00-12:00"]),
        (["06:00-18:00"], {}, []),
        (["09:00-11:00", "09:30-10:00"], {}, ["08:30-09:00", "11:00-12:30"]),
    ],
)
def test_free_gaps(busy, options, expected):
    assert gaps("08:30-12:30", busy, **options) == expected


def test_entries_tell_appointments_and_gaps_in_order_of_time():
    row = permanence("08:30-10:00", "09:00-09:30")
    told = [(entry.starts, entry.ends, entry.appointment is None) for entry in entries_of(row, now=EVE)]
    assert told == [("8h30", "9h00", True), ("9h00", "9h30", False), ("9h30", "10h00", True)]


def test_nothing_is_free_where_the_reader_may_not_book():
    assert entries_of(permanence("08:30-10:00", shortest=None), now=EVE) == []


def test_the_clock_of_the_site_decides_where_things_stand():
    cayenne = ZoneInfo("America/Cayenne")
    (day,) = week(permanence("09:00-11:00", zone=cayenne)).days
    assert day.bands[0].place == Place(9 * 60, 11 * 60)
    assert day.bands[0].permanence.span.start == dt.datetime(2026, 4, 2, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("day", [dt.date(2026, 3, 28), dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_nine_o_clock_stands_at_nine_when_clocks_change(day):
    agenda = build_agenda(
        days=[day], permanences=[permanence("09:00-12:00", day=day)], opening={}, closed_because={}, now=EVE
    )
    assert agenda.days[0].bands[0].place == Place(540, 720)


def test_permanences_at_one_time_stand_side_by_side():
    agenda = week(
        permanence("08:30-10:00", pk=1),
        permanence("10:00-12:30", pk=2),
        permanence("09:00-12:00", pk=3),
        permanence("13:30-16:30", pk=4),
    )
    lanes = {band.permanence.pk: (band.lane, band.lanes) for band in agenda.days[0].bands}
    assert lanes == {1: (1, 2), 2: (1, 2), 3: (2, 2), 4: (1, 1)}
    assert (agenda.days[0].lanes, agenda.tracks) == (2, [2])


def test_closed_time_is_what_lies_outside_the_opening_hours():
    (day,) = week(permanence("08:30-10:00"), opening=["10:00-12:30", "13:30-17:00"]).days
    assert day.closed == (Place(480, 600), Place(750, 810))
    assert day.opening_label == "10h00–12h30 et 13h30–17h00"


def test_a_closed_day_is_hatched_whole_and_offers_nothing():
    (day,) = week(permanence("08:30-10:00"), opening=["08:30-12:30"], closed={THURSDAY: "Inventaire"}).days
    assert day.closed == (Place(480, 600),)
    assert day.closed_because == "Inventaire"
    assert day.bands[0].cells == ()


def test_without_known_hours_nothing_is_hatched():
    (day,) = week(permanence("08:30-10:00")).days
    assert day.closed == ()


@pytest.mark.parametrize(
    ("hours", "shown"),
    [("08:30-12:30", (8, 13)), ("05:00-06:00", (7, 8)), ("20:30-21:30", (12, 20)), ("06:30-22:00", (7, 20))],
)
def test_the_grid_keeps_within_what_the_style_sheet_can_show(hours, shown):
    agenda = week(permanence(hours))
    assert (agenda.first_hour, agenda.last_hour) == shown
    place = agenda.days[0].bands[0].place
    assert 7 * 60 <= place.start < place.end <= 20 * 60


def test_times_off_the_grid_are_rounded_outwards():
    (day,) = week(permanence("08:33-10:02")).days
    assert day.bands[0].place == Place(8 * 60 + 30, 10 * 60 + 5)


@pytest.mark.parametrize(("taken", "needs_room"), [("09:00-09:15", False), ("09:00-09:10", True)])
def test_short_appointments_make_the_rows_higher(taken, needs_room):
    assert week(permanence("08:30-12:30", taken)).needs_room is needs_room


def test_a_very_full_week_is_not_printed_as_a_grid():
    days = [THURSDAY + dt.timedelta(days=number) for number in range(3)]
    busy = [permanence("08:30-12:30", day=day, pk=number) for day in days for number in range(6)]
    agenda = build_agenda(days=days, permanences=busy, opening={}, closed_because={}, now=EVE)
    assert (agenda.tracks, agenda.fits_on_paper) == ([6, 6, 6], False)


@pytest.mark.parametrize(
    ("monday", "label"),
    [
        (dt.date(2026, 3, 30), "du 30 mars au 5 avril 2026"),
        (dt.date(2026, 4, 6), "du 6 au 12 avril 2026"),
        (dt.date(2026, 6, 1), "du 1er au 7 juin 2026"),
        (dt.date(2026, 12, 28), "du 28 décembre 2026 au 3 janvier 2027"),
    ],
)
def test_week_label(monday, label):
    assert week_label(monday) == label
