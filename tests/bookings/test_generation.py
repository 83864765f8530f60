"""Dated permanences: which dates the weekly grid gives, and what becomes of the stored ones when it changes."""

import datetime as dt
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from bookings.generation import generate_permanences
from bookings.models import Appointment, CancelledBy, Permanence, PermanenceStatus
from bookings.services import book_appointment, cancel_appointment
from conventions.models import Audience
from partners.models import Closure
from tests.factories import (
    ConventionFactory,
    OfficeFactory,
    ReasonFactory,
    SiteFactory,
    VisitorFactory,
    slot_of,
    staff_of,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)  # a Monday


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as travel:
        yield travel


def generate(convention, first=None, last=None):
    return generate_permanences(conventions=[convention], first=first, last=last)


def days(convention) -> list[dt.date]:
    return list(convention.permanences.order_by("during").values_list("day", flat=True))


def booked(permanence: Permanence, clock: str) -> Appointment:
    """An appointment of 30 minutes at `clock`, site time."""
    start = dt.datetime.combine(permanence.day, dt.time.fromisoformat(clock), permanence.site.zone)
    return book_appointment(
        permanence_id=permanence.pk,
        starts_at=start,
        reason=ReasonFactory(partners=[permanence.partner]),
        visitor=VisitorFactory(ccas=permanence.site.ccas),
        by=staff_of(permanence.site),
    )


def test_each_week_within_the_period_both_ends_included():
    convention = ConventionFactory()
    slot_of(convention, 2, "10:00", "12:30")
    report = generate(convention, dt.date(2026, 3, 3), dt.date(2026, 3, 17))
    assert days(convention) == [dt.date(2026, 3, 3), dt.date(2026, 3, 10), dt.date(2026, 3, 17)]
    assert report.created == 3


def test_the_horizon_of_the_settings_bounds_a_plain_run(settings):
    settings.PERMANENCE_HORIZON_DAYS = 15
    convention = ConventionFactory()
    slot_of(convention, 2, "10:00", "12:30")
    generate(convention)
    assert days(convention) == [dt.date(2026, 3, 3), dt.date(2026, 3, 10), dt.date(2026, 3, 17)]


def test_a_second_run_changes_nothing(django_assert_num_queries):
    convention = ConventionFactory()
    slot_of(convention, 2, "10:00", "12:30")
    generate(convention)
    before = list(Permanence.objects.order_by("pk").values())
    report = generate(convention)
    assert (report.created, report.deleted, report.adapted) == (0, 0, 0)
    assert list(Permanence.objects.order_by("pk").values()) == before


def test_slot_validity_and_term_bound_the_dates():
    convention = ConventionFactory(starts_on=dt.date(2026, 3, 10), ends_on=dt.date(2026, 4, 7))
    slot_of(convention, 2, "10:00", "12:30", ends_on=dt.date(2026, 3, 24))
    slot_of(convention, 4, "10:00", "12:30", starts_on=dt.date(2026, 4, 1))
    generate(convention)
    assert days(convention) == [
        dt.date(2026, 3, 10),
        dt.date(2026, 3, 17),
        dt.date(2026, 3, 24),
        dt.date(2026, 4, 2),
    ]


@pytest.mark.parametrize(
    ("cayenne", "closed", "open_day"),
    [
        (False, dt.date(2026, 11, 11), dt.date(2026, 6, 10)),
        (False, dt.date(2026, 5, 1), dt.date(2026, 6, 10)),
        (True, dt.date(2026, 6, 10), dt.date(2026, 6, 17)),
        (True, dt.date(2026, 5, 1), dt.date(2026, 5, 8) + dt.timedelta(days=7)),
    ],
)
def test_public_holidays_of_the_territory_are_skipped(cayenne, closed, open_day):
    convention = ConventionFactory(site=SiteFactory(cayenne=cayenne))
    for weekday in range(1, 8):
        slot_of(convention, weekday, "09:00", "12:00")
    generate(convention, dt.date(2026, 3, 2), dt.date(2026, 12, 31))
    assert closed not in days(convention)
    assert open_day in days(convention)


def test_closures_are_skipped_both_ends_included():
    convention = ConventionFactory()
    slot_of(convention, 2, "10:00", "12:30")
    Closure.objects.create(
        site=convention.site, starts_on=dt.date(2026, 3, 10), ends_on=dt.date(2026, 3, 17), reason="Travaux"
    )
    generate(convention, dt.date(2026, 3, 3), dt.date(2026, 3, 24))
    assert days(convention) == [dt.date(2026, 3, 3), dt.date(2026, 3, 24)]


@pytest.mark.parametrize("month", [1, 7])
def test_nine_o_clock_in_guyane_is_noon_utc_in_winter_and_in_summer(month):
    convention = ConventionFactory(site=SiteFactory(cayenne=True), starts_on=dt.date(2026, 1, 1))
    slot_of(convention, 2, "09:00", "12:00")
    first = dt.date(2026, month, 1)
    generate(convention, first, first + dt.timedelta(days=20))
    assert {permanence.during.lower.astimezone(dt.UTC).time() for permanence in Permanence.objects.all()} == {
        dt.time(12, 0)
    }


def test_local_hours_stay_when_the_clocks_change():
    convention = ConventionFactory()
    slot_of(convention, 7, "10:00", "12:00")
    generate(convention, dt.date(2026, 3, 22), dt.date(2026, 3, 29))
    first, second = Permanence.objects.order_by("during")
    assert (first.local_start.time(), second.local_start.time()) == (dt.time(10), dt.time(10))
    assert (first.during.lower.hour, second.during.lower.hour) == (9, 8)


def test_the_past_and_what_began_stay_as_they_are(clock):
    convention = ConventionFactory()
    slot = slot_of(convention, 1, "08:00", "12:00")
    generate(convention)
    clock.move_to(dt.datetime(2026, 3, 16, 8, 0, tzinfo=dt.UTC))
    slot.delete()
    generate(convention)
    assert days(convention) == [dt.date(2026, 3, 2), dt.date(2026, 3, 9), dt.date(2026, 3, 16)]


def test_a_date_that_a_person_edited_is_never_overwritten():
    convention = ConventionFactory()
    slot = slot_of(convention, 2, "10:00", "12:30")
    generate(convention, last=dt.date(2026, 3, 10))
    edited = Permanence.objects.earliest("during")
    edited.during = DateTimeTZRange(edited.during.lower, edited.during.upper - dt.timedelta(hours=1))
    edited.edited_at, edited.edited_by = timezone.now(), staff_of(convention.site)
    edited.save()
    slot.end_time = dt.time(12, 0)
    slot.save()
    generate(convention, last=dt.date(2026, 3, 10))
    hours = [permanence.local_end.time() for permanence in Permanence.objects.order_by("during")]
    assert hours == [dt.time(11, 30), dt.time(12, 0)]


def test_a_changed_slot_moves_the_dates_without_appointments():
    convention = ConventionFactory()
    slot = slot_of(convention, 2, "10:00", "12:30")
    generate(convention, last=dt.date(2026, 3, 10))
    slot.weekday = 3
    slot.save()
    report = generate(convention, last=dt.date(2026, 3, 11))
    assert days(convention) == [dt.date(2026, 3, 4), dt.date(2026, 3, 11)]
    assert (report.created, report.deleted) == (2, 2)


def test_a_date_with_appointments_takes_new_hours_that_still_hold_them():
    convention = ConventionFactory()
    slot = slot_of(convention, 2, "10:00", "12:30")
    generate(convention, last=dt.date(2026, 3, 3))
    permanence = Permanence.objects.get()
    booked(permanence, "10:30")
    slot.end_time = dt.time(11, 30)
    slot.save()
    report = generate(convention, last=dt.date(2026, 3, 3))
    permanence.refresh_from_db()
    assert permanence.local_end.time() == dt.time(11, 30)
    assert (report.adapted, report.orphaned) == (1, [])


@pytest.mark.parametrize("change", ["shortened", "deleted", "other audience"])
def test_a_date_whose_appointments_no_longer_fit_is_kept_marked_and_listed(change):
    convention = ConventionFactory()
    slot = slot_of(convention, 2, "10:00", "12:30")
    generate(convention, last=dt.date(2026, 3, 10))
    permanence = Permanence.objects.earliest("during")
    appointment = booked(permanence, "12:00")
    if change == "deleted":
        slot.delete()
    elif change == "shortened":
        slot.end_time = dt.time(12, 0)
        slot.save()
    else:
        slot.audience = Audience.SOCIAL_WORKERS
        slot.save()
    report = generate(convention, last=dt.date(2026, 3, 10))
    assert report.orphaned == [permanence]
    permanence.refresh_from_db()
    appointment.refresh_from_db()
    assert permanence.orphaned_at == NOW
    assert appointment.is_standing
    assert permanence not in Permanence.objects.bookable()
    assert generate(convention, last=dt.date(2026, 3, 10)).orphaned == [permanence]


def test_an_orphan_that_the_grid_foresees_again_is_one_no_more():
    convention = ConventionFactory()
    slot = slot_of(convention, 2, "10:00", "12:30")
    generate(convention, last=dt.date(2026, 3, 3))
    permanence = Permanence.objects.get()
    booked(permanence, "12:00")
    allocation = slot.allocation
    slot.delete()
    generate(convention, last=dt.date(2026, 3, 3))
    slot_of(convention, 2, "10:00", "12:30", office=allocation.office)
    report = generate(convention, last=dt.date(2026, 3, 3))
    permanence.refresh_from_db()
    assert permanence.orphaned_at is None
    assert permanence.slot_id is not None
    assert (report.created, report.orphaned, report.conflicts) == (0, [], [])


def test_an_office_taken_by_something_else_is_a_conflict_that_is_told():
    convention = ConventionFactory()
    slot = slot_of(convention, 2, "10:00", "12:30")
    day = dt.date(2026, 3, 3)
    start = dt.datetime.combine(day, dt.time(11), convention.site.zone)
    Permanence.objects.create(
        site=convention.site,
        partner=convention.partner,
        office=slot.office,
        origin="loan",
        day=day,
        during=DateTimeTZRange(start, start + dt.timedelta(hours=1)),
    )
    report = generate(convention, last=dt.date(2026, 3, 10))
    assert [(found.slot, found.day) for found in report.conflicts] == [(slot, day)]
    assert report.created == 1
    assert "1 date" in report.summary()


def test_a_moved_allocation_carries_its_slots_and_dates_along():
    convention = ConventionFactory()
    slot = slot_of(convention, 2, "10:00", "12:30")
    generate(convention, last=dt.date(2026, 3, 3))
    other = OfficeFactory(site=convention.site)
    slot.allocation.office = other
    slot.allocation.save()
    slot.refresh_from_db()
    assert slot.office == other
    generate(convention, last=dt.date(2026, 3, 3))
    assert Permanence.objects.get().office == other


def test_the_command_says_what_it_did():
    convention = ConventionFactory()
    slot_of(convention, 2, "10:00", "12:30")
    out = StringIO()
    call_command("generate_permanences", "--du", "2026-03-02", "--au", "2026-03-10", stdout=out)
    assert "2 permanences créées" in out.getvalue()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(["--du", "10/03/2026"], "n’est pas une date"), (["--site", "ailleurs"], "Aucun espace")],
)
def test_the_command_refuses_bad_options_with_a_sentence(options, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("generate_permanences", *options)


def test_queries_do_not_grow_with_the_number_of_dates(django_assert_max_num_queries):
    convention = ConventionFactory()
    for weekday in range(1, 6):
        slot_of(convention, weekday, "10:00", "12:30")
    with django_assert_max_num_queries(12):
        generate(convention, last=dt.date(2027, 3, 1))


def test_a_shorter_run_leaves_later_dates_that_the_grid_foresees():
    convention = ConventionFactory()
    slot = slot_of(convention, 2, "10:00", "12:30")
    generate(convention, last=dt.date(2026, 3, 24))
    booked(Permanence.objects.latest("during"), "10:30")
    report = generate(convention, last=dt.date(2026, 3, 10))
    assert (report.deleted, report.orphaned) == (0, [])
    assert len(days(convention)) == 4
    slot.delete()
    report = generate(convention, last=dt.date(2026, 3, 10))
    assert (report.deleted, len(report.orphaned)) == (3, 1)


def test_a_date_out_of_the_grid_whose_appointments_were_all_given_up_frees_its_office():
    convention = ConventionFactory()
    slot = slot_of(convention, 2, "10:00", "12:30")
    office = slot.office
    generate(convention, last=dt.date(2026, 3, 3))
    permanence = Permanence.objects.get()
    by = staff_of(convention.site)
    cancel_appointment(appointment=booked(permanence, "10:30"), cancelled_for=CancelledBy.VISITOR, by=by)
    slot.delete()
    report = generate(convention, last=dt.date(2026, 3, 3))
    permanence.refresh_from_db()
    assert (permanence.status, permanence.cancelled_by) == (PermanenceStatus.CANCELLED, by)
    assert (report.orphaned, report.deleted) == ([], 1)
    # The grid foresees it again, at other hours: the same date is held after all.
    slot_of(convention, 2, "09:00", "12:00", office=office)
    report = generate(convention, last=dt.date(2026, 3, 3))
    permanence.refresh_from_db()
    assert (report.adapted, report.created, report.conflicts) == (1, 0, [])
    assert permanence.is_bookable
    assert permanence.local_start.time() == dt.time(9)
    assert permanence.cancelled_at is None


def test_a_deleted_slot_whose_hours_another_one_takes_over():
    convention = ConventionFactory()
    morning = slot_of(convention, 2, "09:00", "12:00")
    afternoon = slot_of(convention, 2, "14:00", "16:00", office=morning.office)
    generate(convention, last=dt.date(2026, 3, 3))
    appointment = booked(Permanence.objects.earliest("during"), "09:00")
    morning.delete()
    afternoon.start_time, afternoon.end_time = dt.time(9), dt.time(12)
    afternoon.save()
    report = generate(convention, last=dt.date(2026, 3, 3))
    permanence = Permanence.objects.get()
    assert (permanence.slot, permanence.appointments.get()) == (afternoon, appointment)
    assert (report.deleted, report.orphaned, report.conflicts) == (1, [], [])
