"""The page of a file: opening, checklist, agreement, urgency, notes, who follows, withdrawing, renewing."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casefiles.models import CaseFile, DocumentState
from casefiles.services import mark_urgent, record_decision, return_line
from partners.models import Contact
from tests.bookings.schedules import queries_of, words_of
from tests.factories import SiteFactory, VisitorFactory, staff_of

OPEN = "/dossiers/nouveau/"
NIR = "2 60 02 97 313 123 45"


@pytest.fixture
def at_desk(client, cases):
    client.force_login(cases.clerk)
    return client


def page_of(client, file) -> str:
    return words_of(client.get(f"/dossiers/{file.pk}/"))


def new_file(cases, **changes) -> dict[str, str]:
    """What the form of a new file sends."""
    return {
        "opened_on": "2026-03-02",
        "offer": f"{cases.caisse.pk}-{cases.c2s.pk}",
        "agent": str(cases.clerk.pk),
        "urgency": "",
        "social_notes": "",
    } | changes


# --- Opening -------------------------------------------------------------------------------------------------------


def test_a_file_is_opened_for_somebody_found_by_her_name(at_desk, cases):
    assert "Pour qui ?" in words_of(at_desk.get(OPEN))
    found = at_desk.get(OPEN, {"q": "hort"}).content.decode()
    assert f'href="?usager={cases.visitor.pk}"' in found
    address = f"{OPEN}?usager={cases.visitor.pk}"
    form = at_desk.get(address)
    assert "C2S" in words_of(form)
    posted = at_desk.post(address, new_file(cases, social_notes="Hébergée par sa fille", agent=str(cases.colleague.pk)))
    file = CaseFile.objects.get()
    assert posted.url == f"/dossiers/{file.pk}/"
    assert (file.visitor, file.kind, file.partner, file.agent) == (
        cases.visitor,
        cases.c2s,
        cases.caisse,
        cases.colleague,
    )
    assert file.opened_on == dt.date(2026, 3, 2)
    said = page_of(at_desk, file)
    assert "Dossier ouvert pour Élise HORTH" in said
    assert "Hébergée par sa fille" in said
    assert "0 sur 3 réunie" in said


def test_what_is_offered_is_what_exists_on_the_day(at_desk, cases):
    cases.kind("cmu-c", valid_until=dt.date(2019, 10, 31))
    address = f"{OPEN}?usager={cases.visitor.pk}"
    today = words_of(at_desk.get(address))
    assert "C2S" in today
    assert "CMU-C" not in today
    before = words_of(at_desk.get(address + "&opened_on=2019-10-31"))
    assert "CMU-C" in before
    assert "C2S" not in before
    refused = at_desk.post(address, new_file(cases, opened_on="2019-10-31", social_notes="À garder"))
    assert "Cette demande n’existe pas ce jour-là pour cet espace." in words_of(refused)
    assert "À garder" in refused.content.decode()
    assert not CaseFile.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"offer": ""}, "Choisissez ce qui est demandé."),
        ({"opened_on": "2026-03-03"}, "Cette date est à venir."),
        ({"opened_on": ""}, "Écrivez une date."),
        ({"opened_on": "hier"}, "Cette date n’existe pas."),
        ({"agent": "0"}, "Cette personne ne travaille pas dans cet espace."),
        ({"urgency": "Sans ressources"}, "Cochez « Dossier urgent », ou laissez ceci vide."),
        ({"social_notes": f"Son numéro : {NIR}"}, "numéro de sécurité sociale"),
        ({"is_urgent": "on", "urgency": "x" * 201}, "200 caractères au plus."),
    ],
)
def test_what_is_typed_wrong_is_told_and_kept(at_desk, cases, changes, sentence):
    typed = new_file(cases, **changes)
    typed["social_notes"] = typed["social_notes"] or "Ce que j’ai écrit"
    page = at_desk.post(f"{OPEN}?usager={cases.visitor.pk}", typed)
    assert sentence in words_of(page)
    assert typed["social_notes"] in page.content.decode().replace("&#x27;", "'")
    assert not CaseFile.objects.exists()


def test_a_file_under_way_is_shown_before_another_is_opened(at_desk, cases):
    file = cases.opened()
    page = at_desk.get(f"{OPEN}?usager={cases.visitor.pk}")
    assert "Cette personne a déjà un dossier en cours" in words_of(page)
    assert f"/dossiers/{file.pk}/" in page.content.decode()


def test_nobody_is_found_for_a_stranger_of_another_ccas(at_desk, cases):
    stranger = VisitorFactory(last_name="Horthense")
    assert "HORTHENSE" not in words_of(at_desk.get(OPEN, {"q": "horthense"}))
    assert "Pour qui ?" in words_of(at_desk.get(OPEN, {"usager": stranger.pk}))
    for absurd in ("x", "\x00", "9" * 5000, "-1"):
        assert at_desk.get(OPEN, {"usager": absurd}).status_code == 200


# --- Checklist -----------------------------------------------------------------------------------------------------


def test_one_click_a_document_and_one_to_take_it_back(at_desk, cases):
    file = cases.opened()
    document = file.documents.first()
    answer = at_desk.post(f"/dossiers/{file.pk}/pieces/{document.pk}/recue/", follow=True)
    said = words_of(answer)
    assert "Pièce d’identité : reçue." in said
    assert "1 sur 3 réunie" in said
    assert f'action="/dossiers/{file.pk}/pieces/{document.pk}/manquante/"' in answer.content.decode()
    document.refresh_from_db()
    assert (document.state, document.noted_by) == (DocumentState.RECEIVED, cases.clerk)
    at_desk.post(f"/dossiers/{file.pk}/pieces/{document.pk}/manquante/")
    at_desk.post(f"/dossiers/{file.pk}/pieces/{file.documents.last().pk}/sans-objet/")
    states = list(file.documents.order_by("position").values_list("state", flat=True))
    assert states == ["missing", "missing", "not_applicable"]


def test_with_htmx_the_same_page_comes_back_and_every_button_keeps_its_id(at_desk, cases):
    file = cases.opened()
    document = file.documents.first()
    answer = at_desk.post(
        f"/dossiers/{file.pk}/pieces/{document.pk}/recue/", headers={"HX-Request": "true"}, follow=True
    )
    text = answer.content.decode()
    for fragment in ('id="dossier"', 'id="messages"', 'id="etape"', f'id="piece-{document.pk}-recue"'):
        assert fragment in text
    assert 'aria-pressed="true">Reçue' in " ".join(text.split())


def test_a_document_is_added_and_removed(at_desk, cases):
    file = cases.opened()
    at_desk.post(f"/dossiers/{file.pk}/pieces/", {"label": "Attestation d’hébergement", "is_mandatory": "on"})
    added = file.documents.get(required_document=None)
    assert added.is_mandatory
    assert "Attestation d’hébergement" in page_of(at_desk, file)
    at_desk.post(f"/dossiers/{file.pk}/pieces/{added.pk}/retirer/")
    assert not file.documents.filter(required_document=None).exists()
    empty = at_desk.post(f"/dossiers/{file.pk}/pieces/", {"label": " "})
    assert "Nommez la pièce à ajouter." in words_of(empty)
    seeded = file.documents.first()
    refused = at_desk.post(f"/dossiers/{file.pk}/pieces/{seeded.pk}/retirer/", follow=True)
    assert "Sans objet" in words_of(refused)
    assert file.documents.filter(pk=seeded.pk).exists()


def test_a_sent_file_s_checklist_does_not_change(at_desk, cases):
    line = cases.sent()
    document = line.file.documents.first()
    page = at_desk.get(f"/dossiers/{line.file_id}/").content.decode()
    assert "aria-pressed" not in page
    refused = at_desk.post(f"/dossiers/{line.file_id}/pieces/{document.pk}/manquante/", follow=True)
    assert "il ne change plus tant que la caisse ne l’a pas retourné" in words_of(refused)
    document.refresh_from_db()
    assert document.state == DocumentState.RECEIVED
    assert at_desk.post(f"/dossiers/{line.file_id}/pieces/{document.pk}/perdue/").status_code == 404


# --- Agreement, urgency, notes, who follows -----


def test_the_agreement_is_noted_and_taken_back_after_a_question(at_desk, cases):
    file = cases.opened()
    cases.collect(file)
    assert "Incomplet Accord à recueillir." in page_of(at_desk, file)
    at_desk.post(f"/dossiers/{file.pk}/accord/", {"agreed_on": "2026-03-01"})
    file.refresh_from_db()
    assert (file.agreed_on, file.agreement_recorded_by) == (dt.date(2026, 3, 1), cases.clerk)
    said = page_of(at_desk, file)
    assert "Complet, à envoyer" in said
    assert "Préparer le bordereau" in said
    assert "Retirer l’accord de la personne ?" in words_of(at_desk.get(f"/dossiers/{file.pk}/accord/retirer/"))
    at_desk.post(f"/dossiers/{file.pk}/accord/retirer/")
    file.refresh_from_db()
    assert file.agreed_on is None


def test_an_agreement_to_come_is_refused_beside_the_form(at_desk, cases):
    file = cases.opened()
    refused = at_desk.post(f"/dossiers/{file.pk}/accord/", {"agreed_on": "2026-03-03"})
    assert "Cette date est à venir." in words_of(refused)
    assert 'value="2026-03-03"' in refused.content.decode()


def test_an_urgent_file_shows_whom_to_call_at_once(at_desk, cases):
    Contact.objects.create(partner=cases.caisse, name="Mme Ringuet", phone="+594594393001", is_referent=True)
    Contact.objects.create(partner=cases.caisse, name="Ligne Urgence Précarité (LUP)", phone="+594594393999")
    file = cases.opened()
    assert "Mme Ringuet" not in page_of(at_desk, file)
    said = words_of(at_desk.post(f"/dossiers/{file.pk}/urgence/", {"urgency": "Sans ressources"}, follow=True))
    assert "Urgent : Sans ressources" in said
    assert "Mme Ringuet" in said
    assert "0594 39 39 99" in said
    asked = words_of(at_desk.get(f"/dossiers/{file.pk}/urgence/lever/"))
    assert "« Sans ressources » sera effacé" in asked
    at_desk.post(f"/dossiers/{file.pk}/urgence/lever/")
    file.refresh_from_db()
    assert not file.is_urgent


def test_an_urgent_file_without_contacts_says_so(at_desk, cases):
    file = mark_urgent(file=cases.opened(), urgency="", by=cases.clerk)
    assert "CGSS n’a pas communiqué de ligne d’urgence" in page_of(at_desk, file)
    assert "aucun référent n’est enregistré" in page_of(at_desk, file)


def test_notes_stay_with_the_ccas_and_refuse_a_number(at_desk, cases):
    file = cases.opened()
    at_desk.post(f"/dossiers/{file.pk}/notes/", {"social_notes": "Hébergée par sa fille"})
    assert "Hébergée par sa fille" in page_of(at_desk, file)
    refused = at_desk.post(f"/dossiers/{file.pk}/notes/", {"social_notes": f"Numéro {NIR}"})
    assert "numéro de sécurité sociale" in words_of(refused)
    assert NIR in refused.content.decode()
    file.refresh_from_db()
    assert file.social_notes == "Hébergée par sa fille"


def test_somebody_else_follows_the_file(at_desk, cases):
    file = cases.opened()
    at_desk.post(f"/dossiers/{file.pk}/suivi/", {"agent": str(cases.colleague.pk)})
    file.refresh_from_db()
    assert file.agent == cases.colleague
    stranger = staff_of(SiteFactory())
    refused = at_desk.post(f"/dossiers/{file.pk}/suivi/", {"agent": str(stranger.pk)})
    assert "Cette personne ne travaille pas dans cet espace." in words_of(refused)


# --- Ribbon, history, clocks -----


def test_the_page_says_what_is_awaited_and_what_silence_means(at_desk, cases):
    line = cases.acknowledged()
    said = page_of(at_desk, line.file)
    assert "Décision attendue le 2 mai 2026" in said
    assert "Sans réponse le 2 mai 2026 au soir, le silence de la caisse vaut accord (CSS L861-5)." in said
    assert "Bordereau n° 2026-0001" in said
    assert "Reçu par CGSS le 2 mars 2026 par" in said


def test_a_silence_that_has_lasted_can_be_noted(at_desk, cases, clock):
    line = cases.acknowledged()
    clock.move_to(dt.datetime(2026, 5, 3, 12, 0, tzinfo=dt.UTC))
    at_desk.force_login(cases.clerk)
    page = at_desk.get(f"/dossiers/{line.file_id}/")
    assert "La caisse n’a pas répondu dans le délai" in words_of(page)
    assert f"/transmissions/{line.pk}/decision/?tacite=1" in page.content.decode()


def test_a_returned_file_shows_what_was_asked_on_top(at_desk, cases):
    line = cases.acknowledged()
    identity = line.file.documents.first()
    return_line(line=line, documents=[identity], labels=["Attestation"], note="Pièce illisible", by=cases.agent)
    page = at_desk.get(f"/dossiers/{line.file_id}/")
    said = words_of(page)
    assert "Retourné incomplet par CGSS le 2 mars 2026." in said
    assert "Pièce illisible" in said
    assert "demandée au retour" in said
    assert said.index("Retourné incomplet par CGSS") < said.rindex("Historique")
    assert "aria-pressed" in page.content.decode()


def test_the_page_costs_the_same_whatever_the_history(at_desk, cases):
    counter = CaptureQueriesContext(connection)
    line = cases.acknowledged()
    return_line(line=line, labels=["Une pièce"], by=cases.agent)
    before = queries_of(at_desk, f"/dossiers/{line.file_id}/", counter)
    for number in range(3):
        cases.collect(line.file)
        again = cases.send(CaseFile.objects.get(pk=line.file_id)).lines.get()
        return_line(line=again, labels=[f"Pièce {number}", f"Autre {number}"], by=cases.agent)
    assert queries_of(at_desk, f"/dossiers/{line.file_id}/", counter) == before


# --- Withdrawing, renewing -----


def test_withdrawing_asks_why_and_can_be_taken_back(at_desk, cases):
    file = cases.opened()
    assert "Retirer ce dossier ?" in words_of(at_desk.get(f"/dossiers/{file.pk}/retirer/"))
    empty = at_desk.post(f"/dossiers/{file.pk}/retirer/", {"reason": ""})
    assert "Dites pourquoi le dossier est retiré." in words_of(empty)
    done = at_desk.post(f"/dossiers/{file.pk}/retirer/", {"reason": "A déménagé"}, follow=True)
    assert f'action="/dossiers/{file.pk}/rouvrir/"' in done.content.decode()
    said = words_of(done)
    assert "A déménagé" in said
    assert "Rouvrir le dossier" in said
    at_desk.post(f"/dossiers/{file.pk}/rouvrir/")
    file.refresh_from_db()
    assert file.withdrawn_at is None


def test_rights_are_renewed_with_a_new_file(at_desk, cases):
    line = cases.acknowledged()
    record_decision(
        line=line,
        result="accepted",
        decided_on=line.received_on,
        rights_from=dt.date(2025, 6, 1),
        rights_until=dt.date(2026, 5, 31),
        by=cases.agent,
    )
    address = f"/dossiers/{line.file_id}/renouveler/"
    assert "Ses droits finissent le 31 mai 2026 (dans 90 jours)" in words_of(at_desk.get(address))
    done = at_desk.post(address, {"agent": str(cases.clerk.pk)})
    renewal = CaseFile.objects.get(renewal_of=line.file)
    assert done.url == f"/dossiers/{renewal.pk}/"
    assert "Renouvellement en cours" in page_of(at_desk, line.file)
    twice = at_desk.post(address, {"agent": str(cases.clerk.pk)})
    assert "Le renouvellement de ce dossier est déjà en cours." in words_of(twice)


def test_what_was_not_granted_is_not_renewed(at_desk, cases):
    file = cases.opened()
    refused = at_desk.post(f"/dossiers/{file.pk}/renouveler/", {"agent": str(cases.clerk.pk)})
    assert "ce dossier n’a pas reçu d’accord" in words_of(refused)
    assert not CaseFile.objects.exclude(pk=file.pk).exists()
