"""The week of a space: what stands in the grid, what the table repeats, what the address may ask for."""

import datetime as dt
import re
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.models import PermanenceStatus
from conventions.models import Audience, BookingMode
from partners.models import Role
from tests.factories import (
    ClosureFactory,
    OfficeFactory,
    PartnerFactory,
    ReasonFactory,
    SiteFactory,
    VisitorFactory,
    agent_of,
    staff_of,
)

from .schedules import ABSURD, booked, held, open_all_week, queries_of, words_of

TUESDAY, THURSDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 5)
AGENDA = reverse("bookings:agenda")


@pytest.fixture
def at_desk(client, desk):
    open_all_week(desk.site)
    client.force_login(desk.receptionist)
    return client


def day_of(response, day: dt.date) -> str:
    """The markup of one column of the grid."""
    found = re.search(
        rf'<section class="agenda-day" aria-labelledby="jour-{day}">.*?</section>', response.content.decode(), re.DOTALL
    )
    return unescape(found[0])


def test_the_week_of_besancon(at_desk, desk):
    response = at_desk.get(AGENDA)
    assert "semaine du 2 au 8 mars 2026" in words_of(response)
    tuesday, thursday = day_of(response, TUESDAY), day_of(response, THURSDAY)
    assert [name in tuesday for name in ("from-0830 to-1000", "from-1000 to-1230", "from-1330 to-1630")] == [True] * 3
    assert "trav. sociaux · bureau" in tuesday
    assert "from-0830 to-1230" in thursday
    assert "agenda-band" not in day_of(response, dt.date(2026, 3, 4))
    # On Tuesday the doors open at 10h00; the space closes for lunch.
    assert 'agenda-closed col-2 from-0800 to-1000"' in tuesday
    assert 'agenda-closed col-4 from-1230 to-1330"' in thursday


def test_an_appointment_is_a_card_that_leads_to_it(at_desk, desk):
    appointment = booked(desk.permanence_at(THURSDAY, "09:00"), "09:00", reason=desk.reason)
    thursday = day_of(at_desk.get(AGENDA), THURSDAY)
    assert reverse("bookings:appointment_detail", args=[appointment.pk]) in thursday
    assert "<time>9h00</time> <strong>Leïla AMRANI</strong> <span>Carte Vitale</span>" in thursday
    assert "agenda-card" in thursday
    assert "from-0900 to-0930" in thursday


def test_free_time_leads_to_the_booking_page(at_desk, desk):
    booked(desk.permanence_at(THURSDAY, "09:00"), "09:00", reason=desk.reason)
    thursday = day_of(at_desk.get(AGENDA), THURSDAY)
    asked = f"{reverse('bookings:book')}?jour=2026-03-05&partenaire={desk.partner.slug}"
    assert thursday.count(asked) == 3  # before and after the appointment, and the afternoon
    assert "from-0830 to-0900" in thursday
    assert "from-0930 to-1230" in thursday


def test_social_workers_times_are_free_for_them_alone(at_desk, desk):
    asked = "agenda-free partner-bleu col-2 from-0830 to-1000"
    assert asked not in day_of(at_desk.get(AGENDA), TUESDAY)
    at_desk.force_login(desk.social_worker)
    assert asked in day_of(at_desk.get(AGENDA), TUESDAY)


def test_past_time_is_not_free(at_desk, desk, monday_morning):
    monday_morning.move_to(dt.datetime(2026, 3, 5, 10, 10, tzinfo=dt.UTC))  # 11h10 in Paris
    at_desk.force_login(desk.receptionist)  # The session of Monday is over.
    thursday = day_of(at_desk.get(AGENDA), THURSDAY)
    assert "agenda-free partner-bleu col-4 from-1130 to-1230" in thursday
    assert "from-0830 to-1130" not in thursday
    assert "agenda-now col-4 from-1110" in thursday
    assert 'class="agenda-head col-4 is-today"' in thursday


def test_walk_in_and_cancelled_permanences_offer_nothing(at_desk, desk):
    wednesday = dt.date(2026, 3, 4)
    held(desk.site, desk.partner, wednesday, mode=BookingMode.WALK_IN)
    held(desk.site, desk.partner, wednesday, "13:30", "16:30", status=PermanenceStatus.CANCELLED)
    column = day_of(at_desk.get(AGENDA), wednesday)
    assert "agenda-free" not in column
    assert "sans rendez-vous" in column
    assert "is-cancelled" in column
    assert "annulée" in column


def test_what_was_booked_in_a_cancelled_permanence_is_to_be_placed_elsewhere(at_desk, desk):
    wednesday = dt.date(2026, 3, 4)
    booked(held(desk.site, desk.partner, wednesday, status=PermanenceStatus.CANCELLED), "09:00", reason=desk.reason)
    assert "à replacer" in day_of(at_desk.get(AGENDA), wednesday)


def test_permanences_at_one_time_share_the_day(at_desk, desk):
    for name in ("CAF", "MSA"):
        held(desk.site, PartnerFactory(short_name=name, colour="vert"), THURSDAY)
    thursday = day_of(at_desk.get(AGENDA), THURSDAY)
    assert [f"lane-{lane} of-3" in thursday for lane in (1, 2, 3)] == [True] * 3
    assert 'class="agenda-head col-4 span-3' in thursday


def test_a_saturday_is_shown_when_something_is_held(at_desk, desk):
    assert "samedi" not in words_of(at_desk.get(AGENDA))
    held(desk.site, desk.partner, dt.date(2026, 3, 7), "09:00", "12:00")
    assert "samedi 7 mars" in words_of(at_desk.get(AGENDA))


def test_the_eleventh_of_november_is_closed_and_says_why(db, client):
    with time_machine.travel(dt.datetime(2026, 11, 9, 8, tzinfo=dt.UTC), tick=False):
        site = SiteFactory()
        open_all_week(site)
        ReasonFactory(partners=[partner := PartnerFactory()])
        held(site, partner, dt.date(2026, 11, 11))
        client.force_login(staff_of(site))
        column = day_of(client.get(AGENDA), dt.date(2026, 11, 11))
        assert "<span>Armistice</span>" in column
        assert "Fermé\u00a0: Armistice" in column
        assert "agenda-free" not in column
        assert "fermé : Armistice" in words_of(client.get(AGENDA, {"vue": "tableau"}))


def test_a_closure_says_why(at_desk, desk):
    ClosureFactory(site=desk.site, starts_on=THURSDAY, ends_on=THURSDAY, reason="Travaux <urgents>")
    response = at_desk.get(AGENDA)
    assert "Travaux &lt;urgents&gt;" in response.content.decode()
    assert "agenda-free" not in day_of(response, THURSDAY)


@pytest.mark.parametrize("day", ["2026-03-26", "2026-03-29", "2026-10-25"])
def test_hours_stay_when_clocks_change(at_desk, desk, day):
    chosen = dt.date.fromisoformat(day)
    held(desk.site, desk.partner, chosen, "09:00", "11:00")
    assert "from-0900 to-1100" in day_of(at_desk.get(AGENDA, {"jour": day}), chosen)


def test_a_space_in_guyane_has_its_own_hours_and_holidays(db, client):
    with time_machine.travel(dt.datetime(2026, 6, 9, 2, tzinfo=dt.UTC), tick=False):  # 8 June, 23h00 in Cayenne
        site = SiteFactory(cayenne=True)
        open_all_week(site)
        held(site, PartnerFactory(short_name="CGSS"), dt.date(2026, 6, 9), "09:00", "11:00")
        client.force_login(staff_of(site))
        response = client.get(AGENDA)
        assert "from-0900 to-1100" in day_of(response, dt.date(2026, 6, 9))
        assert "is-today" in day_of(response, dt.date(2026, 6, 8))
        assert "is-today" not in day_of(response, dt.date(2026, 6, 9))
        assert "Abolition de l'esclavage" in day_of(response, dt.date(2026, 6, 10))


def test_the_table_says_the_same_as_the_grid(at_desk, desk):
    booked(desk.permanence_at(THURSDAY, "09:00"), "09:00", reason=desk.reason)
    response = at_desk.get(AGENDA, {"vue": "tableau"})
    words = words_of(response)
    assert 'class="agenda-day"' not in response.content.decode()
    assert "jeudi 5 mars ouvert 8h30–12h30 et 13h30–17h00" in words
    for line in ("8h30–9h00 CPAM", "9h00–9h30 CPAM", "9h30–12h30 CPAM", "13h30–16h30 CPAM"):
        assert line in words
    assert "Leïla AMRANI Carte Vitale à venir" in words
    assert f"jour=2026-03-05&amp;partenaire={desk.partner.slug}" in response.content.decode()


def test_filters_narrow_down_and_stay_in_the_addresses(at_desk, desk):
    other = PartnerFactory(name="CAF du Doubs", short_name="CAF", slug="caf")
    held(desk.site, other, THURSDAY, office=(office := OfficeFactory(site=desk.site, label="12")))
    by_partner = at_desk.get(AGENDA, {"partenaire": "caf"})
    assert "CAF <small>" in day_of(by_partner, THURSDAY)
    assert "CPAM <small>" not in day_of(by_partner, THURSDAY)
    by_office = at_desk.get(AGENDA, {"bureau": office.pk})
    assert "CPAM <small>" not in day_of(by_office, THURSDAY)
    assert (
        f"?jour=2026-03-09&amp;partenaire=caf&amp;bureau={office.pk}"
        in at_desk.get(AGENDA, {"partenaire": "caf", "bureau": office.pk}).content.decode()
    )


@pytest.mark.parametrize("asked", ["inconnu", "\x00", "🎈", "<script>", "0", "9" * 5000])
@pytest.mark.parametrize("name", ["partenaire", "bureau"])
def test_an_unknown_filter_is_said_and_everything_is_shown(at_desk, name, asked):
    response = at_desk.get(AGENDA, {name: asked})
    assert f"n’est pas un {name} de cet espace : tous sont affichés." in words_of(response)
    assert "CPAM <small>" in day_of(response, THURSDAY)
    assert "<script>" not in response.content.decode().split("<main", 1)[1]


def test_another_spaces_office_is_not_a_filter(at_desk):
    assert "n’est pas un bureau" in words_of(at_desk.get(AGENDA, {"bureau": OfficeFactory().pk}))


@pytest.mark.parametrize("asked", ABSURD)
@pytest.mark.parametrize("view", ["", "tableau"])
def test_an_absurd_date_is_said_and_this_week_is_shown(at_desk, asked, view):
    response = at_desk.get(AGENDA, {"jour": asked, "vue": view})
    assert response.status_code == 200
    words = words_of(response)
    assert "semaine du 2 au 8 mars 2026" in words
    assert "n’est pas une date : voici la semaine en cours." in words
    assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize("asked", ["1900-01-01", "2199-12-31", "2026-01-01", "2026-12-31"])
def test_the_ends_of_the_calendar_are_shown(at_desk, asked):
    assert at_desk.get(AGENDA, {"jour": asked}).status_code == 200


def test_an_empty_week_tells_when_the_next_permanence_is(at_desk, desk):
    words = words_of(at_desk.get(AGENDA, {"jour": "2026-02-16"}))
    assert "Aucune permanence cette semaine. La prochaine est mardi 3 mars 2026." in words
    assert "Voir cette semaine-là" in words


def test_what_people_type_is_escaped(at_desk, desk):
    nasty = '<script>alert("1")</script>'
    visitor = VisitorFactory(ccas=desk.site.ccas, last_name=nasty, first_name="<b>")
    partner = PartnerFactory(short_name="<i>CAF</i>", name="<u>CAF</u>")
    reason = ReasonFactory(label="<img src=x>", partners=[partner])
    booked(held(desk.site, partner, THURSDAY), "09:00", visitor=visitor, reason=reason)
    for view in ("", "tableau"):
        page = at_desk.get(AGENDA, {"vue": view}).content.decode().split("<main", 1)[1]
        assert "&lt;img src=x&gt;" in page
        for tag in ("<script>", "<SCRIPT>", "<b>", "<i>", "<img src"):
            assert tag not in page


def test_only_the_chosen_space_is_shown(at_desk, desk):
    elsewhere = SiteFactory(ccas=desk.site.ccas)
    held(elsewhere, PartnerFactory(short_name="MSA"), THURSDAY)
    assert "MSA" not in words_of(at_desk.get(AGENDA))


@pytest.mark.parametrize("role", [Role.SOCIAL_WORKER, Role.MANAGER, Role.ADMINISTRATOR])
def test_the_staff_of_the_desk_reads_it(client, desk, role):
    client.force_login(staff_of(desk.site, role=role))
    assert client.get(AGENDA).status_code == 200


def test_an_agent_of_a_partner_finds_nothing_here(client, desk):
    client.force_login(agent_of(desk.partner))
    assert client.get(AGENDA).status_code == 404


def test_a_member_of_staff_without_a_space_finds_nothing_here(client, desk):
    client.force_login(staff_of(desk.site, email="sans@exemple.fr"))
    desk.site.users.clear()
    assert client.get(AGENDA).status_code == 404


@pytest.mark.parametrize("view", ["", "tableau"])
def test_twelve_permanences_cost_no_more_queries_than_one(at_desk, desk, view):
    def count() -> int:
        address = f"{AGENDA}?jour=2026-07-06&vue={view}"
        return queries_of(at_desk, address, CaptureQueriesContext(connection))

    first = held(desk.site, desk.partner, dt.date(2026, 7, 6))
    booked(first, "09:00", reason=desk.reason)
    few = count()
    for number in range(12):
        partner = PartnerFactory()
        permanence = held(desk.site, partner, dt.date(2026, 7, 6 + number % 5), audience=Audience.PUBLIC)
        for clock in ("09:00", "10:00", "11:00"):
            booked(permanence, clock, reason=ReasonFactory(partners=[partner]))
    assert count() == few <= 13
