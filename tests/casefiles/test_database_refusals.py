"""The illegal steps, tried past the services: the database refuses each of them, whoever writes."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from casefiles.models import CaseFile, DocumentState, SlipLine, TransmissionSlip
from casefiles.services import (
    acknowledge_line,
    add_document,
    record_agreement,
    record_decision,
    return_line,
    withdraw,
)
from franceservices.db import violated_constraint
from partners.models import Ccas
from tests.factories import SiteFactory

from .conftest import TODAY


def refused_by(action) -> str | None:
    """The name of the constraint that refuses `action`; fails when nothing does."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        action()
    return violated_constraint(refusal.value)


def sql(statement: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def slip_of(cases, **fields) -> TransmissionSlip:
    """A slip made past the services, for one file."""
    number = TransmissionSlip.objects.count() + 1
    return TransmissionSlip.objects.create(
        **{
            "ccas": cases.site.ccas,
            "site": cases.site,
            "partner": cases.caisse,
            "year": 2026,
            "number": number,
            "sent_on": TODAY,
            "sent_by": cases.clerk,
            "file_count": 1,
            **fields,
        }
    )


def add_line(cases, file: CaseFile, slip: TransmissionSlip | None = None, **fields) -> SlipLine:
    """A line made past the services."""
    slip = slip or slip_of(cases)
    return SlipLine.objects.create(
        **{
            "slip": slip,
            "file": file,
            "site": slip.site,
            "partner": slip.partner,
            "position": 1,
            "sent_on": slip.sent_on,
            "agreed_on": file.agreed_on or TODAY,
            "acknowledgement_due_on": TODAY,
            **fields,
        }
    )


def test_the_control_a_complete_file_goes(cases):
    assert add_line(cases, cases.complete()).pk


def test_sent_without_the_agreement(cases):
    file = cases.opened()
    cases.collect(file)
    assert refused_by(lambda: add_line(cases, file)) == "slip_line_sent_with_agreement"


def test_sent_with_another_agreement_than_the_file_s(cases):
    file = cases.complete()
    line = lambda: add_line(cases, file, agreed_on=TODAY - dt.timedelta(days=3))  # noqa: E731
    assert refused_by(line) == "slip_line_sent_with_agreement"


def test_the_agreement_taken_away_after_the_sending(cases):
    file = cases.sent().file
    taken = {"agreed_on": None, "agreement_recorded_at": None, "agreement_recorded_by": None}
    name = refused_by(lambda: CaseFile.objects.filter(pk=file.pk).update(**taken))
    assert name == "slip_line_sent_with_agreement"


def test_sent_before_the_agreement(cases):
    slip = slip_of(cases, sent_on=TODAY - dt.timedelta(days=1))
    assert refused_by(lambda: add_line(cases, cases.complete(), slip)) == "slip_line_agreed_before_sent"


def test_sent_with_a_document_missing(cases):
    file = cases.opened()
    file = record_agreement(file=file, agreed_on=TODAY, by=cases.clerk)
    assert refused_by(lambda: add_line(cases, file)) == "slip_line_file_complete"


def test_sent_although_withdrawn(cases):
    file = withdraw(file=cases.complete(), reason="Renonce", by=cases.clerk)
    assert refused_by(lambda: add_line(cases, file)) == "slip_line_file_not_withdrawn"


def test_sent_to_another_caisse_or_from_another_site(cases):
    elsewhere = slip_of(cases, partner=cases.other_caisse)
    assert refused_by(lambda: add_line(cases, cases.complete(), elsewhere)) == "slip_line_sent_with_agreement"
    site = SiteFactory(ccas=cases.site.ccas)
    assert refused_by(lambda: add_line(cases, cases.complete(), slip_of(cases, site=site)))
    # A line that says otherwise than its slip.
    name = refused_by(lambda: add_line(cases, cases.complete(), elsewhere, partner=cases.caisse))
    assert name == "slip_line_is_its_slip_s"


def test_one_file_on_two_open_slips(cases):
    file = cases.sent().file
    assert refused_by(lambda: add_line(cases, file)) == "slip_line_one_open_a_file"


def test_a_return_taken_back_past_a_second_sending(cases):
    line = return_line(line=cases.sent(), labels=["Avis d’imposition"], by=cases.agent)
    cases.collect(line.file)
    cases.send(line.file)
    undone = {"returned_at": None, "returned_by": None, "returned_on": None, "missing": [], "return_note": ""}
    name = refused_by(lambda: SlipLine.objects.filter(pk=line.pk).update(**undone))
    assert name == "slip_line_one_open_a_file"


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        # Acknowledged before it was sent.
        ({"received_on": TODAY - dt.timedelta(days=1)}, "slip_line_received_after_sent"),
        ({"received_on": None}, "slip_line_received_after_sent"),
        ({"acknowledged_by": None}, "slip_line_acknowledged_when_and_by"),
    ],
)
def test_an_impossible_receipt(cases, fields, constraint):
    line = cases.sent()
    received = {"acknowledged_at": timezone.now(), "acknowledged_by": cases.agent, "received_on": TODAY, **fields}
    assert refused_by(lambda: SlipLine.objects.filter(pk=line.pk).update(**received)) == constraint


def decided(cases, **fields) -> dict[str, object]:
    return {
        "result": "accepted",
        "decided_on": TODAY,
        "decision_recorded_at": timezone.now(),
        "decision_recorded_by": cases.agent,
        **fields,
    }


def test_decided_before_it_is_sent(cases):
    """There is nowhere to write it: a decision stands on the line of a slip that was sent."""
    assert not any(field.name in ("result", "decided_on") for field in CaseFile._meta.fields)
    line = acknowledge_line(line=cases.sent(), received_on=TODAY, by=cases.agent)
    early = decided(cases, decided_on=TODAY - dt.timedelta(days=1))
    name = refused_by(lambda: SlipLine.objects.filter(pk=line.pk).update(**early))
    assert name == "slip_line_decided_after_received"


def test_decided_before_it_is_acknowledged(cases):
    line = cases.sent()
    name = refused_by(lambda: SlipLine.objects.filter(pk=line.pk).update(**decided(cases)))
    assert name == "slip_line_decided_after_received"


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"decided_on": None}, "slip_line_decided_after_received"),
        ({"decision_recorded_by": None}, "slip_line_decision_recorded_when_and_by"),
        ({"result": "refused"}, "slip_line_refusal_says_why"),
        ({"result": "peut-être"}, "slip_line_decided_after_received"),
        ({"rights_until": TODAY}, "slip_line_rights_of_an_acceptance"),
        ({"rights_from": TODAY, "rights_until": dt.date(2026, 1, 1)}, "slip_line_rights_of_an_acceptance"),
        (
            {"result": "refused", "refusal_reason": "Non", "rights_from": TODAY},
            "slip_line_rights_of_an_acceptance",
        ),
    ],
)
def test_a_decision_that_does_not_hold_together(cases, fields, constraint):
    line = acknowledge_line(line=cases.sent(), received_on=TODAY, by=cases.agent)
    name = refused_by(lambda: SlipLine.objects.filter(pk=line.pk).update(**decided(cases, **fields)))
    assert name == constraint


def test_sent_back_although_decided(cases):
    line = acknowledge_line(line=cases.sent(), received_on=TODAY, by=cases.agent)
    record_decision(line=line, result="accepted", decided_on=TODAY, by=cases.agent)
    returned = {"returned_at": timezone.now(), "returned_by": cases.agent, "returned_on": TODAY}
    name = refused_by(lambda: SlipLine.objects.filter(pk=line.pk).update(**returned))
    assert name == "slip_line_decided_after_received"


def test_sent_back_before_it_is_received(cases):
    line = cases.sent()
    returned = {"returned_at": timezone.now(), "returned_by": cases.agent, "returned_on": TODAY}
    name = refused_by(lambda: SlipLine.objects.filter(pk=line.pk).update(**returned))
    assert name == "slip_line_returned_after_received"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE casefiles_transmissionslip SET number = 99",
        "UPDATE casefiles_transmissionslip SET content = '{}'",
        "UPDATE casefiles_transmissionslip SET sent_at = now()",
        "UPDATE casefiles_transmissionslip SET file_count = 2",
        "DELETE FROM casefiles_transmissionslip",
        "UPDATE casefiles_slipline SET content = '{}'",
        "UPDATE casefiles_slipline SET position = 2",
        "UPDATE casefiles_slipline SET acknowledgement_due_on = '2027-01-01'",
        "UPDATE casefiles_slipline SET sent_on = '2026-01-01', agreed_on = '2026-01-01'",
        "DELETE FROM casefiles_slipline",
    ],
)
def test_an_edit_or_a_deletion_of_a_frozen_slip(cases, statement):
    cases.sent()
    assert refused_by(lambda: sql(statement)) == "slip_is_frozen"


def test_a_slip_that_was_sent_does_not_grow(cases):
    slip = cases.send(cases.complete())
    assert refused_by(lambda: add_line(cases, cases.complete(), slip, position=2)) == "slip_is_frozen"
    assert refused_by(lambda: add_line(cases, cases.complete(), slip, position=1)) == "slip_line_position_once"
    assert refused_by(lambda: add_line(cases, cases.complete(), slip, position=0)) == "slip_line_position_from_one"


def test_the_control_what_the_caisse_answers_may_be_written(cases):
    line = acknowledge_line(line=cases.sent(), received_on=TODAY, by=cases.agent)
    line.save()  # every column, the frozen ones as they are
    line.slip.save()


def test_numbers_are_of_their_year_and_taken_once(cases):
    slip_of(cases)
    assert refused_by(lambda: slip_of(cases, number=1)) == "slip_number_unique"
    assert refused_by(lambda: slip_of(cases, year=2025)) == "slip_year_is_its_date_s"
    assert refused_by(lambda: slip_of(cases, number=0)) == "slip_number_from_one"
    assert Ccas.objects.count() == 1


def test_a_withdrawal_and_a_renewal_hold_together(cases):
    file = cases.opened()
    fields = {"withdrawn_at": timezone.now(), "withdrawn_by": cases.clerk}
    name = refused_by(lambda: CaseFile.objects.filter(pk=file.pk).update(**fields))
    assert name == "case_file_withdrawn_says_why"
    assert refused_by(lambda: CaseFile.objects.filter(pk=file.pk).update(renewal_of=file)) == (
        "case_file_not_its_own_renewal"
    )
    CaseFile.objects.filter(pk=cases.opened().pk).update(renewal_of=file)
    other = cases.opened()
    name = refused_by(lambda: CaseFile.objects.filter(pk=other.pk).update(renewal_of=file))
    assert name == "case_file_renewed_once"


def test_a_document_is_in_the_checklist_once(cases):
    file = cases.opened()
    added = add_document(file=file, label="Titre de pension", by=cases.clerk)
    added.required_document = file.documents.first().required_document
    assert refused_by(added.save) == "case_document_once"
    assert added.state == DocumentState.MISSING
