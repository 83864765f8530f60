"""A partner away over a period, a space closed, an office out of use; and the hours, kept apart."""

import datetime as dt
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.generation import generate_permanences
from bookings.hours import hours_of
from bookings.impact import impact_of
from bookings.models import Appointment, Permanence, ScheduleChange, ScheduleChangeKind
from bookings.schedule_changes import signal_absence, undo_change
from franceservices.errors import DomainError
from partners.models import Closure
from partners.school_holidays import listed_periods, store_periods
from tests.bookings.changes import NEXT_THURSDAY, NEXT_TUESDAY, THURSDAY, TUESDAY, booked, decided, new_hours, over
from tests.factories import ConventionFactory, OfficeFactory, PartnerFactory, SiteFactory, slot_of, staff_of

ABSENCE, CLOSURE, OUTAGE = (
    ScheduleChangeKind.ABSENCE,
    ScheduleChangeKind.CLOSURE,
    ScheduleChangeKind.OFFICE_OUTAGE,
)


def days_of(status: str, **filters) -> set[dt.date]:
    return set(Permanence.objects.filter(status=status, **filters).values_list("day", flat=True))


@pytest.fixture
def other(desk):
    """Another partner at the desk, on Mondays to Fridays."""
    convention = ConventionFactory(site=desk.site, partner=PartnerFactory(short_name="CAF"))
    for weekday in range(1, 6):
        slot_of(convention, weekday, "08:30", "12:30")
    generate_permanences(conventions=[convention])
    return convention


# --- Absences ----------------------------------------------------------------------------------------------------


def test_all_winter_holidays_of_zone_a_and_nothing_else(db):
    with time_machine.travel(dt.datetime(2026, 1, 12, 7, tzinfo=dt.UTC), tick=False):
        site = SiteFactory(school_zone="A")
        convention = ConventionFactory(site=site)
        for weekday in range(1, 7):
            slot_of(convention, weekday, "08:30", "12:30")
        away = ConventionFactory(site=site)
        slot_of(away, 2, "08:30", "12:30")
        elsewhere = ConventionFactory(partner=convention.partner)
        slot_of(elsewhere, 2, "08:30", "12:30")
        generate_permanences(conventions=[convention, away, elsewhere])
        store_periods(listed_periods(first_year=2026))
        holidays = site_winter(site)
        before = days_of("planned", convention=convention)

        absence = over(ABSENCE, SimpleNamespace(site=site, partner=convention.partner), *holidays)
        change = decided(absence, by=staff_of(site))
        expected = {day for day in before if dt.date(2026, 2, 7) <= day <= dt.date(2026, 2, 22)}
        assert len(expected) == 13  # Saturday 7, then two whole weeks of six days
        assert days_of("cancelled", convention=convention) == expected
        assert days_of("planned", convention=convention) == before - expected
        assert not days_of("cancelled", convention__in=[away, elsewhere])
        assert change.revisions.count() == 13


def site_winter(site) -> tuple[dt.date, dt.date]:
    """The first and the last day of the winter holidays of the site's zone, as the form offers them."""
    return next(
        (period.starts_on, period.ends_on)
        for period in listed_periods(first_year=2026)
        if period.zone == site.school_zone and "hiver" in period.name
    )


def test_dates_generated_later_are_created_cancelled(desk, monday_morning):
    last = Permanence.objects.latest("day").day
    change = decided(over(ABSENCE, desk, NEXT_TUESDAY, last + dt.timedelta(days=30)), by=desk.receptionist)
    monday_morning.shift(dt.timedelta(days=14))
    generate_permanences(conventions=[desk.convention])
    new = Permanence.objects.filter(day__gt=last)
    assert new.count() == 7  # The 14th of July is closed to everybody.
    assert {(date.status, date.cancellation_reason, date.cancelled_by) for date in new} == {
        ("cancelled", "Congés", desk.receptionist)
    }
    generate_permanences(conventions=[desk.convention])
    assert change.revisions.filter(permanence__in=new).count() == new.count()
    undo_change(change=change, by=desk.receptionist)
    assert not Permanence.objects.filter(day__gt=last).exclude(status="planned").exists()


def test_a_date_over_by_then_stays_as_it_was(desk, monday_morning):
    change = decided(over(ABSENCE, desk, TUESDAY, NEXT_THURSDAY), by=desk.receptionist)
    monday_morning.move_to(desk.at(dt.date(2026, 3, 9), "08:00"))
    undo_change(change=change, by=desk.receptionist)
    assert days_of("cancelled") == {TUESDAY, THURSDAY}
    assert {NEXT_TUESDAY, NEXT_THURSDAY} <= days_of("planned")


def test_the_preview_costs_the_same_for_a_week_and_for_a_month(desk):
    counts = []
    for last in (THURSDAY, dt.date(2026, 4, 2)):
        booked(desk, "09:00", last)
        with CaptureQueriesContext(connection) as queries:
            impact_of(over(ABSENCE, desk, TUESDAY, last))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


# --- Signalled by the agent --------------------------------------------------------------------------------------


def test_an_agent_is_away_from_all_her_sites_at_once(desk, other):
    elsewhere = ConventionFactory(partner=desk.partner)
    slot_of(elsewhere, 4, "08:30", "12:30")
    generate_permanences(conventions=[elsewhere])
    person = booked(desk)
    changes = signal_absence(starts_on=THURSDAY, ends_on=THURSDAY, reason="Formation", by=desk.agent)
    assert {change.site_id for change in changes} == {desk.site.pk, elsewhere.site_id}
    assert list(Appointment.objects.to_replace()) == [person]
    assert not Permanence.objects.filter(day=THURSDAY, partner=desk.partner, status="planned").exists()
    assert Permanence.objects.filter(day=THURSDAY, convention=other, status="planned").exists()


def test_an_agent_expected_nowhere_is_told_so(desk):
    with pytest.raises(DomainError, match="Aucune permanence"):
        signal_absence(starts_on=dt.date(2030, 1, 1), ends_on=dt.date(2030, 1, 2), reason="x", by=desk.agent)
    assert not ScheduleChange.objects.exists()


# --- Closures ----------------------------------------------------------------------------------------------------


def test_a_closure_cancels_everybody_and_shows_the_space_closed(desk, other):
    change = decided(over(CLOSURE, desk, TUESDAY, dt.date(2026, 3, 4)), by=desk.receptionist)
    assert days_of("cancelled") == {TUESDAY, dt.date(2026, 3, 4)}
    closure = Closure.objects.get()
    assert (closure.starts_on, closure.ends_on, closure.reason) == (TUESDAY, dt.date(2026, 3, 4), "Congés")
    generate_permanences(conventions=[desk.convention, other])
    assert days_of("cancelled") == {TUESDAY, dt.date(2026, 3, 4)}
    undo_change(change=change, by=desk.receptionist)
    assert not Closure.objects.exists()
    assert not days_of("cancelled")


def test_a_closure_ended_early_keeps_its_past_days(desk, monday_morning):
    change = decided(over(CLOSURE, desk, TUESDAY, NEXT_THURSDAY), by=desk.receptionist)
    monday_morning.move_to(desk.at(THURSDAY, "18:00"))
    undo_change(change=change, by=desk.receptionist)
    assert Closure.objects.get().ends_on == dt.date(2026, 3, 4)
    assert {NEXT_TUESDAY, NEXT_THURSDAY} <= days_of("planned")


def test_dates_generated_into_a_closure_stay_countable(desk, monday_morning):
    last = Permanence.objects.latest("day").day
    first = last + dt.timedelta(days=1)
    decided(over(CLOSURE, desk, first, first + dt.timedelta(days=6)), by=desk.receptionist)
    monday_morning.shift(dt.timedelta(days=14))
    generate_permanences(conventions=[desk.convention])
    closed = Permanence.objects.on_days(first, first + dt.timedelta(days=6))
    assert {date.status for date in closed} == {"cancelled"}
    assert hours_of(closed).cancelled["closure"] == (90 + 150 + 180 + 240 + 180)


# --- Outages -----------------------------------------------------------------------------------------------------


def test_an_outage_moves_what_it_can_to_the_other_office(desk, other):
    office = desk.convention.allocations.get().office
    spare = OfficeFactory(site=desk.site, label="130")
    taken = ConventionFactory(site=desk.site)
    slot_of(taken, 4, "08:30", "10:00", office=spare)
    generate_permanences(conventions=[taken])
    person = booked(desk, "09:00")
    safe = booked(desk, "14:00")
    change = decided(over(OUTAGE, desk, THURSDAY, THURSDAY, office=office, new_office=spare), by=desk.receptionist)
    dates = {date.during.lower: date for date in Permanence.objects.filter(day=THURSDAY, convention=desk.convention)}
    assert dates[desk.at(THURSDAY, "08:30")].status == "cancelled"
    assert dates[desk.at(THURSDAY, "13:30")].office == spare
    assert list(Appointment.objects.to_replace()) == [person]
    safe.refresh_from_db()
    assert safe.to_replace_since is None
    undo_change(change=change, by=desk.receptionist)
    assert {date.office for date in Permanence.objects.filter(day=THURSDAY, convention=desk.convention)} == {office}
    assert not Appointment.objects.to_replace().exists()


# --- Hours -------------------------------------------------------------------------------------------------------


def test_contractual_delivered_and_cancelled_hours_are_kept_apart(desk, monday_morning):
    """A week of 14 hours: Tuesday held but for an hour, Thursday morning cancelled, an extra date on top."""
    week = Permanence.objects.on_days(dt.date(2026, 3, 2), dt.date(2026, 3, 8))
    assert hours_of(week).contractual == 14 * 60
    decided(over(ABSENCE, desk, THURSDAY, THURSDAY), by=desk.receptionist)
    hours = hours_of(week)
    assert (hours.contractual, hours.coming, dict(hours.cancelled)) == (14 * 60, 7 * 60, {"absence": 7 * 60})
    monday_morning.move_to(desk.at(dt.date(2026, 3, 9), "08:00"))
    hours = hours_of(week)
    assert (hours.contractual, hours.delivered, hours.coming, hours.cancelled_total) == (840, 420, 0, 420)
    assert hours.cancelled_lines == ["absence du partenaire 7\u00a0h"]


def test_a_shortened_date_counts_what_it_lost(desk):
    morning = Permanence.objects.with_parties().get(pk=desk.permanence_at(THURSDAY, "09:00").pk)
    change = decided(new_hours(desk, morning, "08:30", "10:00"), by=desk.receptionist)
    day = Permanence.objects.filter(pk=morning.pk)
    hours = hours_of(day)
    assert (hours.contractual, hours.coming, dict(hours.cancelled)) == (240, 90, {"new_hours": 150})
    undo_change(change=change, by=desk.receptionist)
    assert dict(hours_of(day).cancelled) == {}


def test_hours_cost_two_queries(desk):
    with CaptureQueriesContext(connection) as queries:
        hours_of(Permanence.objects.all())
    assert len(queries) == 2
