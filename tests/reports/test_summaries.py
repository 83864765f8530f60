"""Sums of months tell what the rows tell, to the last one: while months are clean, and while they are not."""

import datetime as dt
import random
import threading

import pytest
import time_machine
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from bookings.models import Appointment, ChangedMoment, DeskVisit
from partners.models import Site
from reports import figures, summing
from reports.figures import appointments, desk_visits, kept_sums, monthly_shares, summed
from reports.figures.monthly_shares import shares_of
from reports.figures.sums import ENDED
from reports.models import (
    MonthlyAppointments,
    MonthlyAppointmentsOfAll,
    MonthlyAppointmentsOfSite,
    MonthlyVisits,
    SummedMonth,
    SummedSite,
    WholePeriod,
)
from reports.periods import Period
from reports.scopes import Scope
from tests.factories import CcasFactory, SiteFactory, VisitorFactory
from tests.reports.random_facts import DAYS, FIRST_MOMENT, HALF_HOUR, NOW, World, draw, recount, write

SETS, CHANGES = 15, 8
SOURCES = (appointments.SOURCE, desk_visits.SOURCE)
FIGURES = [*appointments.FIGURES, *desk_visits.FIGURES]


@pytest.fixture
def world(db):
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def always(monkeypatch):
    """Sums are read for the smallest question."""
    monkeypatch.setattr(summed, "LEAST_SITE_DAYS", 0)


def asked(world: World, dice: random.Random) -> Scope:
    """Whole months, with or without days of others at their ends; the clock stands anywhere in them."""
    period = dice.choice(
        [
            Period.of_year(2025),
            Period.of_year(2026),
            Period.of_month(2025, 12),
            Period.of_month(2026, 1),
            Period(dt.date(2025, 12, 1), dt.date(2026, 1, 31)),
            Period(dt.date(2025, 11, 17), dt.date(2026, 1, 6)),
            Period(dt.date(2025, 12, 27), dt.date(2026, 2, 12)),
        ]
    )
    return Scope(
        period=period,
        sites=tuple(dice.choice([world.sites, world.sites, world.sites[1:], [dice.choice(world.sites)]])),
        partner=dice.choice([None, None, *world.partners]),
        reason=dice.choice([None, None, None, *world.reasons]),
        audience=dice.choice(["", "", "public", "social_workers"]),
        now=FIRST_MOMENT + dt.timedelta(minutes=dice.randrange(DAYS * 1440)),
    )


def live(scope: Scope, monkeypatch) -> tuple[dict, dict]:
    with monkeypatch.context() as patch:
        patch.setattr(summed.SummedSource, "reads_sums", lambda _source, _scope: False)
        return told(scope)


def told(scope: Scope) -> tuple[dict, dict]:
    """Every value, and every value along every axis."""
    values = figures.values(FIGURES, scope)
    parts = {
        (source.slug, axis): {
            (part.key, part.label): part.values
            for part in figures.parts([f for f in FIGURES if f.source is source], axis, scope)
        }
        for source in SOURCES
        for axis in source.axes
    }
    return values, parts


def check(world: World, dice: random.Random, monkeypatch) -> None:
    scope = asked(world, dice)
    with monkeypatch.context() as patch:
        # The sums of all spaces are read for three of them, or those of each space.
        patch.setattr(monthly_shares, "LEAST_SITES_OF_ALL", dice.choice([0, 50]))
        values, parts = told(scope)
    expected, expected_parts = live(scope, monkeypatch)
    assert values == expected
    assert parts == expected_parts


# --- Random changes, each of which the database must notice by itself -------------------------------------------------


def change(world: World, dice: random.Random) -> None:
    """Something happens to a row, by whatever writes it."""
    booked, visits = list(Appointment.objects.order_by("pk")), list(DeskVisit.objects.order_by("pk"))
    kinds = [_add_visit]
    if booked:
        kinds += [_settle, _settle, _cancel, _move_in_time, _replace, _unlink, _change_words, _delete, _turn_host]
    if visits:
        kinds += [_strike_out, _move_visit, _delete_visit]
    dice.choice(kinds)(world, dice, booked, visits)


def _settle(_world, dice, booked, _visits) -> None:
    row = dice.choice(booked)
    blank = {f"{step}_{what}": None for step in ("arrived", "started", "finished", "absent") for what in ("at", "by")}
    blank |= {"cancelled_at": None, "cancelled_by": None, "cancelled_for": ""}
    by, at = row.booked_by, row.during.lower - dt.timedelta(minutes=dice.randrange(20), microseconds=dice.randrange(99))
    stamps = dice.choice(
        [
            {"status": "booked", "to_replace_since": dice.choice([None, NOW])},
            {"status": "arrived", "arrived_at": at, "arrived_by": by},
            {"status": "no_show", "absent_at": at, "absent_by": by},
            {
                "status": "honoured",
                **{"arrived_at": at, "arrived_by": by, "started_at": row.during.lower, "started_by": by},
                **{"finished_at": row.during.upper, "finished_by": by},
            },
        ]
    )
    Appointment.objects.filter(pk=row.pk).update(**blank | {"to_replace_since": None} | stamps)


def _cancel(_world, dice, booked, _visits) -> None:
    row = dice.choice(booked)
    blank = {f"{step}_{what}": None for step in ("started", "finished", "absent") for what in ("at", "by")}
    side = dice.choice(["visitor", "partner", "ccas"])
    Appointment.objects.filter(pk=row.pk).update(
        **blank, status="cancelled", cancelled_at=NOW, cancelled_by=row.booked_by, cancelled_for=side
    )


def _free_time(dice, booked) -> DateTimeTZRange:
    taken = {row.during.lower for row in booked}
    free = [start for slot in range(DAYS * 48) if (start := FIRST_MOMENT + slot * HALF_HOUR) not in taken]
    start = dice.choice(free)
    return DateTimeTZRange(start, start + HALF_HOUR, "[)")


def _move_in_time(_world, dice, booked, _visits) -> None:
    Appointment.objects.filter(pk=dice.choice(booked).pk).update(during=_free_time(dice, booked))


def _replace(world, dice, booked, visits) -> None:
    """One is given up for another hour: the row that it changes is not its own."""
    row = dice.choice(booked)
    _cancel(world, dice, [row], visits)
    Appointment.objects.filter(rebooked_from=row).update(rebooked_from=None)
    Appointment.objects.create(
        permanence=row.permanence,
        site=row.site,
        partner=row.partner,
        visitor=row.visitor,
        social_worker=row.social_worker,
        reason=row.reason,
        during=_free_time(dice, booked),
        booked_at=NOW - dt.timedelta(days=30),
        booked_by=row.booked_by,
        rebooked_from=row,
    )


def _unlink(_world, dice, booked, _visits) -> None:
    Appointment.objects.filter(pk=dice.choice(booked).pk).update(rebooked_from=None)


def _change_words(world, dice, booked, _visits) -> None:
    row = dice.choice(booked)
    to = dice.choice(
        [
            {"reason": dice.choice(world.reasons)},
            {"visitor": dice.choice(world.visitors), "social_worker": None},  # As a merge of cards does.
            {"visitor": None, "social_worker": world.social_worker},
            {"booked_at": NOW - dt.timedelta(days=40, seconds=dice.randrange(9999), microseconds=dice.randrange(999))},
        ]
    )
    Appointment.objects.filter(pk=row.pk).update(**to)


def _delete(_world, dice, booked, _visits) -> None:
    replaced = {row.rebooked_from_id for row in booked}
    Appointment.objects.filter(pk__in=[dice.choice([row.pk for row in booked if row.pk not in replaced])]).delete()


def _turn_host(_world, dice, booked, _visits) -> None:
    """A permanence is cancelled, or planned again: what it held is to be replaced, or no longer."""
    host = dice.choice(booked).permanence
    is_off = host.status == "cancelled"
    host.status = "planned" if is_off else "cancelled"
    host.cancelled_at, host.cancelled_by = (None, None) if is_off else (NOW, dice.choice(booked).booked_by)
    host.save()


def _add_visit(world, dice, _booked, _visits) -> None:
    DeskVisit.objects.create(
        site=dice.choice(world.sites),
        occurred_at=FIRST_MOMENT + dt.timedelta(minutes=dice.randrange(DAYS * 1440)),
        reason=dice.choice(world.desk_reasons),
        partner=dice.choice([None, *world.partners]),
        people=dice.randrange(1, 9),
        channel=dice.choice(["on_site", "phone"]),
        at_computer=dice.random() < 0.5,
        noted_by=world.manager,
    )


def _strike_out(world, dice, _booked, visits) -> None:
    DeskVisit.objects.filter(pk=dice.choice(visits).pk).update(struck_out_at=NOW, struck_out_by=world.manager)


def _move_visit(_world, dice, _booked, visits) -> None:
    moment = FIRST_MOMENT + dt.timedelta(minutes=dice.randrange(DAYS * 1440))
    DeskVisit.objects.filter(pk=dice.choice(visits).pk).update(occurred_at=moment)


def _delete_visit(_world, dice, _booked, visits) -> None:
    dice.choice(visits).delete()


# --- Tests -----------------------------------------------------------------------------------------------------------


def test_sums_rows_and_a_recount_in_python_agree(world, always, monkeypatch):
    for number in range(SETS):
        dice = random.Random(f"summed {number}")
        with transaction.atomic():
            facts = draw(world, dice)
            if number % 3 == 0:
                summing.keep_sums()  # Nothing is there yet: all that follows changed since.
            write(world, facts)
            if number % 3 == 1:
                summing.keep_sums()
            scope = asked(world, dice)
            expected = recount(world, facts, scope)
            values = figures.values(FIGURES, scope)
            assert values == {slug: expected[slug] for slug in values}
            check(world, dice, monkeypatch)
            transaction.set_rollback(True)


def test_whatever_changes_is_told_at_once_and_again_after_summing(world, always, monkeypatch):
    for number in range(SETS):
        dice = random.Random(f"changed {number}")
        with transaction.atomic():
            write(world, draw(world, dice))
            summing.keep_sums()
            assert not ChangedMoment.objects.exists()
            for _ in range(CHANGES):
                change(world, dice)
                if dice.random() < 0.3:
                    check(world, dice, monkeypatch)
                if dice.random() < 0.25:
                    summing.keep_sums()
                    check(world, dice, monkeypatch)
            transaction.set_rollback(True)


def test_clean_months_are_read_from_sums_alone(world, always, monkeypatch, django_assert_num_queries):
    dice = random.Random("clean")
    write(world, draw(world, dice))
    summing.keep_sums()
    scope = Scope(period=Period(dt.date(2025, 12, 1), dt.date(2026, 1, 31)), sites=tuple(world.sites), now=NOW)
    assert shares_of(scope).rest is None
    before = figures.values([appointments.HELD, desk_visits.WALK_INS], scope)
    # The control: it is the sums that are told, those of each space alone, by partner, or of all together.
    MonthlyAppointmentsOfSite.objects.update(held=1000)
    assert appointments.HELD.value(scope) == 1000 * MonthlyAppointmentsOfSite.objects.count() != before
    with django_assert_num_queries(3):
        figures.values([appointments.HELD, appointments.TO_COME, appointments.LEAD_MEAN], scope)
    MonthlyAppointments.objects.update(held=1)
    by_partner = appointments.HELD.by("partenaire", scope)
    assert sum(part.values[appointments.HELD.slug] for part in by_partner) == MonthlyAppointments.objects.count()
    monkeypatch.setattr(monthly_shares, "LEAST_SITES_OF_ALL", 0)
    MonthlyAppointmentsOfAll.objects.update(held=7)
    assert appointments.HELD.value(scope) == 7 * MonthlyAppointmentsOfAll.objects.count()


def test_a_change_makes_only_its_own_month_and_space_read_again(world, always):
    summing.keep_sums()
    _add_visit(world, random.Random("one"), [], [])
    visit = DeskVisit.objects.get()
    scope = Scope(period=Period(dt.date(2025, 12, 1), dt.date(2026, 1, 31)), sites=tuple(world.sites))
    month = visit.occurred_at.astimezone(visit.site.zone).date().replace(day=1)
    assert shares_of(scope).changed == {month: {visit.site_id}}
    assert [piece.site_ids for piece in shares_of(scope).rest.pieces] == [[visit.site_id]]


def test_half_past_eleven_in_the_evening_of_31_december_in_cayenne_is_of_that_year(world, always):
    cayenne = next(site for site in world.sites if site.time_zone == "America/Cayenne")
    late = dt.datetime(2026, 1, 1, 2, 30, tzinfo=dt.UTC)
    DeskVisit.objects.create(
        site=cayenne, occurred_at=late, reason=world.desk_reasons[0], people=2, noted_by=world.manager
    )
    for _ in range(2):  # While it is not summed, then summed.
        assert desk_visits.WALK_IN_PEOPLE.value(Scope(period=Period.of_year(2025), sites=(cayenne,))) == 2
        assert desk_visits.WALK_IN_PEOPLE.value(Scope(period=Period.of_year(2026), sites=(cayenne,))) == 0
        summing.keep_sums()
    assert MonthlyVisits.objects.filter(month=dt.date(2025, 12, 1), site=cayenne).exists()


def test_a_space_that_moves_to_another_clock_is_read_from_its_rows_until_it_is_summed_again(world, always, monkeypatch):
    dice = random.Random("clock")
    write(world, draw(world, dice))
    summing.keep_sums()
    Site.objects.filter(pk=world.sites[0].pk).update(time_zone="Pacific/Noumea")
    world.sites[0].refresh_from_db()
    scope = Scope(period=Period(dt.date(2025, 12, 1), dt.date(2026, 1, 31)), sites=tuple(world.sites))
    assert world.sites[0].pk not in shares_of(scope).site_ids
    check(world, dice, monkeypatch)
    assert summing.keep_sums() == 1
    assert world.sites[0].pk in shares_of(scope).site_ids
    check(world, dice, monkeypatch)


def test_what_cannot_be_added_up_is_not_told_beyond_a_number_of_rows(world, always, monkeypatch):
    write(world, draw(world, random.Random("changed 1")))
    summing.keep_sums()
    scope = Scope(period=Period(dt.date(2025, 12, 1), dt.date(2026, 1, 31)), sites=tuple(world.sites))
    people, lead = appointments.DISTINCT_PEOPLE, appointments.LEAD_MEDIAN
    assert people.value(scope) is not None
    monkeypatch.setattr(summed, "MOST_ROWS", 0)
    assert figures.values([people, lead], scope) == {people.slug: None, lead.slug: None}
    assert all(part.values[people.slug] is None for part in people.by("mois", scope))
    assert appointments.BOOKED.value(scope) > 0


def test_small_questions_do_not_ask_for_sums(world, django_assert_num_queries):
    for period in (
        Period(dt.date(2026, 1, 1), dt.date(2026, 1, 20)),
        Period(dt.date(2026, 1, 2), dt.date(2026, 2, 27)),
    ):
        scope = Scope(period=period, sites=(world.sites[0],))
        with django_assert_num_queries(1):
            figures.values(appointments.FIGURES, scope)


def test_the_numbers_of_sums_are_those_of_the_measures():
    """Every figure that is told by sums asks for the numbers that its measure makes a value of."""
    for source, sums in ((appointments, kept_sums.OF_APPOINTMENTS), (desk_visits, kept_sums.OF_VISITS)):
        by_slug = {figure.slug: figure for figure in source.FIGURES}
        scope = Scope(period=Period.of_month(2026, 1), sites=())
        totals = dict.fromkeys([*sums.columns, ENDED], 1)
        for slug, numbers in sums.numbers.items():
            assert numbers(totals).keys() == by_slug[slug].measure.aggregates(scope).keys()


def test_a_new_space_has_the_sums_of_all_made_again(world, always, monkeypatch):
    write(world, draw(world, random.Random("changed 1")))
    summing.keep_sums()
    months = SummedMonth.objects.count()
    assert months
    newcomer = SiteFactory(ccas=world.ccas, short_name="Nouveau")
    DeskVisit.objects.create(site=newcomer, occurred_at=NOW, reason=world.desk_reasons[0], noted_by=world.manager)
    ChangedMoment.objects.all().delete()  # As what was there before the triggers were.
    summing.keep_sums()
    assert SummedMonth.objects.count() == months
    monkeypatch.setattr(monthly_shares, "LEAST_SITES_OF_ALL", 0)
    scope = Scope(period=Period.of_month(2026, 1), sites=(*world.sites, newcomer))
    assert shares_of(scope).months_of_all
    assert (
        desk_visits.WALK_INS.value(scope)
        == DeskVisit.objects.standing().filter(scope.moment_within("occurred_at")).count()
    )


# --- What cannot be added up -----------------------------------------------------------------------------------------


@pytest.fixture
def country(world, always, monkeypatch):
    """Two CCAS, of two spaces and of one, each with its people; no row may be read for what cannot be added up."""
    other = CcasFactory()
    Site.objects.filter(pk=world.sites[2].pk).update(ccas=other)
    world.sites[2].refresh_from_db()
    write(world, draw(world, random.Random("changed 3")))
    theirs = [VisitorFactory(ccas=other) for _ in range(2)]
    there = Appointment.objects.filter(site=world.sites[2], visitor__isnull=False)
    for number, pk in enumerate(there.values_list("pk", flat=True)):
        Appointment.objects.filter(pk=pk).update(visitor=theirs[number % 2])
    for site in world.sites:
        _receive(world, site, theirs[0] if site.ccas_id == other.pk else world.visitors[0])
    monkeypatch.setattr(summed, "MOST_ROWS", 0)
    return world


def _receive(world, site, visitor, *, day: int = 17) -> None:
    """One of the past year who was received, at a time that nobody has."""
    start = dt.datetime(2025, 12, day, 9, tzinfo=dt.UTC)
    Appointment.objects.create(
        permanence=world.hosts[site, world.partners[0]],
        site=site,
        partner=world.partners[0],
        visitor=visitor,
        reason=world.reasons[0],
        during=DateTimeTZRange(start, start + HALF_HOUR, "[)"),
        status="honoured",
        **{f"{step}_at": start for step in ("booked", "arrived", "started", "finished")},
        **{f"{step}_by": world.manager for step in ("booked", "arrived", "started", "finished")},
    )


WHOLE = [appointments.DISTINCT_PEOPLE, appointments.WAITING_MEDIAN, appointments.LEAD_MEDIAN]


@pytest.mark.parametrize("period", [Period.of_year(2025), Period.of_month(2025, 12)], ids=str)
def test_people_and_medians_of_a_past_period_are_kept(country, monkeypatch, period):
    summing.keep_sums()
    of_one = [country.sites[:2], country.sites[2:], country.sites[:1], country.sites[1:2]]
    for sites in of_one:
        scope = Scope(period=period, sites=tuple(sites))
        expected = live(scope, monkeypatch)[0]
        assert figures.values(WHOLE, scope) == {figure.slug: expected[figure.slug] for figure in WHOLE}
    for sites in [country.sites, country.sites[1:]]:
        scope = Scope(period=period, sites=tuple(sites))
        values, expected = figures.values(WHOLE, scope), live(scope, monkeypatch)[0]
        assert values[WHOLE[0].slug] == expected[WHOLE[0].slug] > 1
        assert values[WHOLE[1].slug] is values[WHOLE[2].slug] is None  # Of several CCAS, only people are told.


def test_of_the_present_year_nothing_is_kept(country):
    summing.keep_sums()
    assert WholePeriod.objects.exists()
    assert not WholePeriod.objects.filter(last__gte=NOW.date()).exists()
    scope = Scope(period=Period.of_year(2026), sites=tuple(country.sites))
    assert figures.values(WHOLE, scope) == dict.fromkeys(figure.slug for figure in WHOLE)


def test_a_ccas_of_which_something_changed_is_counted_in_its_rows(country, monkeypatch):
    summing.keep_sums()
    scope = Scope(period=Period.of_year(2025), sites=tuple(country.sites))
    people = appointments.DISTINCT_PEOPLE
    before = people.value(scope)
    _receive(country, country.sites[2], VisitorFactory(ccas=country.sites[2].ccas), day=18)
    assert people.value(scope) is None  # Too many rows, of those that may be read.
    monkeypatch.setattr(summed, "MOST_ROWS", 100)
    monkeypatch.setattr(summed, "MOST_ROWS_A_DAY", 100)
    after = people.value(scope)
    assert after == live(scope, monkeypatch)[0][people.slug] == before + 1
    monkeypatch.setattr(summed, "MOST_ROWS", 0)
    summing.keep_sums()
    assert people.value(scope) == after


def test_people_known_to_another_ccas_are_not_added_up(country, monkeypatch):
    """It cannot be booked so; were it there, it would be counted twice."""
    Appointment.objects.filter(site=country.sites[2], visitor__isnull=False).update(visitor=country.visitors[0])
    summing.keep_sums()
    scope = Scope(period=Period.of_year(2025), sites=tuple(country.sites))
    assert WholePeriod.objects.filter(strangers__gt=0).exists()
    assert appointments.DISTINCT_PEOPLE.value(scope) is None
    monkeypatch.setattr(summed, "MOST_ROWS", 100)
    assert appointments.DISTINCT_PEOPLE.value(scope) == live(scope, monkeypatch)[0]["personnes-distinctes"]


def test_a_space_that_moves_to_another_ccas_is_read_from_its_rows_until_it_is_summed_again(country, monkeypatch):
    summing.keep_sums()
    Site.objects.filter(pk=country.sites[1].pk).update(ccas=country.sites[2].ccas)
    country.sites[1].refresh_from_db()
    scope = Scope(period=Period.of_year(2025), sites=tuple(country.sites))
    assert country.sites[1].pk not in shares_of(scope).site_ids
    assert appointments.DISTINCT_PEOPLE.value(scope) is None
    assert summing.keep_sums() == 1
    assert country.sites[1].pk in shares_of(scope).site_ids


def test_only_so_many_wholes_are_made_at_a_time(country):
    summing.keep_sums(most_wholes=1)
    made = WholePeriod.objects.filter(site=None).count()
    assert made == 1
    summing.keep_sums()
    assert WholePeriod.objects.filter(site=None).count() > made


@pytest.mark.django_db(transaction=True)
def test_a_booking_made_while_months_are_summed_is_not_lost(always, monkeypatch):
    """Between the reading of the changes and the sums, somebody books: its moment stays, and the figure tells it."""
    world = World()
    visit = DeskVisit.objects.create(
        site=world.sites[0], occurred_at=NOW, reason=world.desk_reasons[0], noted_by=world.manager
    )
    summing.keep_sums()
    DeskVisit.objects.filter(pk=visit.pk).update(people=3)
    scope = Scope(period=Period.of_month(2026, 1), sites=(world.sites[0],))
    write_month = summing._write_month

    def beside() -> None:
        DeskVisit.objects.create(
            site=world.sites[0], occurred_at=NOW, reason=world.desk_reasons[0], noted_by=world.manager
        )
        connection.close()

    def slowly(month, sites) -> None:
        write_month(month, sites)  # Without the one that comes now.
        other = threading.Thread(target=beside)
        other.start()
        other.join()

    monkeypatch.setattr(summing, "_write_month", slowly)
    summing.keep_sums()
    assert ChangedMoment.objects.count() == 1
    assert figures.values([desk_visits.WALK_INS, desk_visits.WALK_IN_PEOPLE], scope) == {
        "passages": 2,
        "personnes-accueillies": 4,
    }
    monkeypatch.undo()
    summing.keep_sums()
    assert not ChangedMoment.objects.exists()
    assert desk_visits.WALK_IN_PEOPLE.value(scope) == 4
    assert SummedSite.objects.count() == 3
