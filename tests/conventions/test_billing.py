"""From avenants to what is claimed: whatever the avenants, the statements of the term add up to what its terms say."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from conventions.agreed_terms import Terms
from conventions.billing import Billing, billing_of
from conventions.models import Convention, FeeTerms, StatementPeriod
from conventions.proration import ONE_DAY, months_of_term
from conventions.terms import AmendmentTerms, ConventionHistory, fee_rule
from franceservices.money import to_cents

AMOUNTS = st.decimals("0", "20000", places=2)


def fee_terms(amount: Decimal) -> FeeTerms:
    return FeeTerms(annual_amount=amount, rate_per_m2=None, basis="days", area_rounding="down", amount_rounding="cent")


def terms(amount: Decimal | None, ends_on: dt.date) -> Terms:
    return Terms(slots=(), fee=None if amount is None else fee_rule(fee_terms(amount), {}), ends_on=ends_on)


@st.composite
def amended_histories(draw) -> tuple[ConventionHistory, dict[dt.date, Decimal]]:
    """A convention with up to five avenants, each of which changes the amount, ends the fee or leaves it as it is; the
    last one may move the term. With it, the annual amount of each stretch, as the avenants were drawn."""
    starts_on = draw(st.dates(dt.date(2015, 1, 1), dt.date(2060, 12, 31)))
    length = draw(st.integers(2, 1900))
    ends_on = starts_on + dt.timedelta(days=length)
    signed = draw(st.none() | AMOUNTS)
    days = sorted(draw(st.sets(st.integers(1, length), max_size=5)))
    said, previous, avenants = {starts_on: signed or Decimal(0)}, signed, []
    for number, offset in enumerate(days, start=1):
        amount = draw(st.just(previous) | st.none() | AMOUNTS)
        day = starts_on + dt.timedelta(days=offset)
        avenants.append(AmendmentTerms(number, day, terms(amount, ends_on), terms(previous, ends_on), (), ()))
        said[day], previous = amount or Decimal(0), amount
    last_change = max(said)
    new_end = ends_on + dt.timedelta(days=draw(st.integers(-((ends_on - last_change).days), 400)))
    history = ConventionHistory(
        convention=Convention(starts_on=starts_on, ends_on=new_end),
        rows=(),
        signed_fee_terms=None if signed is None else fee_terms(signed),
        offices={},
        amendments=tuple(avenants),
    )
    return history, said


def exact_total(said: dict[dt.date, Decimal], first: dt.date, last: dt.date) -> Fraction:
    """Months of the term × annual amount / 12, stretch by stretch, from what was drawn and not from what was read."""
    days, total, before = sorted(said), Fraction(0), Fraction(0)
    for index, day in enumerate(days):
        until = days[index + 1] - ONE_DAY if index + 1 < len(days) else last
        months = months_of_term(first, until)
        total += (months - before) * Fraction(said[day]) / 12
        before = months
    return total


def claimed(billing: Billing, kind: StatementPeriod) -> list[Decimal]:
    return [billing.calculation(*year).amount for year in billing.years(kind)]


@settings(max_examples=150, deadline=None)
@given(drawn=amended_histories())
def test_statements_add_up_to_what_the_terms_say(drawn):
    history, said = drawn
    billing = billing_of(history)
    convention = history.convention
    total = to_cents(exact_total(said, convention.starts_on, convention.ends_on))
    for kind in StatementPeriod:
        parts = claimed(billing, kind)
        assert sum(parts) == total == billing.total
        assert min(parts) >= 0


@settings(deadline=None)
@given(drawn=amended_histories(), amount=AMOUNTS)
def test_a_later_avenant_changes_no_statement_that_ends_before_it(drawn, amount):
    history, _said = drawn
    convention = history.convention
    day = convention.ends_on
    later = AmendmentTerms(99, day, terms(amount, day), terms(history.fee_on(day) and amount, day), (), ())
    amended = ConventionHistory(
        convention=convention,
        rows=(),
        signed_fee_terms=history.signed_fee_terms,
        offices={},
        amendments=(*(found for found in history.amendments if found.effective_on < day), later),
    )
    before, after = billing_of(history), billing_of(amended)
    for kind in StatementPeriod:
        assert claimed(before, kind)[:-1] == claimed(after, kind)[:-1]
