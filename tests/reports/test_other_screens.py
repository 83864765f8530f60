"""Where another screen shows a total, it is the figure: the same rows by the same definition."""

import datetime as dt

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse
from django.utils import timezone

from bookings.desk_steps import unsettled
from bookings.hours import hours_of
from bookings.models import Permanence
from bookings.office_map import office_map
from bookings.walk_ins import counter, totals_of, visits_between
from casefiles.computer import counts_of, sessions_between
from casefiles.models import CaseFile
from casefiles.statistics import case_figures
from reports import figures
from reports.figures import appointments, case_files, desk_visits, hours, offices
from tests.factories import OfficeFactory, OpeningHoursFactory

DAY = dt.date(2026, 4, 3)


def test_the_counter_and_the_list_of_walk_ins(client, scene):
    scene.visit("2026-04-03", "00:05", people=3)
    scene.visit("2026-04-03", "23:55", at_computer=True, nature="support")
    scene.visit("2026-04-02", "23:55")
    scene.visit("2026-04-03", struck_out_at=timezone.now(), struck_out_by=scene.receptionist)
    scope = scene.scope("2026-04-03", "2026-04-03")
    values = figures.values(desk_visits.FIGURES, scope)
    for totals in (totals_of(visits_between(scene.site, DAY, DAY)), counter(scene.site, DAY).totals):
        assert totals.visits == values[desk_visits.WALK_INS.slug] == 2
        assert totals.people == values[desk_visits.WALK_IN_PEOPLE.slug] == 4
    client.force_login(scene.receptionist)
    shown = client.get(reverse("bookings:desk_visit_list"), {"du": "2026-04-03", "au": "2026-04-03"})
    assert shown.context["totals"].visits == values[desk_visits.WALK_INS.slug]


def test_the_page_of_the_self_service_computer(scene):
    for nature in ("support", "information"):
        scene.visit("2026-04-03", at_computer=True, nature=nature, people=2)
    scene.visit("2026-04-03")
    values = figures.values(desk_visits.FIGURES, scene.scope("2026-04-01", "2026-04-30"))
    counts = counts_of(sessions_between(scene.site, dt.date(2026, 4, 1), dt.date(2026, 4, 30)))
    assert counts.sessions == values[desk_visits.COMPUTER_SESSIONS.slug] == 2
    assert counts.people == values[desk_visits.COMPUTER_PEOPLE.slug] == 4
    assert counts.accompanied == values[desk_visits.COMPUTER_ACCOMPANIED.slug] == 1


def test_the_list_of_appointments_and_of_those_without_outcome(client, scene):
    scene.appointment("2026-04-02", "23:30")
    scene.appointment("2026-04-03", "00:00")
    scene.appointment("2026-04-01", status="booked")
    client.force_login(scene.receptionist)
    address = reverse("bookings:appointment_list")
    shown = client.get(address, {"du": "2026-04-03", "au": "2026-04-03", "etat": "honoured"})
    assert shown.context["page_obj"].paginator.count == 1
    assert appointments.HELD.value(scene.scope("2026-04-03", "2026-04-03")) == 1
    found = unsettled(site=scene.site, user=scene.receptionist)
    assert list(found) == list(appointments.UNSETTLED.rows(scene.scope("2026-01-01", "2026-12-31")))


def test_the_hours_of_the_list_of_changes(client, scene):
    office = OfficeFactory(site=scene.site)
    for day, minutes, origin in [(1, 90, "weekly"), (2, 60, "exceptional"), (20, 45, "weekly"), (9, 30, "loan")]:
        start = dt.datetime(2026, 4, day, 7, tzinfo=dt.UTC)
        Permanence.objects.create(
            site=scene.site,
            partner=scene.cpam,
            office=office,
            origin=origin,
            day=start.date(),
            during=DateTimeTZRange(start, start + dt.timedelta(minutes=minutes), "[)"),
        )
    values = figures.values(hours.FIGURES, scene.scope("2026-04-01", "2026-04-30"))
    client.force_login(scene.receptionist)
    shown = client.get(reverse("bookings:schedule_change_list"), {"mois": "2026-04"}).context["hours"]
    assert shown == hours_of(Permanence.objects.all())
    assert (shown.contractual, shown.delivered, shown.coming, shown.exceptional) == (135, 150, 45, 60)
    assert list(values.values()) == [135, 150, 0, 45, 60]


def test_the_map_of_offices(scene):
    used, _idle = OfficeFactory(site=scene.site), OfficeFactory(site=scene.site)
    for weekday in range(1, 6):
        OpeningHoursFactory(site=scene.site, weekday=weekday)
    # Monday 6 April 2026 is Easter Monday: closed, what was foreseen did not take place.
    for day in (6, 7, 9):
        start = dt.datetime(2026, 4, day, 7, tzinfo=dt.UTC)
        Permanence.objects.create(
            site=scene.site,
            partner=scene.cpam,
            office=used,
            day=start.date(),
            during=DateTimeTZRange(start, start + dt.timedelta(hours=2), "[)"),
        )
    week = office_map(scene.site, dt.date(2026, 4, 6), seen_by=scene.receptionist).week
    scope = scene.scope("2026-04-06", "2026-04-12")
    values = figures.values(offices.FIGURES, scope)
    assert values[offices.OCCUPATION.slug] == week.ratio
    assert values[offices.OCCUPIED.slug] == 240 == week.occupied // dt.timedelta(minutes=1)
    assert values[offices.AVAILABLE.slug] == 2 * 4 * 240 == week.available // dt.timedelta(minutes=1)
    assert offices.OCCUPIED.rows(scope).count() == 2


def test_the_figures_of_case_files(scene):
    """`casefiles.statistics` has its own recount; here only that both say the same of nothing and of the filters."""
    scope = scene.scope("2026-01-01", "2026-12-31")
    mine = figures.values(case_files.FIGURES, scope)
    theirs = case_figures(files=CaseFile.objects.all(), first=scope.period.first, last=scope.period.last).total
    assert mine[case_files.SENT.slug] == theirs.sent
    assert mine[case_files.DELAY_MEAN.slug] == theirs.mean_days
