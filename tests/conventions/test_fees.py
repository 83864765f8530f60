"""The fee of an office: the golden table of Besançon's office 27, then what must hold for every office."""

import re
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions.fees import (
    AmountRounding,
    AreaRounding,
    ProrationBasis,
    TimeSlot,
    annual_fee,
    explain_gap,
    explain_occupancy,
    occupancy_ratio,
)
from conventions.proration import amount_for_term, split_by_civil_year
from franceservices.money import parse_decimal_fr

TUESDAY, THURSDAY = 2, 4
MORNING, AFTERNOON = (time(8, 30), time(12, 30)), (time(13, 30), time(17, 0))

BESANCON_OPENING = [
    *(TimeSlot(weekday, *MORNING) for weekday in (1, 3, 4, 5)),
    TimeSlot(TUESDAY, time(10, 0), time(12, 30)),
    *(TimeSlot(weekday, *AFTERNOON) for weekday in (1, 2, 3, 4, 5)),
]
PUBLIC_SLOTS = [
    TimeSlot(TUESDAY, time(10, 0), time(12, 30)),
    TimeSlot(TUESDAY, time(13, 30), time(16, 30)),
    TimeSlot(THURSDAY, time(8, 30), time(12, 30)),
    TimeSlot(THURSDAY, time(13, 30), time(16, 30)),
]
SOCIAL_WORKER_SLOT = TimeSlot(TUESDAY, time(8, 30), time(10, 0))
ALL_SLOTS = [*PUBLIC_SLOTS, SOCIAL_WORKER_SLOT]

NBSP, NARROW = "\u00a0", "\u202f"


def plain(text: str) -> str:
    """`text` with ordinary spaces, to be read in a test."""
    return text.replace(NBSP, " ").replace(NARROW, " ")


def office_27(ratio: Fraction, area_rounding: AreaRounding = AreaRounding.NONE, amount_rounding=AmountRounding.CENT):
    return annual_fee(
        area_m2=Decimal("15.64"),
        rate_per_m2=Decimal("209"),
        ratio=ratio,
        area_rounding=area_rounding,
        amount_rounding=amount_rounding,
    )


# --- the golden table: DOMAIN.md, section 2 ---------------------------------------------------------------------
GOLDEN_TABLE = [
    (ProrationBasis.DAYS, ALL_SLOTS, Fraction(2, 5), "0.4000", "6.256", "1307.50", "1254.00", "1254.00"),
    (ProrationBasis.DAYS, PUBLIC_SLOTS, Fraction(2, 5), "0.4000", "6.256", "1307.50", "1254.00", "1254.00"),
    (ProrationBasis.HALF_DAYS, ALL_SLOTS, Fraction(4, 10), "0.4000", "6.256", "1307.50", "1254.00", "1254.00"),
    (ProrationBasis.HALF_DAYS, PUBLIC_SLOTS, Fraction(4, 10), "0.4000", "6.256", "1307.50", "1254.00", "1254.00"),
    (ProrationBasis.HOURS, ALL_SLOTS, Fraction(14, 36), "0.3889", "6.082", "1271.18", "1254.00", "1254.00"),
    (ProrationBasis.HOURS, PUBLIC_SLOTS, Fraction(25, 72), "0.3472", "5.431", "1134.99", "1045.00", "1045.00"),
]


@pytest.mark.parametrize(("basis", "slots", "ratio", "decimal_ratio", "area", "exact", "down", "nearest"), GOLDEN_TABLE)
def test_golden_table_of_office_27(basis, slots, ratio, decimal_ratio, area, exact, down, nearest):
    computed_ratio = occupancy_ratio(slots, BESANCON_OPENING, basis=basis)
    assert computed_ratio == ratio
    assert round(computed_ratio, 4) == Fraction(decimal_ratio)
    fee = office_27(computed_ratio)
    assert round(fee.prorated_area_m2, 3) == Fraction(area)
    assert str(fee.amount) == exact
    assert str(office_27(computed_ratio, AreaRounding.DOWN).amount) == down
    assert str(office_27(computed_ratio, AreaRounding.NEAREST).amount) == nearest


def test_whole_office_and_the_other_ways_to_the_two_amounts():
    assert office_27(Fraction(1)).amount == Decimal("3268.76")
    fifteen = annual_fee(
        area_m2=Decimal(15),
        rate_per_m2=Decimal(209),
        ratio=Fraction(2, 5),
        area_rounding=AreaRounding.NONE,
        amount_rounding=AmountRounding.CENT,
    )
    assert fifteen.amount == Decimal("1254.00")
    deliberated = annual_fee(
        area_m2=Decimal("15.64"),
        rate_per_m2=Decimal(250),
        ratio=Fraction(2, 5),
        area_rounding=AreaRounding.NONE,
        amount_rounding=AmountRounding.EURO,
    )
    assert deliberated.amount == Decimal("1564.00")


# --- the lines of the calculation -------------------------------------------------------------------------------
def test_steps_as_a_reader_writes_them():
    steps = office_27(Fraction(2, 5), AreaRounding.DOWN).steps
    assert [plain(step) for step in steps] == [
        "15,64 m² × 2/5 = 6,256 m²",
        "6,256 m² arrondis à l’entier inférieur = 6 m²",
        "6 m² × 209,00 €/m² = 1 254,00 €",
    ]
    assert f"1{NARROW}254,00{NBSP}€" in steps[-1]


def test_steps_to_the_euro():
    steps = office_27(Fraction(2, 5), amount_rounding=AmountRounding.EURO).steps
    assert [plain(step) for step in steps] == [
        "15,64 m² × 2/5 = 6,256 m²",
        "6,256 m² × 209,00 €/m² ≈ 1 307,50 €",
        "1 307,50 € arrondis à l’euro le plus proche = 1 308,00 €",
    ]


def test_steps_of_an_area_that_no_decimal_writes_start_again_from_the_exact_factors():
    steps = office_27(Fraction(14, 36)).steps
    assert [plain(step) for step in steps] == [
        "15,64 m² × 7/18 ≈ 6,082 m²",
        "15,64 m² × 7/18 × 209,00 €/m² ≈ 1 271,18 €",
    ]
    steps = office_27(Fraction(25, 72), AreaRounding.NEAREST).steps
    assert plain(steps[1]) == "5,431 m² arrondis à l’entier le plus proche = 5 m²"


def test_steps_add_decimals_where_three_would_mislead():
    steps = annual_fee(
        area_m2=Decimal("17.9999"),
        rate_per_m2=Decimal("209.125"),
        ratio=Fraction(1, 3),
        area_rounding=AreaRounding.DOWN,
        amount_rounding=AmountRounding.EURO,
    ).steps
    assert [plain(step) for step in steps] == [
        "17,9999 m² × 1/3 ≈ 5,99997 m²",
        "5,99997 m² arrondis à l’entier inférieur = 5 m²",
        "5 m² × 209,125 €/m² ≈ 1 045,63 €",
        "1 045,63 € arrondis à l’euro le plus proche = 1 046,00 €",
    ]


def test_half_a_euro_goes_up_and_the_amount_is_rounded_once():
    def euros(rate: str) -> Decimal:
        return annual_fee(
            area_m2=Decimal(1),
            rate_per_m2=Decimal(rate),
            ratio=Fraction(1),
            area_rounding=AreaRounding.NONE,
            amount_rounding=AmountRounding.EURO,
        ).amount

    assert euros("1307.50") == Decimal("1308.00")
    assert euros("1306.50") == Decimal("1307.00")
    assert euros("1307.496") == Decimal("1307.00")


# --- refusals ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("area_m2", 15.64, TypeError),
        ("area_m2", True, TypeError),
        ("area_m2", Decimal(0), ValueError),
        ("area_m2", Decimal("-1"), ValueError),
        ("area_m2", Decimal("NaN"), ValueError),
        ("area_m2", Decimal("Infinity"), ValueError),
        ("rate_per_m2", 209.0, TypeError),
        ("rate_per_m2", Decimal("-0.01"), ValueError),
        ("ratio", 0.4, TypeError),
        ("ratio", Decimal("0.4"), TypeError),
        ("ratio", Fraction(-1, 5), ValueError),
        ("ratio", Fraction(6, 5), ValueError),
        ("area_rounding", "up", ValueError),
        ("amount_rounding", "franc", ValueError),
    ],
)
def test_nonsense_is_refused(name, value, error):
    arguments = {
        "area_m2": Decimal("15.64"),
        "rate_per_m2": Decimal("209"),
        "ratio": Fraction(2, 5),
        "area_rounding": AreaRounding.DOWN,
        "amount_rounding": AmountRounding.CENT,
    }
    with pytest.raises(error):
        annual_fee(**{**arguments, name: value})


def test_nothing_occupied_and_a_free_loan_cost_nothing():
    assert office_27(Fraction(0)).amount == Decimal("0.00")
    free = annual_fee(
        area_m2=Decimal(12), rate_per_m2=Decimal(0), ratio=Fraction(1), area_rounding="none", amount_rounding="cent"
    )
    assert plain(free.steps[-1]) == "12 m² × 0,00 €/m² = 0,00 €"


@pytest.mark.parametrize(
    ("weekday", "start", "end"),
    [
        (0, time(8, 30), time(9, 0)),
        (8, time(8, 30), time(9, 0)),
        (1, time(9, 0), time(9, 0)),
        (1, time(9, 0), time(8, 30)),
        (1, time(9, 0, tzinfo=datetime.now().astimezone().tzinfo), time(10, 0)),
    ],
)
def test_impossible_slot_is_refused(weekday, start, end):
    with pytest.raises(ValueError):
        TimeSlot(weekday, start, end)


def test_occupancy_needs_opening_hours_and_a_fixed_ratio_where_it_is_the_basis():
    for basis in (ProrationBasis.DAYS, ProrationBasis.HALF_DAYS, ProrationBasis.HOURS):
        with pytest.raises(ValueError, match="horaire d’ouverture"):
            occupancy_ratio(ALL_SLOTS, [], basis=basis)
        assert occupancy_ratio([], BESANCON_OPENING, basis=basis) == 0
    with pytest.raises(ValueError, match="proportion fixe"):
        occupancy_ratio([], [], basis=ProrationBasis.FIXED)
    with pytest.raises(TypeError):
        occupancy_ratio([], [], basis=ProrationBasis.FIXED, fixed_ratio=0.4)
    with pytest.raises(ValueError):
        occupancy_ratio([], [], basis=ProrationBasis.FIXED, fixed_ratio=Fraction(6, 5))
    assert occupancy_ratio([], [], basis=ProrationBasis.FIXED, fixed_ratio=Fraction(2, 5)) == Fraction(2, 5)


# --- occupation -------------------------------------------------------------------------------------------------
def test_social_workers_before_the_opening_still_occupy_the_tuesday_morning():
    slots = [SOCIAL_WORKER_SLOT]
    assert occupancy_ratio(slots, BESANCON_OPENING, basis=ProrationBasis.HALF_DAYS) == Fraction(1, 10)
    assert occupancy_ratio(slots, BESANCON_OPENING, basis=ProrationBasis.HOURS) == Fraction(3, 2) / 36


def test_overlapping_slots_count_once_and_occupation_is_capped_at_the_whole():
    twice = [*ALL_SLOTS, TimeSlot(THURSDAY, time(9, 0), time(12, 0)), *ALL_SLOTS]
    for basis in (ProrationBasis.DAYS, ProrationBasis.HALF_DAYS, ProrationBasis.HOURS):
        assert occupancy_ratio(twice, BESANCON_OPENING, basis=basis) == occupancy_ratio(
            ALL_SLOTS, BESANCON_OPENING, basis=basis
        )
        every_day = [TimeSlot(weekday, time(7, 0), time(20, 0)) for weekday in range(1, 8)]
        assert occupancy_ratio(every_day, BESANCON_OPENING, basis=basis) == 1


def test_half_days_meet_at_13h00():
    opening = [TimeSlot(1, time(8, 0), time(18, 0))]

    def half_days(start: time, end: time) -> Fraction:
        return occupancy_ratio([TimeSlot(1, start, end)], opening, basis=ProrationBasis.HALF_DAYS) * 2

    assert half_days(time(9, 0), time(13, 0)) == 1
    assert half_days(time(13, 0), time(14, 0)) == 1
    assert half_days(time(12, 59), time(13, 1)) == 2


@pytest.mark.parametrize(
    ("basis", "slots", "line"),
    [
        (ProrationBasis.DAYS, ALL_SLOTS, "2 jours occupés sur 5 ouverts = 2/5"),
        (ProrationBasis.DAYS, [SOCIAL_WORKER_SLOT], "1 jour occupé sur 5 ouverts = 1/5"),
        (ProrationBasis.HALF_DAYS, ALL_SLOTS, "4 demi-journées occupées sur 10 ouvertes = 2/5"),
        (ProrationBasis.HALF_DAYS, [SOCIAL_WORKER_SLOT], "1 demi-journée occupée sur 10 ouvertes = 1/10"),
        (ProrationBasis.HOURS, PUBLIC_SLOTS, "12 h 30 d’occupation sur 36 h d’ouverture = 25/72"),
        (ProrationBasis.FIXED, ALL_SLOTS, "Proportion fixée par la convention : 1/3"),
        (
            ProrationBasis.DAYS,
            [TimeSlot(weekday, time(9, 0), time(10, 0)) for weekday in range(1, 7)],
            "6 jours occupés sur 5 ouverts, compté pour 1",
        ),
    ],
)
def test_occupancy_is_explained(basis, slots, line):
    assert plain(explain_occupancy(slots, BESANCON_OPENING, basis=basis, fixed_ratio=Fraction(1, 3))) == line


# --- civil years ------------------------------------------------------------------------------------------------
def test_golden_split_by_civil_year():
    parts = split_by_civil_year(Decimal("1254.00"), date(2025, 4, 1), date(2028, 3, 31))
    assert list(parts.items()) == [
        (2025, Decimal("940.50")),
        (2026, Decimal("1254.00")),
        (2027, Decimal("1254.00")),
        (2028, Decimal("313.50")),
    ]
    assert sum(parts.values()) == Decimal("3762.00")
    assert sum(part.quantize(Decimal(1), rounding="ROUND_HALF_UP") for part in parts.values()) == 3763


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "parts"),
    [
        (date(2025, 1, 1), date(2025, 12, 31), {2025: "1200.00"}),
        (date(2025, 3, 1), date(2025, 5, 31), {2025: "300.00"}),
        (date(2025, 6, 1), date(2025, 6, 15), {2025: "50.00"}),
        (date(2025, 6, 10), date(2025, 6, 10), {2025: "3.33"}),
        # Three years from the 9th, as the convention of the CGSS: 4 months and 23 days of 31 in the first.
        (date(2016, 8, 9), date(2019, 8, 8), {2016: "474.19", 2017: "1200.00", 2018: "1200.00", 2019: "725.81"}),
        # A year across a 29 February, from it, and from days that the next month lacks.
        (date(2024, 2, 15), date(2025, 2, 14), {2024: "1054.84", 2025: "145.16"}),
        (date(2024, 2, 29), date(2025, 2, 28), {2024: "1009.68", 2025: "190.32"}),
        (date(2025, 1, 31), date(2025, 2, 28), {2025: "100.00"}),
        (date(2025, 8, 31), date(2025, 9, 30), {2025: "100.00"}),
        (date(2025, 12, 31), date(2026, 1, 30), {2025: "3.23", 2026: "96.77"}),
    ],
)
def test_terms_that_begin_or_end_within_a_month(starts_on, ends_on, parts):
    assert split_by_civil_year(Decimal("1200.00"), starts_on, ends_on) == {
        year: Decimal(part) for year, part in parts.items()
    }


@pytest.mark.parametrize(
    ("amount", "starts_on", "ends_on", "error"),
    [
        (Decimal("1254"), date(2025, 4, 1), date(2025, 3, 31), ValueError),
        (Decimal("-1"), date(2025, 4, 1), date(2028, 3, 31), ValueError),
        (Decimal("0.001"), date(2025, 4, 1), date(2028, 3, 31), ValueError),
        (Decimal("1254"), date(1, 1, 1), date(9999, 12, 31), ValueError),
        (Decimal("1254"), date(2025, 1, 1), date(9999, 12, 31), ValueError),
        (1254.0, date(2025, 4, 1), date(2028, 3, 31), TypeError),
        (Decimal("1254"), datetime(2025, 4, 1), date(2028, 3, 31), TypeError),
    ],
)
def test_impossible_split_is_refused(amount, starts_on, ends_on, error):
    with pytest.raises(error):
        split_by_civil_year(amount, starts_on, ends_on)


def test_the_gap_to_the_contractual_amount_is_said():
    sentence = explain_gap(contractual=Decimal("1254.00"), other=Decimal("1564.00"), other_name="Le montant délibéré")
    assert plain(sentence) == (
        "Le montant délibéré (1 564,00 €) est différent de celui de la convention (1 254,00 €) : 310,00 € de plus."
    )
    less = explain_gap(contractual=Decimal("1254.00"), other=Decimal("1045"), other_name="Le montant calculé")
    assert plain(less).endswith(": 209,00 € de moins.")
    assert explain_gap(contractual=Decimal("1254"), other=Decimal("1254.00"), other_name="Le montant calculé") == ""


def test_choices_for_forms():
    assert AreaRounding.choices() == [
        ("none", "Aucun arrondi"),
        ("down", "Au m² inférieur"),
        ("nearest", "Au m² le plus proche"),
    ]
    assert [value for value, _ in AmountRounding.choices()] == ["cent", "euro"]
    assert [value for value, _ in ProrationBasis.choices()] == ["days", "half_days", "hours", "fixed"]
    assert ProrationBasis("half_days").label == "Demi-journées"
    assert f"{ProrationBasis.HALF_DAYS}" == "half_days"


# --- what holds for every office --------------------------------------------------------------------------------
areas = st.decimals(min_value="0.01", max_value="500", places=2)
rates = st.decimals(min_value="0", max_value="2000", places=2)
ratios = st.fractions(min_value=0, max_value=1, max_denominator=5000)
bases = st.sampled_from([ProrationBasis.DAYS, ProrationBasis.HALF_DAYS, ProrationBasis.HOURS])


@st.composite
def time_slots(draw) -> TimeSlot:
    start = draw(st.integers(0, 24 * 60 - 2))
    end = draw(st.integers(start + 1, 24 * 60 - 1))
    return TimeSlot(draw(st.integers(1, 7)), time(*divmod(start, 60)), time(*divmod(end, 60)))


@st.composite
def terms(draw) -> tuple[date, date]:
    starts_on = draw(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
    return starts_on, starts_on + timedelta(days=draw(st.integers(0, 4000)))


def fee(area_m2, rate_per_m2, ratio, area_rounding, amount_rounding):
    return annual_fee(
        area_m2=area_m2,
        rate_per_m2=rate_per_m2,
        ratio=ratio,
        area_rounding=area_rounding,
        amount_rounding=amount_rounding,
    )


@given(
    slots=st.lists(time_slots(), max_size=6),
    more=st.lists(time_slots(), max_size=3),
    opening=st.lists(time_slots(), min_size=1, max_size=8),
    basis=bases,
    area_m2=areas,
    rate_per_m2=rates,
    area_rounding=st.sampled_from(AreaRounding),
    amount_rounding=st.sampled_from(AmountRounding),
)
def test_more_hours_never_cost_less(slots, more, opening, basis, area_m2, rate_per_m2, area_rounding, amount_rounding):
    less_ratio = occupancy_ratio(slots, opening, basis=basis)
    more_ratio = occupancy_ratio([*slots, *more], opening, basis=basis)
    assert 0 <= less_ratio <= more_ratio <= 1
    less_fee = fee(area_m2, rate_per_m2, less_ratio, area_rounding, amount_rounding)
    more_fee = fee(area_m2, rate_per_m2, more_ratio, area_rounding, amount_rounding)
    assert less_fee.amount <= more_fee.amount


@given(slot=time_slots(), opening=st.lists(time_slots(), min_size=1, max_size=8), basis=bases, data=st.data())
def test_a_longer_slot_never_costs_less(slot, opening, basis, data):
    longer_end = data.draw(st.times(min_value=slot.end))
    longer = TimeSlot(slot.weekday, slot.start, longer_end)
    assert occupancy_ratio([slot], opening, basis=basis) <= occupancy_ratio([longer], opening, basis=basis)


@given(
    area_m2=areas,
    rate_per_m2=rates,
    ratio=ratios,
    area_rounding=st.sampled_from(AreaRounding),
    amount_rounding=st.sampled_from(AmountRounding),
)
def test_no_float_and_steps_that_a_reader_can_check(area_m2, rate_per_m2, ratio, area_rounding, amount_rounding):
    breakdown = fee(area_m2, rate_per_m2, ratio, area_rounding, amount_rounding)
    values = [getattr(breakdown, field.name) for field in fields(breakdown)]
    assert [type(value) for value in values] == [Decimal, tuple, Fraction, Fraction]
    assert breakdown.amount.as_tuple().exponent == -2
    assert amount_rounding is AmountRounding.CENT or breakdown.amount % 1 == 0

    written = plain(breakdown.steps[-1]).rsplit("= " if "= " in breakdown.steps[-1] else "≈ ", 1)[1]
    assert parse_decimal_fr(written) == breakdown.amount
    for step in breakdown.steps:
        rounded_step = re.fullmatch(r"(.+) (?:m²|€) arrondis? à l’(.+) = (.+) (?:m²|€)", plain(step))
        if rounded_step:
            before, after = parse_decimal_fr(rounded_step[1]), parse_decimal_fr(rounded_step[3])
            mode = "ROUND_FLOOR" if rounded_step[2] == "entier inférieur" else "ROUND_HALF_UP"
            assert before.quantize(Decimal(1), rounding=mode) == after


@given(amount=st.decimals(min_value="0", max_value="100000", places=2), term=terms())
def test_parts_always_add_up_to_the_whole(amount, term):
    starts_on, ends_on = term
    parts = split_by_civil_year(amount, starts_on, ends_on)
    assert list(parts) == list(range(starts_on.year, ends_on.year + 1))
    assert sum(parts.values()) == amount_for_term(amount, starts_on, ends_on)
    for year, part in parts.items():
        assert type(part) is Decimal
        assert part.as_tuple().exponent == -2
        assert part >= 0
        if starts_on.year < year < ends_on.year:
            assert part == amount


@given(amount=st.decimals(min_value="0", max_value="100000", places=2), term=terms())
def test_a_longer_term_never_costs_less(amount, term):
    starts_on, ends_on = term
    assert amount_for_term(amount, starts_on, ends_on) <= amount_for_term(amount, starts_on, ends_on + timedelta(1))


@given(
    amount=st.decimals(min_value="0", max_value="100000", places=2),
    starts_on=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    years=st.integers(1, 9),
)
def test_whole_years_cost_whole_annual_amounts(amount, starts_on, years):
    on_leap_day = (starts_on.month, starts_on.day) == (2, 29)
    anniversary = starts_on.replace(year=starts_on.year + years, day=1 if on_leap_day else starts_on.day)
    if on_leap_day and (starts_on.year + years) % 4 == 0:
        anniversary = anniversary.replace(day=29)
    elif on_leap_day:
        anniversary = anniversary.replace(month=3)
    assert amount_for_term(amount, starts_on, anniversary - timedelta(days=1)) == amount * years
