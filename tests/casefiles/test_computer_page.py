"""The page of the self-service computer: its month by reason, accompanied or not, and its sessions."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import DeskVisit
from bookings.walk_ins import strike_out_visit
from casefiles.computer import counts_by_reason, counts_of, sessions_between
from tests.bookings.schedules import queries_of, words_of
from tests.factories import DeskReasonFactory

PAGE = "/point-numerique/"


@pytest.fixture
def at_desk(client, cases):
    client.force_login(cases.clerk)
    return client


@pytest.fixture
def reason(cases):
    return DeskReasonFactory(label="Ouvrir un compte ameli", at_computer=True)


def session(cases, reason, moment: dt.datetime, **fields) -> DeskVisit:
    values = {"at_computer": True, "nature": "support", "noted_by": cases.clerk} | fields
    return DeskVisit.objects.create(site=cases.site, reason=reason, occurred_at=moment, **values)


def test_the_month_is_counted_by_reason_accompanied_or_not(cases, reason):
    other = DeskReasonFactory(label="Relevé de carrière", at_computer=True)
    DeskReasonFactory(label="Impôts")
    noon = dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)
    session(cases, reason, noon)
    session(cases, reason, noon, people=3, nature="information")
    session(cases, other, noon, nature="referral")
    session(cases, other, noon, at_computer=False)
    strike_out_visit(visit=session(cases, other, noon), by=cases.clerk)
    # Months are those of the site: 2h00 UTC on 1 March is still February in Cayenne.
    session(cases, reason, dt.datetime(2026, 3, 1, 2, 0, tzinfo=dt.UTC))
    sessions = sessions_between(cases.site, dt.date(2026, 3, 1), dt.date(2026, 3, 31))
    totals = counts_of(sessions)
    assert (totals.sessions, totals.people, totals.accompanied, totals.alone) == (3, 5, 1, 2)
    rows = {
        row.label: (row.counts.sessions, row.counts.people, row.counts.accompanied)
        for row in counts_by_reason(sessions)
    }
    assert rows == {"Ouvrir un compte ameli": (2, 4, 1), "Relevé de carrière": (1, 1, 0)}


def test_the_page_shows_a_month_and_leads_to_the_counter(at_desk, cases, reason):
    visit = session(cases, reason, dt.datetime(2026, 3, 2, 11, 0, tzinfo=dt.UTC), people=2)
    page = at_desk.get(PAGE)
    said = words_of(page)
    assert "mars 2026" in said
    assert "Ouvrir un compte ameli 1 2 1 0" in said
    assert "lun. 2 mars 2026 à 8h00" in said
    assert 'href="/passages/"' in page.content.decode()
    assert f"/passages/{visit.pk}/modifier/" in page.content.decode()
    february = words_of(at_desk.get(PAGE, {"mois": "2026-02"}))
    assert "février 2026" in february
    assert "Aucune séance notée ce mois-là." in february


@pytest.mark.parametrize("month", ["x", "2026-13", "0000-01", "9999-12", "\x00", "1900-01", "2199-12", "9" * 500])
def test_an_absurd_month_is_this_one(at_desk, cases, month):
    assert "mars 2026" in words_of(at_desk.get(PAGE, {"mois": month}))


def test_sessions_have_pages_and_cost_the_same(at_desk, cases, reason):
    counter = CaptureQueriesContext(connection)
    noon = dt.datetime(2026, 3, 2, 11, 0, tzinfo=dt.UTC)
    session(cases, reason, noon)
    before = queries_of(at_desk, PAGE, counter)
    for _ in range(25):
        session(cases, reason, noon)
    assert queries_of(at_desk, PAGE, counter) == before
    assert "page 1 sur 2" in words_of(at_desk.get(PAGE))
