"""Properties over random avenants: each day has the terms of a naive reading, and a revocation undoes all."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conventions.agreed_terms import SlotTerms, Terms
from conventions.amendments import AmendmentText, put_in_force, revoke, save_draft
from conventions.billing import billing_of
from conventions.models import Convention, PermanenceSlot, StatementPeriod
from conventions.terms import fee_periods, read_history
from tests.conventions.scene import Scene
from tests.factories import OfficeFactory

pytestmark = pytest.mark.django_db
FIRST, LAST = dt.date(2025, 4, 1), dt.date(2028, 3, 31)
NOW = dt.datetime(2025, 2, 1, 9, tzinfo=dt.UTC)
TIMES = [(dt.time(8, 30), dt.time(10)), (dt.time(10), dt.time(12, 30)), (dt.time(13, 30), dt.time(16, 30))]


@st.composite
def changes(draw) -> list[tuple[dt.date, list, Decimal | None, int]]:
    """Up to four avenants in order: day of effect, lines of the grid, amount (none: no fee), days of term more."""
    days = draw(st.lists(st.integers(1, 900), min_size=1, max_size=4, unique=True).map(sorted))
    return [
        (
            FIRST + dt.timedelta(days=day),
            draw(
                st.lists(
                    st.tuples(st.integers(1, 5), st.sampled_from(TIMES), st.integers(0, 1)), unique_by=lambda s: s[:2]
                )
            ),
            draw(st.none() | st.integers(0, 500_000).map(lambda cents: Decimal(cents) / 100)),
            draw(st.integers(-60, 200)),
        )
        for day in days
    ]


class Naive:
    """The terms of every day, written out one by one."""

    def __init__(self, terms: Terms) -> None:
        self.slots = {FIRST + dt.timedelta(days=n): set(terms.slots) for n in range((LAST - FIRST).days + 1)}
        self.fees = dict.fromkeys(self.slots, terms.fee.annual_amount)

    def amend(self, effective_on: dt.date, terms: Terms) -> None:
        for day in [day for day in self.slots if day >= effective_on]:
            del self.slots[day], self.fees[day]
        day = effective_on
        while day <= terms.ends_on:
            self.slots[day] = set(terms.slots)
            self.fees[day] = terms.fee.annual_amount if terms.fee else Decimal(0)
            day += dt.timedelta(days=1)


def rows_of(convention: Convention) -> set[tuple]:
    return set(
        PermanenceSlot.objects.filter(allocation__convention=convention).values_list(
            "office_id", "weekday", "start_time", "end_time", "audience", "mode", "starts_on", "ends_on"
        )
    )


@pytest.fixture
def scene(time_machine) -> Scene:
    time_machine.move_to(NOW)
    found = Scene()
    found.other = OfficeFactory(site=found.site, label="12", area_m2=Decimal("12.00"))
    return found


def amended(
    scene: Scene, before: Terms, lines: list, amount: Decimal | None, days: int, effective_on: dt.date
) -> Terms:
    offices = (scene.office, scene.other)
    slots = [
        SlotTerms(offices[which].label, offices[which].pk, weekday, start, end, "public", "appointment")
        for weekday, (start, end), which in lines
    ]
    lent = {slot.office_id for slot in slots}
    rule = before.fee or scene.rule
    return Terms(
        slots=tuple(sorted(slots, key=lambda slot: slot.order)),
        fee=None
        if amount is None
        else replace(
            rule, annual_amount=amount, areas_m2={office.pk: office.area_m2 for office in offices if office.pk in lent}
        ),
        ends_on=max(effective_on, before.ends_on + dt.timedelta(days=days)),
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=changes())
def test_every_day_has_its_terms_and_a_revocation_undoes_them(scene, plan):
    with transaction.atomic():
        convention = Convention.objects.get(pk=scene.convention.pk)
        history = read_history(convention)
        scene.rule = history.signed_fee
        naive = Naive(history.terms_on(FIRST))
        done = []
        for number, (effective_on, lines, amount, days) in enumerate(plan, start=1):
            if effective_on > convention.ends_on:
                break
            before = history.terms_on(effective_on)
            proposed = amended(scene, before, lines, amount, days, effective_on)
            if proposed == before:
                continue
            state = (
                rows_of(convention),
                convention.ends_on,
                set(convention.allocations.values_list("office", flat=True)),
            )
            amendment = save_draft(
                convention=convention,
                amendment=None,
                text=AmendmentText(number, "Objet", "", effective_on, None),
                terms=proposed,
                by=scene.administrator,
            )
            put_in_force(amendment=amendment, by=scene.administrator)
            convention = Convention.objects.get(pk=convention.pk)
            history = read_history(convention)
            naive.amend(effective_on, proposed)
            done.append((amendment, state))
        check_days(history, naive)
        for amendment, (rows, ends_on, offices) in reversed(done):
            revoke(amendment=amendment, by=scene.administrator)
            convention = Convention.objects.get(pk=convention.pk)
            assert rows_of(convention) == rows
            assert convention.ends_on == ends_on
            assert set(convention.allocations.values_list("office", flat=True)) == offices
        transaction.set_rollback(True)


def check_days(history, naive: Naive) -> None:
    convention = history.convention
    assert convention.ends_on == max(naive.slots)
    for day, slots in naive.slots.items():
        terms = history.terms_on(day)
        assert set(terms.slots) == slots, day
        assert (terms.fee.annual_amount if terms.fee else Decimal(0)) == naive.fees[day], day
    periods = fee_periods(convention, FIRST, convention.ends_on)
    by_period = sum(period.rule.annual_amount * ((period.ends_on - period.starts_on).days + 1) for period in periods)
    assert by_period == sum(naive.fees.values())
    billing = billing_of(history)
    for kind in StatementPeriod:
        assert sum(billing.owed(first, last) for first, last in billing.years(kind)) == billing.total
