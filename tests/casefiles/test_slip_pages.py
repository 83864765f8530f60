"""Slips: ticked files, the preview, the sending, the list, the page of one, its paper, acknowledging by ticks."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casefiles.models import SlipLine, TransmissionSlip
from casefiles.services import return_line, withdraw
from tests.bookings.schedules import queries_of, words_of
from tests.factories import VisitorFactory, staff_of

NEW = "/bordereaux/nouveau/"


@pytest.fixture
def at_desk(client, cases):
    client.force_login(cases.clerk)
    return client


def person(cases, last_name: str):
    return VisitorFactory(ccas=cases.site.ccas, last_name=last_name, first_name="Rose")


def send(client, cases, *files, sent_on="2026-03-02", caisse="cgss"):
    typed = {"dossier": [file.pk for file in files], "caisse": caisse, f"{caisse}-sent_on": sent_on}
    return client.post(NEW, typed, follow=True)


# --- From ticks to a slip -----


def test_complete_files_are_ticked_previewed_and_sent(at_desk, cases):
    one, two = cases.complete(visitor=person(cases, "Un")), cases.complete(visitor=person(cases, "Deux"))
    listed = at_desk.get("/dossiers/a-envoyer/").content.decode()
    assert f'name="dossier" value="{one.pk}"' in " ".join(listed.split())
    preview = at_desk.get(NEW, {"dossier": [one.pk, two.pk]})
    assert "Rose UN" in words_of(preview)
    assert "Une fois envoyé, le bordereau est numéroté et ne change plus." in words_of(preview)
    assert not TransmissionSlip.objects.exists()
    done = send(at_desk, cases, one, two)
    slip = TransmissionSlip.objects.get()
    assert done.redirect_chain[-1][0] == f"/bordereaux/{slip.pk}/"
    assert "Bordereau n° 2026-0001 envoyé à CGSS : 2 dossiers." in words_of(done)
    assert (slip.sent_by, slip.file_count, slip.sent_on) == (cases.clerk, 2, dt.date(2026, 3, 2))


def test_files_of_two_caisses_make_two_slips(at_desk, cases):
    cases.c2s.partners.add(cases.other_caisse)
    one = cases.complete(visitor=person(cases, "Un"))
    two = cases.complete(visitor=person(cases, "Deux"), partner=cases.other_caisse)
    said = words_of(at_desk.get(NEW, {"dossier": [one.pk, two.pk]}))
    assert "Les dossiers cochés vont à 2 caisses : un bordereau pour chacune." in said
    assert "Envoyer à CGSS" in said
    assert "Envoyer à CARSAT" in said
    send(at_desk, cases, one, two)
    assert [line.file for line in SlipLine.objects.all()] == [one]


def test_an_incomplete_file_is_named_and_left_out(at_desk, cases):
    ready, lacking = cases.complete(visitor=person(cases, "Pret")), cases.opened(visitor=person(cases, "Manque"))
    preview = words_of(at_desk.get(NEW, {"dossier": [ready.pk, lacking.pk]}))
    assert "Ce dossier ne peut pas partir maintenant" in preview
    assert "Rose MANQUE, C2S : incomplet." in preview
    refused = send(at_desk, cases, lacking)
    assert "Rien n’a été envoyé." in words_of(refused)
    assert "2 pièces manquantes" in words_of(refused) or "sans l’accord" in words_of(refused)
    assert not TransmissionSlip.objects.exists()


def test_somebody_else_was_quicker(at_desk, cases):
    file = cases.complete()
    cases.send(file)
    refused = send(at_desk, cases, file)
    assert "vient de partir dans un autre bordereau" in words_of(refused)
    assert "déjà envoyé" in words_of(refused)
    assert TransmissionSlip.objects.count() == 1


@pytest.mark.parametrize(
    ("sent_on", "sentence"),
    [
        ("2026-03-03", "Cette date est à venir."),
        ("", "Écrivez une date."),
        ("2026-02-01", "l’accord de la personne est postérieur à la date d’envoi"),
    ],
)
def test_a_wrong_date_sends_nothing_and_is_kept(at_desk, cases, sent_on, sentence):
    refused = send(at_desk, cases, cases.complete(), sent_on=sent_on)
    assert sentence in words_of(refused)
    assert f'value="{sent_on}"' in refused.content.decode() or not sent_on
    assert not TransmissionSlip.objects.exists()


def test_nothing_ticked_says_where_to_tick(at_desk, cases):
    said = words_of(at_desk.get(NEW))
    assert "Aucun dossier à envoyer n’est choisi." in said
    assert at_desk.get(NEW, {"dossier": "0"}).status_code == 404
    for absurd in ("x", "\x00", "9" * 5000):
        assert at_desk.get(NEW, {"dossier": absurd}).status_code == 404


# --- The list and the page -----


def test_slips_are_found_by_number_and_by_name(at_desk, cases):
    cases.send(cases.complete(visitor=person(cases, "Un")))
    cases.send(cases.complete(visitor=person(cases, "Deux")))
    every = words_of(at_desk.get("/bordereaux/"))
    assert "2 bordereaux" in every
    assert "1 à accuser" in every
    for words, numbers in {
        "2026-0002": ["2026-0002"],
        "1": ["2026-0001"],
        "deux": ["2026-0002"],
        "2025-0001": [],
        "zidane": [],
        "\x00": ["2026-0001", "2026-0002"],
        "9" * 500: [],
    }.items():
        said = words_of(at_desk.get("/bordereaux/", {"q": words}))
        found = [number for number in ("2026-0001", "2026-0002") if f"n° {number}" in said]
        assert found == numbers, words
    assert "Aucun bordereau n’est parti vers cette caisse." in words_of(at_desk.get("/bordereaux/", {"caisse": "x"}))


def test_an_empty_list_of_slips_says_what_to_do(at_desk, cases):
    assert "Un bordereau se prépare à partir des dossiers complets." in words_of(at_desk.get("/bordereaux/"))


def test_slips_have_pages_and_cost_the_same(at_desk, cases):
    counter = CaptureQueriesContext(connection)
    cases.send(cases.complete(visitor=person(cases, "Un")))
    before = queries_of(at_desk, "/bordereaux/", counter)
    for number in range(25):
        cases.send(cases.complete(visitor=person(cases, f"Encore{number}")))
    assert queries_of(at_desk, "/bordereaux/", counter) == before
    assert "page 1 sur 2" in words_of(at_desk.get("/bordereaux/"))


def test_the_page_of_a_slip_costs_the_same_whatever_its_files(at_desk, cases):
    counter = CaptureQueriesContext(connection)
    one = cases.send(cases.complete(visitor=person(cases, "Un")))
    many = cases.send(*(cases.complete(visitor=person(cases, f"Encore{number}")) for number in range(6)))
    assert queries_of(at_desk, f"/bordereaux/{one.pk}/", counter) == queries_of(
        at_desk, f"/bordereaux/{many.pk}/", counter
    )


def test_the_paper_is_the_slip_as_it_was_sent(at_desk, cases):
    slip = cases.send(cases.complete())
    answer = at_desk.get(f"/bordereaux/{slip.pk}/bordereau.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert "bordereau-2026-0001-cgss.pdf" in answer["Content-Disposition"]


# --- Acknowledging by ticks -----


@pytest.mark.parametrize("who", ["clerk", "agent"])
def test_what_arrived_is_ticked(client, cases, who):
    client.force_login(getattr(cases, who))
    slip = cases.send(*(cases.complete(visitor=person(cases, name)) for name in ("Un", "Deux")))
    first, second = slip.lines.order_by("position")
    page = " ".join(client.get(f"/bordereaux/{slip.pk}/").content.decode().split())
    assert f'name="ligne" value="{first.pk}" checked' in page
    done = client.post(
        f"/bordereaux/{slip.pk}/accuser/", {"ligne": [first.pk], "received_on": "2026-03-02"}, follow=True
    )
    assert "Accusé de réception noté pour 1 dossier." in words_of(done)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.received_on, first.acknowledged_by) == (dt.date(2026, 3, 2), getattr(cases, who))
    assert second.received_on is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"received_on": "2026-03-02"}, "Cochez les dossiers que la caisse a reçus."),
        ({"received_on": "2026-03-03", "ligne": "all"}, "Cette date est à venir."),
        ({"received_on": "2026-03-01", "ligne": "all"}, "La réception ne peut pas précéder l’envoi du bordereau"),
    ],
)
def test_a_wrong_acknowledgement_is_told_beside_the_form(at_desk, cases, typed, sentence):
    slip = cases.send(cases.complete())
    line = slip.lines.get()
    if "ligne" in typed:
        typed = typed | {"ligne": line.pk}
    refused = at_desk.post(f"/bordereaux/{slip.pk}/accuser/", typed)
    assert sentence in words_of(refused)
    line.refresh_from_db()
    assert line.acknowledged_at is None


def test_a_line_of_another_slip_cannot_be_ticked(at_desk, cases):
    slip, other = cases.send(cases.complete()), cases.send(cases.complete(visitor=person(cases, "Autre")))
    foreign = other.lines.get()
    assert (
        at_desk.post(f"/bordereaux/{slip.pk}/accuser/", {"ligne": foreign.pk, "received_on": "2026-03-02"}).status_code
        == 404
    )


def test_a_slip_says_what_became_of_each_file(at_desk, cases):
    slip = cases.send(*(cases.complete(visitor=person(cases, name)) for name in ("Un", "Deux", "Trois")))
    first, second, _third = slip.lines.order_by("position")
    return_line(line=first, labels=["Attestation"], by=cases.agent)
    withdraw(file=second.file, reason="A déménagé", by=cases.clerk)
    said = words_of(at_desk.get(f"/bordereaux/{slip.pk}/"))
    assert "Retourné incomplet" in said
    assert "Retiré par le CCAS" in said
    assert "À accuser" in said


def test_the_slips_of_another_space_stay_there(client, cases):
    slip = cases.send(cases.complete())
    client.force_login(staff_of(VisitorFactory().ccas.sites.create(name="Ailleurs", short_name="A", slug="ailleurs")))
    assert "n° 2026-0001" not in words_of(client.get("/bordereaux/"))
    assert client.get(f"/bordereaux/{slip.pk}/").status_code == 404
