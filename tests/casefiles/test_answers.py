"""What the caisse answers: received, sent back, decided; noted by its agent or typed back by the CCAS."""

import datetime as dt

import pytest

from casefiles.facts import stage_of_file
from casefiles.models import CaseFile, DecisionResult, SlipLine
from casefiles.services import (
    acknowledge_line,
    acknowledge_lines,
    correct_decision,
    record_decision,
    reopen,
    return_line,
    set_document_state,
    start_renewal,
    undo_acknowledgement,
    undo_decision,
    undo_return,
    withdraw,
)
from casefiles.stages import Stage
from franceservices.errors import DomainError
from tests.factories import SiteFactory, staff_of

from .conftest import TODAY

JANUARY = dt.date(2026, 1, 5)


def at_caisse(cases, *, received_on: dt.date = JANUARY, **fields) -> SlipLine:
    """The line of a file sent and received on 5 January."""
    return cases.acknowledged(opened_on=JANUARY, sent_on=JANUARY, received_on=received_on, **fields)


@pytest.mark.parametrize("who", ["agent", "clerk"])
def test_the_receipt_starts_the_clocks(cases, who):
    line = cases.sent(opened_on=dt.date(2025, 12, 30), sent_on=dt.date(2025, 12, 30))
    assert line.acknowledgement_due_on == dt.date(2026, 1, 14)
    line = acknowledge_line(line=line, received_on=dt.date(2025, 12, 31), by=getattr(cases, who))
    assert (line.received_on, line.decision_due_on, line.tacit_on) == (
        dt.date(2025, 12, 31),
        dt.date(2026, 2, 28),
        dt.date(2026, 2, 28),
    )
    assert line.acknowledged_by == getattr(cases, who)
    assert stage_of_file(line.file) is Stage.ACKNOWLEDGED


def test_a_receipt_lies_between_the_sending_and_today(cases):
    line = cases.sent()
    with pytest.raises(DomainError, match="ne peut pas précéder l’envoi du bordereau, le 2 mars 2026"):
        acknowledge_line(line=line, received_on=TODAY - dt.timedelta(days=1), by=cases.agent)
    with pytest.raises(DomainError, match="ne peut pas être à venir"):
        acknowledge_line(line=line, received_on=TODAY + dt.timedelta(days=1), by=cases.agent)


def test_a_receipt_can_be_corrected_and_taken_back(cases):
    line = at_caisse(cases)
    line = acknowledge_line(line=line, received_on=dt.date(2026, 1, 7), by=cases.clerk)
    assert (line.received_on, line.tacit_on) == (dt.date(2026, 1, 7), dt.date(2026, 3, 7))
    line = undo_acknowledgement(line=line, by=cases.agent)
    assert (line.acknowledged_at, line.received_on, line.decision_due_on, line.tacit_on) == (None, None, None, None)
    assert stage_of_file(line.file) is Stage.SENT


def test_a_whole_slip_is_acknowledged_at_once(cases):
    slip = cases.send(cases.complete(), cases.complete(), cases.complete())
    early = acknowledge_line(line=slip.lines.first(), received_on=TODAY, by=cases.clerk)
    noted = acknowledge_lines(lines=slip.lines.all(), received_on=TODAY, by=cases.agent)
    assert [line.acknowledged_by for line in noted] == [cases.clerk, cases.agent, cases.agent]
    assert noted[0].acknowledged_at == early.acknowledged_at
    slip = type(slip).objects.with_progress().get()
    assert (slip.acknowledged_count, slip.returned_count, slip.decided_count) == (3, 0, 0)


def test_a_return_asks_for_documents_again_and_anew(cases):
    line = at_caisse(cases)
    bank, family = line.file.documents.get(label="RIB"), line.file.documents.get(label="Livret de famille")
    line = return_line(
        line=line,
        documents=[bank, family.pk],
        labels=[" Avis d’imposition ", "Avis d’imposition", ""],
        note="RIB illisible",
        by=cases.agent,
    )
    assert [row["label"] for row in line.missing] == ["RIB", "Livret de famille", "Avis d’imposition"]
    assert (line.returned_on, line.returned_by, line.return_note) == (TODAY, cases.agent, "RIB illisible")
    assert stage_of_file(line.file) is Stage.RETURNED
    asked = line.file.documents.filter(asked_by_line=line)
    assert {(row.label, row.state, row.is_mandatory) for row in asked} == {
        ("RIB", "missing", True),
        ("Livret de famille", "missing", True),
        ("Avis d’imposition", "missing", True),
    }


def test_a_return_notes_the_receipt_too(cases):
    line = return_line(line=cases.sent(), labels=["Avis d’imposition"], by=cases.clerk)
    assert (line.received_on, line.acknowledged_by) == (TODAY, cases.clerk)


def test_a_return_says_what_is_missing(cases):
    line = cases.sent()
    with pytest.raises(DomainError, match="Dites ce qui manque"):
        return_line(line=line, labels=["  "], note="Incomplet", by=cases.agent)
    stranger = cases.opened().documents.first()
    with pytest.raises(DomainError, match="n’est pas de ce dossier"):
        return_line(line=line, documents=[stranger], by=cases.agent)
    line.refresh_from_db()
    assert line.acknowledged_at is None


def test_a_return_can_be_taken_back_as_it_was(cases):
    line = at_caisse(cases)
    before = list(line.file.documents.values("label", "state", "is_mandatory", "asked_by_line"))
    bank, family = line.file.documents.get(label="RIB"), line.file.documents.get(label="Livret de famille")
    line = return_line(line=line, documents=[bank, family], labels=["Avis d’imposition"], by=cases.agent)
    line = undo_return(line=line, by=cases.agent)
    assert list(line.file.documents.values("label", "state", "is_mandatory", "asked_by_line")) == before
    assert (line.returned_at, line.missing, line.return_note) == (None, [], "")
    assert stage_of_file(line.file) is Stage.ACKNOWLEDGED


def test_taking_a_return_back_keeps_what_the_desk_got_meanwhile(cases):
    line = return_line(line=at_caisse(cases), labels=["Avis d’imposition"], by=cases.agent)
    set_document_state(document=line.file.documents.get(label="Avis d’imposition"), state="received", by=cases.clerk)
    undo_return(line=line, by=cases.agent)
    assert line.file.documents.get(label="Avis d’imposition").state == "received"


def test_a_return_stands_once_the_file_was_sent_again(cases):
    line = return_line(line=at_caisse(cases), documents=[], labels=["Avis d’imposition"], by=cases.agent)
    cases.collect(line.file)
    cases.send(line.file)
    with pytest.raises(DomainError, match="envoyé de nouveau"):
        undo_return(line=line, by=cases.agent)


def test_an_acceptance_opens_rights(cases):
    line = record_decision(
        line=at_caisse(cases),
        result=DecisionResult.ACCEPTED,
        decided_on=dt.date(2026, 2, 2),
        rights_from=dt.date(2026, 3, 1),
        rights_until=dt.date(2027, 2, 28),
        by=cases.agent,
    )
    assert (line.result, line.rights_until, line.decision_recorded_by) == (
        "accepted",
        dt.date(2027, 2, 28),
        cases.agent,
    )
    assert stage_of_file(line.file) is Stage.ACCEPTED


def test_a_refusal_says_why(cases):
    line = at_caisse(cases)
    with pytest.raises(DomainError, match="Dites le motif du refus"):
        record_decision(line=line, result="refused", decided_on=TODAY, by=cases.clerk)
    line = record_decision(
        line=line, result="refused", decided_on=TODAY, refusal_reason="Ressources trop élevées", by=cases.clerk
    )
    assert stage_of_file(line.file) is Stage.REFUSED


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"decided_on": dt.date(2026, 1, 4)}, "ne peut pas précéder la réception du dossier, le 5 janvier 2026"),
        ({"decided_on": dt.date(2026, 3, 3)}, "ne peut pas être à venir"),
        ({"rights_until": dt.date(2027, 1, 1)}, "depuis quand"),
        ({"rights_from": dt.date(2027, 1, 1), "rights_until": dt.date(2026, 1, 1)}, "doit suivre leur début"),
        ({"refusal_reason": "Pourquoi pas"}, "Un accord n’a pas de motif de refus"),
        (
            {"result": "refused", "refusal_reason": "Non", "rights_from": dt.date(2026, 3, 1)},
            "Un refus n’ouvre pas de droits",
        ),
    ],
)
def test_a_decision_that_does_not_hold_together_is_refused(cases, fields, words):
    line = at_caisse(cases)
    with pytest.raises(DomainError, match=words):
        record_decision(**{"line": line, "result": "accepted", "decided_on": TODAY, "by": cases.agent, **fields})
    line.refresh_from_db()
    assert line.result == ""


def test_nothing_is_decided_before_it_is_received(cases):
    line = cases.sent()
    with pytest.raises(DomainError, match="pas encore accusé réception"):
        record_decision(line=line, result="accepted", decided_on=TODAY, by=cases.clerk)
    line = record_decision(line=line, result="accepted", decided_on=TODAY, received_on=TODAY, by=cases.clerk)
    assert (line.received_on, line.result) == (TODAY, "accepted")


def test_silence_of_two_months_is_an_acceptance_from_the_next_day(cases, clock):
    line = at_caisse(cases)
    assert line.tacit_on == dt.date(2026, 3, 5)
    accept = {"line": line, "result": "accepted", "is_tacit": True, "by": cases.clerk}
    clock.move_to(dt.datetime(2026, 3, 5, 15, 0, tzinfo=dt.UTC))
    with pytest.raises(DomainError, match="peut encore répondre jusqu’au 5 mars 2026"):
        record_decision(**accept, decided_on=dt.date(2026, 3, 5))
    # In Cayenne 6 March begins at 3h00 UTC.
    clock.move_to(dt.datetime(2026, 3, 6, 2, 59, tzinfo=dt.UTC))
    with pytest.raises(DomainError, match="peut encore répondre"):
        record_decision(**accept, decided_on=dt.date(2026, 3, 5))
    clock.move_to(dt.datetime(2026, 3, 6, 3, 0, tzinfo=dt.UTC))
    with pytest.raises(DomainError, match="La décision tacite est du 5 mars 2026"):
        record_decision(**accept, decided_on=dt.date(2026, 3, 6))
    with pytest.raises(DomainError, match="ne vaut pas refus"):
        record_decision(**{**accept, "result": "refused"}, decided_on=dt.date(2026, 3, 5))
    line = record_decision(**accept, decided_on=dt.date(2026, 3, 5))
    assert (line.result, line.is_tacit, line.decided_on) == ("accepted", True, dt.date(2026, 3, 5))


def test_silence_may_be_a_refusal_without_a_reason(cases, clock):
    ame = cases.kind("ame", tacit_outcome="refused", tacit_months=2)
    line = at_caisse(cases, kind=ame)
    clock.move_to(dt.datetime(2026, 3, 10, 15, 0, tzinfo=dt.UTC))
    line = record_decision(line=line, result="refused", is_tacit=True, decided_on=dt.date(2026, 3, 5), by=cases.clerk)
    assert stage_of_file(line.file) is Stage.REFUSED


def test_silence_has_no_effect_where_the_law_gives_none(cases):
    line = at_caisse(cases, kind=cases.kind("retraite"))
    with pytest.raises(DomainError, match="ne vaut pas accord"):
        record_decision(line=line, result="accepted", is_tacit=True, decided_on=TODAY, by=cases.clerk)


def test_a_decision_is_corrected_and_taken_back(cases):
    line = at_caisse(cases)
    with pytest.raises(DomainError, match="Aucune décision"):
        correct_decision(line=line, result="accepted", decided_on=TODAY, by=cases.clerk)
    line = record_decision(line=line, result="refused", decided_on=TODAY, refusal_reason="Erreur", by=cases.agent)
    with pytest.raises(DomainError, match="déjà décidé"):
        record_decision(line=line, result="accepted", decided_on=TODAY, by=cases.agent)
    line = correct_decision(line=line, result="accepted", decided_on=JANUARY, rights_from=JANUARY, by=cases.clerk)
    assert (line.result, line.refusal_reason, line.decision_recorded_by) == ("accepted", "", cases.clerk)
    line = undo_decision(line=line, by=cases.clerk)
    assert (line.result, line.decided_on, line.rights_from) == ("", None, None)
    assert stage_of_file(line.file) is Stage.ACKNOWLEDGED


def test_steps_out_of_order_are_refused_in_words(cases):
    decided = record_decision(line=at_caisse(cases), result="accepted", decided_on=TODAY, by=cases.agent)
    for attempt in (
        lambda: return_line(line=decided, labels=["RIB"], by=cases.agent),
        lambda: undo_acknowledgement(line=decided, by=cases.agent),
        lambda: acknowledge_line(line=decided, received_on=TODAY, by=cases.agent),
        lambda: withdraw(file=decided.file, reason="Renonce", by=cases.clerk),
    ):
        with pytest.raises(DomainError, match="décidé"):
            attempt()
    returned = return_line(line=at_caisse(cases), labels=["Avis d’imposition"], by=cases.agent)
    with pytest.raises(DomainError, match="déjà été retourné"):
        return_line(line=returned, labels=["Avis d’imposition"], by=cases.agent)
    with pytest.raises(DomainError, match="a retourné ce dossier"):
        record_decision(line=returned, result="accepted", decided_on=TODAY, by=cases.agent)


def test_a_withdrawn_file_gets_no_answer_until_it_is_reopened(cases):
    line = at_caisse(cases)
    withdraw(file=line.file, reason="Renonce", by=cases.clerk)
    with pytest.raises(DomainError, match="rouvrez-le"):
        record_decision(line=line, result="accepted", decided_on=TODAY, by=cases.agent)
    reopen(file=line.file, by=cases.clerk)
    assert record_decision(line=line, result="accepted", decided_on=TODAY, by=cases.agent).result == "accepted"


def test_another_caisse_and_another_desk_reach_no_line(cases):
    line = at_caisse(cases)
    for person in (cases.other_agent, staff_of(SiteFactory())):
        for attempt in (
            lambda person=person: acknowledge_line(line=line, received_on=TODAY, by=person),
            lambda person=person: return_line(line=line, labels=["RIB"], by=person),
            lambda person=person: record_decision(line=line, result="accepted", decided_on=TODAY, by=person),
            lambda person=person: undo_acknowledgement(line=line, by=person),
        ):
            with pytest.raises(SlipLine.DoesNotExist):
                attempt()


def accepted(cases, **fields) -> SlipLine:
    return record_decision(
        line=at_caisse(cases, **fields),
        result="accepted",
        decided_on=dt.date(2026, 2, 2),
        rights_from=dt.date(2025, 7, 1),
        rights_until=dt.date(2026, 6, 30),
        by=cases.agent,
    )


def test_rights_are_renewed_once(cases):
    line = accepted(cases)
    renewal = start_renewal(file=line.file, by=cases.colleague)
    assert (renewal.renewal_of, renewal.agent, renewal.kind) == (line.file, cases.colleague, cases.c2s)
    assert renewal.documents.count() == 3
    with pytest.raises(DomainError, match="déjà en cours"):
        start_renewal(file=line.file, by=cases.clerk)
    with pytest.raises(DomainError, match="retirez-le d’abord"):
        undo_decision(line=line, by=cases.clerk)
    withdraw(file=renewal, reason="Doublon", by=cases.clerk)
    second = start_renewal(file=line.file, by=cases.clerk)
    with pytest.raises(DomainError, match="déjà en cours"):
        reopen(file=renewal, by=cases.clerk)
    assert CaseFile.objects.get(pk=renewal.pk).withdrawn_at is not None
    assert second.renewal_of == line.file


def test_a_cmu_c_is_renewed_as_what_replaced_it(cases):
    cmu_c = cases.kind("cmu-c", valid_until=dt.date(2019, 10, 31), successor=cases.c2s, is_renewable=True)
    october = dt.date(2019, 10, 31)
    line = cases.acknowledged(kind=cmu_c, opened_on=october, sent_on=october)
    line = record_decision(
        line=line, result="accepted", decided_on=dt.date(2019, 11, 15), rights_from=october, by=cases.agent
    )
    assert start_renewal(file=line.file, by=cases.clerk).kind == cases.c2s


def test_only_what_was_granted_and_is_renewable_is_renewed(cases):
    with pytest.raises(DomainError, match="n’a pas reçu d’accord"):
        start_renewal(file=at_caisse(cases).file, by=cases.clerk)
    line = accepted(cases, kind=cases.kind("retraite"))
    with pytest.raises(DomainError, match="ne se renouvelle pas"):
        start_renewal(file=line.file, by=cases.clerk)
