"""Euros, square metres and numbers, computed exactly and written as French readers expect.

Everything is `Decimal` (or `int`, or an exact `Fraction`): a `float` is refused with `TypeError`, because
0.1 + 0.2 is not 0.3 and an amount that is claimed from a partner must be. Ties go away from zero
(ROUND_HALF_UP: 0.50 up, as CG3P L2322-4 and L2321-3 round public domain fees).

Written form: comma for decimals, U+202F (narrow no-break space) between thousands, U+00A0 before the unit,
U+2212 as the minus sign.
"""

import re
from decimal import Decimal
from fractions import Fraction
from math import floor

NO_BREAK_SPACE = "\u00a0"
NARROW_NO_BREAK_SPACE = "\u202f"
MINUS_SIGN = "\u2212"

ExactNumber = Decimal | Fraction | int

_TYPED_NUMBER = re.compile(r"[+-]?\d{1,12}([.,]\d{1,6})?", re.ASCII)


def as_fraction(number: ExactNumber, *, name: str = "Le nombre") -> Fraction:
    """The exact value of `number`.

    `name` opens the sentence of the error. Raises `TypeError` for a float (or anything inexact, `bool`
    included) and `ValueError` for NaN or an infinity.
    """
    if isinstance(number, bool) or not isinstance(number, Decimal | Fraction | int):
        raise TypeError(f"{name} doit être un Decimal, une Fraction ou un int, pas un {type(number).__name__}.")
    if isinstance(number, Decimal) and not number.is_finite():
        raise ValueError(f"{name} doit être un nombre fini.")
    return Fraction(number)


def round_half_up(number: ExactNumber, *, places: int) -> Decimal:
    """`number` with exactly `places` decimals, ties away from zero.

    Rounds once, on whole numbers: no decimal context, hence no limit of 28 digits and no hidden second rounding.
    Raises what `as_fraction` raises.
    """
    value = as_fraction(number)
    magnitude = floor(abs(value) * 10**places + Fraction(1, 2))
    sign = "-" if value < 0 and magnitude else ""
    return Decimal(f"{sign}{magnitude}E-{places}")


def to_cents(amount: ExactNumber) -> Decimal:
    """`amount` in euros, rounded to the cent, ties away from zero. Raises what `as_fraction` raises."""
    return round_half_up(amount, places=2)


def format_number(number: Decimal | int, *, min_places: int = 0, max_places: int | None = None) -> str:
    """`1254.5` as `1 254,5`: French comma, U+202F between thousands, U+2212 for a negative.

    Trailing zeros go, but at least `min_places` decimals are written; with `max_places` the number is rounded
    to that many first. Raises `TypeError` for a float and `ValueError` for NaN or an infinity.
    """
    as_fraction(number)
    value = Decimal(number) if max_places is None else round_half_up(number, places=max_places)
    whole, _, decimals = f"{abs(value):f}".partition(".")
    grouped = f"{int(whole):,}".replace(",", NARROW_NO_BREAK_SPACE)
    decimals = decimals.rstrip("0").ljust(min_places, "0")
    sign = MINUS_SIGN if value < 0 else ""
    return f"{sign}{grouped},{decimals}" if decimals else f"{sign}{grouped}"


def format_euros(amount: Decimal | int) -> str:
    """`Decimal("1254")` as `1 254,00 €`, rounded to the cent. Raises what `format_number` raises."""
    return f"{format_number(amount, min_places=2, max_places=2)}{NO_BREAK_SPACE}€"


def format_area(area_m2: Decimal | int) -> str:
    """Square metres: `15,64 m²`, `15,60 m²`, `6,256 m²`, and `6 m²` when whole.

    Never rounded: an area that is shown is the area that is billed. Raises what `format_number` raises.
    """
    whole = as_fraction(area_m2).denominator == 1
    return f"{format_number(area_m2, min_places=0 if whole else 2)}{NO_BREAK_SPACE}m²"


def parse_decimal_fr(text: str) -> Decimal:
    """The number that a French hand typed: `1 254,00 €`, `15,64 m²`, `1254.5`, `−3`.

    Spaces of any kind and one unit (€ or m²) at the end are dropped; comma or point is the decimal mark, so a
    point or a comma between thousands is refused rather than guessed. Raises `ValueError` with a French sentence.
    """
    typed = re.sub(r"\s", "", text).replace(MINUS_SIGN, "-").removesuffix("€").removesuffix("m²")
    if not _TYPED_NUMBER.fullmatch(typed):
        raise ValueError(f"«\u00a0{text.strip()[:40]}\u00a0» n’est pas un nombre. Écrivez par exemple 1 254,00.")
    return Decimal(typed.replace(",", "."))
