"""The money of the demonstration: made once, marked as worth nothing, at every stage of a statement."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from conventions.demo_money import make_money
from conventions.models import BudgetLine, FeeStatement
from conventions.statement_search import StatementState, state_of
from tests.factories import ConventionFactory, FeeTermsFactory

from .scene import Scene


@pytest.fixture
def scene(db, settings) -> Scene:
    settings.DEMO = True
    scene = Scene()
    fictional = ConventionFactory(
        site=scene.site,
        reference="planoise-caf-fictive",
        starts_on=dt.date(2025, 1, 1),
        ends_on=dt.date(2028, 12, 31),
    )
    FeeTermsFactory(convention=fictional, annual_amount=Decimal("627.00"))
    return scene


def test_it_is_made_once(scene):
    told: list[str] = []
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), tick=False):
        make_money(told.append)
        make_money(told.append)
    assert told == [
        "Redevances\u00a0: 4 états liquidatifs et 3 lignes budgétaires ajoutés.",
        "Redevances\u00a0: 0 états liquidatifs et 0 lignes budgétaires ajoutés.",
    ]
    statements = FeeStatement.objects.order_by("year", "number")
    assert [state_of(statement) for statement in statements] == [
        StatementState.CORRECTED,
        StatementState.PAID,
        StatementState.PAID,
        StatementState.UNPAID,
    ]
    assert all(statement.content["is_demonstration"] for statement in statements)
    assert BudgetLine.objects.get(year=2025).amount == Decimal("21500.00")


def test_before_its_dates_nothing_is_issued(scene):
    with time_machine.travel(dt.datetime(2026, 1, 10, 9, 0, tzinfo=dt.UTC), tick=False):
        make_money(lambda line: None)
    assert not FeeStatement.objects.exists()
    assert BudgetLine.objects.exists()


def test_without_the_space_nothing_is_added(db):
    told: list[str] = []
    make_money(told.append)
    assert told == ["Redevances\u00a0: ni espace ni responsable, rien n’est ajouté."]
