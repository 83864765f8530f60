"""Two people send the same file at once, and many send at once: one slip has it, and numbers follow each other."""

from threading import Barrier, Event

import pytest
from django.db import connection
from django.db.models import QuerySet

from casefiles.models import SlipLine, TransmissionSlip
from casefiles.services import send_slip, slips
from tests.factories import VisitorFactory
from tests.racing import deadlocks, race

from .conftest import CaseDesk

pytestmark = pytest.mark.django_db(transaction=True)


def sender(cases: CaseDesk, files: list, by):
    return lambda: send_slip(site=cases.site, partner=cases.caisse, files=files, by=by)


@pytest.mark.parametrize("round_number", range(5))
def test_the_same_file_goes_on_exactly_one_slip(round_number):
    cases = CaseDesk()
    shared, mine, yours = (cases.complete() for _ in range(3))
    before = deadlocks()
    outcome = race(
        [
            sender(cases, [mine, shared], cases.clerk),
            sender(cases, [shared, yours], cases.colleague),
            sender(cases, [shared], cases.clerk),
            sender(cases, [yours, shared, mine], cases.colleague),
        ]
    )
    assert outcome.faults == []
    assert outcome.done == 1
    assert all("vient de partir dans un autre bordereau" in refusal for refusal in outcome.refusals)
    assert SlipLine.objects.filter(file=shared).count() == 1
    assert TransmissionSlip.objects.get().number == 1  # whoever lost took no number
    assert deadlocks() == before


def test_slips_sent_at_once_are_numbered_without_gaps():
    cases = CaseDesk()
    visitor = VisitorFactory(ccas=cases.site.ccas)
    files = [cases.complete(visitor=visitor) for _ in range(12)]
    outcome = race([sender(cases, [file], cases.clerk) for file in files])
    assert (outcome.faults, outcome.refusals, outcome.done) == ([], [], 12)
    assert sorted(TransmissionSlip.objects.values_list("number", flat=True)) == list(range(1, 13))


def test_the_control_without_guards_the_file_goes_twice(monkeypatch):
    """Neither locks nor the constraint: two who have both read the file before one has sent it do send it twice."""
    cases = CaseDesk()
    file = cases.complete()
    both_have_read, one_is_sent = Barrier(2, timeout=30), Event()

    def number_after_the_other(_ccas):
        if both_have_read.wait() == 1:
            one_is_sent.wait(timeout=30)

    def sending(by):
        def send():
            sender(cases, [file], by)()
            one_is_sent.set()

        return send

    monkeypatch.setattr(QuerySet, "select_for_update", lambda queryset, **options: queryset.all())
    monkeypatch.setattr(slips, "hold_numbers_of", number_after_the_other)
    constraint = next(row for row in SlipLine._meta.constraints if row.name == "slip_line_one_open_a_file")
    with connection.schema_editor() as editor:
        editor.remove_constraint(SlipLine, constraint)
    try:
        outcome = race([sending(cases.clerk), sending(cases.colleague)])
        assert (outcome.faults, outcome.done) == ([], 2)
        assert SlipLine.objects.filter(file=file).count() == 2
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE casefiles_slipline, casefiles_transmissionslip CASCADE")
        with connection.schema_editor() as editor:
            editor.add_constraint(SlipLine, constraint)
