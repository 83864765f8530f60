"""Booking, cancelling, restoring: what the services let pass and what they refuse, with their sentences."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from bookings.errors import TimeNotOffered, TimeTaken
from bookings.models import Appointment, AppointmentStatus, CancelledBy, Permanence
from bookings.services import book_appointment, cancel_appointment, restore_appointment
from franceservices.db import violated_constraint
from franceservices.errors import DomainError
from tests.factories import PartnerFactory, ReasonFactory, SiteFactory, VisitorFactory, staff_of

TUESDAY, THURSDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 5)


def book(desk, clock="09:00", day=THURSDAY, **changes) -> Appointment:
    fields = {"reason": desk.reason, "visitor": desk.visitor, "by": desk.receptionist} | changes
    permanence = changes.pop("permanence", None) or desk.permanence_at(day, clock)
    fields.pop("permanence", None)
    return book_appointment(permanence_id=permanence.pk, starts_at=desk.at(day, clock), **fields)


def test_a_booking_carries_its_site_partner_time_and_author(desk):
    appointment = book(desk)
    appointment.refresh_from_db()
    assert (appointment.site, appointment.partner) == (desk.site, desk.partner)
    assert appointment.during.lower == desk.at(THURSDAY, "09:00")
    assert appointment.during.upper == desk.at(THURSDAY, "09:30")
    assert (appointment.booked_by, appointment.status) == (desk.receptionist, AppointmentStatus.BOOKED)


@pytest.mark.parametrize("clock", ["08:45", "09:00", "09:15"])
def test_an_overlapping_time_is_taken(desk, clock):
    book(desk)
    with pytest.raises(TimeTaken, match="Ce créneau vient d’être pris"):
        book(desk, clock)
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("clock", ["08:30", "09:30"])
def test_a_touching_time_is_free(desk, clock):
    book(desk)
    book(desk, clock)
    assert Appointment.objects.count() == 2


def test_the_database_refuses_an_overlap_that_no_code_saw(desk):
    taken = book(desk)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Appointment.objects.create(
            permanence=taken.permanence,
            site=desk.site,
            partner=desk.partner,
            visitor=desk.visitor,
            reason=desk.reason,
            during=taken.during,
            booked_by=desk.receptionist,
        )
    assert violated_constraint(caught.value) == "appointment_time_free"


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_a_site_that_is_not_its_permanence_s(desk):
    with pytest.raises(IntegrityError) as caught:
        Appointment.objects.create(
            permanence=desk.permanence_at(THURSDAY, "09:00"),
            site=SiteFactory(),
            partner=desk.partner,
            visitor=desk.visitor,
            reason=desk.reason,
            during=DateTimeTZRange(desk.at(THURSDAY, "09:00"), desk.at(THURSDAY, "09:30")),
            booked_by=desk.receptionist,
        )
    assert violated_constraint(caught.value) == "appointment_site_partner_are_its_permanences"


def test_the_database_refuses_two_uses_of_one_office_at_one_time(desk):
    taken = desk.permanence_at(THURSDAY, "09:00")
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Permanence.objects.create(
            site=desk.site,
            partner=PartnerFactory(),
            office=taken.office,
            origin="loan",
            day=THURSDAY,
            during=DateTimeTZRange(desk.at(THURSDAY, "12:00"), desk.at(THURSDAY, "13:00")),
        )
    assert violated_constraint(caught.value) == "permanence_office_free"


def test_a_past_time_is_refused(desk, monday_morning):
    monday_morning.move_to(desk.at(THURSDAY, "09:00"))
    with pytest.raises(TimeNotOffered, match="déjà passée"):
        book(desk)


def test_a_time_that_sticks_out_of_its_permanence_is_refused(desk):
    with pytest.raises(TimeNotOffered, match="en dehors de la permanence"):
        book(desk, "12:15")


def test_a_permanence_that_does_not_take_the_reason_refuses(desk):
    with pytest.raises(TimeNotOffered, match="ne traite pas ce motif"):
        book(desk, reason=ReasonFactory(partners=[PartnerFactory()]))


@pytest.mark.parametrize("change", [{"status": "held"}, {"mode": "walk_in"}, {"orphaned_at": dt.datetime.now(dt.UTC)}])
def test_a_permanence_that_takes_no_appointment_refuses(desk, change):
    permanence = desk.permanence_at(THURSDAY, "09:00")
    Permanence.objects.filter(pk=permanence.pk).update(**change)
    with pytest.raises(TimeNotOffered, match="n’accepte plus de rendez-vous"):
        book(desk)


def test_tuesday_8h30_is_for_social_workers_only(desk):
    early = desk.permanence_at(TUESDAY, "08:30")
    with pytest.raises(TimeNotOffered, match="réservés aux travailleurs sociaux"):
        book(desk, "08:30", TUESDAY, permanence=early, reason=desk.hard_case)
    with pytest.raises(TimeNotOffered, match="ne traite pas ce motif"):
        book(desk, "08:30", TUESDAY, permanence=early)
    with pytest.raises(TimeNotOffered, match="sans usager"):
        book(desk, "08:30", TUESDAY, permanence=early, reason=desk.hard_case, by=desk.social_worker)
    kept = book(
        desk, "08:30", TUESDAY, reason=desk.hard_case, visitor=None, subject="Dossier de suivi", by=desk.social_worker
    )
    assert (kept.visitor, kept.social_worker, kept.who) == (None, desk.social_worker, "Claire Monnier")


def test_an_appointment_of_the_public_needs_a_visitor(desk):
    with pytest.raises(TimeNotOffered, match="Choisissez l’usager"):
        book(desk, visitor=None)


def test_a_visitor_of_another_ccas_is_refused(desk):
    with pytest.raises(TimeNotOffered, match="n’est pas connue"):
        book(desk, visitor=VisitorFactory())


def test_an_agent_of_the_partner_does_not_book(desk):
    with pytest.raises(TimeNotOffered, match="l’accueil du CCAS"):
        book(desk, by=desk.agent)


def test_staff_of_another_space_do_not_see_the_permanence(desk):
    with pytest.raises(Permanence.DoesNotExist):
        book(desk, by=staff_of(SiteFactory()))


def test_cancelling_frees_the_time_and_says_on_whose_side(desk):
    appointment = cancel_appointment(
        appointment=book(desk), cancelled_for=CancelledBy.VISITOR, reason="Malade", by=desk.receptionist
    )
    assert appointment.status == AppointmentStatus.CANCELLED
    assert (appointment.cancelled_by, appointment.cancelled_for) == (desk.receptionist, CancelledBy.VISITOR)
    assert book(desk).is_standing


def test_cancelling_twice_is_refused(desk):
    appointment = book(desk)
    cancel_appointment(appointment=appointment, cancelled_for=CancelledBy.CCAS, by=desk.receptionist)
    with pytest.raises(DomainError, match="ne peut plus être annulé"):
        cancel_appointment(appointment=appointment, cancelled_for=CancelledBy.CCAS, by=desk.receptionist)


def test_staff_of_another_space_do_not_cancel(desk):
    with pytest.raises(Appointment.DoesNotExist):
        cancel_appointment(appointment=book(desk), cancelled_for=CancelledBy.CCAS, by=staff_of(SiteFactory()))


def test_a_cancellation_can_be_undone_while_the_time_is_free(desk):
    appointment = book(desk)
    cancel_appointment(appointment=appointment, cancelled_for=CancelledBy.VISITOR, by=desk.receptionist)
    restored = restore_appointment(appointment=appointment, by=desk.receptionist)
    assert restored.status == AppointmentStatus.BOOKED
    assert (restored.cancelled_at, restored.cancelled_by, restored.cancelled_for) == (None, None, "")


def test_a_cancellation_cannot_be_undone_once_the_time_is_taken_or_past(desk, monday_morning):
    appointment = book(desk)
    cancel_appointment(appointment=appointment, cancelled_for=CancelledBy.VISITOR, by=desk.receptionist)
    other = book(desk)
    with pytest.raises(TimeTaken):
        restore_appointment(appointment=appointment, by=desk.receptionist)
    cancel_appointment(appointment=other, cancelled_for=CancelledBy.VISITOR, by=desk.receptionist)
    monday_morning.move_to(desk.at(THURSDAY, "10:00"))
    with pytest.raises(DomainError, match="déjà passée"):
        restore_appointment(appointment=appointment, by=desk.receptionist)
