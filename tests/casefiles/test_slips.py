"""Sending: what may enter a slip, its number, and what it keeps."""

import datetime as dt

import pytest

from casefiles.errors import AlreadySent, NotSendable
from casefiles.facts import stage_of_file
from casefiles.models import CaseFile, TransmissionSlip
from casefiles.services import (
    mark_urgent,
    record_agreement,
    return_line,
    send_slip,
    set_document_state,
    withdraw,
    write_social_notes,
)
from casefiles.stages import Stage
from franceservices.errors import DomainError
from tests.factories import SiteFactory, VisitorFactory, staff_of

from .conftest import TODAY


def test_complete_files_go_together_in_the_order_given(cases):
    first, second = cases.complete(), cases.complete(visitor=VisitorFactory(ccas=cases.site.ccas))
    slip = cases.send(second, first, second)
    assert [(line.position, line.file) for line in slip.lines.all()] == [(1, second), (2, first)]
    assert (slip.full_number, slip.file_count, slip.sent_on, slip.sent_by) == ("2026-0001", 2, TODAY, cases.clerk)
    assert {stage_of_file(file) for file in (first, second)} == {Stage.SENT}


def test_numbers_follow_each_other_by_ccas_and_year(cases):
    other_desk = SiteFactory(ccas=cases.site.ccas)
    assert cases.send(cases.complete()).full_number == "2026-0001"
    last_year = cases.complete(opened_on=dt.date(2025, 12, 30))
    assert cases.send(last_year, sent_on=dt.date(2025, 12, 31)).full_number == "2025-0001"
    assert cases.send(cases.complete()).full_number == "2026-0002"
    with pytest.raises(NotSendable):
        cases.send(cases.opened())
    assert cases.send(cases.complete()).full_number == "2026-0003"  # a refusal leaves no gap
    assert other_desk.slips.count() == 0


def test_what_is_not_ready_is_refused_with_every_reason(cases):
    ready, no_agreement, lacking = cases.complete(), cases.opened(), cases.opened()
    cases.collect(no_agreement)
    record_agreement(file=lacking, agreed_on=TODAY, by=cases.clerk)
    gone = withdraw(file=cases.complete(), reason="Déménage", by=cases.clerk)
    with pytest.raises(NotSendable) as refusal:
        cases.send(ready, no_agreement, lacking, gone)
    assert refusal.value.problems == [
        "Élise HORTH (C2S)\u00a0: sans l’accord de la personne, le dossier n’est pas transmis.",
        "Élise HORTH (C2S)\u00a0: 2 pièces manquantes.",
        "Élise HORTH (C2S)\u00a0: dossier retiré.",
    ]
    assert not TransmissionSlip.objects.exists()
    assert stage_of_file(ready) is Stage.COMPLETE


def test_a_slip_is_not_of_tomorrow_nor_before_the_agreement(cases):
    file = cases.complete()
    with pytest.raises(DomainError, match="ne peut pas être à venir"):
        cases.send(file, sent_on=TODAY + dt.timedelta(days=1))
    with pytest.raises(NotSendable, match="postérieur à la date d’envoi"):
        cases.send(file, sent_on=TODAY - dt.timedelta(days=1))


def test_a_slip_has_files_of_one_caisse_and_one_site(cases):
    aspa = cases.kind("aspa")
    aspa.partners.set([cases.other_caisse])
    theirs = cases.complete(kind=aspa, partner=cases.other_caisse)
    with pytest.raises(DomainError, match="vers une seule caisse"):
        cases.send(cases.complete(), theirs)
    with pytest.raises(DomainError, match="au moins un dossier"):
        send_slip(site=cases.site, partner=cases.caisse, files=[], by=cases.clerk)


def test_a_file_is_sent_once(cases):
    file = cases.complete()
    cases.send(file)
    with pytest.raises(AlreadySent, match="Le dossier de Élise HORTH vient de partir"):
        cases.send(file)


def test_nobody_sends_what_she_may_not_see(cases):
    file = cases.complete()
    outsider = staff_of(cases.site)
    outsider.sites.clear()
    for person in (outsider, cases.agent):
        with pytest.raises((CaseFile.DoesNotExist, type(cases.site).DoesNotExist)):
            send_slip(site=cases.site, partner=cases.caisse, files=[file], by=person)


def test_the_slip_keeps_what_was_sent(cases):
    file = mark_urgent(file=cases.complete(social_notes="Vit seule"), urgency="Opération", by=cases.clerk)
    line = cases.send(file).lines.get()
    cases.visitor.last_name = "Autre"
    cases.visitor.save()
    cases.c2s.label = "Autre"
    cases.c2s.save()
    line.refresh_from_db()
    ids = list(file.documents.filter(is_mandatory=True).values_list("pk", flat=True))
    assert line.content == {
        "last_name": "Horth",
        "first_name": "Élise",
        "birth_date": "1960-02-29",
        "kind": "C2S",
        "kind_short": "C2S",
        "is_urgent": True,
        "urgency": "Opération",
        "is_renewal": False,
        "is_sent_again": False,
        "documents": [
            {"id": ids[0], "label": "Pièce d’identité", "state": "received"},
            {"id": ids[1], "label": "RIB", "state": "received"},
        ],
    }
    assert "Vit seule" not in str(line.content) + str(line.slip.content)
    write_social_notes(file=file, text="Toujours modifiables", by=cases.clerk)


def test_a_returned_file_goes_again_on_a_new_slip(cases, clock):
    line = cases.sent()
    bank = line.file.documents.get(label="RIB")
    return_line(line=line, documents=[bank], by=cases.agent)
    with pytest.raises(NotSendable, match="1 pièce manquante"):
        cases.send(line.file)
    set_document_state(document=bank, state="received", by=cases.clerk)
    with pytest.raises(NotSendable):
        cases.send(line.file, sent_on=TODAY - dt.timedelta(days=1))
    again = cases.send(line.file).lines.get()
    assert (again.slip.full_number, again.content["is_sent_again"]) == ("2026-0002", True)
    assert line.file.lines.count() == 2


def test_sending_twelve_files_takes_as_many_queries_as_two(cases, django_assert_num_queries):
    few = [cases.complete() for _ in range(2)]
    many = [cases.complete() for _ in range(12)]
    with django_assert_num_queries(13):
        cases.send(*few)
    with django_assert_num_queries(13):
        cases.send(*many)
