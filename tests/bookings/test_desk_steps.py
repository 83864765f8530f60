"""Arrived, taken, finished, absent: which steps follow which, who and when, and how each is undone."""

import datetime as dt

import pytest

from bookings.desk_steps import DeskStep, last_step, note_step, steps_open, undo_step
from bookings.models import Appointment, AppointmentStatus, CancelledBy, Permanence
from bookings.services import book_appointment, cancel_appointment
from franceservices.errors import DomainError
from tests.factories import SiteFactory, UserFactory, staff_of

THURSDAY = dt.date(2026, 3, 5)


@pytest.fixture
def appointment(desk) -> Appointment:
    """Thursday 9h00 to 9h30."""
    return book_appointment(
        permanence_id=desk.permanence_at(THURSDAY, "09:00").pk,
        starts_at=desk.at(THURSDAY, "09:00"),
        reason=desk.reason,
        visitor=desk.visitor,
        by=desk.receptionist,
    )


def note(appointment, *steps, by):
    for step in steps:
        appointment = note_step(appointment=appointment, step=step, by=by)
    return appointment


def test_a_whole_visit_is_stamped_step_by_step(desk, appointment, monday_morning):
    monday_morning.move_to(desk.at(THURSDAY, "08:55"))
    appointment = note(appointment, DeskStep.ARRIVED, by=desk.receptionist)
    monday_morning.move_to(desk.at(THURSDAY, "09:04"))
    appointment = note(appointment, DeskStep.STARTED, by=desk.agent)
    monday_morning.move_to(desk.at(THURSDAY, "09:31"))
    appointment = note(appointment, DeskStep.FINISHED, by=desk.agent)
    appointment.refresh_from_db()
    assert appointment.status == AppointmentStatus.HONOURED
    assert (appointment.arrived_at, appointment.arrived_by) == (desk.at(THURSDAY, "08:55"), desk.receptionist)
    assert (appointment.started_at, appointment.started_by) == (desk.at(THURSDAY, "09:04"), desk.agent)
    assert (appointment.finished_at, appointment.finished_by) == (desk.at(THURSDAY, "09:31"), desk.agent)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([DeskStep.ARRIVED], AppointmentStatus.BOOKED),
        ([DeskStep.ARRIVED, DeskStep.STARTED], AppointmentStatus.ARRIVED),
        ([DeskStep.ARRIVED, DeskStep.STARTED, DeskStep.FINISHED], AppointmentStatus.IN_PROGRESS),
        ([DeskStep.STARTED], AppointmentStatus.BOOKED),
        ([DeskStep.FINISHED], AppointmentStatus.BOOKED),
        ([DeskStep.ABSENT], AppointmentStatus.BOOKED),
        ([DeskStep.ARRIVED, DeskStep.ABSENT], AppointmentStatus.ARRIVED),
    ],
)
def test_each_step_can_be_undone_to_where_the_one_before_left_it(desk, appointment, monday_morning, steps, expected):
    monday_morning.move_to(desk.at(THURSDAY, "09:20"))
    note(appointment, *steps, by=desk.receptionist)
    undone = undo_step(appointment=appointment, by=desk.receptionist)
    undone.refresh_from_db()
    assert undone.status == expected
    assert last_step(undone) == (steps[-2] if len(steps) > 1 else None)


def test_there_is_nothing_to_undo_before_a_first_step(desk, appointment):
    with pytest.raises(DomainError, match="rien à défaire"):
        undo_step(appointment=appointment, by=desk.receptionist)


def test_noting_a_step_twice_changes_nothing(desk, appointment, monday_morning):
    monday_morning.move_to(desk.at(THURSDAY, "08:55"))
    first = note(appointment, DeskStep.ARRIVED, by=desk.receptionist)
    monday_morning.move_to(desk.at(THURSDAY, "08:57"))
    second = note(appointment, DeskStep.ARRIVED, by=desk.social_worker)
    assert (second.arrived_at, second.arrived_by) == (first.arrived_at, desk.receptionist)


@pytest.mark.parametrize(
    ("clock", "done", "step", "sentence"),
    [
        ("09:20", [DeskStep.FINISHED], DeskStep.ARRIVED, "déjà « reçu »"),
        ("09:20", [DeskStep.ABSENT], DeskStep.FINISHED, "déjà « absent »"),
        ("09:20", [DeskStep.STARTED], DeskStep.ABSENT, "déjà « en entretien »"),
        ("08:59", [], DeskStep.ABSENT, "pas encore venue"),
    ],
)
def test_a_step_that_does_not_follow_is_refused(desk, appointment, monday_morning, clock, done, step, sentence):
    monday_morning.move_to(desk.at(THURSDAY, clock))
    note(appointment, *done, by=desk.receptionist)
    with pytest.raises(DomainError, match=sentence):
        note(appointment, step, by=desk.receptionist)


@pytest.mark.parametrize("step", list(DeskStep))
def test_no_step_before_the_day(desk, appointment, step):
    with pytest.raises(DomainError, match="pas aujourd’hui"):
        note(appointment, step, by=desk.receptionist)
    assert steps_open(appointment, now=desk.site.now()) == ()


def test_after_the_day_only_the_outcome_can_be_noted(desk, appointment, monday_morning):
    monday_morning.move_to(desk.at(dt.date(2026, 3, 6), "08:00"))
    assert steps_open(appointment, now=desk.site.now()) == (DeskStep.FINISHED, DeskStep.ABSENT)
    with pytest.raises(DomainError, match="Ce jour est passé"):
        note(appointment, DeskStep.ARRIVED, by=desk.receptionist)
    assert note(appointment, DeskStep.FINISHED, by=desk.receptionist).status == AppointmentStatus.HONOURED


def test_a_cancelled_permanence_receives_nobody(desk, appointment, monday_morning):
    monday_morning.move_to(desk.at(THURSDAY, "08:55"))
    Permanence.objects.filter(pk=appointment.permanence_id).update(
        status="cancelled", cancelled_at=desk.site.now(), cancelled_by=desk.receptionist
    )
    appointment = Appointment.objects.get(pk=appointment.pk)
    with pytest.raises(DomainError, match="n’a pas lieu"):
        note(appointment, DeskStep.ARRIVED, by=desk.receptionist)
    assert steps_open(appointment, now=desk.site.now()) == ()


def test_a_cancelled_appointment_takes_no_step(desk, appointment, monday_morning):
    cancel_appointment(appointment=appointment, cancelled_for=CancelledBy.VISITOR, by=desk.receptionist)
    monday_morning.move_to(desk.at(THURSDAY, "09:05"))
    with pytest.raises(DomainError, match="déjà « annulé »"):
        note(appointment, DeskStep.ARRIVED, by=desk.receptionist)
    with pytest.raises(DomainError, match="rien à défaire"):
        undo_step(appointment=appointment, by=desk.receptionist)


def test_what_the_line_offers_in_each_state(desk, appointment, monday_morning):
    monday_morning.move_to(desk.at(THURSDAY, "08:50"))
    assert steps_open(appointment, now=desk.site.now()) == (DeskStep.ARRIVED, DeskStep.STARTED)
    monday_morning.move_to(desk.at(THURSDAY, "09:05"))
    now = desk.site.now()
    assert steps_open(appointment, now=now) == (DeskStep.ARRIVED, DeskStep.STARTED, DeskStep.ABSENT)
    appointment = note(appointment, DeskStep.ARRIVED, by=desk.receptionist)
    assert steps_open(appointment, now=now) == (DeskStep.STARTED, DeskStep.ABSENT)
    appointment = note(appointment, DeskStep.STARTED, by=desk.receptionist)
    assert steps_open(appointment, now=now) == (DeskStep.FINISHED,)
    appointment = note(appointment, DeskStep.FINISHED, by=desk.receptionist)
    assert steps_open(appointment, now=now) == ()


@pytest.mark.parametrize("who", ["other site", "other partner"])
def test_nobody_steps_outside_her_perimeter(desk, appointment, monday_morning, who):
    monday_morning.move_to(desk.at(THURSDAY, "08:55"))
    stranger = staff_of(SiteFactory()) if who == "other site" else UserFactory(agent=True)
    with pytest.raises(Appointment.DoesNotExist):
        note(appointment, DeskStep.ARRIVED, by=stranger)
    with pytest.raises(Appointment.DoesNotExist):
        undo_step(appointment=appointment, by=stranger)


def test_an_agent_corrects_her_day_only_the_ccas_an_earlier_one_too(desk, appointment, monday_morning):
    monday_morning.move_to(desk.at(THURSDAY, "09:20"))
    note(appointment, DeskStep.ABSENT, by=desk.agent)
    monday_morning.move_to(desk.at(dt.date(2026, 3, 6), "09:00"))
    with pytest.raises(DomainError, match="l’accueil du CCAS"):
        undo_step(appointment=appointment, by=desk.agent)
    assert undo_step(appointment=appointment, by=desk.receptionist).status == AppointmentStatus.BOOKED
