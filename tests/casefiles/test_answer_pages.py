"""Answers of a caisse, by its agent on line or typed back by the desk: received, sent back, decided; each undone."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casefiles.models import DecisionResult, SlipLine
from casefiles.services import mark_urgent, withdraw
from tests.bookings.schedules import queries_of, words_of
from tests.factories import VisitorFactory

BOTH = pytest.mark.parametrize("who", ["clerk", "agent"])


@pytest.fixture
def signed_in(client, cases):
    """A client of the clerk or of the agent."""

    def sign_in(who: str):
        client.force_login(getattr(cases, who))
        return client

    return sign_in


def page_after(cases, line: SlipLine, who: str) -> str:
    return f"/dossiers/{line.file_id}/" if who == "clerk" else f"/transmissions/{line.pk}/"


def decided(**changes) -> dict[str, str]:
    return {
        "result": "accepted",
        "decided_on": "2026-03-02",
        "refusal_reason": "",
        "rights_from": "2026-03-01",
        "rights_until": "2027-02-28",
    } | changes


# --- Received ------------------------------------------------------------------------------------------------------


@BOTH
def test_one_file_is_acknowledged_corrected_and_taken_back(signed_in, cases, who):
    client, line = signed_in(who), cases.sent(sent_on=dt.date(2026, 3, 2))
    address = f"/transmissions/{line.pk}/accuser/"
    assert "Accusé de réception" in words_of(client.get(address))
    done = client.post(address, {"received_on": "2026-03-02"}, follow=True)
    assert done.redirect_chain[-1][0] == page_after(cases, line, who)
    assert f'action="{address}defaire/"' in done.content.decode()
    line.refresh_from_db()
    assert (line.received_on, line.acknowledged_by) == (dt.date(2026, 3, 2), getattr(cases, who))
    assert 'value="2026-03-02"' in client.get(address).content.decode()
    client.post(f"{address}defaire/")
    line.refresh_from_db()
    assert line.received_on is None


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2026-03-01", "La réception ne peut pas précéder l’envoi du bordereau, le 2 mars 2026."),
        ("2026-03-03", "Cette date est à venir."),
        ("", "Écrivez une date."),
    ],
)
def test_a_wrong_receipt_is_told_and_kept(signed_in, cases, day, sentence):
    line = cases.sent()
    refused = signed_in("agent").post(f"/transmissions/{line.pk}/accuser/", {"received_on": day})
    assert sentence in words_of(refused)
    assert f'value="{day}"' in refused.content.decode() or not day


# --- Sent back -----------------------------------------------------------------------------------------------------


@BOTH
def test_a_file_is_sent_back_with_what_is_missing_and_this_is_undone(signed_in, cases, who):
    client, line = signed_in(who), cases.sent()
    identity = line.content["documents"][0]
    address = f"/transmissions/{line.pk}/retourner/"
    form = client.get(address)
    assert "Pièce d’identité" in words_of(form)
    done = client.post(
        address,
        {
            "documents": [identity["id"]],
            "labels": "Attestation de loyer\n\n Bulletins de salaire ",
            "note": "Copie illisible",
            "received_on": "2026-03-02",
            "returned_on": "2026-03-02",
        },
        follow=True,
    )
    line.refresh_from_db()
    assert [asked["label"] for asked in line.missing] == [
        "Pièce d’identité",
        "Attestation de loyer",
        "Bulletins de salaire",
    ]
    assert (line.return_note, line.received_on) == ("Copie illisible", dt.date(2026, 3, 2))
    said = words_of(done)
    assert "Copie illisible" in said
    assert "Retourné incomplet" in said
    assert f'action="{address}defaire/"' in done.content.decode()
    # From the page, later on, it asks first.
    assert f'href="{address}defaire/"' in client.get(page_after(cases, line, who)).content.decode()
    asked = words_of(client.get(f"{address}defaire/"))
    assert "Effacer ce retour ?" in asked
    assert "Bulletins de salaire" in asked
    client.post(f"{address}defaire/")
    line.refresh_from_db()
    assert line.returned_at is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Dites ce qui manque : cochez une pièce, ou écrivez-en une autre."),
        ({"documents": "0"}, "Cette pièce n’est pas de ce dossier."),
        ({"labels": "x" * 201}, "Une pièce se nomme en 200 caractères au plus."),
        ({"labels": "\n".join("x" * 3 for _ in range(21))}, "20 pièces au plus."),
        ({"labels": "Pièce", "returned_on": "2026-03-03"}, "Cette date est à venir."),
        ({"labels": "Pièce", "note": "2 60 02 97 313 123 45"}, "numéro de sécurité sociale"),
    ],
)
def test_a_return_that_says_nothing_is_refused(signed_in, cases, changes, sentence):
    line = cases.acknowledged()
    typed = {"labels": "", "note": "", "returned_on": "2026-03-02"} | changes
    refused = signed_in("agent").post(f"/transmissions/{line.pk}/retourner/", typed)
    assert sentence in words_of(refused)
    line.refresh_from_db()
    assert line.returned_at is None


# --- Decided ---------------------------------------------------------------------------------------------------------


@BOTH
def test_a_decision_is_noted_corrected_and_taken_back(signed_in, cases, who):
    client, line = signed_in(who), cases.acknowledged()
    address = f"/transmissions/{line.pk}/decision/"
    client.post(address, decided())
    line.refresh_from_db()
    assert (line.result, line.rights_until) == (DecisionResult.ACCEPTED, dt.date(2027, 2, 28))
    said = words_of(client.get(page_after(cases, line, who)))
    assert "2 mars 2026" in said
    assert "28 février 2027" in said
    again = client.get(address)
    assert "Corriger la décision" in words_of(again)
    assert 'value="2027-02-28"' in again.content.decode()
    refusal = decided(result="refused", refusal_reason="Ressources au-dessus du plafond")
    client.post(address, refusal)
    line.refresh_from_db()
    assert (line.result, line.refusal_reason, line.rights_from) == (
        DecisionResult.REFUSED,
        "Ressources au-dessus du plafond",
        None,
    )
    assert "Effacer cette décision ?" in words_of(client.get(f"{address}defaire/"))
    client.post(f"{address}defaire/")
    line.refresh_from_db()
    assert line.result == ""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"result": ""}, "Choisissez accord ou refus."),
        ({"result": "refused"}, "Dites le motif du refus."),
        ({"decided_on": "2026-03-03"}, "Cette date est à venir."),
        ({"decided_on": "2026-03-01"}, "La décision ne peut pas précéder la réception du dossier"),
        ({"rights_until": "2026-02-01"}, "La fin des droits doit suivre leur début."),
        ({"rights_from": ""}, "Dites aussi depuis quand les droits sont ouverts."),
        ({"rights_until": "0026-02-01"}, "L’année doit être comprise"),
    ],
)
def test_a_wrong_decision_is_told_and_kept(signed_in, cases, changes, sentence):
    line = cases.acknowledged()
    refused = signed_in("agent").post(f"/transmissions/{line.pk}/decision/", decided(**changes))
    assert sentence in words_of(refused)
    line.refresh_from_db()
    assert line.result == ""


def test_a_decision_typed_back_says_when_the_file_was_received(signed_in, cases):
    line = cases.sent()
    client = signed_in("clerk")
    assert "Reçu par la caisse le" in words_of(client.get(f"/transmissions/{line.pk}/decision/"))
    client.post(f"/transmissions/{line.pk}/decision/", decided(received_on="2026-03-02"))
    line.refresh_from_db()
    assert (line.received_on, line.result) == (dt.date(2026, 3, 2), DecisionResult.ACCEPTED)


def test_the_desk_notes_a_silence_that_has_lasted(signed_in, cases, clock):
    line = cases.acknowledged()
    clock.move_to(dt.datetime(2026, 5, 3, 12, 0, tzinfo=dt.UTC))
    client = signed_in("clerk")
    page = client.get(f"/transmissions/{line.pk}/decision/", {"tacite": "1"})
    assert "son silence vaut accord" in words_of(page)
    assert 'value="2026-05-02"' in page.content.decode()
    client.post(f"/transmissions/{line.pk}/decision/", decided(is_tacit="on", decided_on="2026-05-02"))
    line.refresh_from_db()
    assert (line.result, line.is_tacit, line.decided_on) == ("accepted", True, dt.date(2026, 5, 2))


def test_nobody_notes_a_silence_before_it_has_lasted_nor_her_own(signed_in, cases, clock):
    line = cases.acknowledged()
    assert "silence" not in words_of(signed_in("clerk").get(f"/transmissions/{line.pk}/decision/", {"tacite": "1"}))
    clock.move_to(dt.datetime(2026, 5, 3, 12, 0, tzinfo=dt.UTC))
    assert "silence" not in words_of(signed_in("agent").get(f"/transmissions/{line.pk}/decision/", {"tacite": "1"}))


# --- What an agent works from ---------------------------------------------------------------------------------------


def test_an_agent_s_list_has_what_was_sent_to_her_caisse_the_urgent_first(signed_in, cases):
    cases.sent(visitor=VisitorFactory(ccas=cases.site.ccas, last_name="Ordinaire"))
    urgent = cases.complete(visitor=VisitorFactory(ccas=cases.site.ccas, last_name="Pressee"))
    mark_urgent(file=urgent, urgency="Sans ressources", by=cases.clerk)
    cases.send(urgent)
    cases.opened(visitor=VisitorFactory(ccas=cases.site.ccas, last_name="Pasencore"), social_notes="Secret")
    client = signed_in("agent")
    said = words_of(client.get("/transmissions/"))
    assert said.index("PRESSEE") < said.index("ORDINAIRE")
    assert "PASENCORE" not in said
    assert "PRESSEE" in words_of(client.get("/transmissions/", {"q": "pressée"}))
    assert "Personne de ce nom dans cette liste." in words_of(client.get("/transmissions/", {"q": "zidane"}))
    assert "Cette liste est vide." in words_of(client.get("/transmissions/", {"liste": "decides"}))


def test_an_agent_reads_what_was_sent_and_nothing_else(signed_in, cases):
    line = cases.send(cases.complete(social_notes="Secret du CCAS")).lines.get()
    cases.visitor.staff_notes = "Autre secret"
    cases.visitor.phone = "+594594393000"
    cases.visitor.save()
    page = signed_in("agent").get(f"/transmissions/{line.pk}/")
    said = words_of(page)
    assert "Élise HORTH" in said
    assert "29 février 1960" in said
    assert "Pièce d’identité" in said
    for hidden in ("Secret", "0594", f"/dossiers/{line.file_id}/", "/usagers/"):
        assert hidden not in page.content.decode()


def test_an_agent_sees_that_a_file_was_withdrawn_not_why(signed_in, cases):
    line = cases.sent()
    withdraw(file=line.file, reason="A déménagé chez sa sœur", by=cases.clerk)
    said = words_of(signed_in("agent").get(f"/transmissions/{line.pk}/"))
    assert "Le CCAS a retiré ce dossier" in said
    assert "sœur" not in said
    refused = signed_in("agent").post(f"/transmissions/{line.pk}/accuser/", {"received_on": "2026-03-02"})
    assert "Ce dossier est retiré" in words_of(refused)


def test_the_desk_is_led_from_a_line_to_its_file(signed_in, cases):
    line = cases.sent()
    assert signed_in("clerk").get(f"/transmissions/{line.pk}/").url == f"/dossiers/{line.file_id}/"


@pytest.mark.parametrize("address", ["/transmissions/", "/transmissions/?liste=tous", "/bordereaux/"])
def test_an_agent_s_lists_cost_the_same_whatever_their_length(signed_in, cases, address):
    client, counter = signed_in("agent"), CaptureQueriesContext(connection)
    cases.sent()
    before = queries_of(client, address, counter)
    for number in range(4):
        cases.sent(visitor=VisitorFactory(ccas=cases.site.ccas, last_name=f"Encore{number}"))
    assert queries_of(client, address, counter) == before


def test_the_answer_leads_back_to_the_page_that_asked_and_nowhere_else(signed_in, cases):
    line = cases.sent()
    client = signed_in("agent")
    slip = f"/bordereaux/{line.slip_id}/"
    done = client.post(f"/transmissions/{line.pk}/accuser/", {"received_on": "2026-03-02", "next": slip})
    assert done.url == slip
    client.post(f"/transmissions/{line.pk}/accuser/defaire/")
    away = client.post(
        f"/transmissions/{line.pk}/accuser/", {"received_on": "2026-03-02", "next": "https://exemple.fr/"}
    )
    assert away.url == f"/transmissions/{line.pk}/"
