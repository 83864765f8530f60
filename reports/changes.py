"""What became of a figure since the period it is compared with, in words. Pure."""

from dataclasses import dataclass
from fractions import Fraction

from franceservices.money import MINUS_SIGN, NO_BREAK_SPACE, format_number, round_half_up

from .units import Kind, Unit, Value

# Beyond, or from nothing, a proportion says less than the numbers.
MOST_TOLD_IN_PROPORTION = 3


@dataclass(frozen=True)
class Change:
    """`before` is the value compared with, `difference` the way from it, `+12 (+4,7 %)`; both as text."""

    before: str
    difference: str


def change(value: Value, before: Value, unit: Unit) -> Change | None:
    """None where one of the two says nothing. Shares differ by points, the rest by its unit and in proportion."""
    if value is None or before is None:
        return None
    gap = Fraction(value) - Fraction(before)
    if not gap:
        return Change(unit.short(before), "sans changement")
    sign = "+" if gap > 0 else MINUS_SIGN
    if unit.kind is Kind.SHARE:
        points = round_half_up(abs(gap) * 100, places=1)
        return Change(
            unit.short(before), f"{sign}{format_number(points)}{NO_BREAK_SPACE}point{'s' if points >= 2 else ''}"
        )
    size = f"{sign}{unit.short(abs(gap) if unit.kind is not Kind.COUNT else int(abs(gap)))}"
    if abs(gap) > MOST_TOLD_IN_PROPORTION * Fraction(before):
        return Change(unit.short(before), size)
    share = round_half_up(abs(gap) / Fraction(before) * 100, places=0)
    return Change(unit.short(before), f"{size} ({sign}{format_number(share)}{NO_BREAK_SPACE}%)")
