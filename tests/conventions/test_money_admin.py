"""The admin shows statements without letting anybody touch them, and the budget lines of one's own CCAS."""

import datetime as dt

import pytest
import time_machine

from conventions.issuing import issue_statement
from conventions.models import BudgetLine, StatementPeriod
from tests.factories import CcasFactory

from .scene import Scene


@pytest.fixture(autouse=True)
def _november_2026():
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def scene(db) -> Scene:
    return Scene()


def test_statements_can_only_be_looked_at(scene, client):
    client.force_login(scene.administrator)
    statement = issue_statement(
        convention=scene.convention,
        period=StatementPeriod.CIVIL_YEAR,
        starts_on=dt.date(2026, 1, 1),
        ends_on=dt.date(2026, 12, 31),
        by=scene.administrator,
    )
    base = "/admin/conventions/feestatement/"
    assert "2026-001" in client.get(f"{base}?q=cpam").content.decode()
    shown = client.get(f"{base}{statement.pk}/change/")
    assert shown.status_code == 200
    assert 'name="amount"' not in shown.content.decode()
    assert client.post(f"{base}{statement.pk}/change/", {"amount": "1"}).status_code == 403
    assert client.get(f"{base}add/").status_code == 403
    assert client.get(f"{base}{statement.pk}/delete/").status_code == 403


def test_budget_lines_are_those_of_the_ccas(scene, client):
    client.force_login(scene.administrator)
    values = {"year": 2026, "service": "28000 – MSAP", "nature": "70878", "amount": 1}
    BudgetLine.objects.create(ccas=scene.ccas, label="La nôtre", **values)
    BudgetLine.objects.create(ccas=CcasFactory(), label="La leur", **values)
    text = client.get("/admin/conventions/budgetline/").content.decode()
    assert "La nôtre" in text
    assert "La leur" not in text
