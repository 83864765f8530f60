"""Many people book one time at once: real threads, real connections, and a control that shows the race."""

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
import time_machine
from django.db import connection, connections
from django.db.models import QuerySet

from bookings.errors import TimeTaken
from bookings.generation import generate_permanences
from bookings.models import Appointment, Permanence
from bookings.services import book_appointment
from tests.factories import ConventionFactory, ReasonFactory, VisitorFactory, slot_of, staff_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
CLIENTS = 32
ROUNDS = 20


@dataclass
class Outcome:
    """What one round gave."""

    booked: int = 0
    refusals: list[str] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    slowest_seconds: float = 0.0


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


def race(desk: dict, starts: list[dt.datetime]) -> Outcome:
    """One round: as many threads as `starts`, each on its own open connection, let go at the same moment."""
    gate, outcome, guard = threading.Barrier(len(starts)), Outcome(), threading.Lock()

    def client(starts_at: dt.datetime) -> None:
        try:
            connection.ensure_connection()
            gate.wait()
            began = time.monotonic()
            try:
                book_appointment(
                    permanence_id=desk["permanence"].pk,
                    starts_at=starts_at,
                    reason=desk["reason"],
                    visitor=desk["visitor"],
                    by=desk["by"],
                )
                refusal = None
            except TimeTaken as error:
                refusal = error.message
            took = time.monotonic() - began
            with guard:
                outcome.slowest_seconds = max(outcome.slowest_seconds, took)
                if refusal is None:
                    outcome.booked += 1
                else:
                    outcome.refusals.append(refusal)
        except BaseException as fault:  # noqa: BLE001  (whatever a thread met is told to the test)
            outcome.faults.append(fault)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(starts)) as pool:
        list(pool.map(client, starts))
    return outcome


def deadlocks() -> int:
    """How many deadlocks PostgreSQL has reported in this database since its statistics were reset."""
    with connection.cursor() as cursor:
        # Sessions publish their counts as they end; force ours and read a fresh snapshot.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def overlapping_pairs() -> int:
    standing = list(Appointment.objects.standing().order_by("during").values_list("during", flat=True))
    return sum(earlier.upper > later.lower for index, earlier in enumerate(standing) for later in standing[index + 1 :])


def test_one_time_goes_to_exactly_one_of_32(desk):
    before, start = deadlocks(), desk["permanence"].during.lower
    for number in range(ROUNDS):
        outcome = race(desk, [start + dt.timedelta(minutes=30 * number)] * CLIENTS)
        assert outcome.faults == []
        assert outcome.booked == 1
        assert outcome.refusals == ["Ce créneau vient d’être pris."] * (CLIENTS - 1)
        assert outcome.slowest_seconds < 1
    assert Appointment.objects.count() == ROUNDS
    assert overlapping_pairs() == 0
    assert deadlocks() == before


def test_partly_overlapping_times_never_overlap(desk):
    before, start = deadlocks(), desk["permanence"].during.lower
    for number in range(ROUNDS):
        # 32 starts within 40 minutes, each wanting 30: one, or two that do not touch, can be had.
        wanted = [start + dt.timedelta(minutes=35 * number + client % 8 * 5) for client in range(CLIENTS)]
        outcome = race(desk, wanted)
        assert outcome.faults == []
        assert outcome.booked + len(outcome.refusals) == CLIENTS
        assert set(outcome.refusals) == {"Ce créneau vient d’être pris."}
        assert outcome.slowest_seconds < 1
    assert Appointment.objects.count() >= ROUNDS / 2
    assert overlapping_pairs() == 0
    assert deadlocks() == before


def test_control_without_lock_and_constraint_the_same_race_doubles(desk, monkeypatch):
    monkeypatch.setattr(QuerySet, "select_for_update", lambda queryset, **options: queryset.all())
    constraint = next(
        constraint for constraint in Appointment._meta.constraints if constraint.name == "appointment_time_free"
    )
    with connection.schema_editor() as editor:
        editor.remove_constraint(Appointment, constraint)
    try:
        start, doubled = desk["permanence"].during.lower, False
        for number in range(ROUNDS):
            outcome = race(desk, [start + dt.timedelta(minutes=30 * number)] * CLIENTS)
            assert outcome.faults == []
            doubled = doubled or outcome.booked > 1
            if doubled:
                break
        assert doubled
        assert overlapping_pairs() > 0
    finally:
        Appointment.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Appointment, constraint)
