from decimal import Decimal
from fractions import Fraction

import pytest

from reports import units
from reports.changes import change


def plain(text: str | None) -> str | None:
    return text and text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("unit", "value", "full", "cell"),
    [
        (units.APPOINTMENTS, 1254, "1 254 rendez-vous", 1254),
        (units.VISITS, 1, "1 passage", 1),
        (units.VISITS, 0, "0 passage", 0),
        (units.PEOPLE, 2, "2 personnes", 2),
        (units.HOURS, 0, "0 h", Decimal("0.0000")),
        (units.HOURS, 117_270, "1 954 h 30", Decimal("1954.5000")),
        (units.MINUTES, Fraction(45, 4), "11 min", Decimal("11.25")),
        (units.MINUTES, Fraction(130, 2), "1 h 05", Decimal("65.00")),
        (units.DAYS, Fraction(3, 2), "1,5 jour", Decimal("1.50")),
        (units.DAYS, Fraction(2), "2 jours", Decimal("2.00")),
        (units.SHARE, Fraction(1, 3), "33,3 %", Decimal("0.333333")),
        (units.SHARE, None, "–", None),
    ],
)
def test_a_figure_in_words_and_in_a_spreadsheet(unit, value, full, cell):
    assert plain(unit.full(value)) == full
    assert unit.cell(value) == cell


@pytest.mark.parametrize(
    ("unit", "value", "before", "expected"),
    [
        (units.VISITS, 270, 258, ("258", "+12 (+5 %)")),
        (units.VISITS, 200, 250, ("250", "−50 (−20 %)")),
        (units.VISITS, 258, 258, ("258", "sans changement")),
        (units.VISITS, 12, 0, ("0", "+12")),
        (units.VISITS, 100, 10, ("10", "+90")),
        (units.SHARE, Fraction(12, 100), Fraction(10, 100), ("10 %", "+2 points")),
        (units.SHARE, Fraction(10, 100), Fraction(11, 100), ("11 %", "−1 point")),
        (units.HOURS, 90, 60, ("1 h", "+0 h 30 (+50 %)")),
        (units.MINUTES, Fraction(12), Fraction(10), ("10 min", "+2 min (+20 %)")),
        (units.SHARE, None, Fraction(1, 2), None),
        (units.SHARE, Fraction(1, 2), None, None),
    ],
)
def test_a_change_in_words(unit, value, before, expected):
    found = change(value, before, unit)
    assert (found and (plain(found.before), plain(found.difference))) == expected
