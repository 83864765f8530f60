"""Which day, month and year a row counts in: those that a person at its site would say."""

import datetime as dt

import pytest
from django.db import connection

from reports import figures
from reports.figures import appointments, desk_visits
from reports.periods import Period
from reports.scopes import NOTHING, Scope
from tests.factories import SiteFactory


@pytest.fixture
def cayenne(scene):
    return SiteFactory(ccas=scene.ccas, short_name="Montsinéry", time_zone="America/Cayenne")


@pytest.fixture
def reunion(scene):
    return SiteFactory(ccas=scene.ccas, short_name="Saint-Denis", time_zone="Indian/Reunion")


def held(scope: Scope) -> int:
    return appointments.HELD.value(scope)


def test_the_last_half_hour_of_the_year_in_cayenne_counts_in_that_year(scene, cayenne):
    kept = scene.appointment("2025-12-31", "23:30", site=cayenne)
    scene.visit("2025-12-31", "23:30", site=cayenne)
    assert kept.during.lower == dt.datetime(2026, 1, 1, 2, 30, tzinfo=dt.UTC)
    this, following = (Scope(period=Period.of_year(year), sites=(cayenne,)) for year in (2025, 2026))
    assert (held(this), held(following)) == (1, 0)
    assert (desk_visits.WALK_INS.value(this), desk_visits.WALK_INS.value(following)) == (1, 0)
    december = next(part for part in appointments.HELD.by("mois", this) if part.key == dt.date(2025, 12, 1))
    assert december.values == {appointments.HELD.slug: 1}
    assert december.label == "décembre 2025"


def test_each_space_keeps_its_own_midnight_when_they_are_asked_together(scene, cayenne, reunion):
    for site in (scene.site, cayenne, reunion):
        scene.appointment("2025-12-31", "23:30", site=site)
        scene.appointment("2026-01-01", "00:00", site=site)
    together = [Scope(period=Period.of_year(year), sites=(scene.site, cayenne, reunion)) for year in (2025, 2026)]
    assert [held(scope) for scope in together] == [3, 3]
    for scope in together:
        assert [part.values[appointments.HELD.slug] for part in appointments.HELD.by("espace", scope)] == [1, 1, 1]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_day_on_which_clocks_change_is_whole(scene, day):
    """23 hours in March, 25 in October: from midnight to midnight, whatever the clock did."""
    scene.appointment(day, "00:00")
    scene.appointment(day, "23:30")
    before, after = (dt.date.fromisoformat(day) + dt.timedelta(days=step) for step in (-1, 1))
    scene.appointment(before.isoformat(), "23:30")
    scene.appointment(after.isoformat(), "00:00")
    assert held(scene.scope(day, day)) == 2
    parts = appointments.HELD.by("jour", scene.scope(before.isoformat(), after.isoformat()))
    assert [part.values[appointments.HELD.slug] for part in parts] == [1, 2, 1]


def test_a_weekday_is_the_site_s(scene, reunion):
    """Monday 1h in Saint-Denis is Sunday in UTC."""
    scene.appointment("2026-03-02", "01:00", site=reunion)
    parts = appointments.HELD.by("jour-de-semaine", scene.scope("2026-03-01", "2026-03-08", reunion))
    assert [(part.label, part.values[appointments.HELD.slug]) for part in parts][:2] == [("lundi", 1), ("mardi", 0)]


def test_no_space_no_rows(scene):
    scene.appointment("2026-03-02")
    nowhere = Scope(period=Period.of_year(2026), sites=())
    assert nowhere.start_within("during") == NOTHING
    values = figures.values(figures.FIGURES, nowhere)
    assert not any(values.values())


def test_the_days_of_a_period_are_found_by_an_index(scene):
    """The condition on days is one that the index on (site, during) answers, not a function of each row."""
    scope = scene.scope("2026-03-01", "2026-03-31")
    with connection.cursor() as cursor:
        # The table is tiny here: PostgreSQL would read it whole rather than look into any index.
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = appointments.HELD.source.rows(scope).explain()
    condition = plan.partition("Index Cond:")[2].partition("\n")[0]
    assert "site_id" in condition
    assert condition.count("during") == 2
    assert "lower(" not in plan
