"""An agent's own week: everything of her caisse over all spaces, and nothing of anybody else."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.models import AppointmentStatus, CancelledBy, PermanenceStatus
from bookings.services import cancel_appointment
from conventions.models import Audience
from partners.models import Role
from tests.factories import (
    PartnerFactory,
    ReasonFactory,
    SiteFactory,
    VisitorFactory,
    agent_of,
    staff_of,
)

from .schedules import ABSURD, booked, held, queries_of, words_of

MONDAY, TUESDAY, THURSDAY = dt.date(2026, 3, 2), dt.date(2026, 3, 3), dt.date(2026, 3, 5)
SCHEDULE = reverse("bookings:my_schedule")


@pytest.fixture
def on_thursday(client, desk, monday_morning):
    """Thursday 5 March 2026, 9h10 in Paris, the agent of the CPAM signed in."""
    monday_morning.move_to(dt.datetime(2026, 3, 5, 8, 10, tzinfo=dt.UTC))
    client.force_login(desk.agent)
    return client


def test_today_comes_first_with_who_is_next_then_the_days_to_come(on_thursday, desk):
    tuesday = booked(desk.permanence_at(TUESDAY, "11:00"), "11:00", reason=desk.reason)
    thursday = desk.permanence_at(THURSDAY, "09:00")
    booked(thursday, "08:30", reason=desk.reason, status=AppointmentStatus.HONOURED)
    booked(thursday, "10:00", reason=desk.reason, visitor=VisitorFactory(last_name="Petit", first_name="Ana"))
    held(desk.site, desk.partner, dt.date(2026, 3, 6))
    words = words_of(on_thursday.get(SCHEDULE))
    assert "À suivre 10h00 Ana PETIT Carte Vitale · Planoise, bureau" in words
    parts = [
        "Aujourd’hui jeudi 5 mars 2026",
        "À suivre",
        "vendredi 6 mars 2026",
        "Plus tôt cette semaine",
        "mardi 3 mars",
    ]
    places = [words.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)
    assert tuesday.who in words[places[-1] :]


def test_who_is_received_now_is_said(on_thursday, desk):
    booked(desk.permanence_at(THURSDAY, "09:00"), "09:00", reason=desk.reason)
    assert "Maintenant 9h00 Leïla AMRANI" in words_of(on_thursday.get(SCHEDULE))


def test_nobody_is_next_of_a_cancelled_permanence(on_thursday, desk):
    booked(held(desk.site, desk.partner, THURSDAY, status=PermanenceStatus.CANCELLED), "11:00", reason=desk.reason)
    words = words_of(on_thursday.get(SCHEDULE))
    assert "À suivre" not in words
    assert "annulée" in words
    assert "à replacer" in words


def test_names_reasons_and_subjects_are_all_that_is_told_of_people(on_thursday, desk):
    visitor = VisitorFactory(
        ccas=desk.site.ccas,
        last_name="Petit",
        first_name="Ana",
        birth_date=dt.date(1987, 6, 5),
        phone="+33639981234",
        email="ana.petit@exemple.fr",
    )
    booked(
        desk.permanence_at(THURSDAY, "09:00"),
        "10:00",
        visitor=visitor,
        reason=desk.reason,
        subject="Dossier incomplet",
    )
    page = on_thursday.get(SCHEDULE).content.decode()
    for told in ("Ana PETIT", "Carte Vitale", "Dossier incomplet"):
        assert told in page
    for kept in ("39981234", "39 98 12 34", "ana.petit", "1987", "5 juin"):
        assert kept not in page


def test_a_social_workers_appointment_shows_her_name(on_thursday, desk):
    booked(
        desk.permanence_at(TUESDAY, "09:00"),
        "09:00",
        social_worker=desk.social_worker,
        reason=desk.hard_case,
        subject="Rupture de droits",
    )
    words = words_of(on_thursday.get(SCHEDULE))
    assert "9h00 Claire Monnier travailleur social Situation complexe Rupture de droits" in words
    assert "travailleurs sociaux" in words


def test_a_social_worker_without_a_name_is_not_told_by_her_address(on_thursday, desk):
    nameless = staff_of(desk.site, role=Role.SOCIAL_WORKER, first_name="", last_name="", email="ts@exemple.fr")
    booked(desk.permanence_at(TUESDAY, "09:00"), "09:00", social_worker=nameless, reason=desk.hard_case)
    page = on_thursday.get(SCHEDULE).content.decode()
    assert "ts@exemple.fr" not in page
    assert "Travailleur social" in page


@pytest.fixture
def others(desk):
    """What a second caisse holds in the same space and the same week."""
    caf = PartnerFactory(name="CAF du Doubs", short_name="CAF", slug="caf")
    visitor = VisitorFactory(ccas=desk.site.ccas, last_name="Secret", first_name="Sidonie")
    booked(
        held(desk.site, caf, THURSDAY, "09:00", "12:00"),
        "10:00",
        visitor=visitor,
        reason=ReasonFactory(label="Logement"),
    )
    return caf


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"partenaire": "caf"},
        {"partner": "caf", "partner_id": "2", "bureau": "1", "user": "1", "vue": "tableau"},
        {"semaine": "2026-W10", "partenaire": "caf"},
        {"jour": "2026-03-05"},
    ],
)
def test_nothing_of_other_partners_whatever_the_address(on_thursday, others, asked):
    page = on_thursday.get(SCHEDULE, asked).content.decode()
    for theirs in ("CAF", "SECRET", "Sidonie", "Logement"):
        assert theirs not in page
    assert "CPAM" in page


def test_a_colleague_of_the_other_caisse_sees_hers(on_thursday, others):
    on_thursday.force_login(agent_of(others))
    page = on_thursday.get(SCHEDULE).content.decode()
    assert "Sidonie SECRET" in page
    assert "CPAM" not in page


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.SOCIAL_WORKER, Role.MANAGER, Role.ADMINISTRATOR])
def test_staff_finds_nothing_here(client, desk, role):
    client.force_login(staff_of(desk.site, role=role))
    assert client.get(SCHEDULE).status_code == 404


def test_a_stranger_is_asked_to_sign_in(client, db):
    response = client.get(SCHEDULE)
    assert (response.status_code, response.url.split("?")[0]) == (302, reverse("login"))


def test_all_spaces_are_there_and_each_hour_names_its_zone(on_thursday, desk):
    guyane = SiteFactory(cayenne=True, short_name="Montsinéry")
    booked(held(guyane, desk.partner, THURSDAY, "09:00", "11:00"), "09:00", reason=desk.reason)
    words = words_of(on_thursday.get(SCHEDULE))
    assert "9h00–11h00 · Montsinéry" in words
    assert "heure locale : Guyane (Cayenne)" in words
    assert "heure locale : France hexagonale (Paris)" in words


def test_the_zone_is_not_named_where_there_is_one_only(on_thursday):
    assert "heure locale" not in words_of(on_thursday.get(SCHEDULE))


def test_today_is_the_day_of_each_space(client, db):
    # Friday 6 March, 1h30 in Paris: still Thursday evening in Cayenne.
    with time_machine.travel(dt.datetime(2026, 3, 6, 0, 30, tzinfo=dt.UTC), tick=False):
        partner = PartnerFactory(short_name="CPAM")
        paris, guyane = SiteFactory(short_name="Planoise"), SiteFactory(cayenne=True, short_name="Montsinéry")
        ReasonFactory(partners=[partner])
        booked(held(paris, partner, dt.date(2026, 3, 6)), "09:00")
        booked(held(guyane, partner, THURSDAY, "20:00", "23:00"), "22:00")
        booked(held(guyane, partner, dt.date(2026, 3, 6)), "09:00")
        client.force_login(agent_of(partner))
        words = words_of(client.get(SCHEDULE))
        today, later = words.split("vendredi 6 mars 2026", 1)[1].split("vendredi 6 mars 2026", 1)
        assert "À suivre 22h00" in today
        assert "20h00–23h00 · Montsinéry" in today
        assert "8h30–12h30 · Planoise" in today
        assert "8h30–12h30 · Montsinéry" in later


@pytest.mark.parametrize(
    ("asked", "label"),
    [
        ({"semaine": "2026-W14"}, "semaine du 30 mars au 5 avril 2026"),
        ({"jour": "2026-04-05"}, "semaine du 30 mars au 5 avril 2026"),
        ({"semaine": "2026-W53"}, "semaine du 28 décembre 2026 au 3 janvier 2027"),
        ({"semaine": "2199-W52"}, "semaine du 23 au 29 décembre 2199"),
        ({}, "semaine du 2 au 8 mars 2026"),
    ],
)
def test_the_week_that_is_asked_for(on_thursday, asked, label):
    assert label in words_of(on_thursday.get(SCHEDULE, asked))


def test_the_weeks_before_and_after(on_thursday):
    page = on_thursday.get(SCHEDULE, {"semaine": "2026-W01"}).content.decode()
    assert "?semaine=2025-W52" in page
    assert "?semaine=2026-W02" in page


@pytest.mark.parametrize("asked", [*ABSURD, "2026-W60", "2026-W00", "0000-W01", "9999-W52", "2026-W1", "2025-W53"])
@pytest.mark.parametrize("name", ["semaine", "jour"])
def test_an_absurd_week_is_said_and_this_week_is_shown(on_thursday, name, asked):
    response = on_thursday.get(SCHEDULE, {name: asked})
    assert response.status_code == 200
    words = words_of(response)
    assert "n’est pas une semaine : voici la semaine en cours." in words
    assert "semaine du 2 au 8 mars 2026" in words
    assert "<script>alert" not in response.content.decode()


def test_the_hour_stays_when_clocks_change(on_thursday, desk):
    booked(held(desk.site, desk.partner, dt.date(2026, 3, 29), "09:00", "11:00"), "09:30", reason=desk.reason)
    words = words_of(on_thursday.get(SCHEDULE, {"semaine": "2026-W13"}))
    assert "dimanche 29 mars 2026 9h00–11h00 · Planoise" in words
    assert "9h30 Leïla AMRANI" in words


def test_a_day_without_permanence_tells_the_next_one(client, desk):
    client.force_login(desk.agent)  # Monday
    words = words_of(client.get(SCHEDULE))
    assert "Pas de permanence aujourd’hui. La prochaine : mardi 3 mars 2026, 8h30–10h00, Planoise" in words


def test_an_empty_week_tells_the_next_permanence(on_thursday, desk):
    words = words_of(on_thursday.get(SCHEDULE, {"semaine": "2026-W40"}))
    assert "Aucune permanence cette semaine. La prochaine : jeudi 5 mars 2026, 13h30–16h30, Planoise." in words


def test_an_agent_whose_caisse_has_nothing_yet(client, db):
    client.force_login(agent_of(PartnerFactory()))
    words = words_of(client.get(SCHEDULE))
    assert "Pas de permanence aujourd’hui." in words
    assert "aucun rendez-vous" in words


def test_a_cancelled_appointment_is_gone(on_thursday, desk):
    given_up = booked(desk.permanence_at(THURSDAY, "09:00"), "11:00", reason=desk.reason)
    cancel_appointment(appointment=given_up, cancelled_for=CancelledBy.VISITOR, by=desk.receptionist)
    assert "AMRANI" not in words_of(on_thursday.get(SCHEDULE))


def test_what_people_type_is_escaped(on_thursday, desk):
    visitor = VisitorFactory(ccas=desk.site.ccas, last_name="<script>alert(1)</script>", first_name="<b>")
    booked(
        desk.permanence_at(THURSDAY, "09:00"),
        "11:00",
        visitor=visitor,
        reason=desk.reason,
        subject="<img src=x onerror=1>",
    )
    page = on_thursday.get(SCHEDULE).content.decode().split("<main", 1)[1]
    assert "&lt;SCRIPT&gt;" in page
    for tag in ("<SCRIPT>", "<b>", "<img"):
        assert tag not in page


def test_twelve_permanences_cost_no_more_queries_than_one(on_thursday, desk):
    def count() -> int:
        return queries_of(on_thursday, f"{SCHEDULE}?semaine=2026-W28", CaptureQueriesContext(connection))

    monday = dt.date(2026, 7, 6)
    booked(held(desk.site, desk.partner, monday), "09:00", reason=desk.reason)
    few = count()
    for number in range(12):
        site = SiteFactory(cayenne=number % 2 == 0)
        permanence = held(site, desk.partner, monday + dt.timedelta(days=number % 5))
        for clock in ("09:00", "10:00", "11:00"):
            booked(permanence, clock, reason=desk.reason)
        workers = held(site, desk.partner, monday, "13:30", "15:00", audience=Audience.SOCIAL_WORKERS)
        booked(workers, "14:00", social_worker=desk.social_worker, reason=desk.hard_case)
    assert count() == few <= 8
