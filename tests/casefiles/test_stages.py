"""The stage that follows from facts, in Python and in SQL, over every mix of them."""

from itertools import product

import pytest

from casefiles.facts import facts_of, open_line_of, stage_of_file
from casefiles.models import CaseFile, DecisionResult, DocumentState
from casefiles.services import (
    acknowledge_line,
    record_agreement,
    record_decision,
    return_line,
    set_document_state,
    withdraw,
)
from casefiles.stages import FileFacts, Stage, stage_of

from .conftest import TODAY


def facts(**changes) -> FileFacts:
    return FileFacts(
        **{
            "is_withdrawn": False,
            "is_at_caisse": False,
            "is_acknowledged": False,
            "result": "",
            "was_returned": False,
            "has_agreement": False,
            "lacks_documents": True,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({}, Stage.PREPARATION),
        ({"has_agreement": True}, Stage.PREPARATION),
        ({"lacks_documents": False}, Stage.PREPARATION),
        ({"has_agreement": True, "lacks_documents": False}, Stage.COMPLETE),
        ({"has_agreement": True, "was_returned": True}, Stage.RETURNED),
        ({"has_agreement": True, "was_returned": True, "lacks_documents": False}, Stage.COMPLETE),
        ({"is_at_caisse": True, "has_agreement": True}, Stage.SENT),
        ({"is_at_caisse": True, "was_returned": True}, Stage.SENT),
        ({"is_at_caisse": True, "is_acknowledged": True}, Stage.ACKNOWLEDGED),
        ({"is_at_caisse": True, "is_acknowledged": True, "result": "accepted"}, Stage.ACCEPTED),
        ({"is_at_caisse": True, "is_acknowledged": True, "result": "refused"}, Stage.REFUSED),
        ({"is_withdrawn": True, "is_at_caisse": True, "is_acknowledged": True}, Stage.WITHDRAWN),
    ],
)
def test_the_stage_follows_from_the_facts(changes, stage):
    assert stage_of(facts(**changes)) is stage


def test_every_stage_has_words():
    assert all(stage.label for stage in Stage)
    assert {stage for stage in Stage if stage.is_final} == {Stage.ACCEPTED, Stage.REFUSED, Stage.WITHDRAWN}


def test_python_and_sql_agree_over_every_mix_of_facts(cases):
    """Each file is brought by the services to one mix of withdrawn, agreed, collected, returned and answered."""
    expected = {}
    for agreed, collected, returned, answer, is_withdrawn in product(
        (False, True), (False, True), (False, True), ("", "sent", "acknowledged", "accepted", "refused"), (False, True)
    ):
        may_go = agreed and collected
        if (answer and not may_go) or (returned and not agreed):
            continue
        if is_withdrawn and answer in ("accepted", "refused"):
            continue
        file = cases.opened()
        if agreed:
            record_agreement(file=file, agreed_on=TODAY, by=cases.clerk)
        if collected or returned:
            cases.collect(file)
        if returned:
            line = cases.send(file).lines.get()
            return_line(line=line, labels=["Avis d’imposition"], by=cases.agent)
            if collected:
                cases.collect(file)
        if answer:
            _answer(cases, file, answer)
        if is_withdrawn:
            withdraw(file=file, reason="Déménage", by=cases.clerk)
        expected[file.pk] = stage_of_file(CaseFile.objects.get(pk=file.pk))
    assert set(expected.values()) == set(Stage)
    annotated = CaseFile.objects.with_stage().order_by("pk")
    assert {file.pk: file.stage for file in annotated} == {pk: stage.value for pk, stage in expected.items()}
    assert {file.pk: Stage(file.stage) for file in annotated} == {
        file.pk: stage_of(facts_of(file)) for file in CaseFile.objects.prefetch_related("lines", "documents")
    }


def _answer(cases, file, answer: str) -> None:
    line = cases.send(file).lines.get()
    if answer == "sent":
        return
    line = acknowledge_line(line=line, received_on=TODAY, by=cases.agent)
    if answer != "acknowledged":
        record_decision(
            line=line,
            result=DecisionResult(answer),
            decided_on=TODAY,
            refusal_reason="Ressources trop élevées" if answer == "refused" else "",
            by=cases.agent,
        )


def test_the_annotated_columns_are_those_of_the_open_line(cases):
    line = cases.sent()
    return_line(line=line, labels=["Avis d’imposition"], by=cases.agent)
    file = CaseFile.objects.with_stage().get()
    assert (file.stage, file.sent_on, file.lacking_count, file.open_line_id) == ("returned", None, 1, None)
    document = line.file.documents.get(label="Avis d’imposition")
    set_document_state(document=document, state=DocumentState.NOT_APPLICABLE, by=cases.clerk)
    again = acknowledge_line(line=cases.send(line.file).lines.get(), received_on=TODAY, by=cases.agent)
    file = CaseFile.objects.with_stage().get()
    assert (file.stage, file.sent_on, file.received_on, file.lacking_count) == ("acknowledged", TODAY, TODAY, 0)
    assert file.open_line_id == again.pk == open_line_of(file).pk
