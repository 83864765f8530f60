"""The link in a message: it cancels once, in time, for its appointment only, and opening it changes nothing."""

import pytest
from django.core import mail
from django.test import Client

from bookings.cancel_links import REASON, cancel_token, cancel_url, link_account
from bookings.models import Appointment, CancelledBy
from bookings.services import cancel_appointment
from partners.models import User

from .booking_page import THURSDAY, text
from .written_to import booked, choose, reachable, rows, send_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def appointment(desk) -> Appointment:
    desk.site.phone = "+33381412121"
    desk.site.save()
    return booked(desk, sms_consent=False)


def page(appointment) -> str:
    return f"/annuler/{cancel_token(appointment)}/"


def test_the_link_of_the_message_opens_the_page(client, desk, appointment, settings):
    settings.PUBLIC_URL = "http://testserver"
    send_all(kind="confirmation")
    assert cancel_url(appointment) in mail.outbox[0].body
    assert client.get(cancel_url(appointment).removeprefix("http://testserver")).status_code == 200


def test_without_a_public_address_there_is_no_link(appointment):
    assert cancel_url(appointment) == ""


def test_the_page_asks_and_says_no_more_than_needed(client, appointment):
    response = client.get(page(appointment))
    shown = text(response)
    assert response.status_code == 200
    assert "Annuler votre rendez-vous\u00a0?" in shown
    assert "jeudi 5 mars 2026 à 10h00" in shown
    assert "jusqu’au mercredi 4 mars 2026 à 10h00" in shown
    for secret in ("Amrani", "Leïla", "Carte Vitale", "leila@", "0612345678"):
        assert secret not in shown
    assert response["Cache-Control"].startswith("max-age=0")
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex, nofollow"


def test_opening_the_page_writes_nothing(client, appointment, django_assert_num_queries):
    with django_assert_num_queries(2):
        client.get(page(appointment))
    client.head(page(appointment))
    appointment.refresh_from_db()
    assert appointment.is_standing
    assert not User.objects.filter(email__endswith="@technique.invalid").exists()


def test_the_button_cancels_as_the_visitor(appointment):
    # No cookies, as in the browser that a messages' application brings; the check of forms is on.
    response = Client(enforce_csrf_checks=True).post(page(appointment), follow=True)
    assert "Ce rendez-vous est annulé" in text(response)
    assert "03 81 41 21 21" in text(response)
    appointment.refresh_from_db()
    assert (appointment.status, appointment.cancelled_for) == ("cancelled", CancelledBy.VISITOR)
    assert appointment.cancelled_by == link_account(appointment.site)
    assert appointment.cancellation_reason == REASON


def test_she_is_not_told_what_she_did(client, appointment):
    client.post(page(appointment))
    assert [kind for kind, _, _ in rows()] == ["confirmation", "reminder"]
    send_all()
    assert mail.outbox == []


def test_pressing_twice_is_the_same_as_once(client, appointment):
    client.post(page(appointment))
    first = Appointment.objects.get(pk=appointment.pk)
    assert client.post(page(appointment), follow=True).status_code == 200
    assert Appointment.objects.get(pk=appointment.pk).cancelled_at == first.cancelled_at


def test_nobody_can_sign_in_as_the_account_of_links(appointment):
    account = link_account(appointment.site)
    assert account == link_account(appointment.site)
    assert not account.is_active
    assert not account.has_usable_password()
    assert account.ccas == appointment.site.ccas


@pytest.mark.parametrize("clock", ["10:00", "12:00"])
def test_too_late_is_said_with_the_phone(client, desk, appointment, monday_morning, clock):
    monday_morning.move_to(desk.at(THURSDAY.replace(day=4), clock))
    for response in (client.get(page(appointment)), client.post(page(appointment), follow=True)):
        assert response.status_code == 410
        assert "Il est trop tard pour annuler ici" in text(response)
        assert "03 81 41 21 21" in text(response)
    appointment.refresh_from_db()
    assert appointment.is_standing


def test_the_space_chooses_until_when(client, desk, appointment, monday_morning):
    choose(desk, cancel_hours=2)
    monday_morning.move_to(desk.at(THURSDAY, "07:59"))
    assert client.get(page(appointment)).status_code == 200
    monday_morning.move_to(desk.at(THURSDAY, "08:00"))
    assert client.get(page(appointment)).status_code == 410


def test_an_appointment_that_is_past(client, desk, appointment, monday_morning):
    choose(desk, cancel_hours=0)
    monday_morning.move_to(desk.at(THURSDAY, "10:00"))
    response = client.post(page(appointment), follow=True)
    assert response.status_code == 410
    assert "Ce rendez-vous est passé" in text(response)


def test_the_link_for_another_hour_is_dead(client, desk, appointment):
    old = page(appointment)
    other = booked(desk, clock="11:00", visitor=desk.visitor)
    during = other.during
    Appointment.objects.filter(pk=other.pk).delete()
    Appointment.objects.filter(pk=appointment.pk).update(during=during)
    response = client.post(old, follow=True)
    assert response.status_code == 410
    assert "L’heure de ce rendez-vous a changé" in text(response)
    appointment.refresh_from_db()
    assert appointment.is_standing


def test_what_the_desk_cancelled_is_cancelled(client, desk, appointment):
    cancel_appointment(appointment=appointment, cancelled_for=CancelledBy.CCAS, by=desk.receptionist)
    response = client.get(page(appointment))
    assert response.status_code == 200
    assert "Ce rendez-vous est annulé" in text(response)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: "9" + token,
        lambda token: token.partition(".")[0],
        lambda token: token.replace(".", ":"),
        lambda token: "x",
        lambda token: "é.\u0000".strip("\u0000"),
    ],
)
def test_a_spoilt_link_is_a_page_not_a_fault(client, appointment, spoil):
    address = f"/annuler/{spoil(cancel_token(appointment))}/"
    for response in (client.get(address), client.post(address)):
        assert response.status_code == 404
        assert "Ce lien n’est pas valable" in text(response)
    appointment.refresh_from_db()
    assert appointment.is_standing


def test_the_link_of_one_does_not_cancel_another(client, desk, appointment):
    other = booked(desk, clock="11:00", visitor=reachable(desk))
    client.post(page(appointment))
    other.refresh_from_db()
    assert other.is_standing


def test_other_methods_are_refused(client, appointment):
    assert client.put(page(appointment)).status_code == 405
