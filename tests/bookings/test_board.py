"""The board: steps by click, what htmx gets, who waits, what the partner's agent sees, the end-of-day list."""

import datetime as dt
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.desk_steps import note_step
from bookings.models import AppointmentStatus, CancelledBy
from bookings.services import book_appointment, cancel_appointment
from bookings.steps import DeskStep
from tests.factories import PartnerFactory, SiteFactory, VisitorFactory, agent_of, staff_of

THURSDAY = dt.date(2026, 3, 5)
BOARD = reverse("bookings:today")


@pytest.fixture
def nine_o_clock(desk, monday_morning):
    """Three appointments on Thursday, 9h00, 9h30 and 10h00; it is 9h05."""
    appointments = [
        book_appointment(
            permanence_id=desk.permanence_at(THURSDAY, clock).pk,
            starts_at=desk.at(THURSDAY, clock),
            reason=desk.reason,
            visitor=VisitorFactory(ccas=desk.site.ccas, last_name=name, interpreter_language=language),
            by=desk.receptionist,
        )
        for clock, name, language in [("09:00", "Amrani", "arabe"), ("09:30", "Bonnot", ""), ("10:00", "Cissé", "")]
    ]
    monday_morning.move_to(desk.at(THURSDAY, "09:05"))
    return appointments


def words(response) -> str:
    """What a person reads of a page or fragment."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)).replace("\xa0", " "))


def step(client, appointment, name, **headers):
    return client.post(
        reverse("bookings:appointment_step", args=[appointment.pk, name]), {"next": BOARD}, headers=headers
    )


def test_a_click_notes_the_arrival_and_the_board_says_who_waits(client, desk, nine_o_clock, monday_morning):
    client.force_login(desk.receptionist)
    response = step(client, nine_o_clock[0], "arrive")
    assert (response.status_code, response["Location"]) == (302, BOARD)
    monday_morning.move_to(desk.at(THURSDAY, "09:19"))
    page = words(client.get(BOARD))
    assert "1 en attente" in page
    assert "attend 14 min" in page
    assert "interprète arabe" in page


def test_htmx_gets_the_board_alone_and_follows_the_step_to_it(client, desk, nine_o_clock):
    client.force_login(desk.receptionist)
    response = client.get(BOARD, headers={"HX-Request": "true"})
    assert b"<html" not in response.content
    assert b"Noter un passage" not in response.content
    assert "HX-Request" in response["Vary"]
    response = client.post(
        reverse("bookings:appointment_step", args=[nine_o_clock[0].pk, "arrive"]),
        {"next": BOARD},
        headers={"HX-Request": "true"},
        follow=True,
    )
    assert "attend 0 min" in words(response)
    assert b"<html" not in response.content


def test_each_step_can_be_undone_from_the_board(client, desk, nine_o_clock):
    client.force_login(desk.receptionist)
    step(client, nine_o_clock[0], "arrive")
    assert "Défaire « Arrivé »" in words(client.get(BOARD))
    client.post(reverse("bookings:appointment_step_undo", args=[nine_o_clock[0].pk]), {"next": BOARD})
    nine_o_clock[0].refresh_from_db()
    assert nine_o_clock[0].status == AppointmentStatus.BOOKED


def test_a_refused_step_is_said_and_changes_nothing(client, desk, nine_o_clock):
    client.force_login(desk.receptionist)
    step(client, nine_o_clock[0], "terminer")
    response = client.post(
        reverse("bookings:appointment_step", args=[nine_o_clock[0].pk, "arrive"]), {"next": BOARD}, follow=True
    )
    assert "est déjà « reçu »" in words(response)


def test_late_and_cancelled_are_told_apart(client, desk, nine_o_clock, monday_morning):
    cancel_appointment(appointment=nine_o_clock[1], cancelled_for=CancelledBy.VISITOR, by=desk.receptionist)
    monday_morning.move_to(desk.at(THURSDAY, "09:12"))
    client.force_login(desk.receptionist)
    page = words(client.get(BOARD))
    assert "1 en retard" in page
    assert "en retard de 12 min" in page
    assert "1 rendez-vous annulé" in page
    assert "annulé par l’usager" in page


@pytest.mark.parametrize("path", ["arriver", "x", "ARRIVE", "0"])
def test_an_unknown_step_does_not_exist(client, desk, nine_o_clock, path):
    client.force_login(desk.receptionist)
    assert step(client, nine_o_clock[0], path).status_code == 404


def test_steps_are_posts_and_lead_nowhere_foreign(client, desk, nine_o_clock):
    client.force_login(desk.receptionist)
    address = reverse("bookings:appointment_step", args=[nine_o_clock[0].pk, "arrive"])
    assert client.get(address).status_code == 405
    assert client.get(reverse("bookings:appointment_step_undo", args=[nine_o_clock[0].pk])).status_code == 405
    assert client.post(address, {"next": "https://ailleurs.example/"})["Location"] == reverse("home")
    assert client.post(address, {"next": "nulle-part"})["Location"] == reverse("home")


def test_nobody_steps_for_another_site_or_caisse(client, nine_o_clock):
    for stranger in (staff_of(SiteFactory()), agent_of(PartnerFactory())):
        client.force_login(stranger)
        assert step(client, nine_o_clock[0], "arrive").status_code == 404
    nine_o_clock[0].refresh_from_db()
    assert nine_o_clock[0].status == AppointmentStatus.BOOKED


def test_the_agent_sees_the_arrival_and_whom_to_fetch_then_takes_and_finishes(client, desk, nine_o_clock):
    note_step(appointment=nine_o_clock[1], step=DeskStep.ARRIVED, by=desk.receptionist)
    client.force_login(desk.agent)
    schedule = reverse("bookings:my_schedule")
    page = words(client.get(schedule))
    assert "À aller chercher 9h30 Leïla BONNOT" in page
    for name, expected in [("prendre", AppointmentStatus.IN_PROGRESS), ("terminer", AppointmentStatus.HONOURED)]:
        client.post(reverse("bookings:appointment_step", args=[nine_o_clock[1].pk, name]), {"next": schedule})
        nine_o_clock[1].refresh_from_db()
        assert nine_o_clock[1].status == expected
    assert nine_o_clock[1].finished_by == desk.agent


def test_the_agent_s_fragment_has_no_page_around_it(client, desk, nine_o_clock):
    client.force_login(desk.agent)
    response = client.get(reverse("bookings:my_schedule"), headers={"HX-Request": "true"})
    assert b"<html" not in response.content
    assert "AMRANI" in words(response)


def test_the_end_of_day_list_empties_as_outcomes_are_noted(client, desk, nine_o_clock, monday_morning):
    note_step(appointment=nine_o_clock[0], step=DeskStep.ARRIVED, by=desk.receptionist)
    monday_morning.move_to(desk.at(THURSDAY, "17:00"))
    client.force_login(desk.receptionist)
    assert "3 rendez-vous passés sans issue" in words(client.get(BOARD))
    unsettled = reverse("bookings:unsettled_list")
    assert "3 rendez-vous" in words(client.get(unsettled))
    assert "BONNOT" not in words(client.get(unsettled, {"q": "cisse"}))
    for appointment, name in zip(nine_o_clock, ("terminer", "absent", "terminer"), strict=True):
        step(client, appointment, name)
    assert "Tous les rendez-vous passés ont une issue" in words(client.get(unsettled))
    assert "sans issue" not in words(client.get(BOARD))


def test_the_end_of_day_list_costs_the_same_for_1_and_for_3(client, desk, nine_o_clock, monday_morning):
    client.force_login(desk.receptionist)
    unsettled = reverse("bookings:unsettled_list")

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(unsettled)
        return len(captured)

    monday_morning.move_to(desk.at(THURSDAY, "09:31"))
    count()
    one = count()
    monday_morning.move_to(desk.at(THURSDAY, "17:00"))
    assert count() == one
