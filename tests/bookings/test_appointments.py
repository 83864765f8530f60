"""The list of appointments, the slip on screen, cancelling and taking it back."""

import datetime as dt
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.generation import generate_permanences
from bookings.models import Appointment, AppointmentStatus
from bookings.services import book_appointment, cancel_appointment
from tests.factories import ConventionFactory, ReasonFactory, SiteFactory, VisitorFactory, slot_of, staff_of

TUESDAY, THURSDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 5)
LIST = "/rendez-vous/"


def text(response) -> str:
    return unescape(response.content.decode())


def booked(desk, clock="09:00", day=THURSDAY, **changes) -> Appointment:
    fields = {"reason": desk.reason, "visitor": desk.visitor, "by": desk.receptionist} | changes
    return book_appointment(permanence_id=desk.permanence_at(day, clock).pk, starts_at=desk.at(day, clock), **fields)


def listed(response) -> list[Appointment]:
    return list(response.context["page_obj"].object_list)


def address(name: str, appointment: Appointment) -> str:
    return reverse(f"bookings:{name}", args=[appointment.pk])


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


@pytest.fixture
def elsewhere(desk) -> Appointment:
    """An appointment at the desk of another CCAS, with the same partner."""
    site = SiteFactory()
    convention = ConventionFactory(site=site, partner=desk.partner)
    slot_of(convention, 4, "08:30", "12:30")
    generate_permanences(conventions=[convention])
    return book_appointment(
        permanence_id=convention.permanences.first().pk,
        starts_at=desk.at(THURSDAY, "09:00"),
        reason=desk.reason,
        visitor=VisitorFactory(ccas=site.ccas),
        by=staff_of(site),
    )


# --- The list --------------------------------------------------------------------------------------------------


def test_the_list_begins_today_and_says_so(at_desk, desk, monday_morning):
    first, second = booked(desk), booked(desk, "09:30")
    monday_morning.move_to(desk.at(dt.date(2026, 3, 6), "08:00"))
    at_desk.force_login(desk.receptionist)
    page = at_desk.get(LIST)
    assert listed(page) == []
    assert 'value="2026-03-06"' in text(page)
    assert "Chercher aussi dans le passé" in text(page)
    assert listed(at_desk.get(f"{LIST}?du=")) == [first, second]


def test_each_filter_is_in_the_address(at_desk, desk):
    other = VisitorFactory(ccas=desk.site.ccas, last_name="Lefèvre", first_name="Maëlle")
    reason = ReasonFactory(label="Indemnités journalières", partners=[desk.partner])
    early = booked(desk, "10:00", TUESDAY)
    late = booked(desk, visitor=other, reason=reason)
    own = booked(
        desk, "08:30", TUESDAY, reason=desk.hard_case, visitor=None, by=desk.social_worker, subject="Dette de soins"
    )
    cancelled = cancel_appointment(appointment=booked(desk, "11:00"), cancelled_for="visitor", by=desk.receptionist)
    for query, expected in [
        ("q=LEFEVRE maelle", [late]),
        ("q=indemnites", [late]),
        ("q=monnier", [own]),
        ("q=amrani", [early, cancelled]),
        ("au=2026-03-03", [own, early]),
        ("du=2026-03-04", [late, cancelled]),
        ("du=05/03/2026", [late, cancelled]),
        (f"partenaire={desk.partner.slug}", [own, early, late, cancelled]),
        ("etat=cancelled", [cancelled]),
        ("etat=booked&q=amrani", [early]),
    ]:
        assert listed(at_desk.get(f"{LIST}?{query}")) == expected, query


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("du=0000-00-00", "n’est pas une date"),
        ("au=31/02/2026", "n’existe pas dans le calendrier"),
        ("du=2026-03-05&au=2026-03-03", "Cette date précède la première"),
        ("partenaire=<script>", "Ce partenaire n’a pas de permanence dans cet espace."),
        ("etat=abc", "Choisissez un état de la liste."),
        ("q=%00", "caractère"),
        ("page=abc", "1 rendez-vous"),
        ("page=-5", "1 rendez-vous"),
        ("page=99999999999999999999", "1 rendez-vous"),
        ("q=" + "x" * 5000, "Aucun rendez-vous ne répond"),
    ],
)
def test_a_garbled_filter_has_its_sentence_and_is_left_aside(at_desk, desk, query, sentence):
    booked(desk)
    page = at_desk.get(f"{LIST}?{query}")
    assert page.status_code == 200
    assert sentence in text(page)


def test_the_list_has_pages_and_a_constant_number_of_queries(at_desk, desk):
    counts = []
    for clocks in (["08:30"], ["09:00", "09:30", "10:00", "10:30", "11:00"]):
        for clock in clocks:
            booked(desk, clock, visitor=VisitorFactory(ccas=desk.site.ccas))
        with CaptureQueriesContext(connection) as queries:
            at_desk.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 7


def test_a_page_holds_twenty_five(at_desk, desk):
    for week in range(3):
        for clock in ("08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00", "13:30", "14:00"):
            booked(desk, clock, THURSDAY + dt.timedelta(weeks=week))
    assert len(listed(at_desk.get(LIST))) == 25
    assert len(listed(at_desk.get(f"{LIST}?page=2"))) == 5
    assert "page=2" in text(at_desk.get(f"{LIST}?q=amrani"))


def test_appointments_of_other_desks_are_not_listed(at_desk, elsewhere):
    assert listed(at_desk.get(LIST)) == []


# --- The slip on screen ----------------------------------------------------------------------------------------


def test_the_slip_says_who_when_where_why_and_with_what(at_desk, desk):
    desk.site.address, desk.site.postal_code, desk.site.phone = "13 avenue de l’Île-de-France", "25000", "+33381412121"
    desk.site.save()
    desk.reason.what_to_bring = "- Pièce d’identité\n- Photo\n"
    desk.reason.save()
    page = text(at_desk.get(address("appointment_detail", booked(desk, subject="Carte perdue"))))
    for said in [
        "Leïla AMRANI",
        "jeudi 5 mars 2026 à 9h00",
        "CPAM du Doubs",
        "Carte Vitale (30\u00a0min)",
        "Carte perdue",
        "13 avenue de l’Île-de-France",
        "25000 Besançon",
        "03 81 41 21 21",
        "<li>Pièce d’identité</li><li>Photo</li>",
        f"Pris le 2 mars 2026 à 8h00 par {desk.receptionist.get_full_name()}.",
        f"/rendez-vous/nouveau/?usager={desk.visitor.pk}",
        "Imprimer (PDF)",
        "Annuler ce rendez-vous",
    ]:
        assert said in page, said


def test_the_slip_of_a_social_worker_names_no_visitor(at_desk, desk):
    own = booked(desk, "08:30", TUESDAY, reason=desk.hard_case, visitor=None, by=desk.social_worker, subject="Dette")
    page = text(at_desk.get(address("appointment_detail", own)))
    assert "Claire Monnier, travailleur social" in page.replace("</strong>", "")
    assert "pour la même personne" not in page
    assert "le travailleur social" in text(at_desk.get(address("appointment_cancel", own)))


# --- Cancelling and restoring ------------------------------------------------------------------------------------


def test_cancelling_asks_on_whose_side_first(at_desk, desk):
    appointment = booked(desk)
    page = at_desk.get(address("appointment_cancel", appointment))
    assert "Qui annule\u00a0?" in text(page)
    page = at_desk.post(address("appointment_cancel", appointment), {"reason": "Grippe d’un enfant"})
    assert page.context["form"].errors["cancelled_for"] == ["Dites qui annule ce rendez-vous."]
    assert page.context["form"]["reason"].value() == "Grippe d’un enfant"
    appointment.refresh_from_db()
    assert appointment.status == AppointmentStatus.BOOKED


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"cancelled_for": "abc"}, "cancelled_for"), ({"cancelled_for": "visitor", "reason": "x" * 201}, "reason")],
)
def test_a_bad_answer_has_its_sentence(at_desk, desk, sent, field):
    appointment = booked(desk)
    page = at_desk.post(address("appointment_cancel", appointment), sent)
    assert page.context["form"].errors[field]
    assert Appointment.objects.get().is_standing


def test_cancelling_offers_to_take_it_back(at_desk, desk):
    appointment = booked(desk)
    page = at_desk.post(
        address("appointment_cancel", appointment), {"cancelled_for": "partner", "reason": "Agent absent"}, follow=True
    )
    appointment.refresh_from_db()
    assert (appointment.status, appointment.cancelled_for, appointment.cancellation_reason) == (
        "cancelled",
        "partner",
        "Agent absent",
    )
    assert "annulé par le partenaire\u00a0: Agent absent" in text(page)
    assert f'action="{address("appointment_restore", appointment)}"' in text(page)
    assert "Imprimer (PDF)" not in text(page)
    page = at_desk.post(address("appointment_restore", appointment), follow=True)
    appointment.refresh_from_db()
    assert appointment.status == AppointmentStatus.BOOKED
    assert "Rendez-vous rétabli pour Leïla AMRANI, jeudi 5 mars 2026 à 9h00." in text(page)


def test_a_time_taken_meanwhile_is_not_taken_back(at_desk, desk):
    appointment = booked(desk)
    at_desk.post(address("appointment_cancel", appointment), {"cancelled_for": "visitor"})
    booked(desk, visitor=VisitorFactory(ccas=desk.site.ccas))
    page = at_desk.post(address("appointment_restore", appointment), follow=True)
    assert "Ce créneau vient d’être pris. Rien n’a été changé." in text(page)
    appointment.refresh_from_db()
    assert not appointment.is_standing


def test_cancelling_twice_changes_nothing_and_says_so(at_desk, desk):
    appointment = booked(desk)
    for _ in range(2):
        page = at_desk.post(address("appointment_cancel", appointment), {"cancelled_for": "visitor"}, follow=True)
    assert "Ce rendez-vous ne peut plus être annulé" in text(page)


def test_only_a_post_restores_and_a_get_never_cancels(at_desk, desk):
    appointment = booked(desk)
    assert at_desk.get(address("appointment_restore", appointment)).status_code == 405
    at_desk.get(address("appointment_cancel", appointment))
    assert Appointment.objects.get().is_standing


# --- Perimeter ---------------------------------------------------------------------------------------------------

PAGES = ["appointment_detail", "appointment_slip", "appointment_cancel"]
ACTIONS = ["appointment_cancel", "appointment_restore"]


def test_an_appointment_of_another_ccas_is_a_404(at_desk, elsewhere):
    for name in PAGES:
        assert at_desk.get(address(name, elsewhere)).status_code == 404, name
    for name in ACTIONS:
        assert at_desk.post(address(name, elsewhere), {"cancelled_for": "ccas"}).status_code == 404, name
    elsewhere.refresh_from_db()
    assert elsewhere.is_standing


def test_a_partner_s_agent_has_none_of_these_pages(client, desk):
    appointment = booked(desk)
    client.force_login(desk.agent)
    assert client.get(LIST).status_code == 404
    for name in PAGES:
        assert client.get(address(name, appointment)).status_code == 404, name
    for name in ACTIONS:
        assert client.post(address(name, appointment), {"cancelled_for": "partner"}).status_code == 404, name
    assert Appointment.objects.get().is_standing


@pytest.mark.parametrize("pk", [0, 999_999, 99_999_999_999_999_999_999])
def test_an_unknown_number_is_a_404(at_desk, pk):
    assert at_desk.get(f"/rendez-vous/{pk}/").status_code == 404
