"""Sixteen people issue at once: sixteen consecutive numbers, and a control that shows the race with the guard off."""

import datetime as dt
from functools import partial

import pytest
import time_machine
from django.db import IntegrityError
from django.db.models import QuerySet

from conventions import issuing
from conventions.issuing import issue_statement
from conventions.models import FeeStatement, StatementPeriod
from partners.models import Role
from tests.factories import CcasFactory, ConventionFactory, FeeTermsFactory, SiteFactory, UserFactory
from tests.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
CLIENTS = 16
YEAR = {"starts_on": dt.date(2026, 1, 1), "ends_on": dt.date(2026, 12, 31)}


def issue_of(convention, by, **fields):
    return partial(
        issue_statement, convention=convention, period=StatementPeriod.CIVIL_YEAR, by=by, **{**YEAR, **fields}
    )


@pytest.fixture(autouse=True)
def _november_2026():
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)):
        yield


@pytest.fixture
def scene():
    ccas = CcasFactory()
    site = SiteFactory(ccas=ccas)
    conventions = [FeeTermsFactory(convention=ConventionFactory(site=site)).convention for _ in range(CLIENTS)]
    return conventions, UserFactory(role=Role.ADMINISTRATOR, ccas=ccas)


def numbers() -> list[int]:
    return sorted(FeeStatement.objects.values_list("number", flat=True))


def test_sixteen_issues_give_sixteen_consecutive_numbers(scene):
    conventions, by = scene
    outcome = race([issue_of(convention, by) for convention in conventions])
    assert (outcome.done, outcome.refusals, outcome.faults) == (CLIENTS, [], [])
    assert numbers() == list(range(1, CLIENTS + 1))


def test_sixteen_issues_of_one_period_give_one_statement(scene):
    conventions, by = scene
    outcome = race([issue_of(conventions[0], by) for _ in range(CLIENTS)])
    assert (outcome.done, len(outcome.refusals), outcome.faults) == (1, CLIENTS - 1, [])
    assert numbers() == [1]


def test_a_failed_issue_leaves_no_gap(scene, monkeypatch):
    conventions, by = scene
    issue_of(conventions[0], by)()
    real_create = FeeStatement.objects.create

    def lost(**fields):
        real_create(**fields)
        raise ConnectionError("the machine went away after the number was taken")

    with monkeypatch.context() as broken:
        broken.setattr(issuing.FeeStatement.objects, "create", lost)
        with pytest.raises(ConnectionError):
            issue_of(conventions[1], by)()
    outcome = race([issue_of(convention, by) for convention in conventions[1:]])
    assert outcome.faults == []
    assert numbers() == list(range(1, CLIENTS + 1))


def test_without_the_lock_two_take_one_number(scene, monkeypatch):
    """The control: only the unique constraint is left, and somebody meets it."""
    conventions, by = scene
    monkeypatch.setattr(QuerySet, "select_for_update", lambda queryset, **options: queryset.all())
    outcome = race([issue_of(convention, by) for convention in conventions])
    assert outcome.done < CLIENTS
    assert all(isinstance(fault, IntegrityError) for fault in outcome.faults)
    assert outcome.faults
