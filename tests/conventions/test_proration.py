"""The time of a fee: amendments within the term, roundings, and parts that always add up to the whole."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conventions.fees import AmountRounding
from conventions.proration import (
    ONE_DAY,
    FeeSpan,
    civil_years,
    convention_years,
    months_of_term,
    owed_between,
    owed_until,
    pieces_between,
    split_by_civil_year,
)
from conventions.statements import calculate
from franceservices.money import round_half_up

BESANCON = (date(2025, 4, 1), date(2028, 3, 31))
WEDNESDAY_ADDED = [
    FeeSpan(date(2025, 4, 1), date(2025, 12, 31), Decimal("1254.00")),
    FeeSpan(date(2026, 1, 1), date(2028, 3, 31), Decimal("1881.00")),
]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def lines_of(spans, starts_on, ends_on) -> list[tuple[str, str]]:
    names = {span.starts_on: f"avenant n° {index}" if index else "convention" for index, span in enumerate(spans)}
    found = calculate(spans, starts_on, ends_on, name_of=lambda span: names[span.starts_on] if len(spans) > 1 else "")
    return [(plain(step.label), plain(step.text)) for step in found.steps]


def test_years_of_the_convention_of_besancon():
    assert civil_years(*BESANCON) == [
        (date(2025, 4, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2027, 1, 1), date(2027, 12, 31)),
        (date(2028, 1, 1), date(2028, 3, 31)),
    ]
    assert convention_years(*BESANCON) == [
        (date(2025, 4, 1), date(2026, 3, 31)),
        (date(2026, 4, 1), date(2027, 3, 31)),
        (date(2027, 4, 1), date(2028, 3, 31)),
    ]


def test_years_of_a_term_that_begins_on_a_leap_day_and_is_cut_short():
    assert convention_years(date(2024, 2, 29), date(2026, 6, 30)) == [
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2025, 3, 1), date(2026, 2, 28)),
        (date(2026, 3, 1), date(2026, 6, 30)),
    ]


def test_an_amendment_changes_what_is_owed_from_its_day_only():
    owed = [owed_between(WEDNESDAY_ADDED, *year) for year in civil_years(*BESANCON)]
    assert owed == [Decimal("940.50"), Decimal("1881.00"), Decimal("1881.00"), Decimal("470.25")]
    by_anniversary = [owed_between(WEDNESDAY_ADDED, *year) for year in convention_years(*BESANCON)]
    assert by_anniversary == [Decimal("1410.75"), Decimal("1881.00"), Decimal("1881.00")]
    assert sum(owed) == sum(by_anniversary) == owed_until(WEDNESDAY_ADDED, BESANCON[1])


def test_to_the_euro_the_parts_keep_the_sum_that_rounding_each_would_lose():
    spans = [FeeSpan(*BESANCON, Decimal("1254.00"), AmountRounding.EURO)]
    parts = [owed_between(spans, *year) for year in civil_years(*BESANCON)]
    assert parts == [Decimal("941.00"), Decimal("1254.00"), Decimal("1254.00"), Decimal("313.00")]
    assert sum(parts) == Decimal("3762.00")


def test_an_amendment_that_changes_the_rounding_leaves_what_came_before():
    spans = [
        FeeSpan(date(2025, 4, 1), date(2025, 12, 31), Decimal("1254.00"), AmountRounding.EURO),
        FeeSpan(date(2026, 1, 1), date(2028, 3, 31), Decimal("1254.00"), AmountRounding.CENT),
    ]
    parts = [owed_between(spans, *year) for year in civil_years(*BESANCON)]
    assert parts == [Decimal("941.00"), Decimal("1254.00"), Decimal("1254.00"), Decimal("313.50")]


def test_lines_of_a_whole_and_of_a_started_year():
    spans = [FeeSpan(*BESANCON, Decimal("1254.00"))]
    assert lines_of(spans, date(2025, 4, 1), date(2025, 12, 31)) == [
        ("Du 1er avril 2025 au 31 décembre 2025", "9 mois × 1 254,00 € / 12 = 940,50 €")
    ]


def test_lines_of_a_year_that_an_amendment_cuts():
    assert lines_of(WEDNESDAY_ADDED, date(2025, 4, 1), date(2026, 3, 31)) == [
        ("Du 1er avril 2025 au 31 décembre 2025 (convention)", "9 mois × 1 254,00 € / 12 = 940,50 €"),
        ("Du 1er janvier 2026 au 31 mars 2026 (avenant n° 1)", "3 mois × 1 881,00 € / 12 = 470,25 €"),
        ("Ensemble", "940,50 € + 470,25 € = 1 410,75 €"),
    ]


def test_lines_of_a_month_that_is_cut_and_of_a_rounding():
    spans = [FeeSpan(date(2016, 8, 9), date(2019, 8, 8), Decimal("1200.00"))]
    assert lines_of(spans, date(2016, 8, 9), date(2016, 12, 31)) == [
        ("Du 9 août 2016 au 31 décembre 2016", "(4 mois + 23/31) × 1 200,00 € / 12 ≈ 474,1935 €"),
        ("Arrondi au centime", "474,19 €"),
    ]


def test_lines_of_the_part_that_balances_say_so():
    spans = [FeeSpan(*BESANCON, Decimal("1254.00"), AmountRounding.EURO)]
    assert lines_of(spans, date(2025, 4, 1), date(2025, 12, 31))[-1] == (
        "Arrondi à l’euro le plus proche (CG3P, art. L2322-4)",
        "941,00 €",
    )
    assert lines_of(spans, date(2028, 1, 1), date(2028, 3, 31))[-1] == (
        "Arrondi à l’euro du cumul depuis le début de la convention",
        "3 762,00 € au 31 mars 2028 − 3 449,00 € au 31 décembre 2027 = 313,00 €",
    )


def test_lines_of_a_free_stretch():
    spans = [
        FeeSpan(date(2025, 1, 1), date(2025, 6, 30), Decimal("0.00")),
        FeeSpan(date(2025, 7, 1), date(2025, 12, 31), Decimal("600.00")),
    ]
    assert lines_of(spans, date(2025, 1, 1), date(2025, 12, 31))[0][1] == "aucune redevance"
    assert owed_between(spans, date(2025, 1, 1), date(2025, 12, 31)) == Decimal("300.00")


def test_nothing_is_owed_outside_the_term():
    spans = [FeeSpan(*BESANCON, Decimal("1254.00"))]
    assert owed_between(spans, date(2024, 1, 1), date(2024, 12, 31)) == 0
    assert owed_between(spans, date(2029, 1, 1), date(2029, 12, 31)) == 0
    assert owed_between(spans, date(2025, 1, 1), date(2025, 12, 31)) == Decimal("940.50")
    assert owed_until([], date(2025, 1, 1)) == 0


def test_spans_with_a_gap_are_refused():
    spans = [WEDNESDAY_ADDED[0], FeeSpan(date(2026, 1, 2), date(2028, 3, 31), Decimal("1.00"))]
    with pytest.raises(ValueError, match="se suivre"):
        pieces_between(spans, *BESANCON)


# --- random amendments ------------------------------------------------------------------------------------------
@st.composite
def amended_terms(draw):
    """A term of up to six years, cut by up to six amendments, each with its own amount; one rounding."""
    starts_on = draw(st.dates(date(2000, 1, 1), date(2090, 12, 31)))
    length = draw(st.integers(1, 2200))
    cuts = sorted(draw(st.sets(st.integers(1, length), max_size=6)) - {length})
    rounding = draw(st.sampled_from(AmountRounding))
    days = [starts_on + timedelta(days=cut) for cut in [0, *cuts, length]]
    return [
        FeeSpan(first, after - ONE_DAY, draw(st.decimals("0", "50000", places=2)), rounding)
        for first, after in pairwise(days)
    ]


def day_by_day(spans: list[FeeSpan]) -> Fraction:
    """What the terms say, counted another way: each day owes its share of its month of the term."""
    total, first = Fraction(0), spans[0].starts_on
    month_of = {}
    day, owed_months = first, Fraction(0)
    while day <= spans[-1].ends_on:
        until = months_of_term(first, day)
        month_of[day], owed_months = until - owed_months, until
        day += ONE_DAY
    for span in spans:
        days = (span.ends_on - span.starts_on).days + 1
        for offset in range(days):
            total += month_of[span.starts_on + timedelta(days=offset)] * Fraction(span.annual_amount) / 12
    return total


@settings(max_examples=60, deadline=None)
@given(spans=amended_terms())
def test_statements_over_the_term_add_up_to_what_the_terms_say(spans):
    term = spans[0].starts_on, spans[-1].ends_on
    places = 0 if spans[0].rounding is AmountRounding.EURO else 2
    said = round_half_up(day_by_day(spans), places=places)
    for years in (civil_years(*term), convention_years(*term)):
        assert years[0][0] == term[0]
        assert years[-1][1] == term[1]
        parts = [calculate(spans, *year, name_of=lambda span: "").amount for year in years]
        assert sum(parts) == said == owed_until(spans, term[1])
        for part in parts:
            assert part >= 0
            assert part.as_tuple().exponent == -2


@given(spans=amended_terms(), data=st.data())
def test_wherever_the_term_is_cut_the_two_parts_make_the_whole(spans, data):
    first, last = spans[0].starts_on, spans[-1].ends_on
    cut = first + timedelta(days=data.draw(st.integers(0, (last - first).days)))
    before, after = owed_between(spans, first, cut), owed_until(spans, last) - owed_until(spans, cut)
    assert before + after == owed_until(spans, last)
    assert before >= 0
    assert after >= 0


@given(spans=amended_terms())
def test_an_amendment_that_changes_nothing_changes_no_statement(spans):
    amount, rounding = spans[0].annual_amount, AmountRounding.CENT
    term = spans[0].starts_on, spans[-1].ends_on
    cut = [FeeSpan(span.starts_on, span.ends_on, amount, rounding) for span in spans]
    parts = {year[0].year: owed_between(cut, *year) for year in civil_years(*term)}
    assert parts == split_by_civil_year(amount, *term)
