"""Noting a walk-in, correcting it, striking it out and putting it back; what the counter shows of a day."""

import datetime as dt

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from bookings.demo_visits import DESK_REASONS, make_desk_reasons, make_desk_visits
from bookings.models import DeskReason, DeskVisit, DurationBand, VisitChannel, VisitNature
from bookings.walk_ins import (
    KEYS,
    correct_visit,
    counter,
    defaults_of,
    note_visit,
    partners_of,
    restore_visit,
    strike_out_visit,
    totals_of,
    visits_between,
)
from franceservices.errors import DomainError
from partners.models import Role, Site
from tests.bookings.schedules import open_all_week
from tests.factories import DeskReasonFactory, PartnerFactory, SiteFactory, UserFactory, staff_of

MONDAY = dt.date(2026, 3, 2)


def noted(desk, reason=None, **changes) -> DeskVisit:
    fields = {
        "site": desk.site,
        "reason": reason or DeskReasonFactory(),
        "partner": None,
        "nature": VisitNature.INFORMATION,
        "duration": DurationBand.UNDER_5,
        "at_computer": False,
        "by": desk.receptionist,
    } | changes
    return note_visit(**fields)


# --- Defaults --------------------------------------------------------------------------------------------------


def test_a_reason_says_what_is_usual(desk):
    told = defaults_of(DeskReasonFactory(partner=desk.partner), partners=partners_of(desk.site))
    assert (told.partner, told.nature, told.duration) == (desk.partner, VisitNature.INFORMATION, DurationBand.UNDER_5)
    helped = defaults_of(DeskReasonFactory(at_computer=True), partners=partners_of(desk.site))
    assert (helped.partner, helped.nature, helped.at_computer) == (None, VisitNature.SUPPORT, True)


def test_a_partner_without_agreement_with_the_site_is_not_assumed(desk):
    reason = DeskReasonFactory(partner=desk.partner)
    assert defaults_of(reason, partners=partners_of(SiteFactory())).partner is None
    assert list(partners_of(desk.site)) == [desk.partner]


# --- Writing ---------------------------------------------------------------------------------------------------


def test_a_visit_says_when_and_by_whom_and_no_name(desk):
    visit = noted(desk, people=3, channel=VisitChannel.PHONE)
    assert (visit.people, visit.channel, visit.noted_by) == (3, VisitChannel.PHONE, desk.receptionist)
    assert visit.occurred_at == visit.noted_at == dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)
    assert not [field.name for field in DeskVisit._meta.get_fields() if "name" in field.name or "visitor" in field.name]


def test_only_at_a_desk_of_one_s_own(desk):
    with pytest.raises(Site.DoesNotExist):
        noted(desk, by=staff_of(SiteFactory()))
    with pytest.raises(Site.DoesNotExist):
        noted(desk, by=desk.agent)
    visit = noted(desk)
    for stranger in (staff_of(SiteFactory()), desk.agent):
        with pytest.raises(DeskVisit.DoesNotExist):
            strike_out_visit(visit=visit, by=stranger)
        with pytest.raises(DeskVisit.DoesNotExist):
            restore_visit(visit=visit, by=stranger)


def test_the_database_refuses_an_impossible_group(desk):
    with pytest.raises(IntegrityError, match="desk_visit_people_sensible"):
        noted(desk, people=0)


def test_striking_out_and_putting_back(desk):
    visit = strike_out_visit(visit=noted(desk), by=desk.social_worker)
    assert visit.struck_out_by == desk.social_worker
    assert strike_out_visit(visit=visit, by=desk.receptionist).struck_out_by == desk.social_worker
    assert not DeskVisit.objects.standing().exists()
    restored = restore_visit(visit=visit, by=desk.receptionist)
    assert (restored.struck_out_at, restored.struck_out_by) == (None, None)
    assert restore_visit(visit=visit, by=desk.receptionist).struck_out_at is None


def test_a_correction_keeps_who_noted_it_and_waits_for_one_struck_out(desk):
    visit = noted(desk)
    said = {
        "occurred_at": visit.occurred_at - dt.timedelta(hours=1),
        "reason": DeskReasonFactory(label="Retraite"),
        "partner": desk.partner,
        "people": 2,
        "nature": VisitNature.REFERRAL,
        "channel": VisitChannel.VIDEO,
        "duration": DurationBand.OVER_30,
        "at_computer": True,
    }
    corrected = correct_visit(visit=visit, by=desk.social_worker, **said)
    assert {name: getattr(corrected, name) for name in said} == said
    assert corrected.noted_by == desk.receptionist
    assert corrected.corrected_by == desk.social_worker
    assert corrected.corrected_at is not None
    strike_out_visit(visit=visit, by=desk.receptionist)
    with pytest.raises(DomainError, match="rétablissez-le"):
        correct_visit(visit=visit, by=desk.receptionist, **said)


# --- The counter -----------------------------------------------------------------------------------------------


def test_reasons_have_their_keys_in_order_and_never_those_of_the_page(desk):
    for _ in range(len(KEYS) + 2):
        DeskReasonFactory()
    DeskReasonFactory(is_active=False, position=0)
    keys = [button.key for button in counter(desk.site, MONDAY).buttons]
    assert keys == [*KEYS, "", ""]
    assert keys[:10] == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "a"]
    assert not {"n", "p", "/"} & set(keys)


def test_totals_count_people_and_leave_out_what_was_struck_out(desk):
    assert counter(desk.site, MONDAY).totals.sentence == "aucun passage"
    noted(desk)
    assert counter(desk.site, MONDAY).totals.sentence == "1 passage, 1 personne"
    noted(desk, people=4)
    strike_out_visit(visit=noted(desk, people=9), by=desk.receptionist)
    totals = counter(desk.site, MONDAY).totals
    assert (totals.visits, totals.people, totals.struck_out) == (2, 5, 1)
    assert totals.sentence == "2 passages, 5 personnes"


def test_the_day_is_that_of_the_site(db):
    with time_machine.travel(dt.datetime(2026, 3, 3, 2, tzinfo=dt.UTC), tick=False):  # still Monday in Cayenne
        site = SiteFactory(cayenne=True)
        by = staff_of(site)
        note_visit(
            site=site,
            reason=DeskReasonFactory(),
            partner=None,
            nature=VisitNature.INFORMATION,
            duration=DurationBand.UNDER_5,
            at_computer=False,
            by=by,
        )
        assert counter(site, dt.date(2026, 3, 2)).totals.visits == 1
        assert counter(site, dt.date(2026, 3, 3)).totals.visits == 0
        assert visits_between(site, dt.date(2026, 3, 2), None).count() == 1
        assert visits_between(site, None, dt.date(2026, 3, 1)).count() == 0


def test_a_full_day_costs_no_more_queries_than_an_empty_one(desk):
    def count() -> int:
        with CaptureQueriesContext(connection) as caught:
            shown = counter(desk.site, MONDAY)
            for visit in shown.last_visits:
                assert visit.reason.label
                assert visit.noted_by.get_full_name()
        return len(caught.captured_queries)

    empty = count()
    for _ in range(30):
        noted(desk, partner=desk.partner)
    assert count() == empty == 4


def test_the_perimeter_is_that_of_the_desk(desk):
    visit = noted(desk)
    manager = UserFactory(role=Role.MANAGER, ccas=desk.site.ccas)
    assert list(DeskVisit.objects.visible_to(desk.receptionist)) == [visit]
    assert list(DeskVisit.objects.visible_to(manager)) == [visit]
    assert not DeskVisit.objects.visible_to(staff_of(SiteFactory())).exists()
    assert not DeskVisit.objects.visible_to(desk.agent).exists()


# --- The demonstration -----------------------------------------------------------------------------------------


def test_a_fictional_year_of_visits_is_the_same_at_each_run(desk):
    receptionist = staff_of(desk.site, email="accueil@planoise.example")
    PartnerFactory(slug="caf-doubs-fictive")
    open_all_week(desk.site)
    make_desk_reasons()
    make_desk_reasons()
    assert DeskReason.objects.count() == len(DESK_REASONS)
    assert DeskReason.objects.filter(at_computer=True).count() == 6
    added = make_desk_visits(desk.site)
    assert added > 12 * 240
    assert make_desk_visits(desk.site) == 0
    visits = DeskVisit.objects.all()
    assert {visit.noted_by for visit in visits} == {receptionist}
    assert max(visit.occurred_at for visit in visits) <= desk.site.now()
    days = {visit.occurred_at.astimezone(desk.site.zone).date() for visit in visits}
    assert dt.date(2025, 12, 25) not in days
    assert all(day.isoweekday() < 6 for day in days)
    assert totals_of(visits).visits / len(days) > 12


def test_the_demonstration_loads_them(settings, db, capsys, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr("bookings.demo_visits.PAST_DAYS", 7)
    monkeypatch.setattr("bookings.demo_year.PAST_DAYS", 1)
    # A week ahead meets the Thursday that the fictional avenant adds.
    monkeypatch.setattr("bookings.demo_year.BOOKED_AHEAD_DAYS", 7)
    settings.PERMANENCE_HORIZON_DAYS = 8
    call_command("load_demo", verbosity=0)
    assert "passages fictifs ajoutés" in capsys.readouterr().out
    call_command("load_demo", verbosity=0)
    again = capsys.readouterr().out
    assert again.count(" 0 rendez-vous fictifs ajoutés") == 2
    assert again.count(" 0 passages fictifs ajoutés") == 2
