"""Queries written once: they give what the ORM gives, for each value and for each perimeter."""

import datetime as dt

import pytest
from django.db import DataError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Exists, F, OuterRef, Value

from bookings.agenda import GivenUpRow
from bookings.free_times import free_times
from bookings.models import Appointment, AppointmentStatus, Permanence
from bookings.schedule_rows import SiteRows, permanence_rows
from bookings.services import cancel_appointment
from franceservices.composed_inserts import ComposedInsert
from franceservices.composed_queries import ComposedQuery, Given, IsAnyOf, RoundTrip
from partners.models import Role, Site
from partners.visible_queries import VisibleQuery
from tests.factories import SiteFactory, UserFactory, staff_of

from .schedules import booked, held

MONDAY, TUESDAY, THURSDAY = dt.date(2026, 3, 2), dt.date(2026, 3, 3), dt.date(2026, 3, 5)
ON_A_DAY = ComposedQuery(lambda: Permanence.objects.filter(day=Given("day")).values_list("pk", "during"))


def test_each_run_has_values_of_its_own(desk, django_assert_num_queries):
    expected = list(Permanence.objects.filter(day=TUESDAY).values_list("pk", "during"))
    with django_assert_num_queries(2):
        assert ON_A_DAY.rows(day=TUESDAY) == expected
        assert ON_A_DAY.rows(day=MONDAY) == []
    assert ON_A_DAY.count(day=TUESDAY) == 3


def test_a_missing_value_is_an_error(desk):
    with pytest.raises(KeyError):
        ON_A_DAY.rows()


def test_instances_come_with_relations_and_annotations(desk, django_assert_num_queries):
    appointment = booked(desk.permanence_at(THURSDAY, "09:00"), "09:00", reason=desk.reason)
    query = ComposedQuery(
        lambda: (
            Permanence.objects.filter(pk=Given("pk"))
            .select_related("site__ccas", "slot", "edited_by")
            .annotate(is_booked=Exists(Appointment.objects.filter(permanence=OuterRef("pk"))))
        )
    )
    with django_assert_num_queries(1):
        (found,) = query.instances(pk=appointment.permanence_id)
        assert (found, found.site.ccas, found.slot.weekday, found.edited_by) == (
            appointment.permanence,
            desk.site.ccas,
            4,
            None,
        )
    assert found.during == appointment.permanence.during
    assert found.is_booked is True
    assert query.instances(pk=0) == []


def test_several_queries_are_asked_in_one_trip(desk):
    any_of = ComposedQuery(lambda: Site.objects.filter(IsAnyOf("pk", Given("sites"))).values_list("short_name"))
    trip = RoundTrip()
    names, nobody = trip.ask(any_of, sites=[desk.site.pk, 0]), trip.ask(any_of, sites=[])
    never = trip.ask(ComposedQuery(lambda: Site.objects.none()))
    held_on, number = trip.ask(ON_A_DAY, day=TUESDAY), trip.ask_count(ON_A_DAY, day=TUESDAY)
    assert (names.rows(), nobody.rows(), never.instances(), never.count()) == ([("Planoise",)], [], [], 0)
    assert (len(held_on.rows()), number.count()) == (3, 3)
    later = trip.ask(ON_A_DAY, day=MONDAY)
    assert later.rows() == []


def test_a_trip_that_fails_leaves_the_connection_usable(desk):
    broken = ComposedQuery(lambda: Site.objects.annotate(one=Value(1) / (F("pk") - F("pk"))).values_list("one"))
    trip = RoundTrip()
    rows, _ = trip.ask(ON_A_DAY, day=TUESDAY), trip.ask(broken)
    with pytest.raises(DataError), transaction.atomic():
        rows.rows()
    assert ON_A_DAY.count(day=TUESDAY) == 3


def test_a_prepared_query_gives_what_another_does_and_is_planned_once(desk):
    permanence = desk.permanence_at(THURSDAY, "09:00")
    query = ComposedQuery(
        lambda: Permanence.objects.standing().filter(pk=Given("pk"), purpose="50 % « s »").order_by(), prepared=True
    )
    Permanence.objects.filter(pk=permanence.pk).update(purpose="50 % « s »")
    for _ in range(8):
        assert query.instances(pk=permanence.pk) == [permanence]
        # However large a number is, it is of the same type for PostgreSQL.
        assert query.instances(pk=2**40) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT parameter_types::text FROM pg_prepared_statements WHERE statement LIKE '%purpose%'")
        assert cursor.fetchall() == [("{bigint}",)]


def test_a_composed_insertion_writes_what_save_writes(desk):
    permanence = desk.permanence_at(THURSDAY, "09:00")
    columns = {
        "permanence": permanence,
        "site": desk.site,
        "partner": desk.partner,
        "visitor": desk.visitor,
        "reason": desk.reason,
        "booked_by": desk.receptionist,
        "subject": "100 % « sûr »",
    }
    saved, composed = (
        Appointment(during=DateTimeTZRange(desk.at(THURSDAY, starts), desk.at(THURSDAY, ends)), **columns)
        for starts, ends in (("09:00", "09:30"), ("09:30", "10:00"))
    )
    saved.save(force_insert=True)
    ComposedInsert(Appointment).insert(composed)
    assert not composed._state.adding
    rows = Appointment.objects.filter(pk__in=[saved.pk, composed.pk]).order_by("pk").values()
    one, other = ({name: value for name, value in row.items() if name not in ("id", "during")} for row in rows)
    assert one == other
    assert Appointment.objects.get(pk=composed.pk).during == composed.during


def test_a_composed_insertion_goes_after_what_a_wrapper_writes(desk):
    seen = []

    def prefixed(execute, sql, params, many, context):
        seen.append(sql)
        return execute(f"SELECT set_config('bench.note', 'here', true); {sql}", params, many, context).nextset()

    new = Appointment(
        permanence=desk.permanence_at(THURSDAY, "09:00"),
        site=desk.site,
        partner=desk.partner,
        visitor=desk.visitor,
        reason=desk.reason,
        booked_by=desk.receptionist,
        during=DateTimeTZRange(desk.at(THURSDAY, "09:00"), desk.at(THURSDAY, "09:30")),
    )
    with transaction.atomic(), connection.execute_wrapper(prefixed):
        ComposedInsert(Appointment).insert(new)
    assert len(seen) == 1
    assert Appointment.objects.get() == new


@pytest.mark.parametrize("kind", ["reception", "reception elsewhere", "manager", "superuser", "agent"])
def test_each_perimeter_is_that_of_the_orm(desk, kind):
    neighbour, elsewhere = SiteFactory(ccas=desk.site.ccas), SiteFactory()
    user = {
        "reception": lambda: desk.receptionist,
        "reception elsewhere": lambda: staff_of(elsewhere),
        "manager": lambda: UserFactory(role=Role.MANAGER, ccas=neighbour.ccas),
        "superuser": lambda: UserFactory(role=Role.ADMINISTRATOR, ccas=elsewhere.ccas, is_superuser=True),
        "agent": lambda: desk.agent,
    }[kind]()
    sites = VisibleQuery(lambda who: Site.objects.visible_to(who))
    permanences = VisibleQuery(lambda who: Permanence.objects.visible_to(who))
    # Somebody of another kind first: what was composed for her serves nobody else.
    for query in (sites, permanences):
        query.instances(UserFactory(role=Role.MANAGER, ccas=elsewhere.ccas))
    assert sites.instances(user) == list(Site.objects.visible_to(user))
    assert permanences.instances(user) == list(Permanence.objects.visible_to(user))
    assert permanences.count(user) == Permanence.objects.visible_to(user).count()


def test_the_rows_of_a_site_are_those_of_its_permanences(desk):
    morning = desk.permanence_at(THURSDAY, "09:00")
    booked(morning, "09:00", reason=desk.reason)
    booked(morning, "09:30", reason=desk.reason, status=AppointmentStatus.ARRIVED)
    booked(desk.permanence_at(TUESDAY, "08:30"), "08:30", reason=desk.hard_case, social_worker=desk.social_worker)
    held(SiteFactory(), desk.partner, THURSDAY)
    now = desk.site.now()
    here = Permanence.objects.filter(site=desk.site)
    week = (MONDAY, MONDAY + dt.timedelta(days=6))
    assert SiteRows(RoundTrip(), desk.site, *week).rows(now=now) == permanence_rows(here.on_days(*week), now=now)
    assert SiteRows(RoundTrip(), desk.site, *week).rows(now=now, partner_slug="autre") == []
    assert [
        row.pk for row in SiteRows(RoundTrip(), desk.site, *week).rows(now=now, office_id=morning.office_id)
    ] == list(here.filter(office=morning.office).on_days(*week).values_list("pk", flat=True))


def test_what_was_given_up_is_told_where_it_is_asked_for(desk):
    appointment = booked(desk.permanence_at(THURSDAY, "09:00"), "09:00", reason=desk.reason)
    cancel_appointment(appointment=appointment, cancelled_for="partner", by=desk.receptionist)
    now, thursday = desk.site.now(), (desk.site, THURSDAY, THURSDAY)
    (row, _) = SiteRows(RoundTrip(), *thursday, with_given_up=True).rows(now=now)
    assert row.appointments == ()
    assert row.given_up == (
        GivenUpRow(appointment.pk, appointment.during.lower, appointment.visitor.full_name, "le partenaire"),
    )
    assert SiteRows(RoundTrip(), *thursday).rows(now=now)[0].given_up == ()


def test_a_search_that_found_enough_days_ends_with_the_day(desk):
    every = free_times(reason=desk.reason, sites=[desk.site], user=desk.receptionist)
    days = sorted({time.start.date() for time in every})
    enough = free_times(reason=desk.reason, sites=[desk.site], user=desk.receptionist, enough_days=3)
    assert [time.key for time in enough] == [time.key for time in every if time.start.date() <= days[2]]
    many = free_times(reason=desk.reason, sites=[desk.site], user=desk.receptionist, enough_days=1000)
    assert [time.key for time in many] == [time.key for time in every]
    assert free_times(reason=desk.reason, sites=[desk.site], user=desk.receptionist, partner_slug="autre") == []
