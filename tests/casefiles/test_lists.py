"""The lists that a person works from, their order, their search and their number of queries."""

import datetime as dt

import pytest

from casefiles.case_file_lists import (
    WORK_LISTS,
    all_files,
    awaiting_acknowledgement,
    late,
    mine,
    to_complete,
    to_renew,
    to_send,
)
from casefiles.models import CaseFile, SlipLine, TransmissionSlip
from casefiles.services import (
    acknowledge_line,
    assign,
    mark_urgent,
    record_decision,
    return_line,
    start_renewal,
    withdraw,
)
from tests.factories import SiteFactory, VisitorFactory, staff_of

from .conftest import TODAY


def files():
    return CaseFile.objects.all()


def day(month: int, number: int) -> dt.date:
    return dt.date(2026, month, number)


def test_each_file_is_in_the_list_of_its_stage(cases):
    preparing, ready = cases.opened(), cases.complete()
    returned = return_line(line=cases.sent(), labels=["Avis d’imposition"], by=cases.agent).file
    sent, received = cases.sent().file, cases.acknowledged().file
    decided = record_decision(line=cases.acknowledged(), result="accepted", decided_on=TODAY, by=cases.agent).file
    withdrawn = withdraw(file=cases.opened(), reason="Renonce", by=cases.clerk)
    assert list(to_complete(files())) == [preparing, returned]
    assert list(to_send(files())) == [ready]
    assert list(awaiting_acknowledgement(files())) == [sent]
    assert list(mine(files(), cases.clerk)) == [preparing, ready, returned, sent, received]
    assert list(mine(files(), cases.colleague)) == []
    assert list(all_files(files())) == [withdrawn, decided, received, sent, returned, ready, preparing]
    assign(file=ready, agent=cases.colleague, by=cases.clerk)
    assert list(mine(files(), cases.colleague)) == [ready]


def test_the_urgent_come_first_then_the_oldest(cases):
    recent = cases.opened(opened_on=day(3, 1))
    old = cases.opened(opened_on=day(2, 1))
    urgent = mark_urgent(file=cases.opened(), urgency="Opération", by=cases.clerk)
    assert list(to_complete(files())) == [urgent, old, recent]


def test_a_receipt_is_late_the_day_after_its_last(cases):
    line = cases.sent(opened_on=day(2, 14), sent_on=day(2, 14))
    assert line.acknowledgement_due_on == day(3, 1)
    assert list(late(files(), day(3, 1))) == []
    assert list(late(files(), day(3, 2))) == [line.file]


def test_a_decision_is_late_the_day_after_its_last(cases):
    december = dt.date(2025, 12, 31)
    line = cases.acknowledged(opened_on=december, sent_on=december)
    assert list(late(files(), day(2, 28))) == []
    assert list(late(files(), day(3, 1))) == [line.file]
    record_decision(line=line, result="accepted", decided_on=TODAY, by=cases.agent)
    assert list(late(files(), day(3, 1))) == []


def test_what_is_withdrawn_or_back_is_not_late(cases):
    gone = cases.sent(opened_on=day(1, 2), sent_on=day(1, 2)).file
    withdraw(file=gone, reason="Renonce", by=cases.clerk)
    return_line(line=cases.sent(opened_on=day(1, 2), sent_on=day(1, 2)), labels=["RIB"], by=cases.agent)
    assert list(late(files(), TODAY)) == []


def granted(cases, rights_until: dt.date, **fields) -> CaseFile:
    line = cases.acknowledged(opened_on=day(1, 5), sent_on=day(1, 5), **fields)
    return record_decision(
        line=line,
        result="accepted",
        decided_on=day(1, 20),
        rights_from=dt.date(2025, 7, 1),
        rights_until=rights_until,
        by=cases.agent,
    ).file


def test_rights_are_to_renew_from_120_days_before_their_end_until_it(cases):
    """On 2 March 2026 the 120th day ahead is 30 June."""
    june_30, july_1 = granted(cases, day(6, 30)), granted(cases, day(7, 1))
    ended, today = granted(cases, day(3, 1)), granted(cases, TODAY)
    assert list(to_renew(files(), TODAY)) == [today, june_30]
    assert list(to_renew(files(), TODAY + dt.timedelta(days=1))) == [june_30, july_1]
    assert ended not in to_renew(files(), TODAY)
    renewal = start_renewal(file=june_30, by=cases.clerk)
    assert list(to_renew(files(), TODAY)) == [today]
    withdraw(file=renewal, reason="Doublon", by=cases.clerk)
    assert list(to_renew(files(), TODAY)) == [today, june_30]


def test_what_does_not_renew_is_not_listed(cases):
    granted(cases, day(6, 1), kind=cases.kind("retraite"))
    assert list(to_renew(files(), TODAY)) == []


@pytest.mark.parametrize("words", ["horth", "HORTH elise", "Élise", "c2s", "horth C2S", "eli ort"])
def test_the_search_reads_names_and_kinds_whatever_the_accents(cases, words):
    file = cases.opened()
    cases.opened(visitor=VisitorFactory(ccas=cases.site.ccas, last_name="Zulémaro"), kind=cases.kind("retraite"))
    assert list(files().matching(words)) == [file]


def test_the_search_reads_phones_for_staff_but_not_for_agents(cases):
    visitor = VisitorFactory(ccas=cases.site.ccas, last_name="Zulémaro", phone="+594694120001")
    line = cases.sent(visitor=visitor)
    assert list(files().matching("0694 12 00 01")) == [line.file]
    lines = SlipLine.objects.visible_to(cases.agent)
    assert list(lines.matching("zulemaro")) == [line]
    assert list(lines.matching("0694 12 00 01")) == []


def test_a_perimeter_is_the_desk_s_or_the_caisse_s(cases):
    aspa = cases.kind("aspa")
    aspa.partners.set([cases.other_caisse])
    theirs = cases.sent(kind=aspa, partner=cases.other_caisse)
    ours, unsent = cases.sent(), cases.opened()
    assert set(CaseFile.objects.visible_to(cases.clerk)) == {theirs.file, ours.file, unsent}
    outsider = staff_of(SiteFactory())
    for model in (CaseFile, SlipLine, TransmissionSlip):
        assert list(model.objects.visible_to(outsider)) == []
    assert list(CaseFile.objects.visible_to(cases.agent)) == []
    assert list(SlipLine.objects.visible_to(cases.agent)) == [ours]
    assert list(SlipLine.objects.visible_to(cases.other_agent)) == [theirs]
    assert list(TransmissionSlip.objects.visible_to(cases.other_agent)) == [theirs.slip]


@pytest.mark.parametrize("slug", [*WORK_LISTS, "tous"])
def test_a_list_takes_one_query_whatever_its_length(cases, slug, django_assert_num_queries):
    for _ in range(3):
        cases.opened()
        cases.complete()
        cases.sent(opened_on=day(1, 2), sent_on=day(1, 2))
        granted(cases, day(6, 1))
    work_list = WORK_LISTS.get(slug)
    base = CaseFile.objects.visible_to(cases.clerk)
    with django_assert_num_queries(1):
        rows = list(work_list.select(base, cases.clerk, TODAY) if work_list else all_files(base))
        assert len(rows) == {"mes-dossiers": 9, "en-retard": 3, "accuses-attendus": 3, "tous": 12}.get(slug, 3)
        for row in rows:
            assert str(row)
            assert all((row.site.short_name, row.partner.short_name, row.agent.get_full_name(), row.stage))


def test_lines_and_slips_take_one_query_each(cases, django_assert_num_queries):
    for _ in range(3):
        acknowledge_line(line=cases.sent(), received_on=TODAY, by=cases.agent)
    with django_assert_num_queries(1):
        for line in SlipLine.objects.visible_to(cases.agent).with_parties():
            assert str(line)
            assert all((line.file.kind.label, line.file.visitor.full_name, line.slip.ccas.name))
    with django_assert_num_queries(1):
        slips = TransmissionSlip.objects.visible_to(cases.agent).with_parties().with_progress()
        assert [(slip.full_number, slip.acknowledged_count, slip.ccas.name) for slip in slips] == [
            (f"2026-000{number}", 1, cases.site.ccas.name) for number in (3, 2, 1)
        ]
