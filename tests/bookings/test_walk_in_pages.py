"""The counter and the list of walk-ins: one click, with and without htmx, correcting, striking out, bad input."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import DeskVisit, DurationBand, VisitChannel, VisitNature
from bookings.walk_ins import strike_out_visit
from tests.bookings.schedules import queries_of, words_of
from tests.factories import DeskReasonFactory, PartnerFactory, SiteFactory, staff_of

LIST, NOTE = "/passages/", "/passages/noter/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def reason(desk):
    return DeskReasonFactory(label="Carte Vitale perdue", slug="carte-vitale", partner=desk.partner)


@pytest.fixture
def at_desk(client, desk, reason):
    client.force_login(desk.receptionist)
    return client


def note(client, **changes):
    return client.post(NOTE, {"reason": "carte-vitale"} | changes)


def address(visit: DeskVisit, action: str) -> str:
    return f"/passages/{visit.pk}/{action}/"


def corrected(**changes) -> dict[str, str]:
    return {
        "day": "2026-03-02",
        "hour": "7h45",
        "reason": "",
        "people": "2",
        "partner": "",
        "nature": "referral",
        "channel": "phone",
        "duration": "over_30",
    } | changes


# --- One click -------------------------------------------------------------------------------------------------


def test_one_click_notes_what_the_reason_says(at_desk, desk, reason):
    response = note(at_desk)
    assert response.status_code == 302
    assert response.url == LIST
    visit = DeskVisit.objects.get()
    assert (visit.site, visit.reason, visit.partner, visit.people) == (desk.site, reason, desk.partner, 1)
    assert (visit.nature, visit.channel, visit.duration) == ("information", "on_site", "under_5")
    page = at_desk.get(LIST)
    assert "Passage noté : Carte Vitale perdue." in words_of(page)
    assert address(visit, "annuler") in page.content.decode()


def test_what_is_set_beside_the_reason_wins(at_desk, desk):
    note(
        at_desk,
        people="12",
        partner="aucun",
        nature="support",
        channel="phone",
        duration="over_30",
        at_computer="oui",
    )
    visit = DeskVisit.objects.get()
    assert (visit.people, visit.partner, visit.at_computer) == (12, None, True)
    assert (visit.nature, visit.channel) == (VisitNature.SUPPORT, VisitChannel.PHONE)
    assert visit.duration == DurationBand.OVER_30
    note(at_desk, partner=desk.partner.slug, at_computer="non")
    assert DeskVisit.objects.latest("pk").partner == desk.partner


def test_htmx_gets_the_day_and_the_sentence_only(at_desk):
    response = at_desk.post(NOTE, {"reason": "carte-vitale", "next": "/aujourdhui/"}, headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 200
    assert response["HX-Trigger"] == "walk-ins-changed"
    assert "<html" not in text
    assert 'id="passages-du-jour"' in text
    assert 'hx-swap-oob="innerHTML"><p class="status status-done">Passage noté' in text
    assert "1 passage, 1 personne" in words_of(response)
    assert "next=%2Faujourdhui%2F" in text
    undone = at_desk.post(address(DeskVisit.objects.get(), "annuler"), headers=HTMX)
    assert "aucun passage" in words_of(undone)
    assert "Rétablir" in words_of(undone)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "Choisissez un motif."),
        ({"reason": "inconnu"}, "Ce motif n’est plus proposé."),
        ({"reason": "\x00"}, "Ce motif n’est plus proposé."),
        ({"people": "0"}, "Un passage compte entre 1 et 99 personnes."),
        ({"people": "100"}, "Un passage compte entre 1 et 99 personnes."),
        ({"people": "trois"}, "Un passage compte entre 1 et 99 personnes."),
        ({"people": "9" * 5000}, "Un passage compte entre 1 et 99 personnes."),
        ({"partner": "caisse-d-ailleurs"}, "Ce partenaire n’a pas de convention avec cet espace."),
        ({"partner": "\x00"}, "Ce partenaire n’a pas de convention avec cet espace."),
        ({"nature": "x"}, "Choisissez une réponse de la liste."),
        ({"channel": "🎈"}, "Choisissez une réponse de la liste."),
        ({"duration": "1"}, "Choisissez une réponse de la liste."),
        ({"at_computer": "peut-être"}, "Choisissez une réponse de la liste."),
    ],
)
def test_bad_input_is_told_and_nothing_is_noted(at_desk, changes, sentence):
    PartnerFactory(slug="caisse-d-ailleurs")
    assert note(at_desk, **changes).status_code == 302
    assert f"Passage non noté. {sentence}" in words_of(at_desk.get(LIST))
    answer = at_desk.post(NOTE, {"reason": "carte-vitale"} | changes, headers=HTMX)
    assert sentence in words_of(answer)
    assert not DeskVisit.objects.exists()


@pytest.mark.parametrize("wanted", ["https://ailleurs.example/", "//ailleurs.example", "javascript:alert(1)", "\x00"])
def test_the_way_back_stays_in_the_house(at_desk, wanted):
    assert note(at_desk, next=wanted).url == LIST


def test_the_way_back_is_the_page_of_the_counter(at_desk):
    assert note(at_desk, next="/aujourdhui/?jour=2026-03-02").url == "/aujourdhui/?jour=2026-03-02"


def test_nothing_is_written_by_looking(at_desk, desk):
    note(at_desk)
    visit = DeskVisit.objects.get()
    for page in (NOTE, address(visit, "annuler"), address(visit, "retablir")):
        assert at_desk.get(page).status_code == 405


# --- Correcting, striking out ----------------------------------------------------------------------------------


def test_a_visit_is_corrected(at_desk, desk, reason):
    note(at_desk)
    visit = DeskVisit.objects.get()
    page = at_desk.get(address(visit, "modifier"))
    assert 'value="8h00"' in page.content.decode()
    response = at_desk.post(address(visit, "modifier"), corrected(reason=reason.pk, next="/aujourdhui/"))
    assert response.url == "/aujourdhui/"
    visit.refresh_from_db()
    assert visit.occurred_at == desk.at(dt.date(2026, 3, 2), "07:45")
    assert (visit.people, visit.partner, visit.channel) == (2, None, VisitChannel.PHONE)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"hour": "8h01"}, "sont à venir"),
        ({"day": "2026-03-03"}, "sont à venir"),
        ({"day": "hier"}, "n’est pas une date"),
        ({"day": ""}, "Écrivez le jour de ce passage."),
        ({"hour": "25h"}, "Écrivez une heure de la journée"),
        ({"hour": "\x00"}, "Écrivez une heure de la journée"),
        ({"reason": ""}, "Choisissez un motif."),
        ({"reason": "9" * 30}, "Ce motif n’est pas connu."),
        ({"reason": "\x00"}, "est à corriger"),
        ({"people": "-1"}, "Un passage compte entre 1 et 99 personnes."),
        ({"partner": "abc"}, "Ce partenaire n’a pas de convention avec cet espace."),
        ({"nature": "x"}, "Sélectionnez un choix valide"),
    ],
)
def test_a_bad_correction_is_told_and_what_was_typed_stays(at_desk, reason, changes, sentence):
    note(at_desk)
    visit = DeskVisit.objects.get()
    response = at_desk.post(address(visit, "modifier"), corrected(reason=str(reason.pk)) | changes)
    assert response.status_code == 200
    assert sentence in words_of(response)
    assert DeskVisit.objects.get().people == 1


def test_a_withdrawn_reason_stays_that_of_its_visits(at_desk, reason):
    note(at_desk)
    reason.is_active = False
    reason.save()
    visit = DeskVisit.objects.get()
    assert at_desk.post(address(visit, "modifier"), corrected(reason=reason.pk)).status_code == 302
    assert DeskVisit.objects.get().people == 2
    assert "Carte Vitale perdue" not in at_desk.get(LIST).context["counter"].buttons


def test_striking_out_offers_to_put_back(at_desk, desk):
    note(at_desk)
    visit = DeskVisit.objects.get()
    at_desk.post(address(visit, "annuler"))
    page = at_desk.get(LIST)
    assert "Passage de 8h00 annulé : Carte Vitale perdue." in words_of(page)
    assert "aucun passage, 1 annulé" in words_of(page)
    assert "annulé par Camille" in words_of(page)
    assert address(visit, "retablir") in page.content.decode()
    assert at_desk.get(address(visit, "modifier")).url == LIST
    at_desk.post(address(visit, "retablir"))
    assert "1 passage, 1 personne" in words_of(at_desk.get(LIST))


# --- The list --------------------------------------------------------------------------------------------------


def test_the_list_shows_today_and_other_days_when_asked(at_desk, desk, reason, monday_morning):
    note(at_desk)
    monday_morning.move_to(desk.at(dt.date(2026, 3, 3), "09:00"))
    at_desk.force_login(desk.receptionist)
    assert "Aucun passage noté aujourd’hui." in words_of(at_desk.get(LIST))
    note(at_desk, people="3")
    assert at_desk.get(LIST).context["page_obj"].paginator.count == 1
    everything = at_desk.get(f"{LIST}?du=&au=")
    assert everything.context["page_obj"].paginator.count == 2
    assert "2 passages, 4 personnes" in words_of(everything)
    assert at_desk.get(f"{LIST}?du=2026-03-02&au=2026-03-02").context["page_obj"].paginator.count == 1


def test_words_find_reasons_and_partners_without_accents_or_case(at_desk, desk):
    note(at_desk)
    DeskReasonFactory(label="Impôts", slug="impots")
    note(at_desk, reason="impots")
    for words, count in [("CARTE vitale", 1), ("impot", 1), ("cpam", 1), ("cpam impots", 0), ("%", 0), ("\x00", 2)]:
        assert at_desk.get(LIST, {"q": words}).context["page_obj"].paginator.count == count


@pytest.mark.parametrize("query", ["du=hier", "au=2026-02-30", "du=2026-03-03&au=2026-03-01", "page=zéro", "q=%F0"])
def test_an_absurd_filter_is_told(at_desk, query):
    assert at_desk.get(f"{LIST}?{query}").status_code == 200


def test_a_long_day_is_cut_into_pages_at_the_same_cost(at_desk, desk):
    def count() -> int:
        return queries_of(at_desk, LIST, CaptureQueriesContext(connection))

    note(at_desk)
    few = count()
    for _ in range(30):
        note(at_desk)
    strike_out_visit(visit=DeskVisit.objects.first(), by=desk.receptionist)
    at_desk.get(LIST)  # The messages of the clicks are shown once.
    assert count() == few <= 12
    assert len(at_desk.get(f"{LIST}?page=2").context["page_obj"].object_list) == 6


def test_names_are_escaped(at_desk):
    DeskReasonFactory(label="<script>alert(1)</script>", slug="x")
    note(at_desk, reason="x")
    assert "<script>alert" not in at_desk.get(LIST).content.decode()


# --- Who may ---------------------------------------------------------------------------------------------------


def test_a_partner_s_agent_finds_nothing_here(client, desk, at_desk):
    note(at_desk)
    visit = DeskVisit.objects.get()
    client.force_login(desk.agent)
    assert client.get(LIST).status_code == 404
    assert note(client).status_code == 404
    assert client.get(address(visit, "modifier")).status_code == 404
    assert client.post(address(visit, "annuler")).status_code == 404
    assert client.post(address(visit, "retablir")).status_code == 404


def test_another_desk_finds_nothing_here(client, at_desk):
    note(at_desk)
    visit = DeskVisit.objects.get()
    client.force_login(staff_of(SiteFactory()))
    assert client.get(LIST).context["page_obj"].paginator.count == 0
    assert client.get(address(visit, "modifier")).status_code == 404
    assert client.post(address(visit, "annuler")).status_code == 404
    assert DeskVisit.objects.standing().count() == 1
