"""The booking page, from the reason to the slip: what it offers, to whom, and in how few questions to the database."""

import datetime as dt

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.free_times import free_times
from bookings.generation import generate_permanences
from bookings.models import Appointment, Permanence, Visitor
from bookings.services import book_appointment
from conventions.models import Audience
from partners.models import Role
from tests.factories import (
    ConventionFactory,
    PartnerFactory,
    ReasonFactory,
    SiteFactory,
    agent_of,
    slot_of,
    staff_of,
)

from .booking_page import PAGE, THURSDAY, TUESDAY, address, key, step_three, text, typed


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


# --- The whole way ---------------------------------------------------------------------------------------------------


def test_from_the_reason_to_the_slip_in_four_screens(at_desk, desk):
    motif = at_desk.get(PAGE)
    assert "Carte Vitale" in text(motif)
    creneau = at_desk.get(motif.context["groups"][0][1][0][1])
    first = creneau.context["next_offers"][0]
    assert (first.time.start, first.time.permanence.partner) == (desk.at(TUESDAY, "10:00"), desk.partner)
    usager = at_desk.get(first.url)
    assert usager.context["step"] == 3
    done = at_desk.post(first.url, typed(creneau=first.time.key, phone="03 81 41 21 21", birth_date="3/4/1985"))
    appointment = Appointment.objects.get()
    assert done.status_code == 302
    assert done.url == reverse("bookings:appointment_detail", args=[appointment.pk])
    assert appointment.local_start == desk.at(TUESDAY, "10:00")
    assert appointment.booked_by == desk.receptionist
    visitor = appointment.visitor
    assert (visitor.full_name, visitor.phone) == ("Yazid ZIDANE", "+33381412121")
    assert (visitor.birth_date, visitor.ccas, visitor.created_by) == (
        dt.date(1985, 4, 3),
        desk.site.ccas,
        desk.receptionist,
    )
    slip = text(at_desk.get(done.url))
    assert "mardi 3 mars 2026 à 10h00" in slip
    assert "Rendez-vous pris pour Yazid ZIDANE" in slip


def test_a_person_found_is_booked_with_her_own_record(at_desk, desk):
    page = at_desk.get(step_three(desk, q="amr"))
    assert page.context["people"].found == [desk.visitor]
    at_desk.post(step_three(desk), {"who": desk.visitor.pk, "subject": "Carte perdue"})
    appointment = Appointment.objects.get()
    assert (appointment.visitor, appointment.subject) == (desk.visitor, "Carte perdue")
    assert Visitor.objects.count() == 1


def test_a_preselected_person_stays_chosen_along_the_way(at_desk, desk):
    motif = at_desk.get(address(usager=desk.visitor.pk))
    url = motif.context["groups"][0][1][0][1]
    assert f"usager={desk.visitor.pk}" in url
    assert f"usager={desk.visitor.pk}" in at_desk.get(url).context["next_offers"][0].url
    page = at_desk.get(step_three(desk, usager=desk.visitor.pk))
    assert page.context["people"].chosen == desk.visitor


def test_a_reopened_step_keeps_the_others(at_desk, desk):
    page = at_desk.get(step_three(desk, usager=desk.visitor.pk, jour="2026-03-05"))
    assert page.context["reason_url"] == address(jour="2026-03-05", usager=desk.visitor.pk)
    assert "motif=carte-vitale" in page.context["times_url"]


def test_looking_writes_nothing(at_desk, desk):
    for url in [PAGE, address(motif=desk.reason.slug), step_three(desk), step_three(desk, q="Zidane Yazid")]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert at_desk.get(url).status_code == 200
        assert not [query for query in queries if not query["sql"].startswith("SELECT")]
    assert Visitor.objects.count() == 1
    assert not Appointment.objects.exists()


# --- Reasons ---------------------------------------------------------------------------------------------------------


def test_only_reasons_that_a_partner_of_the_space_takes_are_listed(at_desk, desk):
    elsewhere = PartnerFactory()
    ReasonFactory(label="Ailleurs", partners=[elsewhere])
    without_dates = PartnerFactory()
    ConventionFactory(site=desk.site, partner=without_dates)
    ReasonFactory(label="Sans permanence", partners=[without_dates])
    page = text(at_desk.get(PAGE))
    assert "Ailleurs" not in page
    assert "Sans permanence" in page
    assert "aucune permanence prévue" in page
    assert "Situation complexe" not in page


@pytest.mark.parametrize("words", ["vitale", "VITALÉ carte", "cpam"])
def test_the_box_filters_reasons_by_label_or_partner(at_desk, desk, words):
    ReasonFactory(label="Prime d’activité", partners=[PartnerFactory(short_name="CAF")])
    page = at_desk.get(address(q=words))
    assert [reason.label for _, rows in page.context["groups"] for reason, _ in rows] == ["Carte Vitale"]


def test_no_reason_answers(at_desk):
    assert "Aucun motif ne répond à «\u00a0zzz\u00a0»." in text(at_desk.get(address(q="zzz")))


def test_a_free_time_of_the_agenda_narrows_the_reasons_to_its_partner(at_desk, desk):
    caf = PartnerFactory(short_name="CAF", slug="caf")
    ConventionFactory(site=desk.site, partner=caf)
    ReasonFactory(label="Aide au logement", partners=[caf])
    page = at_desk.get(address(partenaire="caf", jour="2026-03-05"))
    assert [reason.label for _, rows in page.context["groups"] for reason, _ in rows] == ["Aide au logement"]
    assert "jour=2026-03-05" in page.context["groups"][0][1][0][1]


# --- Times -----------------------------------------------------------------------------------------------------------


def test_the_next_five_come_first_then_the_days(at_desk, desk):
    page = at_desk.get(address(motif=desk.reason.slug))
    assert [f"{offer.time.start:%a %H:%M}" for offer in page.context["next_offers"]] == [
        "Tue 10:00",
        "Tue 10:30",
        "Tue 11:00",
        "Tue 11:30",
        "Tue 12:00",
    ]
    assert [day for day, _ in page.context["days"]][:2] == [TUESDAY, THURSDAY]


def test_a_day_and_a_partner_can_be_asked_for(at_desk, desk):
    caf = PartnerFactory(short_name="CAF", slug="caf")
    convention = ConventionFactory(site=desk.site, partner=caf)
    slot_of(convention, 5, "09:00", "12:00")
    generate_permanences(conventions=[convention])
    desk.reason.partners.add(caf)
    page = at_desk.get(address(motif=desk.reason.slug, jour="2026-03-12"))
    assert page.context["days"][0][0] == dt.date(2026, 3, 12)
    assert "Tous les partenaires" in text(page)
    page = at_desk.get(address(motif=desk.reason.slug, jour="2026-03-12", partenaire="caf"))
    assert [day for day, _ in page.context["days"]][:2] == [dt.date(2026, 3, 13), dt.date(2026, 3, 20)]


def test_times_are_those_of_the_space(client, db, monday_morning):
    site = SiteFactory(cayenne=True)
    convention = ConventionFactory(site=site)
    slot_of(convention, 3, "09:00", "10:00")
    generate_permanences(conventions=[convention])
    reason = ReasonFactory(partners=[convention.partner])
    client.force_login(staff_of(site))
    page = client.get(address(motif=reason.slug))
    assert "mer. 4 mars 2026</strong> 9h00" in text(page)
    assert page.context["next_offers"][0].time.key.endswith("-20260304T120000")


def test_no_free_time_leads_to_the_first_one_after_the_horizon(at_desk, desk, settings):
    settings.BOOKING_HORIZON_DAYS = 7
    for time in free_times(reason=desk.reason, sites=[desk.site], user=desk.receptionist, days=7):
        book_appointment(
            permanence_id=time.permanence.pk,
            starts_at=time.start,
            reason=desk.reason,
            visitor=desk.visitor,
            by=desk.receptionist,
        )
    page = at_desk.get(address(motif=desk.reason.slug))
    assert "Aucun créneau libre d’ici au 9 mars 2026\u00a0: le prochain est le mardi 10 mars 2026." in text(page)
    assert at_desk.get(page.context["next_step_url"]).context["days"][0][0] == dt.date(2026, 3, 10)


def test_full_permanences_are_told_from_missing_ones(at_desk, desk):
    Permanence.objects.exclude(pk=desk.permanence_at(THURSDAY, "09:00").pk).delete()
    for time in free_times(reason=desk.reason, sites=[desk.site], user=desk.receptionist):
        book_appointment(
            permanence_id=time.permanence.pk,
            starts_at=time.start,
            reason=desk.reason,
            visitor=desk.visitor,
            by=desk.receptionist,
        )
    assert "les permanences prévues sont complètes" in text(at_desk.get(address(motif=desk.reason.slug)))
    far = text(at_desk.get(address(motif=desk.reason.slug, jour="2028-01-03")))
    assert "aucune permanence n’est encore prévue pour ce motif à ces dates" in far


def test_no_permanence_at_all_says_so(at_desk, desk):
    Permanence.objects.all().delete()
    page = text(at_desk.get(address(motif=desk.reason.slug)))
    assert "aucune permanence n’est encore prévue pour ce motif" in page
    assert "Choisir un autre motif" in page


def _with_partners(desk, count: int) -> str:
    site = SiteFactory(ccas=desk.site.ccas)
    desk.receptionist.sites.set([site])
    reason = ReasonFactory()
    for _ in range(count):
        convention = ConventionFactory(site=site)
        slot_of(convention, 2, "09:00", "12:00")
        generate_permanences(conventions=[convention])
        reason.partners.add(convention.partner)
    return address(motif=reason.slug)


def test_the_page_of_times_asks_the_database_as_much_for_one_partner_as_for_fifty(at_desk, desk):
    counts = []
    for partners in (1, 50):
        url = _with_partners(desk, partners)
        with CaptureQueriesContext(connection) as queries:
            page = at_desk.get(url)
        counts.append(len(queries))
        assert len(page.context["days"][0][1]) == partners
    assert counts[0] == counts[1] <= 8


# --- Social workers --------------------------------------------------------------------------------------------------


def test_a_social_worker_books_her_own_time_without_naming_anybody(client, desk):
    client.force_login(desk.social_worker)
    assert "Pour les travailleurs sociaux" in text(client.get(PAGE))
    page = client.get(address(motif=desk.hard_case.slug))
    assert page.context["next_offers"][0].time.start == desk.at(TUESDAY, "08:30")
    url = page.context["next_offers"][0].url
    page = client.post(url, {"subject": ""})
    assert "Écrivez en quelques mots l’objet de ce rendez-vous." in text(page)
    assert "Qui vient" not in text(page)
    client.post(url, {"subject": "Dette de soins", "who": desk.visitor.pk})
    client.post(url, {"subject": "Dette de soins"})
    appointment = Appointment.objects.get()
    assert (appointment.social_worker, appointment.visitor) == (desk.social_worker, None)
    assert appointment.local_start == desk.at(TUESDAY, "08:30")


def test_tuesday_half_past_eight_is_offered_to_social_workers_only(at_desk, client, desk):
    page = at_desk.get(address(motif=desk.reason.slug))
    starts = {offer.time.start for offer in page.context["next_offers"]}
    assert desk.at(TUESDAY, "08:30") not in starts
    at_half_past_eight = key(desk, "08:30", TUESDAY)
    by_hand = at_desk.post(address(motif=desk.reason.slug, creneau=at_half_past_eight), typed())
    assert by_hand.status_code == 409
    assert "Cette permanence ne traite pas ce motif." in text(by_hand)
    by_hand = at_desk.post(address(motif=desk.hard_case.slug, creneau=at_half_past_eight), {"subject": "x"})
    assert "Ce motif n’est pas proposé dans cet espace." in text(by_hand)
    assert not Appointment.objects.exists()
    assert desk.hard_case.audience == Audience.SOCIAL_WORKERS


# --- Who may ---------------------------------------------------------------------------------------------------------


def test_a_partner_s_agent_has_no_such_page(client, desk):
    client.force_login(agent_of(desk.partner))
    assert client.get(PAGE).status_code == 404
    assert client.post(step_three(desk), typed()).status_code == 404


def test_a_stranger_is_asked_to_sign_in(client, desk):
    assert client.get(PAGE).url.startswith(reverse(settings.LOGIN_URL))


def test_somebody_without_any_space_has_no_such_page(client, desk):
    client.force_login(staff_of(SiteFactory(is_active=False)))
    assert client.get(PAGE).status_code == 404


def test_a_manager_books_for_visitors_only(client, desk):
    client.force_login(staff_of(desk.site, role=Role.MANAGER))
    assert "Situation complexe" not in text(client.get(PAGE))
    assert client.post(step_three(desk), typed()).status_code == 302
