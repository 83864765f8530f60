"""What each figure says, on cases that a person can follow; random ones are in `test_one_number`."""

import datetime as dt
from fractions import Fraction

import pytest
from django.utils import timezone

from bookings.visitor_merging import merge_visitors
from reports import figures
from reports.figures import FIGURES, appointments, desk_visits, hours
from reports.periods import Period
from reports.scopes import scope_for, sites_of
from tests.factories import SiteFactory, VisitorFactory, agent_of

MARCH = ("2026-03-01", "2026-03-31")


def test_every_figure_has_a_name_of_its_own_and_a_sentence():
    assert len({figure.slug for figure in FIGURES}) == len({figure.label for figure in FIGURES}) == len(FIGURES)
    for figure in FIGURES:
        assert figure.definition.endswith("."), figure.slug
        assert figure.definition[0].isupper(), figure.slug
        assert not {" :", " ;"} & {figure.definition[n : n + 2] for n in range(len(figure.definition))}, figure.slug


def test_those_taken_are_the_sum_of_what_became_of_them(scene):
    old = scene.appointment("2026-03-02", status="cancelled", cancelled_for="partner")
    scene.appointment("2026-03-09", rebooked_from=old)
    for status in ("no_show", "booked"):
        scene.appointment("2026-03-03", status=status)
    for side in ("visitor", "partner", "ccas"):
        scene.appointment("2026-03-04", status="cancelled", cancelled_for=side)
    scene.appointment("2026-03-05", status="booked", to_replace_since=timezone.now())
    values = figures.values(appointments.FIGURES, scene.scope(*MARCH))
    assert values[appointments.BOOKED.slug] == 7
    assert sum(values[figure.slug] for figure in appointments.FATES) == 7
    assert [values[figure.slug] for figure in appointments.FATES] == [1, 1, 1, 1, 1, 1, 0, 1]
    # The one that was moved counts at its new hour only; where it stood it is told apart.
    assert values[appointments.MOVED.slug] == 1


def test_one_moved_into_another_month_counts_there(scene):
    old = scene.appointment("2026-03-31", status="cancelled")
    scene.appointment("2026-04-01", rebooked_from=old)
    march, april = scene.scope(*MARCH), scene.scope("2026-04-01", "2026-04-30")
    assert appointments.BOOKED.value(march) == 0
    assert appointments.BOOKED.value(april) == 1
    assert appointments.MOVED.value(march) == 1


def test_those_to_come_are_told_from_those_without_outcome(scene):
    """It is 14h00 on 3 April."""
    scene.appointment("2026-04-03", "13:00", status="booked")
    scene.appointment("2026-04-03", "13:45", status="arrived")
    scene.appointment("2026-04-03", "16:00", status="booked")
    values = figures.values(appointments.FIGURES, scene.scope("2026-04-03", "2026-04-03"))
    assert values[appointments.UNSETTLED.slug] == 1
    assert values[appointments.TO_COME.slug] == 2


def test_waiting_runs_from_arrival_to_being_taken(scene):
    for minutes in (4, 10, 40):
        kept = scene.appointment("2026-03-02", f"{9 + minutes // 10:02}:00")
        kept.arrived_at = kept.started_at - dt.timedelta(minutes=minutes)
        kept.save()
    scope = scene.scope(*MARCH)
    assert appointments.WAITING_MEAN.value(scope) == Fraction(54, 3)
    assert appointments.WAITING_MEDIAN.value(scope) == 10
    assert appointments.LEAD_MEAN.value(scope) == 10


def test_a_figure_of_nothing_is_nothing_not_zero(scene):
    scope = scene.scope(*MARCH)
    for figure in (appointments.ABSENCE_RATE, appointments.WAITING_MEAN, appointments.LEAD_MEDIAN):
        assert figure.value(scope) is None
        assert figure.unit.full(None) == "–"
    assert appointments.HELD.value(scope) == 0


def test_people_are_counted_once_and_merged_cards_are_one_person(scene):
    twin = VisitorFactory(ccas=scene.ccas, last_name="Amrani", first_name="Leila")
    scene.appointment("2026-03-02")
    scene.appointment("2026-03-03")
    scene.appointment("2026-03-04", visitor=twin)
    scope = scene.scope(*MARCH)
    assert appointments.DISTINCT_PEOPLE.value(scope) == 2
    merge_visitors(kept=scene.visitor, merged=twin, facts={}, by=scene.receptionist)
    assert appointments.DISTINCT_PEOPLE.value(scope) == 1
    assert appointments.HELD.value(scope) == 3


def test_a_social_worker_s_own_appointment_is_of_her_audience_and_of_no_visitor(scene):
    scene.appointment("2026-03-02", social_worker=scene.receptionist)
    scene.appointment("2026-03-03")
    scope = scene.scope(*MARCH)
    parts = appointments.HELD.by("public", scope)
    assert [(part.label, part.values[appointments.HELD.slug]) for part in parts] == [
        ("Usagers", 1),
        ("Travailleurs sociaux", 1),
    ]
    assert appointments.HELD.value(scene.scope(*MARCH, audience="social_workers")) == 1
    assert appointments.DISTINCT_PEOPLE.value(scope) == 1


def test_a_struck_out_visit_does_not_count_and_a_group_is_one_visit(scene):
    scene.visit("2026-03-02", people=4, at_computer=True, nature="support")
    scene.visit("2026-03-02", struck_out_at=timezone.now(), struck_out_by=scene.receptionist)
    values = figures.values(desk_visits.FIGURES, scene.scope(*MARCH))
    assert list(values.values()) == [1, 4, 1, 4, 1]


def test_a_filter_that_a_source_does_not_know_leaves_its_figures_out(scene):
    scene.appointment("2026-03-02")
    scene.visit("2026-03-02")
    values = figures.values(FIGURES, scene.scope(*MARCH, reason=scene.reason))
    assert appointments.HELD.slug in values
    assert desk_visits.WALK_INS.slug not in values
    assert figures.parts([desk_visits.WALK_INS], "mois", scene.scope(*MARCH, reason=scene.reason)) == []


def test_a_month_in_which_nothing_happened_is_told(scene):
    scene.appointment("2026-01-15")
    scene.appointment("2026-03-15")
    parts = appointments.HELD.by("mois", scene.scope("2026-01-01", "2026-03-31"))
    assert [(part.label, part.values[appointments.HELD.slug]) for part in parts] == [
        ("janvier 2026", 1),
        ("février 2026", 0),
        ("mars 2026", 1),
    ]


def test_reasons_go_from_the_most_to_the_least(scene):
    for _ in range(2):
        scene.appointment("2026-03-02", reason=scene.other_reason, partner=scene.caf)
    scene.appointment("2026-03-02")
    parts = appointments.HELD.by("motif", scene.scope(*MARCH))
    assert [part.label for part in parts] == ["RSA", "Carte Vitale"]


@pytest.mark.parametrize("group", figures.GROUPS, ids=lambda group: group.source.slug)
def test_a_source_asks_the_same_number_of_questions_whatever_it_holds(
    scene, group, django_assert_max_num_queries, django_assert_num_queries
):
    """All figures of a source together: one query, five at most where arithmetic is Python's; so along each axis.

    Of days that are no whole month: those are told by sums, where there are any.
    """
    scene.appointment("2026-03-02")
    scene.visit("2026-03-02")
    scope = scene.scope("2026-03-01", "2026-03-30")
    is_table = group.source not in (hours.SOURCE, figures.offices.SOURCE)
    with django_assert_num_queries(1) if is_table else django_assert_max_num_queries(6):
        figures.values(group.figures, scope)
    for axis in group.source.axes:
        with django_assert_num_queries(1) if is_table else django_assert_max_num_queries(6):
            figures.parts(group.figures, axis, scope)


def test_an_agent_asks_about_her_caisse_where_it_comes_and_staff_about_their_spaces(scene):
    scene.appointment("2026-03-02", partner=scene.cpam)
    scene.appointment("2026-03-02", partner=scene.caf)
    abroad = SiteFactory(short_name="Autre CCAS")
    scene.appointment("2026-03-02", site=abroad, partner=scene.cpam)
    period = Period(dt.date(2026, 3, 1), dt.date(2026, 3, 31))
    asked = scope_for(scene.agent, period=period, partner=scene.caf)
    assert asked.partner == scene.cpam
    assert set(asked.sites) == {scene.site, abroad}
    assert appointments.HELD.value(asked) == 2
    assert sites_of(scene.receptionist) == sites_of(scene.manager) == (scene.site,)
    assert appointments.HELD.value(scope_for(scene.manager, period=period, sites=[scene.site, abroad])) == 2
    assert sites_of(agent_of(scene.caf)) == (scene.site,)
