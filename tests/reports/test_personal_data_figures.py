"""Anonymising people changes no figure of the past, and nothing of what was established."""

import datetime as dt

import pytest
import time_machine

from bookings.models import EliminationLine, Visitor
from conventions.models import Convention
from reports import figures
from reports.establishing import establish_return
from reports.figures import FIGURES, GROUPS
from reports.models import AnnualReport, MonthlyReturn
from reports.periods import Period
from reports.scopes import Scope
from reports.summing import keep_sums
from tests.bookings.personal_data import SECRETS, eliminated, words_left
from tests.casefiles.conftest import CaseDesk
from tests.casefiles.lives import Life
from tests.factories import VisitorFactory

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
LONG_AFTER = dt.datetime(2029, 5, 2, 12, 0, tzinfo=dt.UTC)
PERIODS = [Period.of_year(2026), Period.of_month(2026, 2), Period.of_month(2026, 3), Period.of_year(2025)]


@pytest.fixture
def lives(db, settings, tmp_path):
    """The life of one person, and some of others', three years ago; a return was established of it."""
    settings.ELIMINATIONS_ROOT = str(tmp_path / "eliminations")
    with time_machine.travel(NOW, tick=False) as clock:
        cases = CaseDesk()
        life = Life(cases)
        for day, status in ((4, "honoured"), (5, "honoured"), (11, "no_show"), (12, "cancelled")):
            other = VisitorFactory(ccas=cases.site.ccas, last_name=f"Autre{day}", staff_notes="Motsecret")
            life.appointment(dt.date(2026, 2, day), status, visitor=other)
        cases.acknowledged(visitor=other)
        life.appointment(dt.date(2026, 2, 25), "honoured")
        february = Period.of_month(2026, 2)
        establish_return(site=cases.site, partner=cases.caisse, period=february, comment="", by=life.proposer)
        Convention.objects.update(ends_on=dt.date(2035, 12, 31))
        clock.move_to(LONG_AFTER)
        yield life


def every_figure(life) -> dict:
    """Each figure of the house for each period, alone and along each axis of its source."""
    found = {}
    for period in PERIODS:
        for partner in (None, life.cases.caisse):
            scope = Scope(period=period, sites=(life.site,), partner=partner)
            found[period, partner, "values"] = figures.values(FIGURES, scope)
            for group in GROUPS:
                for axis in group.source.axes:
                    parts = figures.parts(group.figures, axis, scope)
                    found[period, partner, group.label, axis] = [(part.label, part.values) for part in parts]
    return found


def established() -> list:
    return [
        list(MonthlyReturn.objects.order_by("pk").values_list("pk", "content")),
        list(AnnualReport.objects.order_by("pk").values_list("pk", "content")),
    ]


def test_every_figure_is_unchanged_read_from_rows_and_from_kept_sums(lives):
    before, papers = every_figure(lives), established()
    year = before[PERIODS[0], None, "values"]
    # It would be nothing to keep figures that are all zero.
    assert year["rendez-vous-effectues"] == 5
    assert year["personnes-distinctes"] == 3
    assert len([value for value in year.values() if value]) > 8
    done = eliminated(lives.visitor, by=lives.proposer, approver=lives.approver)
    assert EliminationLine.objects.filter(list=done).exclude(done_at=None).count() == 5
    assert Visitor.objects.filter(anonymised_at=None).count() == 1  # Whose file the caisse has not decided.
    assert every_figure(lives) == before
    keep_sums()
    assert every_figure(lives) == before
    assert established() == papers


def test_what_was_established_never_held_a_name(lives):
    printed = repr(established()).lower()
    assert "rendez-vous" in printed
    for secret in (SECRETS["last_name"], SECRETS["first_name"], "motsecret"):
        assert secret.lower() not in printed
    eliminated(lives.visitor, by=lives.proposer, approver=lives.approver)
    assert [found for found in words_left() if "zzyvonne" in found.lower()] == []
