"""The day of a space: permanences side by side, their appointments and free time, closed days, other days."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.models import AppointmentStatus, CancelledBy, PermanenceStatus
from bookings.services import cancel_appointment
from tests.factories import ClosureFactory, PartnerFactory, ReasonFactory, SiteFactory, VisitorFactory, staff_of

from .schedules import ABSURD, booked, held, queries_of, words_of

TUESDAY, THURSDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 5)
TODAY = reverse("bookings:today")


@pytest.fixture
def on_thursday(client, desk, monday_morning):
    """Thursday 5 March 2026, 9h10 in Paris, a receptionist at her desk."""
    monday_morning.move_to(dt.datetime(2026, 3, 5, 8, 10, tzinfo=dt.UTC))
    client.force_login(desk.receptionist)
    return client


def test_a_card_shows_the_day_of_a_partner_in_order(on_thursday, desk):
    morning = desk.permanence_at(THURSDAY, "09:00")
    for clock in ("08:30", "09:00", "10:00"):
        booked(morning, clock, reason=desk.reason)
    words = words_of(on_thursday.get(TODAY))
    assert "jeudi 5 mars 2026" in words
    card = words[words.index("CPAM · bureau") :]
    in_order = [
        "8h30–12h30",
        "8h30 Leïla AMRANI Carte Vitale passé",
        "9h00 Leïla AMRANI Carte Vitale en retard de",
        "9h30 libre jusqu’à 10h00 Réserver",
        "10h00 Leïla AMRANI Carte Vitale à venir",
        "10h30 libre jusqu’à 12h30",
        "13h30–16h30",
        "13h30 libre jusqu’à 16h30",
    ]
    places = [card.find(part) for part in in_order]
    assert -1 not in places
    assert places == sorted(places)


def test_free_time_leads_to_booking_and_a_name_to_its_appointment(on_thursday, desk):
    appointment = booked(desk.permanence_at(THURSDAY, "09:00"), "10:00", reason=desk.reason)
    page = on_thursday.get(TODAY).content.decode()
    assert f"{reverse('bookings:book')}?jour=2026-03-05&amp;partenaire={desk.partner.slug}" in page
    assert reverse("bookings:appointment_detail", args=[appointment.pk]) in page


def test_the_counts_on_top(on_thursday, desk):
    morning = desk.permanence_at(THURSDAY, "09:00")
    for clock, status in [
        ("08:30", AppointmentStatus.HONOURED),
        ("09:00", AppointmentStatus.ARRIVED),
        ("10:00", AppointmentStatus.BOOKED),
        ("10:30", AppointmentStatus.BOOKED),
    ]:
        booked(morning, clock, reason=desk.reason, status=status)
    given_up = booked(morning, "11:00", reason=desk.reason)
    cancel_appointment(appointment=given_up, cancelled_for=CancelledBy.VISITOR, by=desk.receptionist)
    words = words_of(on_thursday.get(TODAY))
    # Free: 9h30 to 10h00, 11h00 to 12h30, 13h30 to 16h30.
    assert "4 rendez-vous 1 en attente 2 à venir 1 reçu 5 h libres" in words


def test_each_partner_and_office_has_one_card(on_thursday, desk):
    for name in ("CAF", "MSA", "DGFiP"):
        held(desk.site, PartnerFactory(short_name=name), THURSDAY)
    page = on_thursday.get(TODAY).content.decode()
    assert page.count('<section class="card partner-') == 4


def test_a_cancelled_permanence_says_so_and_offers_nothing(on_thursday, desk):
    held(desk.site, PartnerFactory(short_name="CAF"), THURSDAY, status=PermanenceStatus.CANCELLED)
    words = words_of(on_thursday.get(TODAY))
    card = words[words.index("CAF · bureau") :]
    assert "annulée" in card
    assert "aucun rendez-vous à replacer" in card


def test_a_public_holiday_says_why_and_when_the_space_opens_again(client, db):
    with time_machine.travel(dt.datetime(2026, 11, 11, 9, tzinfo=dt.UTC), tick=False):
        site = SiteFactory()
        held(site, PartnerFactory(), dt.date(2026, 11, 13))
        client.force_login(staff_of(site))
        words = words_of(client.get(TODAY))
        assert "Espace fermé : Armistice. Prochain jour avec des permanences : vendredi 13 novembre 2026." in words


def test_the_next_day_is_one_on_which_the_space_opens(on_thursday, desk):
    ClosureFactory(site=desk.site, starts_on=THURSDAY, ends_on=dt.date(2026, 3, 10), reason="Travaux")
    words = words_of(on_thursday.get(TODAY))
    # Tuesday the 10th has permanences, but lies in the closure.
    assert "Espace fermé : Travaux. Des permanences étaient prévues ce jour-là." in words
    assert "Prochain jour avec des permanences : jeudi 12 mars 2026." in words
    assert "Réserver" not in words


def test_a_day_without_permanence_has_a_next_step(on_thursday):
    response = on_thursday.get(TODAY, {"jour": "2026-03-06"})
    assert "Aucune permanence ce jour-là. La prochaine est mardi 10 mars 2026." in words_of(response)
    assert "?jour=2026-03-10" in response.content.decode()


def test_a_space_without_any_permanence_leads_to_the_week(client, db):
    site = SiteFactory()
    client.force_login(staff_of(site))
    assert "Voir l’agenda de la semaine" in words_of(client.get(TODAY))


def test_the_days_before_and_after(on_thursday):
    response = on_thursday.get(TODAY, {"jour": "2026-04-01"})
    assert "mercredi 1er avril 2026" in words_of(response)
    assert "?jour=2026-03-31" in response.content.decode()
    assert "?jour=2026-04-02" in response.content.decode()


@pytest.mark.parametrize("asked", ABSURD)
def test_an_absurd_date_is_said_and_today_is_shown(on_thursday, asked):
    response = on_thursday.get(TODAY, {"jour": asked})
    assert response.status_code == 200
    assert "n’est pas une date : voici la journée d’aujourd’hui." in words_of(response)
    assert "jeudi 5 mars 2026" in words_of(response)
    assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize("asked", ["1900-01-01", "2199-12-31"])
def test_the_ends_of_the_calendar_are_shown(on_thursday, asked):
    assert on_thursday.get(TODAY, {"jour": asked}).status_code == 200


def test_it_is_the_day_of_the_space_not_of_paris(client, db):
    with time_machine.travel(dt.datetime(2026, 3, 6, 2, tzinfo=dt.UTC), tick=False):  # still the 5th in Cayenne
        site = SiteFactory(cayenne=True)
        partner = PartnerFactory(short_name="CGSS")
        ReasonFactory(partners=[partner])
        booked(held(site, partner, THURSDAY, "22:30", "23:45"), "23:10", minutes=15)
        client.force_login(staff_of(site))
        words = words_of(client.get(TODAY))
        assert "jeudi 5 mars 2026" in words
        assert "23h10 Leïla AMRANI" in words


def test_names_are_escaped(on_thursday, desk):
    visitor = VisitorFactory(ccas=desk.site.ccas, last_name="<script>alert(1)</script>", first_name="<b>")
    booked(desk.permanence_at(THURSDAY, "09:00"), "10:00", visitor=visitor, reason=desk.reason)
    page = on_thursday.get(TODAY).content.decode()
    assert "&lt;SCRIPT&gt;" in page
    assert "<SCRIPT>" not in page


def test_an_agent_of_a_partner_finds_nothing_here(client, desk):
    client.force_login(desk.agent)
    assert client.get(TODAY).status_code == 404


def test_twelve_permanences_cost_no_more_queries_than_one(on_thursday, desk):
    def count() -> int:
        return queries_of(on_thursday, f"{TODAY}?jour=2026-07-06", CaptureQueriesContext(connection))

    day = dt.date(2026, 7, 6)
    booked(held(desk.site, desk.partner, day), "09:00", reason=desk.reason)
    few = count()
    for _ in range(12):
        permanence = held(desk.site, partner := PartnerFactory(), day)
        for clock in ("09:00", "10:00", "11:00"):
            booked(permanence, clock, reason=ReasonFactory(partners=[partner]))
    assert count() == few <= 14
