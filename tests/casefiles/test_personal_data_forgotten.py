"""A person is anonymised: nothing anywhere says who she was, and what was frozen is otherwise as it was sent."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from bookings.models import Appointment, EliminationLine, Notification, Visitor, VisitorMerge
from bookings.personal_data.eliminating import eliminate, rehearse
from bookings.personal_data.elimination_lists import approve_elimination, launch_elimination, propose_elimination
from bookings.personal_data.forgetting import DOOR, forget
from bookings.personal_data.retention import hindrances_of
from bookings.visitor_merging import merge_visitors, undo_merge
from casefiles.documents import slip_document
from casefiles.models import CaseFile, RightsAlert, SlipLine, TransmissionSlip
from casefiles.services import raise_alert, write_social_notes
from conventions.models import Convention
from franceservices.errors import DomainError
from tests.bookings.personal_data import approved_list, eliminated, words_left
from tests.factories import VisitorFactory

from .lives import Life

LONG_AFTER = dt.datetime(2029, 5, 2, 12, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def eliminations_folder(settings, tmp_path):
    settings.ELIMINATIONS_ROOT = str(tmp_path / "eliminations")


@pytest.fixture
def life(cases) -> Life:
    return Life(cases)


@pytest.fixture
def long_after(life, clock) -> Life:
    Convention.objects.update(ends_on=dt.date(2035, 12, 31))
    clock.move_to(LONG_AFTER)
    return life


def test_nothing_anywhere_says_who_she_was(long_after):
    life = long_after
    places = {found.partition(".")[0] for found in words_left()}
    # The test would pass for nothing if her words had not been written.
    assert places >= {
        "bookings_visitor",
        "bookings_appointment",
        "bookings_notification",
        "bookings_visitormerge",
        "bookings_datarequest",
        "casefiles_casefile",
        "casefiles_casedocument",
        "casefiles_slipline",
        "casefiles_rightsalert",
        "partners_auditevent",
    }
    done = eliminated(life.visitor, by=life.proposer, approver=life.approver)
    line = done.lines.get(visitor=life.visitor)
    assert (line.done_at is None, line.kept_because) == (False, "")
    assert words_left() == []
    assert Visitor.objects.get(pk=life.visitor.pk).full_name == f"Personne n°\u00a0{life.visitor.pk}"
    assert Visitor.objects.get(pk=life.double.pk).anonymised_at is not None


def test_what_is_counted_stays(long_after):
    life = long_after

    def counted() -> list:
        return [
            list(Appointment.objects.order_by("pk").values_list("pk", "visitor", "status", "during", "booked_at")),
            list(CaseFile.objects.order_by("pk").values_list("pk", "visitor", "kind", "opened_on", "withdrawn_at")),
            list(SlipLine.objects.order_by("pk").values_list("pk", "slip", "sent_on", "result", "rights_until")),
            list(RightsAlert.objects.order_by("pk").values_list("pk", "raised_at", "answered_at", "closed_at")),
            list(Notification.objects.order_by("pk").values_list("pk", "kind", "status", "queued_at")),
            list(TransmissionSlip.objects.order_by("pk").values_list("pk", "content", "file_count")),
        ]

    before = counted()
    eliminated(life.visitor, by=life.proposer, approver=life.approver)
    assert counted() == before


def test_a_slip_keeps_everything_but_the_person(long_after):
    life = long_after
    other = life.cases.sent()
    line = SlipLine.objects.filter(file__visitor=life.visitor).earliest("pk")
    before, untouched = line.content, other.content
    eliminated(life.visitor, by=life.proposer, approver=life.approver)
    line.refresh_from_db()
    other.refresh_from_db()
    gone = {"last_name": "", "first_name": "", "birth_date": None, "urgency": ""}
    assert line.content == before | gone | {
        "documents": [
            document | ({"label": "[effacé]"} if "motsecret" in document["label"] else {})
            for document in before["documents"]
        ]
    }
    assert any("motsecret" in document["label"] for document in before["documents"])
    assert [document["label"] for document in line.content["documents"]].count("[effacé]") == 1
    assert other.content == untouched
    printed = slip_document(line.slip)["lines"][0]
    assert (printed["name"], printed["birth_date"]) == ("Personne anonymisée", "")


def test_the_rehearsal_writes_nothing_and_tells_the_exact_counts(long_after):
    life = long_after
    elimination = propose_elimination(ccas=life.site.ccas, by=life.proposer)
    before = sorted(words_left())
    rehearse(elimination.pk)
    assert sorted(words_left()) == before
    elimination.refresh_from_db()
    assert (elimination.approved_at is None, elimination.rehearsed_at is None) == (True, False)
    announced = elimination.lines.get(visitor=life.visitor).counts
    assert announced | {"fiches": 2, "rendez-vous": 4, "messages": 1, "dossiers": 2, "alertes": 1} == announced
    approve_elimination(elimination=elimination, by=life.approver)
    launch_elimination(elimination=elimination, number=elimination.full_number, by=life.proposer)
    eliminate(elimination.pk)
    line = EliminationLine.objects.get(list=elimination, visitor=life.visitor)
    assert line.emptied == announced


def test_what_is_open_keeps_her(life, clock):
    """Until the alert is closed, the file decided and the rights over, whatever the time that went by."""
    clock.move_to(dt.datetime(2028, 12, 30, 12, 0, tzinfo=dt.UTC))
    assert hindrances_of(life.visitor) == []
    raise_alert(
        site=life.site,
        visitor=life.visitor,
        partner=life.cases.caisse,
        what="Droits",
        deadline=life.site.today(),
        by=life.cases.clerk,
    )
    life.cases.opened(visitor=life.visitor)
    SlipLine.objects.filter(result="accepted").update(rights_until=dt.date(2028, 12, 30))
    assert hindrances_of(life.visitor) == ["un dossier en cours", "des droits encore ouverts", "une alerte non close"]


def test_once_anonymised_nothing_more_is_written_about_her(long_after):
    life = long_after
    file = CaseFile.objects.filter(visitor=life.visitor).first()
    eliminated(life.visitor, by=life.proposer, approver=life.approver)
    for attempt in (
        lambda: write_social_notes(file=file, text="Encore elle", by=life.cases.clerk),
        lambda: life.cases.opened(visitor=life.visitor),
        lambda: undo_merge(merge=VisitorMerge.objects.get(), by=life.cases.clerk),
    ):
        with pytest.raises(DomainError, match="anonymisée"):
            attempt()


def test_an_undone_merge_leaves_no_word_of_hers_on_the_other_card(cases, clock):
    stranger = VisitorFactory(ccas=cases.site.ccas, last_name="Restante", staff_notes="À garder")
    life = Life(cases)
    merge = merge_visitors(kept=stranger, merged=life.visitor, facts={}, by=cases.clerk)
    stranger.refresh_from_db()
    Visitor.objects.filter(pk=stranger.pk).update(staff_notes=f"{stranger.staff_notes}\n\nAjout d’après")
    undo_merge(merge=merge, by=cases.clerk)
    clock.move_to(LONG_AFTER)
    Visitor.objects.filter(pk=stranger.pk).update(corrected_at=LONG_AFTER)
    eliminated(life.visitor, by=life.proposer, approver=life.approver)
    stranger.refresh_from_db()
    assert stranger.anonymised_at is None
    assert stranger.staff_notes.split() == ["À", "garder", "Ajout", "d’après"]
    assert words_left() == []


# --- The door ------------------------------------------------------------------------------------------------------


def door(card: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [DOOR, str(card)])


def refused(statement: str, *parameters: object, constraint: str) -> None:
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    assert error.value.__cause__.diag.constraint_name == constraint


EMPTY_LINE = "UPDATE casefiles_slipline SET content = casefiles_line_without_person(content) WHERE id = %s"


@pytest.fixture
def approved(long_after) -> Life:
    """A list names her and waits to be carried out."""
    long_after.elimination = approved_list(long_after.visitor, by=long_after.proposer, approver=long_after.approver)
    long_after.line = SlipLine.objects.filter(file__visitor=long_after.visitor).earliest("pk")
    return long_after


def test_the_door_is_shut_without_an_approved_list(long_after):
    line = SlipLine.objects.filter(file__visitor=long_after.visitor).earliest("pk")
    door(long_after.visitor.pk)
    refused(EMPTY_LINE, line.pk, constraint="slip_is_frozen")
    with pytest.raises(IntegrityError), transaction.atomic():
        forget(long_after.visitor)
    propose_elimination(ccas=long_after.site.ccas, by=long_after.proposer)
    door(long_after.visitor.pk)
    refused(EMPTY_LINE, line.pk, constraint="slip_is_frozen")


def test_the_door_is_shut_unless_the_transaction_says_whose(approved):
    refused(EMPTY_LINE, approved.line.pk, constraint="slip_is_frozen")
    door(approved.double.pk)
    refused(EMPTY_LINE, approved.line.pk, constraint="slip_is_frozen")


def test_the_door_lets_nothing_else_pass(approved):
    other = approved.cases.sent()
    for change in (
        'content = content || \'{"last_name": "Autre"}\'',
        "content = '{}'",
        'content = content || \'{"kind": ""}\'',
        "content = casefiles_line_without_person(content), sent_on = sent_on - 1",
        "content = casefiles_line_without_person(content), position = position + 1",
        "content = casefiles_line_without_person(content) || '{\"is_urgent\": false}'",
        "content = casefiles_line_without_person(content) || '{\"documents\": []}'",
        "acknowledgement_due_on = acknowledgement_due_on + 1",
    ):
        door(approved.visitor.pk)
        refused(f"UPDATE casefiles_slipline SET {change} WHERE id = %s", approved.line.pk, constraint="slip_is_frozen")
    door(approved.visitor.pk)
    refused(EMPTY_LINE, other.pk, constraint="slip_is_frozen")
    refused("DELETE FROM casefiles_slipline WHERE id = %s", approved.line.pk, constraint="slip_is_frozen")
    slip = "UPDATE casefiles_transmissionslip SET content = '{}' WHERE id = %s"
    refused(slip, approved.line.slip_id, constraint="slip_is_frozen")
    with connection.cursor() as cursor:
        cursor.execute(EMPTY_LINE, [approved.line.pk])  # This, and only this.
        assert cursor.rowcount == 1


def test_the_door_shuts_behind_a_person_who_is_kept(approved):
    EliminationLine.objects.filter(visitor=approved.visitor).update(kept_because="Elle est revenue")
    door(approved.visitor.pk)
    refused(EMPTY_LINE, approved.line.pk, constraint="slip_is_frozen")


def test_a_card_is_anonymised_by_a_list_only_and_for_good(approved):
    empty = (
        "UPDATE bookings_visitor SET anonymised_at = now(), last_name = '', first_name = '', birth_date = NULL,"
        " phone = '', email = '', interpreter_language = '', needs_wheelchair_access = false, phone_only = false,"
        " staff_notes = '', email_consent = false, sms_consent = false WHERE id = %s"
    )
    refused(empty, approved.visitor.pk, constraint="visitor_anonymised_by_a_list")
    with transaction.atomic():
        forget(approved.visitor)
    refused(
        "UPDATE bookings_visitor SET last_name = 'Retour' WHERE id = %s",
        approved.visitor.pk,
        constraint="visitor_anonymised_stays",
    )
    refused(
        "UPDATE bookings_visitor SET anonymised_at = NULL WHERE id = %s",
        approved.visitor.pk,
        constraint="visitor_anonymised_stays",
    )


def test_an_anonymised_card_is_empty_says_the_database(approved):
    door(approved.visitor.pk)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Visitor.objects.filter(pk=approved.visitor.pk).update(anonymised_at=LONG_AFTER)
    assert error.value.__cause__.diag.constraint_name == "visitor_anonymised_is_empty"
