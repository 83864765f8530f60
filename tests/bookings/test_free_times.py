"""Which times are offered, to whom, and at what cost."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.free_times import free_times
from bookings.generation import generate_permanences
from bookings.models import Permanence
from bookings.services import book_appointment
from tests.factories import ConventionFactory, PartnerFactory, SiteFactory, slot_of, staff_of

TUESDAY, THURSDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 5)


def offered(desk, *, user=None, reason=None, days=None, **options) -> list[str]:
    found = free_times(
        reason=reason or desk.reason, sites=[desk.site], user=user or desk.receptionist, days=days, **options
    )
    return [f"{time.start:%a %d/%m %H:%M}" for time in found]


def test_the_times_of_a_week_in_the_site_s_zone(desk):
    times = offered(desk, days=3)
    assert times == [f"Tue 03/03 {clock}" for clock in ("10:00", "10:30", "11:00", "11:30", "12:00")] + [
        f"Tue 03/03 {clock}" for clock in ("13:30", "14:00", "14:30", "15:00", "15:30", "16:00")
    ]


def test_a_kept_time_is_not_offered(desk):
    book_appointment(
        permanence_id=desk.permanence_at(TUESDAY, "10:30").pk,
        starts_at=desk.at(TUESDAY, "10:30"),
        reason=desk.reason,
        visitor=desk.visitor,
        by=desk.receptionist,
    )
    assert "Tue 03/03 10:30" not in offered(desk)
    assert "Tue 03/03 11:00" in offered(desk)


def test_tuesday_8h30_is_offered_to_social_workers_only(desk):
    assert "Tue 03/03 08:30" in offered(desk, reason=desk.hard_case, user=desk.social_worker)
    assert offered(desk, reason=desk.hard_case) == []
    assert not [time for time in offered(desk, user=desk.social_worker) if time.endswith("08:30") and "Tue" in time]


@pytest.mark.parametrize("day", [dt.date(2026, 11, 11), dt.date(2026, 5, 1)])
def test_a_public_holiday_is_offered_to_nobody(desk, monday_morning, day):
    for weekday in range(1, 6):
        slot_of(desk.convention, weekday, "17:00", "18:00")
    monday_morning.move_to(desk.at(day - dt.timedelta(days=7), "06:00"))
    generate_permanences(conventions=[desk.convention])
    times = offered(desk, days=14)
    assert f"{day:%d/%m}" not in {time.split()[1] for time in times}
    assert f"{day - dt.timedelta(days=1):%d/%m}" in {time.split()[1] for time in times}


def test_10_june_is_offered_in_besancon_but_not_at_montsinery(desk, monday_morning):
    monday_morning.move_to(dt.datetime(2026, 6, 8, 6, tzinfo=dt.UTC))
    guyane = ConventionFactory(site=SiteFactory(cayenne=True), partner=desk.partner)
    slot_of(guyane, 3, "09:00", "12:00")
    slot_of(desk.convention, 3, "09:00", "12:00")
    generate_permanences(conventions=[guyane, desk.convention])
    there = free_times(reason=desk.reason, sites=[guyane.site], user=staff_of(guyane.site))
    assert dt.date(2026, 6, 10) not in {time.start.date() for time in there}
    assert dt.date(2026, 6, 17) in {time.start.date() for time in there}
    assert "Wed 10/06 09:00" in offered(desk)
    assert {time.start.astimezone(dt.UTC).time() for time in there if time.start.time() == dt.time(9)} == {dt.time(12)}


def test_times_that_began_are_not_offered(desk, monday_morning):
    monday_morning.move_to(desk.at(TUESDAY, "10:01"))
    assert offered(desk, days=1)[0] == "Tue 03/03 10:30"


def test_cancelled_orphaned_and_walk_in_permanences_offer_nothing(desk):
    Permanence.objects.filter(day=TUESDAY).update(orphaned_at=desk.at(TUESDAY, "08:00"))
    Permanence.objects.filter(day=THURSDAY).update(mode="walk_in")
    assert not [time for time in offered(desk) if time.split()[1] in ("03/03", "05/03")]


def test_nothing_is_offered_outside_one_s_perimeter(desk):
    assert offered(desk, user=staff_of(SiteFactory())) == []


def test_queries_are_the_same_for_1_and_for_50_partners(desk):
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            found = free_times(reason=desk.reason, sites=[desk.site], user=desk.receptionist, days=7)
        count.partners = len({time.permanence.partner for time in found})
        return len(captured)

    one = count()
    assert count.partners == 1
    for _number in range(49):
        convention = ConventionFactory(site=desk.site, partner=PartnerFactory())
        slot_of(convention, 4, "09:00", "12:00")
        desk.reason.partners.add(convention.partner)
        generate_permanences(conventions=[convention], last=THURSDAY)
    assert count() == one <= 3
    assert count.partners == 50
