"""The grid changes while somebody books: the appointment is kept whatever comes first, and nothing fails."""

import datetime as dt
import threading
import time
from functools import partial

import pytest
import time_machine
from django.db import connection, connections, transaction

from bookings.errors import TimeNotOffered
from bookings.generation import generate_permanences
from bookings.models import Appointment, Permanence
from bookings.schedule_changes import lock_offices
from bookings.services import book_appointment
from conventions.services import site_calendar_changed
from tests.factories import ConventionFactory, OfficeFactory, ReasonFactory, VisitorFactory, slot_of, staff_of
from tests.racing import deadlocks, race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
ROUNDS = 10
LAST = dt.date(2026, 3, 10)


class Scene:
    """One slot of a convention, its first date, and somebody who books in it."""

    def __init__(self) -> None:
        self.convention = ConventionFactory()
        self.office = OfficeFactory(site=self.convention.site)
        self.visitor = VisitorFactory(ccas=self.convention.site.ccas)
        self.reason = ReasonFactory(partners=[self.convention.partner])
        self.by = staff_of(self.convention.site)

    def open(self, weekday: int) -> Permanence:
        self.slot = slot_of(self.convention, weekday, "08:00", "18:00", office=self.office)
        self.generate()
        return self.convention.permanences.filter(slot=self.slot).earliest("during")

    def book(self, permanence: Permanence, number: int = 0) -> Appointment:
        return book_appointment(
            permanence_id=permanence.pk,
            starts_at=permanence.during.lower + dt.timedelta(minutes=30 * number),
            reason=self.reason,
            visitor=self.visitor,
            by=self.by,
        )

    def generate(self) -> None:
        generate_permanences(conventions=[self.convention], last=LAST)


@pytest.fixture
def scene():
    with time_machine.travel(dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)):
        yield Scene()


def wait_for_somebody_who_waits() -> None:
    """Until a session waits for the lock of another; a failed test after ten seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    pytest.fail("nobody waits for a lock")


def test_an_appointment_in_the_making_keeps_the_date_that_leaves_the_grid(scene):
    permanence = scene.open(2)
    scene.slot.delete()
    faults: list[BaseException] = []

    def generate() -> None:
        try:
            scene.generate()
        except BaseException as fault:  # noqa: BLE001  (whatever the thread met is told to the test)
            faults.append(fault)
        finally:
            connections.close_all()

    other = threading.Thread(target=generate)
    with transaction.atomic():
        appointment = scene.book(permanence)
        other.start()
        wait_for_somebody_who_waits()
    other.join()
    assert faults == []
    appointment.refresh_from_db()
    assert appointment.permanence_id == permanence.pk
    assert appointment.to_replace_since is not None


def test_bookings_and_generations_at_once_lose_nobody_and_never_deadlock(scene):
    before = deadlocks()
    for number in range(ROUNDS):
        permanence = scene.open(2 + number % 4)
        scene.slot.delete()
        actions = [partial(scene.book, permanence, turn) for turn in range(12)] + [scene.generate] * 4
        # A date that was withdrawn first is unknown to those who come after.
        outcome = race(actions, refused_by=TimeNotOffered)
        assert [fault for fault in outcome.faults if not isinstance(fault, Permanence.DoesNotExist)] == []
        kept = Appointment.objects.filter(permanence=permanence.pk)
        assert kept.count() == outcome.done - 4
        scene.generate()
        assert not kept.filter(to_replace_since=None).exists()
        kept.delete()
        scene.generate()
    assert deadlocks() == before


def test_a_change_of_the_site_s_calendar_never_deadlocks_with_a_change_of_its_dates(scene):
    """The convention that comes first has the room that comes last."""
    other = ConventionFactory(site=scene.convention.site)
    first_room = scene.office
    scene.office = OfficeFactory(site=scene.convention.site)
    scene.open(2)
    slot_of(other, 2, "08:00", "18:00", office=first_room)
    before = deadlocks()

    @transaction.atomic
    def hold_the_rooms() -> None:
        lock_offices(scene.convention.site)

    calendar = partial(site_calendar_changed, site=scene.convention.site, by=scene.by)
    for _ in range(ROUNDS):
        assert race([calendar] * 3 + [hold_the_rooms] * 5).faults == []
    assert deadlocks() == before
