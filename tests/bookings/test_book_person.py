"""The third step of a booking: people found, created, taken for another; and somebody who was faster."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from bookings.errors import TimeTaken
from bookings.models import Appointment, Visitor
from bookings.services import book_appointment, book_for_new_visitor, cancel_appointment
from tests.factories import (
    VisitorFactory,
    staff_of,
)

from .booking_page import THURSDAY, address, step_three, text, typed


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


# --- People ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["amrani", "AMRANI leila", "leïla am", "0612345678", "06 12 34", "leila@exemple.fr"])
def test_people_are_found_whatever_the_accents_the_case_and_the_order(at_desk, desk, words):
    Visitor.objects.update(phone="+33612345678", email="leila@exemple.fr")
    assert at_desk.get(step_three(desk, q=words)).context["people"].found == [desk.visitor]


def test_a_fragment_answers_while_one_types(at_desk, desk):
    VisitorFactory(ccas=desk.site.ccas, birth_date=dt.date(1985, 4, 3), phone="+33381412121")
    fragment = at_desk.get(step_three(desk, q="amr"), headers={"HX-Request": "true"})
    assert "<html" not in text(fragment)
    assert "Né(e) le 3 avril 1985 · 03 81 41 21 21" in text(fragment)
    assert "2 personnes trouvées." in text(fragment)
    assert "Créer «\u00a0amr\u00a0»" in text(fragment)
    assert "HX-Request" in fragment["Vary"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("zidane yazid", {"last_name": "Zidane", "first_name": "Yazid"}),
        ("Yazid ZIDANE", {"last_name": "Zidane", "first_name": "Yazid"}),
        ("de la tour marie", {"last_name": "De La Tour", "first_name": "Marie"}),
        ("Ly", {"last_name": "Ly", "first_name": ""}),
        ("06 12 34 56 78", {"phone": "06 12 34 56 78"}),
        ("zizou@exemple.fr", {"email": "zizou@exemple.fr"}),
    ],
)
def test_somebody_unknown_can_be_created_with_the_same_words(at_desk, desk, words, expected):
    page = at_desk.get(step_three(desk, q=words))
    assert page.context["people"].creation_chosen
    assert page.context["person_form"].initial == expected


def test_people_of_another_ccas_are_not_found(at_desk, desk):
    stranger = VisitorFactory(last_name="Amrani")
    assert stranger not in at_desk.get(step_three(desk, q="amrani")).context["people"].found
    page = at_desk.post(step_three(desk), {"who": stranger.pk, "subject": ""})
    assert "Cette personne n’est pas connue de cet espace." in text(page)
    page = at_desk.get(address(usager=stranger.pk))
    assert "Cette personne n’est pas connue de cet espace." in text(page)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    "twin",
    [
        {"last_name": "AMRANI", "first_name": "Leila"},
        {"last_name": "Leïla", "first_name": "Amrani"},
        {"last_name": "Autre", "first_name": "Personne", "phone": "06 12 34 56 78"},
        {"last_name": "Amrany", "first_name": "Leila", "birth_date": "03/04/1985"},
    ],
)
def test_a_likely_duplicate_is_shown_before_anything_is_created(at_desk, desk, twin):
    Visitor.objects.update(phone="+33612345678", birth_date=dt.date(1985, 4, 3))
    page = at_desk.post(step_three(desk), typed(**twin))
    assert "Cette personne existe peut-être déjà." in text(page)
    assert page.context["people"].found == [desk.visitor]
    assert page.context["person_form"]["last_name"].value() == twin["last_name"]
    assert (Visitor.objects.count(), Appointment.objects.count()) == (1, 0)
    done = at_desk.post(step_three(desk), typed(**twin, seen=desk.visitor.pk))
    assert done.status_code == 302
    assert Visitor.objects.count() == 2


def test_another_duplicate_than_those_seen_is_shown_again(at_desk, desk):
    other = VisitorFactory(ccas=desk.site.ccas, last_name="Benali", first_name="Karim")
    page = at_desk.post(step_three(desk), typed(last_name="Benali", first_name="Karim", seen=desk.visitor.pk))
    assert page.context["people"].found == [other]


# --- Somebody else was faster ----------------------------------------------------------------------------------------


def _taken(desk, clock="09:00"):
    colleague = staff_of(desk.site)
    return book_appointment(
        permanence_id=desk.permanence_at(THURSDAY, clock).pk,
        starts_at=desk.at(THURSDAY, clock),
        reason=desk.reason,
        visitor=VisitorFactory(ccas=desk.site.ccas, last_name="Premier"),
        by=colleague,
    )


def test_the_loser_keeps_all_she_typed_and_books_the_next_time_by_one_button(at_desk, desk):
    _taken(desk)
    page = at_desk.post(step_three(desk), typed(phone="0381412121", birth_date="03/04/1985", subject="Urgent"))
    assert page.status_code == 409
    assert "Ce créneau vient d’être pris." in text(page)
    form = page.context["person_form"]
    assert [form[name].value() for name in ("last_name", "first_name", "phone", "birth_date")] == [
        "Zidane",
        "Yazid",
        "0381412121",
        "03/04/1985",
    ]
    assert page.context["form"]["subject"].value() == "Urgent"
    assert not Visitor.objects.filter(last_name="Zidane").exists()
    next_time = page.context["next_offers"][0].time
    assert next_time.start == desk.at(THURSDAY, "09:30")
    assert f'value="{next_time.key}"' in page.content.decode()
    done = at_desk.post(page.context["post_url"], typed(phone="0381412121", creneau=next_time.key))
    assert done.status_code == 302
    assert Appointment.objects.get(visitor__last_name="Zidane").local_start == desk.at(THURSDAY, "09:30")


def test_the_loser_keeps_the_person_she_had_chosen(at_desk, desk):
    _taken(desk)
    page = at_desk.post(step_three(desk), {"who": desk.visitor.pk, "subject": ""})
    assert page.context["people"].chosen == desk.visitor
    assert f'value="{desk.visitor.pk}" checked' in page.content.decode()


def test_a_taken_time_in_the_address_leads_back_to_the_times(at_desk, desk):
    _taken(desk)
    page = at_desk.get(step_three(desk))
    assert page.context["step"] == 2
    assert "Ce créneau vient d’être pris." in text(page)


def test_a_refused_time_leaves_no_new_person_behind(desk):
    _taken(desk)
    with pytest.raises(TimeTaken):
        book_for_new_visitor(
            permanence_id=desk.permanence_at(THURSDAY, "09:00").pk,
            starts_at=desk.at(THURSDAY, "09:00"),
            reason=desk.reason,
            ccas=desk.site.ccas,
            last_name="Zidane",
            by=desk.receptionist,
        )
    assert not Visitor.objects.filter(last_name="Zidane").exists()


@pytest.mark.parametrize("is_new", [True, False])
def test_a_second_click_leads_to_the_first_booking(at_desk, desk, is_new):
    sent = typed() if is_new else {"who": desk.visitor.pk, "subject": ""}
    first, second = (at_desk.post(step_three(desk), sent) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first.url == second.url
    assert Appointment.objects.count() == 1
    assert Visitor.objects.count() == 1 + is_new


def _click(user, gate, url, sent):
    try:
        browser = Client()
        browser.force_login(user)
        gate.wait()
        return browser.post(url, sent)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_book_and_register_once(transactional_db, desk):
    for clock in ("08:30", "09:30", "10:30", "11:30"):
        gate = threading.Barrier(2)

        with ThreadPoolExecutor(2) as pool:
            sent = step_three(desk, clock), typed(last_name=f"Zidane {clock.replace(':', '')}")
            clicks = [pool.submit(_click, desk.receptionist, gate, *sent) for _ in range(2)]
        first, second = (click.result() for click in clicks)
        assert (first.status_code, second.status_code) == (302, 302)
        assert first.url == second.url
    assert Appointment.objects.count() == 4
    assert Visitor.objects.count() == 5


def test_a_cancelled_booking_is_not_what_a_new_one_leads_to(at_desk, desk):
    at_desk.post(step_three(desk), {"who": desk.visitor.pk, "subject": ""})
    first = Appointment.objects.get()
    cancel_appointment(appointment=first, cancelled_for="visitor", by=desk.receptionist)
    done = at_desk.post(step_three(desk), {"who": desk.visitor.pk, "subject": ""})
    assert done.url != reverse("bookings:appointment_detail", args=[first.pk])
