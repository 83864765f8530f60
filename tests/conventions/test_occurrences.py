"""Occurrences follow the term and the obligations; what was fulfilled or waived is history."""

import datetime as dt
import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conventions.agreements import AgreementRefused, load_text
from conventions.fulfilment import fulfil, unfulfil, unwaive, waive
from conventions.models import Convention, DueMoment, Frequency, ObligationDue, ObligationKind
from conventions.occurrences import refresh_occurrences
from conventions.services import Term, settle_grid
from partners.models import Role
from tests.admin_pages import errors_of, shown_values
from tests.factories import staff_of

from .agreement_files import SMALL
from .owed import Owed, on_day

TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def owed(db):
    with on_day(TODAY):
        yield Owed()


def refreshed(convention) -> tuple[int, int, int]:
    convention.save()
    done = refresh_occurrences(convention=convention)
    return done.created, done.changed, done.removed


def days(owed, obligation) -> list[str]:
    return [due.due_on.isoformat() for due in owed.dues(obligation)]


def test_doing_it_again_changes_nothing_and_costs_little(owed):
    assert ObligationDue.objects.count() == 3 + 36 + 3 + 3
    with CaptureQueriesContext(connection) as caught:
        assert refreshed(owed.convention) == (0, 0, 0)
    assert len(caught) <= 8


def test_a_shorter_term_takes_away_what_is_open_and_keeps_what_was_given(owed):
    last = owed.dues(owed.certificate)[-1]
    fulfil(occurrence=last, on=TODAY, proof_note="Reçue d’avance.", by=owed.manager)
    owed.convention.ends_on = dt.date(2026, 12, 15)
    created, changed, removed = refreshed(owed.convention)
    assert (created, changed) == (0, 3)  # What is owed for the second year: it ends earlier.
    assert removed == 16 + 2
    assert days(owed, owed.certificate) == ["2025-04-01", "2026-04-01", "2027-04-01"]
    assert days(owed, owed.committee) == ["2026-03-31", "2026-12-15"]
    assert len(owed.dues(owed.monthly)) == 20
    # Taken back, it is asked for no more.
    unfulfil(occurrence=last, by=owed.manager)
    assert days(owed, owed.certificate) == ["2025-04-01", "2026-04-01"]


def test_a_longer_term_asks_for_more_and_never_twice_for_the_same_days(owed):
    owed.convention.ends_on = dt.date(2026, 9, 30)
    refreshed(owed.convention)
    cut = owed.dues(owed.committee)[-1]
    waive(occurrence=cut, reason="Remplacé par un courrier", by=owed.manager)
    owed.convention.ends_on = dt.date(2027, 3, 31)
    refreshed(owed.convention)
    assert days(owed, owed.committee) == ["2026-03-31", "2026-09-30"]
    assert days(owed, owed.attendance) == ["2026-03-31", "2027-03-31"]


def test_a_duty_that_changes_is_asked_otherwise(owed):
    owed.certificate.due_moment = DueMoment.END
    owed.certificate.save()
    assert refreshed(owed.convention) == (0, 3, 0)
    owed.certificate.frequency = Frequency.CONTINUOUS
    owed.certificate.save()
    assert refreshed(owed.convention) == (0, 0, 3)


def test_the_writer_of_the_grid_refreshes(owed):
    previous = Term(owed.convention.starts_on, owed.convention.ends_on)
    owed.convention.ends_on = dt.date(2027, 3, 31)
    owed.convention.save()
    settle_grid(convention=owed.convention, previous_term=previous, by=owed.manager)
    assert len(owed.dues(owed.monthly)) == 24


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("besancon-cpam-2025", ObligationKind.INSURANCE_CERTIFICATE, ["2025-04-01", "2026-04-01", "2027-04-01"]),
        ("besancon-cpam-2025", ObligationKind.MONTHLY_COUNT, 36),
        ("montsinery-cgss-2016", ObligationKind.MONTHLY_COUNT, 36),
        ("montsinery-cgss-2016", ObligationKind.EMERGENCY_LINE, ["2016-08-09"]),
        ("montsinery-cgss-2016", ObligationKind.YEARLY_REPORT, ["2017-08-08", "2018-08-08", "2019-08-08"]),
        ("montsinery-cgss-2016", ObligationKind.INSURANCE_CERTIFICATE, []),
        ("montsinery-cgss-2016", ObligationKind.TRAINING, []),
    ],
)
def test_the_two_real_agreements(db, name, kind, expected):
    call_command("load_convention", name, verbosity=0)
    convention = Convention.objects.get(reference=name)
    found = ObligationDue.objects.filter(obligation__convention=convention, obligation__kind=kind)
    if isinstance(expected, int):
        assert found.count() == expected
    else:
        assert [due.due_on.isoformat() for due in found.order_by("due_on")] == expected


def test_a_file_that_forgets_a_duty_with_a_history_is_refused(db):
    convention = load_text(text=SMALL).convention
    due = convention.obligations.get().occurrences.first()
    manager = staff_of(convention.site, role=Role.MANAGER)
    waive(occurrence=due, reason="Sans objet", by=manager)
    head, _, tail = SMALL.partition("[[obligations]]")
    without = f"{head}[[articles]]{tail.partition('[[articles]]')[2]}"
    with pytest.raises(AgreementRefused) as refusal:
        load_text(text=without)
    assert "en sont remplies ou dispensées" in str(refusal.value)
    assert convention.obligations.exists()
    unwaive(occurrence=due, by=manager)
    load_text(text=without)
    assert not convention.obligations.exists()


def test_the_admin_keeps_a_duty_with_a_history_and_refreshes_after_a_change(owed, client):
    waive(occurrence=owed.dues(owed.monthly)[0], reason="Sans objet", by=owed.manager)
    client.force_login(owed.administrator)
    url = reverse("admin:conventions_convention_change", args=[owed.convention.pk])
    values = shown_values(client.get(url)) | {"_continue": "1"}
    lines = (name for name in values if re.fullmatch(r"obligations-\d+-id", name))
    prefix = next(name for name in lines if values[name] == str(owed.monthly.pk)).removesuffix("-id")
    refused = client.post(url, given(values | {f"{prefix}-DELETE": "on"}))
    assert "a des échéances remplies ou dispensées" in errors_of(refused)
    client.post(url, given(values | {f"{prefix}-frequency": "continuous"}))
    assert [due.is_settled for due in owed.dues(owed.monthly)] == [True]


def given(values: dict) -> dict:
    return {name: value for name, value in values.items() if value is not None}
