"""The server's clock jumps: an hour and a day, forward and back, in the middle of bookings and of a session.

Constraints and frozen moments keep the promises, not the order of the clock: nothing is booked twice, nobody is
reminded of what is past, no session outlives its idle time, no link its day.
"""

import datetime as dt

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client
from django.urls import reverse

from bookings.models import Appointment, Notification
from bookings.sending import send
from bookings.services import book_appointment
from bookings.shared_links import create_planning_link
from franceservices.errors import DomainError

JUMPS = [dt.timedelta(hours=1), dt.timedelta(hours=-1), dt.timedelta(days=1), dt.timedelta(days=-1)]
MONDAY = dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)
TUESDAY = dt.date(2026, 3, 3)
THURSDAY = dt.date(2026, 3, 5)


def booked(desk, day: dt.date = THURSDAY, clock: str = "08:30") -> Appointment:
    desk.visitor.email, desk.visitor.email_consent = "leila@courriel.example", True
    desk.visitor.save()
    return book_appointment(
        permanence_id=desk.permanence_at(day, clock).pk,
        starts_at=desk.at(day, clock),
        reason=desk.reason,
        visitor=desk.visitor,
        by=desk.receptionist,
    )


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_time_is_booked_once_whatever_the_clock_says(desk, monday_morning, jump):
    booked(desk)
    monday_morning.move_to(MONDAY + jump)
    with pytest.raises(DomainError):
        booked(desk)
    monday_morning.move_to(MONDAY)
    with pytest.raises(DomainError):
        booked(desk)
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_booking_made_while_the_clock_is_wrong_stays_where_it_was_made(desk, monday_morning, jump):
    monday_morning.move_to(MONDAY + jump)
    appointment = booked(desk)
    monday_morning.move_to(MONDAY)
    appointment.refresh_from_db()
    assert appointment.during.lower == desk.at(THURSDAY, "08:30")
    assert Client().get("/connexion/").status_code == 200


def test_nobody_is_reminded_of_what_is_past(desk, monday_morning):
    booked(desk, TUESDAY, "10:00")
    monday_morning.move_to(MONDAY + dt.timedelta(days=2))
    for notification in Notification.objects.order_by("pk"):
        send(notification.pk)
    assert mail.outbox == []
    assert set(Notification.objects.values_list("status", flat=True)) == {"skipped"}


def test_a_message_that_left_early_does_not_leave_again(desk, monday_morning):
    booked(desk)
    monday_morning.move_to(MONDAY + dt.timedelta(days=1, hours=4))
    for notification in Notification.objects.order_by("pk"):
        send(notification.pk)
    sent = len(mail.outbox)
    assert sent
    monday_morning.move_to(MONDAY)
    for notification in Notification.objects.order_by("pk"):
        send(notification.pk)
    monday_morning.move_to(MONDAY + dt.timedelta(days=1, hours=4))
    for notification in Notification.objects.order_by("pk"):
        send(notification.pk)
    assert len(mail.outbox) == sent


def test_an_idle_session_ends_when_the_clock_jumps_ahead(desk, monday_morning, settings):
    settings.SESSION_IDLE_SECONDS = 3600
    client = Client()
    client.force_login(desk.receptionist)
    assert client.get(reverse("bookings:today")).status_code == 200
    monday_morning.move_to(MONDAY + dt.timedelta(days=1))
    assert client.get(reverse("bookings:today")).status_code == 302
    assert SESSION_KEY not in client.session


def test_a_clock_set_back_does_not_keep_an_idle_session_open(desk, monday_morning, settings):
    settings.SESSION_IDLE_SECONDS = 3600
    client = Client()
    client.force_login(desk.receptionist)
    assert client.get(reverse("bookings:today")).status_code == 200
    back = MONDAY - dt.timedelta(days=1)
    monday_morning.move_to(back)
    assert client.get(reverse("bookings:today")).status_code == 200
    monday_morning.move_to(back + dt.timedelta(hours=1, minutes=1))
    assert client.get(reverse("bookings:today")).status_code == 302


def test_a_link_is_dead_after_its_day_by_the_clock_of_the_moment(desk, monday_morning):
    _link, token = create_planning_link(
        site=desk.site,
        partner=desk.partner,
        recipient="CPAM",
        last_day=dt.date(2026, 3, 2),
        by=desk.receptionist,
    )
    address = reverse("bookings:shared_planning", args=[token])
    assert Client().get(address).status_code == 200
    monday_morning.move_to(MONDAY + dt.timedelta(days=1))
    assert Client().get(address).status_code == 404
    monday_morning.move_to(MONDAY - dt.timedelta(days=1))
    assert Client().get(address).status_code == 200


def test_the_clock_of_the_tests_is_the_one_that_the_services_read(desk):
    """The control: without the jump the message leaves."""
    booked(desk, TUESDAY, "10:00")
    with time_machine.travel(MONDAY + dt.timedelta(hours=1), tick=False):
        send(Notification.objects.earliest("pk").pk)
    assert len(mail.outbox) == 1
