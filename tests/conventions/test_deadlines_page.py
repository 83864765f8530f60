"""« Échéances »: what is late and what comes, for a space, a convention and the caisse that owes; fulfilled, waived."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conventions.document_store import add_document, withdraw_document
from conventions.due_dates import When, due_dates
from conventions.fulfilment import fulfil, unfulfil, unwaive, waive
from conventions.meetings import record_committee, record_training
from conventions.models import (
    CommitteeMeeting,
    Convention,
    DocumentKind,
    NoticeReading,
    ObligationDue,
    TrainingSession,
)
from conventions.occurrences import refresh_occurrences
from franceservices.errors import DomainError
from partners.models import Role
from tests.bookings.schedules import words_of
from tests.factories import ConventionFactory, PartnerFactory, UserFactory, agent_of, staff_of

from . import papers
from .owed import Owed, on_day

TODAY = dt.date(2026, 11, 20)
LIST = reverse("conventions:deadline_list")
MINE = reverse("conventions:my_duties")
CONVENTION_PAGES = ["convention_deadlines", "deadlines_waive_late", "meeting_list", "committee_add", "training_add"]


@pytest.fixture
def owed(db):
    papers.empty_storage()
    with on_day(TODAY):
        yield Owed()
    papers.empty_storage()


@pytest.fixture
def manager(owed, client):
    client.force_login(owed.manager)
    return client


def page(name: str, occurrence: ObligationDue) -> str:
    return reverse(f"conventions:{name}", args=[occurrence.pk])


def deposit(owed, **fields):
    given = {
        "site": owed.site,
        "convention": owed.convention,
        "kind": DocumentKind.INSURANCE_CERTIFICATE,
        "title": "Attestation",
        "valid_from": None,
        "valid_until": None,
        "upload": papers.upload(),
        "by": owed.manager,
    }
    return add_document(**{**given, **fields})


# --- The merged list ----------------------------------------------------------------------------------------------


def test_besancon_on_20_november_2026(owed):
    lines = due_dates([owed.convention], today=TODAY)
    late = [line for line in lines if line.when(TODAY) == When.LATE]
    assert len(late) == 2 + 19 + 2  # Two certificates, returns from April 2025 to October 2026, a committee of each.
    own = [(line.due_on.isoformat(), line.what) for line in lines if line.occurrence is None]
    assert own == [
        ("2027-04-01", "Anniversaire de la convention"),
        ("2027-12-31", "Dernier jour pour recevoir un préavis"),
        ("2028-03-31", "Terme de la convention"),
    ]
    assert "envoi conseillé le 17 décembre 2027" in lines[[line.what for line in lines].index(own[1][1])].detail
    coming = [line for line in lines if line.when(TODAY) == When.NEXT_MONTHS]
    assert [line.due_on.isoformat() for line in coming] == ["2026-12-10", "2027-01-10", "2027-02-10"]
    assert not [line for line in lines if line.when(TODAY) == When.THIS_MONTH]


@pytest.mark.parametrize(
    ("due_on", "when"),
    [
        ("2026-11-19", When.LATE),
        ("2026-11-20", When.THIS_MONTH),
        ("2026-11-30", When.THIS_MONTH),
        ("2026-12-01", When.NEXT_MONTHS),
        ("2027-02-28", When.NEXT_MONTHS),
        ("2027-03-01", When.LATER),
    ],
)
def test_the_limits_of_the_groups(owed, due_on, when):
    (due,) = owed.dues(owed.certificate)[:1]
    ObligationDue.objects.filter(pk=due.pk).update(due_on=due_on)
    line = next(line for line in due_dates([owed.convention], today=TODAY) if line.occurrence == due)
    assert line.when(TODAY) == when


def test_both_readings_of_the_notice_and_none_once_denounced(owed):
    owed.convention.notice_reading = NoticeReading.ANNIVERSARY
    notices = [line for line in due_dates([owed.convention], today=TODAY) if "préavis" in line.what]
    assert [line.due_on.isoformat() for line in notices] == ["2027-01-01", "2028-01-01"]
    owed.convention.denounced_on = dt.date(2026, 11, 2)
    assert not [line for line in due_dates([owed.convention], today=TODAY) if "préavis" in line.what]


def test_an_expired_certificate_shows(owed, manager):
    deposit(owed, valid_from=dt.date(2025, 4, 1), valid_until=dt.date(2026, 3, 31))
    for due in owed.dues(owed.certificate):
        waive(occurrence=due, reason="Suivi à part", by=owed.manager)
    assert "Attestation d’assurance périmée" in words_of(manager.get(LIST))
    deposit(owed, valid_from=dt.date(2026, 4, 1), valid_until=dt.date(2026, 12, 31))
    shown = words_of(manager.get(LIST))
    assert "périmée" not in shown
    assert "Fin de validité de l’attestation d’assurance" in shown


# --- The page -----------------------------------------------------------------------------------------------------


def test_the_page_of_the_space(owed, manager):
    shown = words_of(manager.get(LIST))
    assert "23 en retard" in shown
    assert "À faire (26)" in shown
    assert "En retard" in shown
    assert "page 1 sur 2" in shown
    second = words_of(manager.get(LIST, {"page": "2"}))
    assert "Les trois mois suivants" in second
    assert "Terme de la convention" in words_of(manager.get(LIST, {"quand": "plus-tard"}))


def test_it_is_narrowed_by_words_partner_and_party(owed, manager):
    caf = ConventionFactory(site=owed.site, partner=PartnerFactory(slug="caf", short_name="CAF"))
    owed.duty("other", "ccas", "yearly", convention=caf, label="Affichage")
    refresh_occurrences(convention=caf)
    assert "À faire (2)" in words_of(manager.get(LIST, {"partenaire": "caf"}))  # And its anniversary.
    found = words_of(manager.get(LIST, {"qui": "ccas"}))
    assert "Affichage" in found
    assert "Relevé mensuel" not in found
    assert "À faire (2)" in words_of(manager.get(LIST, {"q": "ATTESTATION assurance"}))
    assert "Aucune échéance ne répond" in words_of(manager.get(LIST, {"q": "zzz"}))
    assert manager.get(LIST, {"quand": "\x00", "qui": "x", "partenaire": "y", "page": "z"}).status_code == 200


def test_an_agreement_over_for_long_is_only_counted(owed, manager):
    old = ConventionFactory(site=owed.site, starts_on=dt.date(2016, 8, 9), ends_on=dt.date(2019, 8, 8))
    owed.duty("other", "ccas", "yearly", convention=old, label="Ancien bilan")
    refresh_occurrences(convention=old)
    shown = words_of(manager.get(LIST))
    assert "Ancien bilan" not in shown
    assert "3 échéances de conventions échues depuis plus d’un an ne figurent pas ici" in shown
    assert "Ancien bilan" in words_of(manager.get(reverse("conventions:convention_deadlines", args=[old.pk])))


def test_the_page_costs_the_same_whatever_is_due(owed, manager):
    with CaptureQueriesContext(connection) as few:
        manager.get(LIST)
    for _ in range(4):
        other = ConventionFactory(site=owed.site)
        owed.duty("monthly_count", "partner", "monthly", convention=other)
        refresh_occurrences(convention=other)
    with CaptureQueriesContext(connection) as many:
        manager.get(LIST)
    assert len(many) == len(few) <= 10


def test_the_convention_page_shows_what_is_late(owed, manager):
    shown = words_of(manager.get(reverse("conventions:convention_detail", args=[owed.convention.pk])))
    assert "23 en retard" in shown
    assert "Toutes les échéances" in shown


# --- Fulfilled ----------------------------------------------------------------------------------------------------


def test_an_uploaded_certificate_offers_to_fulfil_its_occurrence(owed, manager):
    first, second, _ = owed.dues(owed.certificate)
    upload = manager.post(
        reverse("conventions:convention_document_add", args=[owed.convention.pk]),
        {
            "file": papers.upload(),
            "kind": DocumentKind.INSURANCE_CERTIFICATE,
            "title": "Attestation 2026",
            "valid_from": "2026-04-01",
            "valid_until": "2027-03-31",
        },
    )
    document = owed.convention.documents.get()
    assert upload["Location"] == f"{page('deadline_fulfil', second)}?document={document.pk}"
    offered = manager.get(upload["Location"])
    assert f'<option value="{document.pk}" selected>' in offered.content.decode()
    done = manager.post(page("deadline_fulfil", second), {"on": "2026-11-20", "document": document.pk}, follow=True)
    assert page("deadline_unfulfil", second) in done.content.decode()
    second.refresh_from_db()
    assert (second.fulfilled_on, second.document, second.recorded_by) == (TODAY, document, owed.manager)
    with pytest.raises(DomainError, match="prouve une échéance remplie"):
        withdraw_document(document=document, by=owed.manager)
    first.refresh_from_db()
    assert first.fulfilled_on is None


def test_fulfilled_without_proof_or_for_a_day_to_come_is_refused(owed, manager):
    due = owed.dues(owed.monthly)[0]
    answer = manager.post(page("deadline_fulfil", due), {"on": "2026-11-20", "proof_note": " "})
    assert "Joignez une preuve" in words_of(answer)
    answer = manager.post(page("deadline_fulfil", due), {"on": "2026-11-21", "proof_note": "Courriel du 3"})
    assert "Cette date est à venir" in words_of(answer)
    assert 'value="Courriel du 3"' in answer.content.decode()
    with pytest.raises(DomainError, match="Joignez une preuve"):
        fulfil(occurrence=due, on=TODAY, by=owed.manager)
    with pytest.raises(DomainError, match="à venir"):
        fulfil(occurrence=due, on=TODAY + dt.timedelta(days=1), proof_note="x", by=owed.manager)


def test_a_proof_from_elsewhere_is_refused(owed):
    due = owed.dues(owed.monthly)[0]
    elsewhere = ConventionFactory(site=owed.site)
    of_the_other = deposit(owed, convention=elsewhere)
    with pytest.raises(DomainError, match="autre espace ou d’une autre convention"):
        fulfil(occurrence=due, on=TODAY, document=of_the_other, by=owed.manager)
    withdrawn = withdraw_document(document=deposit(owed), by=owed.manager)
    with pytest.raises(DomainError, match="retiré"):
        fulfil(occurrence=due, on=TODAY, document=withdrawn, by=owed.manager)
    meeting = record_committee(
        convention=elsewhere, held_on=TODAY, attendees="x", decisions="", minutes=None, by=owed.manager
    )
    with pytest.raises(DomainError, match="autre convention"):
        fulfil(occurrence=due, on=TODAY, committee_meeting=meeting, by=owed.manager)


def test_fulfilled_once_and_taken_back(owed, manager):
    due = owed.dues(owed.monthly)[0]
    fulfil(occurrence=due, on=TODAY, proof_note="Courriel", by=owed.manager)
    with pytest.raises(DomainError, match="déjà remplie"):
        fulfil(occurrence=due, on=TODAY, proof_note="Courriel", by=owed.manager)
    with pytest.raises(DomainError, match="déjà remplie"):
        waive(occurrence=due, reason="x", by=owed.manager)
    settled = words_of(manager.get(LIST, {"quand": "remplies"}))
    assert "remplie le 20/11/2026 Courriel Marc Tissot" in settled
    manager.post(page("deadline_unfulfil", due))
    due.refresh_from_db()
    assert (due.fulfilled_on, due.recorded_at, due.proof_note) == (None, None, "")
    with pytest.raises(DomainError, match="n’est pas remplie"):
        unfulfil(occurrence=due, by=owed.manager)


def test_waived_with_a_reason_that_is_kept_and_asked_again(owed, manager):
    due = owed.dues(owed.monthly)[0]
    assert "Écrivez pourquoi" in words_of(manager.post(page("deadline_waive", due), {"reason": ""}))
    manager.post(page("deadline_waive", due), {"reason": "Agence fermée en avril"})
    assert "Agence fermée en avril" in words_of(manager.get(LIST, {"quand": "remplies"}))
    with pytest.raises(DomainError, match="dispensée"):
        fulfil(occurrence=due, on=TODAY, proof_note="x", by=owed.manager)
    manager.post(page("deadline_unwaive", due))
    due.refresh_from_db()
    assert due.waived_at is None
    with pytest.raises(DomainError, match="n’a pas été dispensée"):
        unwaive(occurrence=due, by=owed.manager)


def test_all_that_is_late_is_waived_at_once_after_a_question(owed, manager):
    url = reverse("conventions:deadlines_waive_late", args=[owed.convention.pk])
    assert "23 échéances" in words_of(manager.get(url))
    assert ObligationDue.objects.late_on(TODAY).count() == 23
    manager.post(url, {"reason": "Pièces perdues lors du déménagement"})
    assert ObligationDue.objects.late_on(TODAY).count() == 0
    waived = ObligationDue.objects.filter(waived_by=owed.manager, waiver_reason__startswith="Pièces perdues")
    assert waived.count() == 23


@pytest.mark.parametrize("name", ["deadline_unfulfil", "deadline_unwaive"])
def test_nothing_is_written_by_a_link(owed, manager, name):
    assert manager.get(page(name, owed.dues(owed.monthly)[0])).status_code == 405


# --- Committees and trainings -------------------------------------------------------------------------------------


def test_a_committee_fulfils_what_both_parties_owed(owed, manager):
    add = reverse("conventions:committee_add", args=[owed.convention.pk])
    both = [owed.dues(owed.committee)[1].pk, owed.dues(owed.attendance)[1].pk]
    shown = manager.get(add).content.decode()
    assert all(f'value="{pk}"' in shown for pk in both)
    assert shown.count("checked") == 2
    manager.post(add, {"held_on": "2026-11-10", "attendees": "Camille, CCAS", "decisions": "", "fulfils": both})
    meeting = CommitteeMeeting.objects.get()
    assert [due.fulfilled_on for due in meeting.proves.all()] == [dt.date(2026, 11, 10)] * 2
    delete = reverse("conventions:committee_delete", args=[meeting.pk])
    assert "reprenez-les d’abord" in words_of(manager.get(delete))
    assert "Rien n’est supprimé" in words_of(manager.post(delete, follow=True))
    for due in meeting.proves.all():
        unfulfil(occurrence=due, by=owed.manager)
    manager.post(reverse("conventions:committee_edit", args=[meeting.pk]), {"held_on": "2026-11-09", "attendees": "A"})
    meeting.refresh_from_db()
    assert meeting.held_on == dt.date(2026, 11, 9)
    assert "Supprimer définitivement" in words_of(manager.get(delete))
    manager.post(delete)
    assert not CommitteeMeeting.objects.exists()


def test_minutes_are_those_of_the_convention(owed, manager):
    minutes = deposit(owed, kind=DocumentKind.MINUTES, title="Compte rendu")
    add = reverse("conventions:committee_add", args=[owed.convention.pk])
    manager.post(add, {"held_on": "2026-11-10", "attendees": "A", "minutes": minutes.pk})
    assert CommitteeMeeting.objects.get().minutes == minutes
    with pytest.raises(DomainError, match="compte rendu d’une réunion"):
        withdraw_document(document=minutes, by=owed.manager)
    other = deposit(owed, convention=ConventionFactory(site=owed.site), kind=DocumentKind.MINUTES)
    refused = manager.post(add, {"held_on": "2026-11-11", "attendees": "A", "minutes": other.pk})
    assert CommitteeMeeting.objects.count() == 1
    assert refused.status_code == 200


def test_a_training_counts_people(owed, manager):
    add = reverse("conventions:training_add", args=[owed.convention.pk])
    typed = {"held_on": "2026-11-10", "subject": "C2S", "people_trained": "0", "duration_hours": "3,5"}
    assert "au moins une personne" in words_of(manager.post(add, typed))
    manager.post(add, typed | {"people_trained": "6"})
    session = TrainingSession.objects.get()
    trainings = reverse("conventions:meeting_list", args=[owed.convention.pk])
    listed = words_of(manager.get(trainings, {"onglet": "formations"}))
    assert "C2S" in listed
    assert "3,5 h" in listed
    manager.post(reverse("conventions:training_delete", args=[session.pk]))
    assert not TrainingSession.objects.exists()
    with pytest.raises(DomainError, match="à venir"):
        record_training(
            convention=owed.convention,
            held_on=TODAY + dt.timedelta(days=1),
            subject="x",
            trainer="",
            people_trained=1,
            duration_hours=None,
            by=owed.manager,
        )


# --- Who sees what ------------------------------------------------------------------------------------------------


def addresses(owed, due: ObligationDue, convention: Convention) -> list[str]:
    return [
        *(page(name, due) for name in ("deadline_fulfil", "deadline_waive")),
        *(reverse(f"conventions:{name}", args=[convention.pk]) for name in CONVENTION_PAGES),
    ]


def test_what_another_ccas_owes_does_not_exist(owed, manager):
    due = owed.of_another_ccas()
    for address in addresses(owed, due, due.obligation.convention):
        assert manager.get(address).status_code == 404
        assert manager.post(address, {"reason": "x"}).status_code in (404, 405)
    for name in ("deadline_unfulfil", "deadline_unwaive"):
        assert manager.post(page(name, due)).status_code == 404
    with pytest.raises(ObligationDue.DoesNotExist):
        fulfil(occurrence=due, on=TODAY, proof_note="x", by=owed.manager)


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.SOCIAL_WORKER, Role.PARTNER_AGENT])
def test_the_pages_are_for_those_who_keep_the_agreements(owed, client, role):
    user = agent_of(owed.partner) if role == Role.PARTNER_AGENT else staff_of(owed.site, role=role)
    client.force_login(user)
    due = owed.dues(owed.monthly)[0]
    found = [LIST, reverse("conventions:deadline_follow"), *addresses(owed, due, owed.convention)]
    assert {client.get(address).status_code for address in found} == {404}


def test_an_agent_reads_what_her_caisse_owes_and_settles_nothing(owed, client):
    client.force_login(owed.agent)
    shown = words_of(client.get(MINE))
    assert "42 échéances" in shown  # Three certificates, 36 returns, three times to attend; not what the CCAS owes.
    assert "en retard" in shown
    assert "Participer" in words_of(client.get(MINE, {"q": "participer"}))
    assert "Aucune obligation ne répond" in words_of(client.get(MINE, {"q": "zzz"}))
    with pytest.raises(ObligationDue.DoesNotExist):
        fulfil(occurrence=owed.dues(owed.monthly)[0], on=TODAY, proof_note="x", by=owed.agent)
    assert "22 obligations de votre caisse sont en retard" in words_of(client.get(reverse("bookings:my_schedule")))
    fulfil(occurrence=owed.dues(owed.monthly)[0], on=TODAY, proof_note="Reçu", by=owed.manager)
    assert "remplie le 20/11/2026" in words_of(client.get(MINE, {"quand": "remplies"}))


def test_another_caisse_reads_nothing_of_it(owed, client):
    client.force_login(agent_of(PartnerFactory()))
    assert "0 échéance" in words_of(client.get(MINE))
    client.force_login(UserFactory(role=Role.MANAGER, ccas=owed.ccas))
    assert client.get(MINE).status_code == 404
