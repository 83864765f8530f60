from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from franceservices.money import format_area, format_euros, format_number, parse_decimal_fr, round_half_up, to_cents


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Decimal("1254"), "1\u202f254,00\u00a0€"),
        (Decimal("1254.005"), "1\u202f254,01\u00a0€"),
        (Decimal("0"), "0,00\u00a0€"),
        (Decimal("-0.001"), "0,00\u00a0€"),
        (Decimal("-310"), "\u2212310,00\u00a0€"),
        (Decimal("12345678.9"), "12\u202f345\u202f678,90\u00a0€"),
        (Decimal("1E+3"), "1\u202f000,00\u00a0€"),
        (21500, "21\u202f500,00\u00a0€"),
    ],
)
def test_euros(amount, written):
    assert format_euros(amount) == written


@pytest.mark.parametrize(
    ("area", "written"),
    [
        (Decimal("15.64"), "15,64\u00a0m²"),
        (Decimal("15.60"), "15,60\u00a0m²"),
        (Decimal("15.6"), "15,60\u00a0m²"),
        (Decimal("6.256"), "6,256\u00a0m²"),
        (Decimal("6.00"), "6\u00a0m²"),
        (Decimal("1200"), "1\u202f200\u00a0m²"),
    ],
)
def test_area(area, written):
    assert format_area(area) == written


@pytest.mark.parametrize(
    ("number", "options", "written"),
    [
        (Decimal("12.50"), {}, "12,5"),
        (Decimal("12.50"), {"min_places": 2}, "12,50"),
        (Decimal("12.345"), {"max_places": 2}, "12,35"),
        (Decimal("100"), {}, "100"),
        (1000000, {}, "1\u202f000\u202f000"),
        (Decimal("1E-7"), {}, "0,0000001"),
    ],
)
def test_number(number, options, written):
    assert format_number(number, **options) == written


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        (Decimal("1307.504"), "1307.50"),
        (Decimal("0.005"), "0.01"),
        (Decimal("-0.005"), "-0.01"),
        (Decimal("2.675"), "2.68"),
        (Fraction(1, 3), "0.33"),
        (7, "7.00"),
        (Decimal("12345678901234567890123456789.015"), "12345678901234567890123456789.02"),
    ],
)
def test_cents_round_half_up_once(amount, cents):
    assert str(to_cents(amount)) == cents


@pytest.mark.parametrize("function", [to_cents, format_euros, format_area, format_number])
def test_inexact_numbers_are_refused(function):
    for wrong in (1.5, float("nan"), True, "12", None):
        with pytest.raises(TypeError):
            function(wrong)
    for wrong in (Decimal("NaN"), Decimal("Infinity")):
        with pytest.raises(ValueError):
            function(wrong)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9), st.integers(0, 4))
def test_rounding_agrees_with_the_decimal_module(number, places):
    assert round_half_up(number, places=places) == number.quantize(Decimal(1).scaleb(-places), rounding="ROUND_HALF_UP")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1 254,00 €", "1254.00"),
        ("1\u202f254,00\u00a0€", "1254.00"),
        ("15,64 m²", "15.64"),
        ("1254.5", "1254.5"),
        ("\u2212310", "-310"),
        (" 7 ", "7"),
    ],
)
def test_parse_what_a_french_hand_types(typed, number):
    assert parse_decimal_fr(typed) == Decimal(number)


@pytest.mark.parametrize("typed", ["", "abc", "1,2,3", "1.254,00", "1e5", "NaN", "€", "٣", "9" * 500, "--1", ","])
def test_parse_refuses_the_rest(typed):
    with pytest.raises(ValueError, match="n’est pas un nombre"):
        parse_decimal_fr(typed)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_what_is_written_can_be_read_back(amount):
    assert parse_decimal_fr(format_euros(amount)) == amount
