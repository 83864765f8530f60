"""Many people book one time at once: real threads, real connections, and a control that shows the race."""

import datetime as dt
from functools import partial

import pytest
import time_machine

from bookings.errors import TimeTaken
from bookings.generation import generate_permanences
from bookings.models import Appointment, Permanence
from bookings.services import book_appointment
from tests.factories import ConventionFactory, ReasonFactory, VisitorFactory, slot_of, staff_of
from tests.racing import Outcome, deadlocks, overlapping_pairs, race, without_guards

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
CLIENTS = 32
ROUNDS = 20


@pytest.fixture
def desk():
    """A permanence of a whole day next week, a reason of 30 minutes, a visitor and a receptionist."""
    with time_machine.travel(dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)):
        convention = ConventionFactory()
        slot_of(convention, 2, "07:00", "21:00")
        generate_permanences(conventions=[convention], last=dt.date(2026, 3, 10))
        yield {
            "permanence": Permanence.objects.select_related("site").earliest("during"),
            "reason": ReasonFactory(partners=[convention.partner]),
            "visitor": VisitorFactory(ccas=convention.site.ccas),
            "by": staff_of(convention.site),
        }


def race_to_book(desk: dict, starts: list[dt.datetime]) -> Outcome:
    """One round: as many people as `starts`, each booking hers."""
    book = partial(
        book_appointment,
        permanence_id=desk["permanence"].pk,
        reason=desk["reason"],
        visitor=desk["visitor"],
        by=desk["by"],
    )
    return race([partial(book, starts_at=starts_at) for starts_at in starts], refused_by=TimeTaken)


def doubled_appointments() -> int:
    return overlapping_pairs(list(Appointment.objects.standing().values_list("during", flat=True)))


def test_one_time_goes_to_exactly_one_of_32(desk):
    before, start = deadlocks(), desk["permanence"].during.lower
    for number in range(ROUNDS):
        outcome = race_to_book(desk, [start + dt.timedelta(minutes=30 * number)] * CLIENTS)
        assert outcome.faults == []
        assert outcome.done == 1
        assert outcome.refusals == ["Ce créneau vient d’être pris."] * (CLIENTS - 1)
        assert outcome.slowest_seconds < 1
    assert Appointment.objects.count() == ROUNDS
    assert doubled_appointments() == 0
    assert deadlocks() == before


def test_partly_overlapping_times_never_overlap(desk):
    before, start = deadlocks(), desk["permanence"].during.lower
    for number in range(ROUNDS):
        # 32 starts within 40 minutes, each wanting 30: one, or two that do not touch, can be had.
        wanted = [start + dt.timedelta(minutes=35 * number + client % 8 * 5) for client in range(CLIENTS)]
        outcome = race_to_book(desk, wanted)
        assert outcome.faults == []
        assert outcome.done + len(outcome.refusals) == CLIENTS
        assert set(outcome.refusals) == {"Ce créneau vient d’être pris."}
        assert outcome.slowest_seconds < 1
    assert Appointment.objects.count() >= ROUNDS / 2
    assert doubled_appointments() == 0
    assert deadlocks() == before


def test_control_without_lock_and_constraint_the_same_race_doubles(desk, monkeypatch):
    with without_guards(monkeypatch, Appointment, "appointment_time_free"):
        start, doubled = desk["permanence"].during.lower, False
        for number in range(ROUNDS):
            outcome = race_to_book(desk, [start + dt.timedelta(minutes=30 * number)] * CLIENTS)
            assert outcome.faults == []
            doubled = doubled or outcome.done > 1
            if doubled:
                break
        assert doubled
        assert doubled_appointments() > 0
