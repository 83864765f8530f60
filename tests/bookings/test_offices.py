"""The occupation map: half-days, idle time and shares (pure), then the page made from the permanences themselves."""

import datetime as dt
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.availability import Span
from bookings.models import PermanenceOrigin, PermanenceStatus, ScheduleChange, ScheduleChangeKind
from bookings.occupation import Share, covered, half_days, idle_spans, intersection, merged, share_of
from bookings.office_map import office_map
from conventions.fees import ProrationBasis, TimeSlot, occupancy_ratio
from partners.models import Role
from tests.bookings.schedules import ABSURD, held, open_all_week, queries_of, words_of
from tests.factories import (
    ClosureFactory,
    OfficeFactory,
    OpeningHoursFactory,
    PartnerFactory,
    SiteFactory,
    UserFactory,
    staff_of,
)

PARIS = ZoneInfo("Europe/Paris")
MONDAY, TUESDAY, THURSDAY = dt.date(2026, 3, 2), dt.date(2026, 3, 3), dt.date(2026, 3, 5)
MAP = "/bureaux/"


def span(start: int, end: int) -> Span:
    """Hours of one day, whatever day."""
    day = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    return Span(day + dt.timedelta(hours=start), day + dt.timedelta(hours=end))


# --- Pure ------------------------------------------------------------------------------------------------------


def test_what_overlaps_or_touches_is_one_span():
    assert merged([span(14, 16), span(8, 10), span(10, 12), span(9, 11)]) == [span(8, 12), span(14, 16)]
    assert covered([span(8, 10), span(9, 12)]) == dt.timedelta(hours=4)
    assert merged([]) == []


def test_the_time_in_both():
    assert intersection([span(8, 12), span(13, 17)], [span(10, 14)]) == [span(10, 12), span(13, 14)]
    assert intersection([span(8, 10)], [span(10, 12)]) == []


@pytest.mark.parametrize(
    ("busy", "idle"),
    [
        ([], [span(8, 12)]),
        ([span(8, 12)], []),
        ([span(7, 13)], []),
        ([span(9, 10)], [span(8, 9), span(10, 12)]),
        ([span(6, 9), span(11, 20)], [span(9, 11)]),
        ([span(10, 11), span(9, 10)], [span(8, 9), span(11, 12)]),
        ([span(6, 8), span(12, 14)], [span(8, 12)]),
    ],
)
def test_what_is_left_idle(busy, idle):
    assert idle_spans([span(8, 12)], busy) == idle


def test_a_day_is_cut_where_fees_cut_it():
    morning, afternoon = half_days(MONDAY, [(dt.time(8, 30), dt.time(17))], PARIS)
    assert [covered(part.opening) for part in (morning, afternoon)] == [dt.timedelta(hours=4.5), dt.timedelta(hours=4)]
    lunch = Span(morning.whole.end - dt.timedelta(hours=1), morning.whole.end + dt.timedelta(hours=1))
    assert morning.touches(lunch)
    assert afternoon.touches(lunch)
    assert half_days(MONDAY, [], PARIS)[0].opening == ()


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2026, 3, 29), 12), (dt.date(2026, 10, 25), 14)])
def test_a_morning_is_as_long_as_it_is_on_the_days_when_clocks_change(day, hours):
    morning, _ = half_days(day, [], PARIS)
    assert morning.whole.end - morning.whole.start == dt.timedelta(hours=hours)


def test_a_share_says_its_hours():
    share = Share(dt.timedelta(hours=14), dt.timedelta(hours=36))
    assert (share.ratio, share.percent) == (Fraction(7, 18), 39)
    assert share.sentence.replace("\u00a0", " ") == "14 h d’occupation sur 36 h d’ouverture, soit 39 %"
    assert Share(dt.timedelta(hours=2), dt.timedelta(hours=1)).percent == 100
    assert Share(dt.timedelta(hours=2)).percent is None
    assert Share().sentence == "aucune heure d’ouverture"
    assert (share + share).ratio == share.ratio


def test_the_share_of_a_week_is_the_one_by_which_fees_are_prorated():
    """Besançon: 14 h of slots over 36 h of opening, the social workers' time before the opening included."""
    opening = [
        (day, start, end)
        for day in range(1, 6)
        for start, end in [
            (dt.time(10) if day == 2 else dt.time(8, 30), dt.time(12, 30)),
            (dt.time(13, 30), dt.time(17)),
        ]
    ]
    slots = [
        (2, dt.time(8, 30), dt.time(12, 30)),
        (2, dt.time(13, 30), dt.time(16, 30)),
        (4, dt.time(8, 30), dt.time(12, 30)),
        (4, dt.time(13, 30), dt.time(16, 30)),
    ]
    parts = [
        part
        for day in range(1, 6)
        for part in half_days(
            MONDAY + dt.timedelta(days=day - 1), [(s, e) for weekday, s, e in opening if weekday == day], PARIS
        )
    ]

    def moment(weekday, clock):
        return dt.datetime.combine(MONDAY + dt.timedelta(days=weekday - 1), clock, PARIS)

    ours = share_of([Span(moment(day, start), moment(day, end)) for day, start, end in slots], parts)
    fees = occupancy_ratio(
        [TimeSlot(*slot) for slot in slots], [TimeSlot(*line) for line in opening], basis=ProrationBasis.HOURS
    )
    assert ours.ratio == fees == Fraction(14, 36)


# --- The map ---------------------------------------------------------------------------------------------------


@pytest.fixture
def offices(desk):
    """The desk's site, open as Besançon is, with its CPAM's office 27 and an empty one."""
    open_all_week(desk.site)
    desk.office = desk.site.offices.get()
    desk.office.label = "27"
    desk.office.save()
    desk.empty = OfficeFactory(site=desk.site, label="Salle Éluard")
    return desk


@pytest.fixture
def at_desk(client, offices):
    client.force_login(offices.receptionist)
    return client


def row_of(found, office):
    return next(row for row in found.rows if row.office == office)


def cell_of(found, office, day: dt.date, part: str):
    cells = row_of(found, office).cells
    return next(cell for cell in cells if (cell.half_day.day, cell.half_day.part) == (day, part))


def shown(offices, monday=MONDAY):
    return office_map(offices.site, monday, seen_by=offices.receptionist)


def test_the_map_says_who_is_there_and_what_is_idle(offices):
    found = shown(offices)
    tuesday = cell_of(found, offices.office, TUESDAY, "matin")
    assert [use.hours for use in tuesday.uses] == ["8h30–10h00", "10h00–12h30"]
    assert tuesday.idle == []
    monday = cell_of(found, offices.office, MONDAY, "matin")
    assert monday.uses == []
    assert [(idle.hours, idle.starts, idle.ends, idle.is_whole) for idle in monday.idle] == [
        ("8h30–12h30", "08:30", "12:30", True)
    ]
    assert row_of(found, offices.office).week.sentence.startswith("14\u00a0h d’occupation sur 36\u00a0h")
    assert row_of(found, offices.empty).week.percent == 0
    assert found.week.ratio == Fraction(14, 72)


def test_what_is_left_beside_a_use_is_lent_from_an_hour_on(offices):
    held(offices.site, PartnerFactory(), MONDAY, "08:30", "11:30", office=offices.empty)
    held(offices.site, PartnerFactory(), MONDAY, "13:30", "16:30", office=offices.empty)
    found = shown(offices)
    morning = cell_of(found, offices.empty, MONDAY, "matin")
    assert [(idle.hours, idle.is_whole) for idle in morning.idle] == [("11h30–12h30", False)]
    assert cell_of(found, offices.empty, MONDAY, "après-midi").idle == []


def test_the_idle_half_days_are_those_that_nobody_touches_from_now_on(offices, monday_morning):
    monday_morning.move_to(offices.at(MONDAY, "12:45"))
    found = shown(offices)
    first, _ = found.idle_half_days[0]
    assert (first.day, first.part) == (MONDAY, "après-midi")
    tuesday = next(idle for half_day, idle in found.idle_half_days if half_day.day == TUESDAY)
    assert [time.office for time in tuesday] == [offices.empty]


def test_a_cancelled_use_is_shown_as_freed(offices, at_desk):
    held(
        offices.site,
        PartnerFactory(short_name="CAF"),
        MONDAY,
        office=offices.empty,
        status=PermanenceStatus.CANCELLED,
    )
    cell = cell_of(shown(offices), offices.empty, MONDAY, "matin")
    assert cell.uses[0].is_cancelled
    assert cell.is_idle
    assert "CAF 8h30–12h30 libéré libre 8h30–12h30" in words_of(at_desk.get(MAP))


def test_exceptional_dates_and_loans_say_so(offices, at_desk):
    held(
        offices.site,
        PartnerFactory(short_name="CAF"),
        MONDAY,
        office=offices.empty,
        origin=PermanenceOrigin.EXCEPTIONAL,
    )
    loan = held(
        offices.site,
        PartnerFactory(short_name="MSA"),
        THURSDAY,
        office=offices.empty,
        origin=PermanenceOrigin.LOAN,
        purpose="Forum",
    )
    page = at_desk.get(MAP)
    assert "CAF 8h30–12h30 exceptionnelle" in words_of(page)
    assert "MSA 8h30–12h30 prêt : Forum" in words_of(page)
    assert f"/prets/{loan.pk}/annuler/" in page.content.decode()


def test_a_closed_day_is_neither_open_nor_occupied(offices, at_desk):
    before = shown(offices).week
    ClosureFactory(site=offices.site, starts_on=THURSDAY, ends_on=THURSDAY, reason="Travaux")
    found = shown(offices)
    assert found.week.available == before.available - dt.timedelta(hours=15)
    assert found.week.occupied == before.occupied - dt.timedelta(hours=7)
    cell = cell_of(found, offices.office, THURSDAY, "matin")
    assert (cell.closed_because, cell.idle) == ("Travaux", [])
    assert "fermé : Travaux" in words_of(at_desk.get(MAP))


def test_an_office_out_of_use_offers_nothing(offices, at_desk):
    ScheduleChange.objects.create(
        site=offices.site,
        kind=ScheduleChangeKind.OFFICE_OUTAGE,
        office=offices.empty,
        starts_on=MONDAY,
        ends_on=TUESDAY,
        reason="Dégât des eaux",
        made_by=offices.receptionist,
    )
    found = shown(offices)
    assert cell_of(found, offices.empty, MONDAY, "matin").idle == []
    assert cell_of(found, offices.empty, THURSDAY, "matin").is_idle
    assert row_of(found, offices.empty).week.available == dt.timedelta(hours=36 - 7.5 - 6)
    assert "hors service : Dégât des eaux" in words_of(at_desk.get(MAP))


def test_an_office_withdrawn_is_shown_while_it_is_used_and_never_lent(offices):
    offices.office.is_active = False
    offices.office.save()
    OfficeFactory(site=offices.site, label="Réserve", is_active=False)
    found = shown(offices)
    assert [row.office for row in found.rows] == [offices.office, offices.empty]
    assert not any(idle.may_be_lent for cell in row_of(found, offices.office).cells for idle in cell.idle)


def test_the_weeks_before_are_twelve_complete_ones(offices):
    for weeks in (1, 12, 13):
        held(
            offices.site,
            PartnerFactory(),
            MONDAY - dt.timedelta(days=7 * weeks),
            "08:30",
            "12:30",
            office=offices.empty,
        )
    found = shown(offices, monday=MONDAY + dt.timedelta(days=70))
    assert (found.before_first, found.before_last) == (dt.date(2025, 12, 8), dt.date(2026, 3, 1))
    before = row_of(found, offices.empty).before
    assert before.occupied == dt.timedelta(hours=8)
    # Christmas and New Year's Day were Thursdays.
    assert before.available == dt.timedelta(hours=12 * 36 - 15)


def test_a_weekend_is_shown_when_something_happens_on_it(offices):
    assert len(shown(offices).days) == 5
    held(offices.site, PartnerFactory(), dt.date(2026, 3, 7), office=offices.empty)
    found = shown(offices)
    assert len(found.days) == 6
    assert cell_of(found, offices.office, dt.date(2026, 3, 7), "matin").is_out_of_hours


def test_the_day_and_the_hours_are_those_of_the_site(db, monday_morning):
    site = SiteFactory(cayenne=True)
    OpeningHoursFactory(site=site, weekday=1)
    office = OfficeFactory(site=site)
    held(site, PartnerFactory(), MONDAY, "08:30", "10:00", office=office)
    found = office_map(site, MONDAY, seen_by=staff_of(site))
    cell = cell_of(found, office, MONDAY, "matin")
    assert [use.hours for use in cell.uses] == ["8h30–10h00"]
    assert [idle.hours for idle in cell.idle] == ["10h00–12h30"]


# --- The page --------------------------------------------------------------------------------------------------


def test_the_page_states_the_shares_in_sentences(at_desk):
    words = words_of(at_desk.get(MAP))
    assert "Cette semaine-là : 14 h d’occupation sur 72 h d’ouverture, soit 19 %, pour 2 bureaux." in words
    assert "Les 12 dernières semaines (du 8 décembre 2025 au 1er mars 2026) : 0 h d’occupation" in words


def test_weeks_before_and_after_and_any_date(at_desk):
    page = at_desk.get(MAP, {"jour": "2026-03-12"})
    assert "semaine du 9 au 15 mars 2026" in words_of(page)
    assert "?jour=2026-03-02" in page.content.decode()
    assert "?jour=2026-03-16" in page.content.decode()
    assert "/agenda/?jour=2026-03-09&amp;vue=tableau" in page.content.decode()


@pytest.mark.parametrize("asked", ABSURD)
def test_an_absurd_date_is_said_and_this_week_is_shown(at_desk, asked):
    response = at_desk.get(MAP, {"jour": asked})
    assert response.status_code == 200
    assert "n’est pas une date : voici la semaine en cours." in words_of(response)
    assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize("asked", ["1900-01-01", "2199-12-31"])
def test_the_ends_of_the_calendar_are_shown(at_desk, asked):
    assert at_desk.get(MAP, {"jour": asked}).status_code == 200


def test_a_site_without_office_or_hours_says_so(client, db):
    site = SiteFactory()
    client.force_login(staff_of(site))
    assert "Cet espace n’a pas de bureau en service." in words_of(client.get(MAP))
    OfficeFactory(site=site)
    assert "aucune heure d’ouverture" in words_of(client.get(MAP))


def test_twelve_offices_cost_no_more_queries_than_one(at_desk, offices):
    def count() -> int:
        return queries_of(at_desk, MAP, CaptureQueriesContext(connection))

    few = count()
    for _ in range(12):
        office = OfficeFactory(site=offices.site)
        for day in (MONDAY, TUESDAY, THURSDAY):
            held(offices.site, PartnerFactory(), day, office=office)
            held(offices.site, PartnerFactory(), day - dt.timedelta(days=14), office=office)
    assert count() == few <= 11


def test_only_the_desks_of_the_space_see_it(client, offices):
    client.force_login(offices.agent)
    assert client.get(MAP).status_code == 404
    client.force_login(UserFactory(role=Role.RECEPTION))
    assert client.get(MAP).status_code == 404
    client.force_login(staff_of(SiteFactory()))
    assert "CPAM" not in words_of(client.get(MAP))


def test_names_are_escaped(at_desk, offices):
    held(
        offices.site,
        PartnerFactory(short_name="<b>"),
        MONDAY,
        office=offices.empty,
        origin=PermanenceOrigin.LOAN,
        purpose="<script>alert(1)</script>",
    )
    assert "<script>alert" not in at_desk.get(MAP).content.decode()
