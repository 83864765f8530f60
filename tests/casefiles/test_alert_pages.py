"""Alerts of rights about to break: raised, seen, answered by the agent or typed back, closed; counts and delays."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casefiles.models import RightsAlert
from casefiles.services import answer_alert, close_alert, raise_alert
from tests.bookings.schedules import queries_of, words_of
from tests.factories import VisitorFactory

RAISE = "/alertes/nouvelle/"


@pytest.fixture
def at_desk(client, cases):
    client.force_login(cases.clerk)
    return client


def raised(cases, **fields) -> RightsAlert:
    defaults = {
        "site": cases.site,
        "visitor": cases.visitor,
        "partner": cases.caisse,
        "what": "C2S échue depuis le 28 février, soins en cours",
        "deadline": dt.date(2026, 3, 9),
    }
    return raise_alert(**{**defaults, **fields}, by=cases.clerk)


def test_an_alert_is_raised_for_somebody_found_by_name(at_desk, cases):
    assert "Pour qui ?" in words_of(at_desk.get(RAISE))
    assert f'href="?usager={cases.visitor.pk}"' in at_desk.get(RAISE, {"q": "horth"}).content.decode()
    done = at_desk.post(
        f"{RAISE}?usager={cases.visitor.pk}",
        {"partner": cases.caisse.pk, "what": "C2S échue", "deadline": "2026-03-09"},
        follow=True,
    )
    alert = RightsAlert.objects.get()
    assert (alert.visitor, alert.partner, alert.raised_by) == (cases.visitor, cases.caisse, cases.clerk)
    assert "Alerte signalée à CGSS pour Élise HORTH." in words_of(done)
    # Raised by mistake, it is closed by the message.
    assert f'action="/alertes/{alert.pk}/clore/"' in done.content.decode()


def test_an_alert_about_a_file_knows_its_person_and_its_caisse(at_desk, cases):
    file = cases.opened()
    page = at_desk.get(RAISE, {"dossier": file.pk})
    assert "à propos de son dossier C2S" in words_of(page)
    at_desk.post(f"{RAISE}?dossier={file.pk}", {"partner": cases.caisse.pk, "what": "Échue", "deadline": "2026-03-09"})
    assert RightsAlert.objects.get().file == file
    assert "Alerte en cours." in words_of(at_desk.get(f"/dossiers/{file.pk}/"))
    for absurd in ("x", "0", "9" * 500):
        assert at_desk.get(RAISE, {"dossier": absurd}).status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"partner": ""}, "Choisissez la caisse à alerter."),
        ({"partner": "0"}, "Aucune convention n’est en vigueur avec cette caisse."),
        ({"what": ""}, "Dites quels droits vont cesser"),
        ({"what": "Numéro 2 60 02 97 313 123 45"}, "numéro de sécurité sociale"),
        ({"deadline": "2026-03-01"}, "Cette date est déjà passée."),
        ({"deadline": ""}, "Dites jusqu’à quand une réponse est utile."),
    ],
)
def test_what_is_typed_wrong_is_told_and_kept(at_desk, cases, changes, sentence):
    typed = {"partner": cases.caisse.pk, "what": "C2S échue", "deadline": "2026-03-09"} | changes
    page = at_desk.post(f"{RAISE}?usager={cases.visitor.pk}", typed)
    assert sentence in words_of(page)
    assert typed["what"] in page.content.decode()
    assert not RightsAlert.objects.exists()


def test_the_agent_sees_it_counted_reads_answers_and_the_desk_closes(client, cases, clock):
    alert = raised(cases)
    client.force_login(cases.agent)
    assert "Alertes 1 sans réponse" in words_of(client.get("/mon-planning/"))
    listed = words_of(client.get("/alertes/"))
    assert "Élise HORTH" in listed
    assert "Signalée, pas encore vue" in listed
    client.get(f"/alertes/{alert.pk}/")
    alert.refresh_from_db()
    # Opening a page writes nothing: she says herself that she has read it.
    assert alert.seen_at is None
    clock.move_to(dt.datetime(2026, 3, 2, 12, 35, tzinfo=dt.UTC))
    client.post(f"/alertes/{alert.pk}/vue/")
    said = words_of(client.get(f"/alertes/{alert.pk}/"))
    assert "(en 35 min)" in said
    clock.move_to(dt.datetime(2026, 3, 3, 14, 0, tzinfo=dt.UTC))
    client.force_login(cases.agent)
    empty = client.post(f"/alertes/{alert.pk}/repondre/", {"answer": " "})
    assert "Écrivez la réponse de la caisse." in words_of(empty)
    client.post(f"/alertes/{alert.pk}/repondre/", {"answer": "Droits prolongés jusqu’au 30 avril."})
    assert "Alertes 1" not in words_of(client.get("/mon-planning/"))
    assert client.post(f"/alertes/{alert.pk}/clore/").status_code == 404
    client.force_login(cases.clerk)
    desk = words_of(client.get(f"/alertes/{alert.pk}/"))
    assert "Droits prolongés jusqu’au 30 avril." in desk
    assert "en 26 h" in desk
    assert "Alertes 1 à clore" in words_of(client.get("/dossiers/"))
    clock.move_to(dt.datetime(2026, 3, 5, 14, 0, tzinfo=dt.UTC))
    client.force_login(cases.clerk)
    done = client.post(f"/alertes/{alert.pk}/clore/", follow=True)
    assert "(en 3 jours)" in words_of(done)
    assert f'action="/alertes/{alert.pk}/rouvrir/"' in done.content.decode()
    client.post(f"/alertes/{alert.pk}/rouvrir/")
    alert.refresh_from_db()
    assert alert.closed_at is None


def test_the_desk_types_back_an_answer_given_by_phone(at_desk, cases):
    alert = raised(cases)
    at_desk.post(f"/alertes/{alert.pk}/repondre/", {"answer": "Mme Ringuet rouvre les droits."})
    alert.refresh_from_db()
    assert (alert.answered_by, alert.seen_by) == (cases.clerk, cases.clerk)
    assert "Corriger la réponse" in words_of(at_desk.get(f"/alertes/{alert.pk}/"))


def test_tabs_search_and_pages(at_desk, cases, clock):
    for number in range(26):
        raised(cases, visitor=VisitorFactory(ccas=cases.site.ccas, last_name=f"Attend{number:02}"))
    answered = raised(cases)
    answer_alert(alert=answered, answer="Fait.", by=cases.agent)
    closed = raised(cases, visitor=VisitorFactory(ccas=cases.site.ccas, last_name="Terminee"))
    close_alert(alert=closed, by=cases.clerk)
    first = words_of(at_desk.get("/alertes/"))
    assert "26 alertes" in first
    assert "page 1 sur 2" in first
    assert "HORTH" in words_of(at_desk.get("/alertes/", {"liste": "repondues"}))
    assert "TERMINEE" in words_of(at_desk.get("/alertes/", {"liste": "closes"}))
    assert "28 alertes" in words_of(at_desk.get("/alertes/", {"liste": "toutes"}))
    assert "26 alertes" in words_of(at_desk.get("/alertes/", {"liste": "inconnue"}))
    found = words_of(at_desk.get("/alertes/", {"q": "attend07"}))
    assert "1 alerte" in found
    clock.move_to(dt.datetime(2026, 3, 12, 12, 0, tzinfo=dt.UTC))
    at_desk.force_login(cases.clerk)
    assert "dépassée" in words_of(at_desk.get("/alertes/"))


def test_an_empty_list_says_what_to_do(at_desk, cases):
    assert "Quand une personne risque de perdre ses droits, prévenez la caisse ici." in words_of(
        at_desk.get("/alertes/")
    )


def test_alerts_cost_the_same_whatever_their_number(at_desk, cases):
    counter = CaptureQueriesContext(connection)
    raised(cases)
    before = queries_of(at_desk, "/alertes/", counter)
    for number in range(4):
        raised(cases, visitor=VisitorFactory(ccas=cases.site.ccas, last_name=f"Encore{number}"))
    assert queries_of(at_desk, "/alertes/", counter) == before
