"""Sixteen establish at once: sixteen consecutive numbers, and a control that shows the race with the guard off."""

import datetime as dt
from functools import partial

import pytest
import time_machine
from django.db import IntegrityError
from django.db.models import QuerySet

from partners.models import Role
from reports.establishing import correct_return, establish_return
from reports.models import MonthlyReturn
from reports.periods import Period
from tests.factories import CcasFactory, ConventionFactory, SiteFactory, UserFactory
from tests.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
CLIENTS = 16
OCTOBER = Period.of_month(2026, 10)


@pytest.fixture(autouse=True)
def _november_2026():
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)):
        yield


@pytest.fixture
def scene():
    site = SiteFactory(ccas=CcasFactory())
    conventions = [ConventionFactory(site=site) for _ in range(CLIENTS)]
    return conventions, UserFactory(role=Role.MANAGER, ccas=site.ccas)


def establish_of(convention, by, **fields):
    asked = {"period": OCTOBER, "comment": ""} | fields
    return partial(establish_return, site=convention.site, partner=convention.partner, by=by, **asked)


def numbers() -> list[int]:
    return sorted(MonthlyReturn.objects.values_list("number", flat=True))


def test_sixteen_returns_get_sixteen_consecutive_numbers(scene):
    conventions, by = scene
    outcome = race([establish_of(convention, by) for convention in conventions])
    assert (outcome.done, outcome.refusals, outcome.faults) == (CLIENTS, [], [])
    assert numbers() == list(range(1, CLIENTS + 1))


def test_sixteen_times_one_month_gives_one_return(scene):
    conventions, by = scene
    outcome = race([establish_of(conventions[0], by) for _ in range(CLIENTS)])
    assert (outcome.done, len(outcome.refusals), outcome.faults) == (1, CLIENTS - 1, [])
    assert numbers() == [1]


def test_sixteen_corrections_give_one_version(scene):
    conventions, by = scene
    old = establish_of(conventions[0], by)()
    correct = partial(correct_return, monthly_return=old, reason="Faute", comment="", by=by)
    outcome = race([correct] * CLIENTS)
    assert (outcome.done, len(outcome.refusals), outcome.faults) == (1, CLIENTS - 1, [])
    assert numbers() == [1, 2]


def test_without_the_lock_two_take_one_number(scene, monkeypatch):
    """The control: only the unique constraint is left, and somebody meets it."""
    conventions, by = scene
    monkeypatch.setattr(QuerySet, "select_for_update", lambda queryset, **options: queryset.all())
    outcome = race([establish_of(convention, by) for convention in conventions])
    assert outcome.done < CLIENTS
    assert outcome.faults
    assert all(isinstance(fault, IntegrityError) for fault in outcome.faults)
