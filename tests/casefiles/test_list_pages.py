"""The lists of files: what each shows, search, filters, pages, what an empty one says, and their export."""

import datetime as dt
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casefiles.models import CaseFile
from casefiles.services import record_decision, return_line
from partners.models import Role
from tests.bookings.schedules import queries_of, words_of
from tests.factories import VisitorFactory, staff_of

LISTS = {
    "/dossiers/": "Tous les dossiers",
    "/dossiers/mes-dossiers/": "Mes dossiers",
    "/dossiers/a-completer/": "À compléter",
    "/dossiers/a-envoyer/": "À envoyer",
    "/dossiers/accuses-attendus/": "Accusés attendus",
    "/dossiers/en-retard/": "En retard",
    "/dossiers/a-renouveler/": "À renouveler",
}


@pytest.fixture
def at_desk(client, cases):
    client.force_login(cases.clerk)
    return client


def person(cases, last_name: str, first_name: str = "Rose"):
    return VisitorFactory(ccas=cases.site.ccas, last_name=last_name, first_name=first_name)


@pytest.mark.parametrize(("address", "title"), LISTS.items())
def test_an_empty_list_says_what_to_do_next(at_desk, address, title):
    page = at_desk.get(address)
    assert page.status_code == 200
    assert f"<h1>{title}</h1>" in page.content.decode()
    assert 'class="empty"' in page.content.decode()
    assert "Ouvrir un dossier" in words_of(page)


def test_each_list_has_the_files_of_its_step(at_desk, cases):
    cases.opened(visitor=person(cases, "Prepare"))
    cases.complete(visitor=person(cases, "Complet"))
    cases.sent(visitor=person(cases, "Parti"))
    cases.acknowledged(visitor=person(cases, "Recu"))
    late = cases.opened(visitor=person(cases, "Tardif"), opened_on=dt.date(2026, 1, 5))
    cases.collect(late)
    at_desk.post(f"/dossiers/{late.pk}/accord/", {"agreed_on": "2026-01-05"})
    cases.send(late, sent_on=dt.date(2026, 1, 6))
    shown = {address: words_of(at_desk.get(address)) for address in LISTS}
    for address, names in {
        "/dossiers/": ["PREPARE", "COMPLET", "PARTI", "RECU", "TARDIF"],
        "/dossiers/mes-dossiers/": ["PREPARE", "COMPLET", "PARTI", "RECU", "TARDIF"],
        "/dossiers/a-completer/": ["PREPARE"],
        "/dossiers/a-envoyer/": ["COMPLET"],
        "/dossiers/accuses-attendus/": ["PARTI", "TARDIF"],
        "/dossiers/en-retard/": ["TARDIF"],
        "/dossiers/a-renouveler/": [],
    }.items():
        for name in ["PREPARE", "COMPLET", "PARTI", "RECU", "TARDIF"]:
            assert (name in shown[address]) == (name in names), (address, name)
    assert "40 jours de retard" in shown["/dossiers/en-retard/"]
    assert "2 pièces manquantes, accord à recueillir" in shown["/dossiers/a-completer/"]


def test_a_returned_file_is_to_be_completed_again(at_desk, cases):
    line = cases.acknowledged()
    return_line(line=line, labels=["Attestation de loyer"], by=cases.agent)
    said = words_of(at_desk.get("/dossiers/a-completer/"))
    assert "Retourné incomplet" in said
    assert "1 pièce manquante" in said


def test_rights_that_end_soon_are_to_be_renewed(at_desk, cases):
    line = cases.acknowledged()
    record_decision(
        line=line,
        result="accepted",
        decided_on=line.received_on,
        rights_from=dt.date(2025, 6, 1),
        rights_until=dt.date(2026, 5, 31),
        by=cases.agent,
    )
    page = at_desk.get("/dossiers/a-renouveler/")
    assert "droits jusqu’au dim. 31 mai 2026" in words_of(page)
    assert "à renouveler, fin dans 90 jours" in words_of(page)
    assert f"/dossiers/{line.file_id}/renouveler/" in page.content.decode()


@pytest.mark.parametrize(
    ("words", "is_found"),
    [("horth", True), ("HORTH elise", True), ("c2s", True), ("Hortt", True), ("zidane", False), ("\x00", True)],
)
def test_the_search_forgives(at_desk, cases, words, is_found):
    cases.opened()
    said = words_of(at_desk.get("/dossiers/", {"q": words}))
    assert ("Élise HORTH" in said) is is_found
    if words == "Hortt":
        assert "dossiers de personnes au nom proche" in said
    if not is_found:
        assert "Aucun dossier de cette liste ne répond à ces filtres." in said


def test_filters_are_in_the_address_and_a_wrong_one_is_told(at_desk, cases):
    pension = cases.kind("retraite")
    cases.opened(visitor=person(cases, "Sante"))
    cases.opened(visitor=person(cases, "Pension"), kind=pension)
    said = words_of(at_desk.get("/dossiers/", {"nature": "retraite"}))
    assert "PENSION" in said
    assert "SANTE" not in said
    assert "SANTE" in words_of(at_desk.get("/dossiers/", {"caisse": "cgss", "etape": "preparation"}))
    assert "SANTE" not in words_of(at_desk.get("/dossiers/", {"etape": "sent"}))
    wrong = words_of(at_desk.get("/dossiers/", {"nature": "inconnue"}))
    assert "Cette nature de dossier n’est pas connue." in wrong
    assert "SANTE" in wrong


def test_urgent_files_come_first_and_lists_have_pages(at_desk, cases):
    for number in range(26):
        cases.opened(visitor=person(cases, f"Ordinaire{number:02}"))
    cases.opened(visitor=person(cases, "Pressee"), is_urgent=True, urgency="Sans ressources")
    first = words_of(at_desk.get("/dossiers/a-completer/"))
    assert "27 dossiers" in first
    assert "page 1 sur 2" in first
    assert first.index("PRESSEE") < first.index("ORDINAIRE00")
    assert "ORDINAIRE25" in words_of(at_desk.get("/dossiers/a-completer/", {"page": "2"}))


@pytest.mark.parametrize("address", LISTS)
def test_a_list_costs_the_same_whatever_its_length(at_desk, cases, address):
    counter = CaptureQueriesContext(connection)
    cases.opened(visitor=person(cases, "Zéro"))
    cases.complete(visitor=person(cases, "Un"))
    cases.sent(visitor=person(cases, "Deux"))
    before = queries_of(at_desk, address, counter)
    for number in range(5):
        cases.opened(visitor=person(cases, f"Encore{number}"))
        cases.complete(visitor=person(cases, f"Complet{number}"))
        cases.sent(visitor=person(cases, f"Parti{number}"))
    assert queries_of(at_desk, address, counter) == before


# --- Export -----------------------------------------------------------------------------------------------------


@pytest.fixture
def manager(client, cases):
    client.force_login(staff_of(cases.site, role=Role.MANAGER))
    return client


def test_a_manager_exports_what_the_list_shows(manager, cases):
    cases.opened(visitor=person(cases, "=SOMME(A1)", "+33"), social_notes="Secret du CCAS")
    cases.complete(visitor=person(cases, "Horth"))
    answer = manager.get("/dossiers/export/a-completer.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="dossiers-a-completer-montsinery-2026-03-02.csv"'
    text = answer.content.decode("utf-8-sig")
    lines = text.splitlines()
    assert lines[0].startswith("Usager;Nature;Caisse;Suivi par;Urgent;Étape")
    assert len(lines) == 2
    # Neither file is read as a formula, and no note of the CCAS leaves.
    assert lines[1].startswith("'+33 =SOMME(A1);C2S;CGSS;Josiane Edwige;;En préparation")
    assert "02/03/2026" in lines[1]
    assert "Secret" not in text
    filtered = manager.get("/dossiers/export/tous.csv", {"q": "horth"}).content.decode("utf-8-sig")
    assert len(filtered.splitlines()) == 2


def test_the_workbook_holds_text_not_formulas(manager, cases):
    cases.opened(visitor=person(cases, "=1+1"))
    answer = manager.get("/dossiers/export/tous.xlsx")
    with ZipFile(BytesIO(answer.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "=1+1" in book.read("xl/sharedStrings.xml").decode()


def test_only_those_who_answer_for_the_ccas_export(at_desk, cases):
    assert at_desk.get("/dossiers/export/tous.csv").status_code == 404
    assert "Exporter" not in words_of(at_desk.get("/dossiers/"))


@pytest.mark.parametrize("name", ["inconnu.csv", "tous.pdf", "a-envoyer.exe"])
def test_an_unknown_export_does_not_exist(manager, name):
    assert manager.get(f"/dossiers/export/{name}").status_code == 404


# --- On the card of a person ---------------------------------------------------------------------------------------


def test_the_card_of_a_person_leads_to_her_files(at_desk, cases):
    file = cases.opened()
    page = at_desk.get(f"/usagers/{cases.visitor.pk}/").content.decode()
    assert f'href="/dossiers/nouveau/?usager={cases.visitor.pk}"' in page
    assert f'hx-get="/dossiers/de/{cases.visitor.pk}/"' in page
    part = at_desk.get(f"/dossiers/de/{cases.visitor.pk}/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert f"/dossiers/{file.pk}/" in part.content.decode()
    assert "Dossiers de Élise HORTH" in words_of(at_desk.get(f"/dossiers/de/{cases.visitor.pk}/"))
    assert CaseFile.objects.count() == 1
