"""A file opened, followed, agreed to, withdrawn, and its checklist."""

import datetime as dt

import pytest

from bookings.models import Visitor
from casefiles.facts import stage_of_file
from casefiles.models import CaseDocument, CaseFile, DocumentState, RequiredDocument
from casefiles.services import (
    add_document,
    assign,
    mark_urgent,
    offered_kinds,
    open_case_file,
    record_agreement,
    remove_agreement,
    remove_document,
    reopen,
    set_document_state,
    unmark_urgent,
    withdraw,
    write_social_notes,
)
from casefiles.stages import Stage
from franceservices.errors import DomainError
from partners.models import Site
from tests.factories import PartnerFactory, SiteFactory, VisitorFactory, staff_of

from .conftest import TODAY

NIR = "1 85 04 25 056 123 39"


def test_a_file_copies_the_checklist_of_its_day(cases):
    RequiredDocument.objects.create(kind=cases.c2s, label="Ancien formulaire", ends_on=dt.date(2026, 3, 1))
    RequiredDocument.objects.create(kind=cases.c2s, label="Nouveau formulaire", starts_on=TODAY, position=0)
    file = cases.opened(social_notes="Vit seule")
    assert (file.convention, file.agent, file.opened_on) == (cases.convention, cases.clerk, TODAY)
    assert [(row.position, row.label, row.is_mandatory, row.state) for row in file.documents.all()] == [
        (1, "Nouveau formulaire", True, "missing"),
        (2, "Pièce d’identité", True, "missing"),
        (3, "RIB", True, "missing"),
        (4, "Livret de famille", False, "missing"),
    ]


def test_editing_a_checklist_leaves_the_files_that_copied_it(cases):
    file = cases.opened()
    RequiredDocument.objects.filter(label="RIB").update(label="RIB au nom de la personne", is_mandatory=False)
    document = file.documents.get(position=2)
    assert (document.label, document.is_mandatory) == ("RIB", True)


def test_a_file_of_an_earlier_day_is_of_a_kind_of_that_day(cases):
    cmu_c = cases.kind("cmu-c", valid_until=dt.date(2019, 10, 31), successor=cases.c2s)
    assert cases.opened(kind=cmu_c, opened_on=dt.date(2019, 10, 31)).kind == cmu_c
    assert cases.opened(kind=cases.c2s, opened_on=dt.date(2019, 11, 1)).kind == cases.c2s
    with pytest.raises(DomainError, match="CMU-C\u00a0» n’existe pas le 1er novembre 2019"):
        cases.opened(kind=cmu_c, opened_on=dt.date(2019, 11, 1))
    with pytest.raises(DomainError, match="C2S\u00a0» n’existe pas le 31 octobre 2019"):
        cases.opened(kind=cases.c2s, opened_on=dt.date(2019, 10, 31))


def test_only_what_exists_on_the_day_is_offered(cases):
    cmu_c = cases.kind("cmu-c", valid_until=dt.date(2019, 10, 31))
    puma = cases.kind("puma", valid_from=dt.date(2016, 1, 1))
    cases.kind("aspa").partners.set([cases.other_caisse])
    labels = {
        day: [(partner.short_name, kind.slug) for partner, kind in offered_kinds(site=cases.site, day=day)]
        for day in (dt.date(2019, 10, 31), dt.date(2019, 11, 1), dt.date(2018, 12, 31))
    }
    assert labels[dt.date(2019, 10, 31)] == [("CARSAT", "aspa"), ("CGSS", "cmu-c"), ("CGSS", "puma")]
    assert labels[dt.date(2019, 11, 1)] == [("CARSAT", "aspa"), ("CGSS", "c2s"), ("CGSS", "puma")]
    assert labels[dt.date(2018, 12, 31)] == []  # no convention yet
    assert cmu_c.is_valid_on(dt.date(2019, 10, 31))
    assert not puma.is_valid_on(dt.date(2015, 12, 31))


def test_a_caisse_gets_only_the_kinds_it_takes(cases):
    with pytest.raises(DomainError, match="CARSAT ne traite pas «\u00a0C2S\u00a0»"):
        cases.opened(partner=cases.other_caisse)


def test_a_file_needs_a_convention_in_force(cases):
    stranger = PartnerFactory(short_name="CAF")
    cases.c2s.partners.add(stranger)
    with pytest.raises(DomainError, match="Aucune convention avec CAF n’est en vigueur le 2 mars 2026"):
        cases.opened(partner=stranger)


def test_a_file_is_not_opened_tomorrow(cases):
    with pytest.raises(DomainError, match="ne peut pas être à venir"):
        cases.opened(opened_on=TODAY + dt.timedelta(days=1))


def test_today_is_the_site_s(cases, clock):
    """At 1h00 UTC on 3 March it is still 2 March, 22h00, in Cayenne."""
    clock.move_to(dt.datetime(2026, 3, 3, 1, 0, tzinfo=dt.UTC))
    assert cases.opened().opened_on == TODAY


def test_whoever_works_elsewhere_opens_nothing_here(cases):
    outsider = staff_of(SiteFactory())
    with pytest.raises(Site.DoesNotExist):
        open_case_file(site=cases.site, visitor=cases.visitor, kind=cases.c2s, partner=cases.caisse, by=outsider)
    with pytest.raises(Visitor.DoesNotExist):
        cases.opened(visitor=VisitorFactory())
    with pytest.raises(DomainError, match="ne travaille pas au"):
        cases.opened(agent=outsider)
    with pytest.raises(Site.DoesNotExist):
        open_case_file(site=cases.site, visitor=cases.visitor, kind=cases.c2s, partner=cases.caisse, by=cases.agent)


def test_a_merged_card_leads_to_the_kept_one(cases):
    kept = VisitorFactory(ccas=cases.site.ccas)
    Visitor.objects.filter(pk=cases.visitor.pk).update(merged_into=kept)
    assert cases.opened().visitor == kept


def test_no_social_security_number_in_any_text(cases):
    file = cases.opened()
    for attempt in (
        lambda: cases.opened(social_notes=f"NIR {NIR}"),
        lambda: cases.opened(is_urgent=True, urgency=NIR),
        lambda: write_social_notes(file=file, text=NIR, by=cases.clerk),
        lambda: add_document(file=file, label=f"Attestation {NIR}", by=cases.clerk),
        lambda: withdraw(file=file, reason=NIR, by=cases.clerk),
    ):
        with pytest.raises(DomainError, match="numéro de sécurité sociale"):
            attempt()


def test_a_text_too_long_is_said_before_the_database_does(cases):
    with pytest.raises(DomainError, match="201 caractères, au plus 200"):
        add_document(file=cases.opened(), label="a" * 201, by=cases.clerk)


def test_documents_and_agreement_complete_a_file(cases):
    file = cases.opened()
    identity, bank, family = file.documents.all()
    set_document_state(document=identity, state=DocumentState.RECEIVED, by=cases.colleague)
    set_document_state(document=bank, state=DocumentState.NOT_APPLICABLE, by=cases.clerk)
    assert stage_of_file(file) is Stage.PREPARATION
    file = record_agreement(file=file, agreed_on=TODAY, by=cases.clerk)
    assert stage_of_file(file) is Stage.COMPLETE  # the family record is optional
    assert CaseDocument.objects.get(pk=identity.pk).noted_by == cases.colleague
    set_document_state(document=identity, state=DocumentState.MISSING, by=cases.clerk)
    assert stage_of_file(file) is Stage.PREPARATION
    assert family.state == DocumentState.MISSING


def test_noting_the_same_state_twice_keeps_the_first_stamp(cases):
    document = cases.opened().documents.first()
    first = set_document_state(document=document, state=DocumentState.RECEIVED, by=cases.clerk)
    second = set_document_state(document=document, state=DocumentState.RECEIVED, by=cases.colleague)
    assert (second.noted_by, second.noted_at) == (cases.clerk, first.noted_at)


def test_an_added_document_can_be_removed_and_a_listed_one_cannot(cases):
    file = cases.opened()
    added = add_document(file=file, label=" Titre de pension ", by=cases.clerk)
    assert (added.label, added.position) == ("Titre de pension", 4)
    assert add_document(file=file, label="titre de pension", by=cases.clerk) == added
    remove_document(document=added, by=cases.clerk)
    assert file.documents.count() == 3
    with pytest.raises(DomainError, match="Sans objet"):
        remove_document(document=file.documents.first(), by=cases.clerk)


def test_an_agreement_is_not_of_tomorrow_and_can_be_taken_back(cases):
    file = cases.opened()
    with pytest.raises(DomainError, match="ne peut pas être à venir"):
        record_agreement(file=file, agreed_on=TODAY + dt.timedelta(days=1), by=cases.clerk)
    file = record_agreement(file=file, agreed_on=dt.date(2026, 2, 27), by=cases.clerk)
    assert (file.agreed_on, file.agreement_recorded_by) == (dt.date(2026, 2, 27), cases.clerk)
    file = remove_agreement(file=file, by=cases.clerk)
    assert (file.agreed_on, file.agreement_recorded_at) == (None, None)


def test_the_agreement_stands_once_the_file_was_sent(cases):
    file = cases.sent().file
    for attempt in (
        lambda: remove_agreement(file=file, by=cases.clerk),
        lambda: record_agreement(file=file, agreed_on=dt.date(2026, 3, 1), by=cases.clerk),
    ):
        with pytest.raises(DomainError, match="il ne change plus"):
            attempt()


def test_what_is_at_the_caisse_does_not_change(cases):
    file = cases.sent().file
    with pytest.raises(DomainError, match="Ce dossier est parti avec le bordereau n°\u00a02026-0001"):
        set_document_state(document=file.documents.first(), state=DocumentState.MISSING, by=cases.clerk)
    with pytest.raises(DomainError, match="est parti avec le bordereau"):
        add_document(file=file, label="RIB", by=cases.clerk)


def test_a_withdrawn_file_can_be_reopened_as_it_stood(cases):
    file = cases.complete()
    with pytest.raises(DomainError, match="Dites pourquoi"):
        withdraw(file=file, reason=" ", by=cases.clerk)
    file = withdraw(file=file, reason="A déménagé", by=cases.clerk)
    assert (stage_of_file(file), file.withdrawn_by) == (Stage.WITHDRAWN, cases.clerk)
    assert withdraw(file=file, reason="Autre", by=cases.colleague).withdrawal_reason == "A déménagé"
    with pytest.raises(DomainError, match="rouvrez-le d’abord"):
        set_document_state(document=file.documents.first(), state=DocumentState.MISSING, by=cases.clerk)
    assert stage_of_file(reopen(file=file, by=cases.clerk)) is Stage.COMPLETE


def test_urgency_agent_and_notes(cases):
    file = mark_urgent(file=cases.opened(), urgency="Opération le 12 mars", by=cases.clerk)
    assert (file.is_urgent, file.urgency) == (True, "Opération le 12 mars")
    assert unmark_urgent(file=file, by=cases.clerk).urgency == ""
    assert assign(file=file, agent=cases.colleague, by=cases.clerk).agent == cases.colleague
    with pytest.raises(DomainError, match="ne travaille pas"):
        assign(file=file, agent=cases.agent, by=cases.clerk)
    assert write_social_notes(file=file, text="Suivie par le PMI", by=cases.clerk).social_notes == "Suivie par le PMI"


def test_nobody_else_reaches_the_file(cases):
    file = cases.complete()
    outsider = staff_of(SiteFactory())
    for person in (outsider, cases.agent, cases.other_agent):
        assert not CaseFile.objects.visible_to(person).exists()
        for attempt in (
            lambda person=person: assign(file=file, agent=cases.clerk, by=person),
            lambda person=person: withdraw(file=file, reason="x", by=person),
            lambda person=person: write_social_notes(file=file, text="x", by=person),
            lambda person=person: set_document_state(document=file.documents.first(), state="missing", by=person),
        ):
            with pytest.raises(CaseFile.DoesNotExist):
                attempt()
