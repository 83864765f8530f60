"""What the occupation of an office costs, computed exactly and explained line by line.

The amount written in the convention governs; what is computed here is a check, whose gap is shown. Amounts are
euros, areas square metres, times local to the site. Every number is a `Decimal` or a `Fraction`: a float raises
`TypeError`. Roundings are ROUND_HALF_UP. Sources: convention CCAS de Besançon / CPAM du Doubs, art. 2 to 4, and its
deliberation of 19/02/2025 (209 €/m² a year, prorated by occupation); CG3P L2322-4 and L2321-3 for the euro.

No Django here: the tests of this module touch no database.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import count
from math import floor
from typing import Self

from franceservices.dates import format_duration
from franceservices.money import (
    NO_BREAK_SPACE,
    as_fraction,
    format_area,
    format_euros,
    format_number,
    round_half_up,
    to_cents,
)

HALF_DAY_BOUNDARY = time(13, 0)
"""Before it is morning, from it on is afternoon (site-local). Desks close for lunch around it (12h30 to 13h30 at
Besançon), so that no ordinary slot straddles it; one that does touches both half-days."""

_SHOWN_AREA_PLACES = 3
_EXACT_AREA_PLACES = 6


class LabelledEnum(StrEnum):
    """A stored lower-case word with the French label that a form shows."""

    label: str

    def __new__(cls, value: str, label: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """`[(value, label)]` in order of definition, as a Django field takes them."""
        return [(member.value, member.label) for member in cls]


class AreaRounding(LabelledEnum):
    """What becomes of the prorated area before it is multiplied by the rate."""

    NONE = "none", "Aucun arrondi"
    DOWN = "down", "Au m² inférieur"
    NEAREST = "nearest", "Au m² le plus proche"


class AmountRounding(LabelledEnum):
    """What becomes of the amount. EURO is the rule of CG3P L2322-4; whether it applies is the CCAS's policy."""

    CENT = "cent", "Au centime"
    EURO = "euro", "À l’euro le plus proche"


class ProrationBasis(LabelledEnum):
    """What "prorated by occupation" counts."""

    DAYS = "days", "Jours"
    HALF_DAYS = "half_days", "Demi-journées"
    HOURS = "hours", "Heures"
    FIXED = "fixed", "Proportion fixe"


@dataclass(frozen=True, slots=True)
class TimeSlot:
    """A weekly interval [start, end), in local time of the site: a permanence slot, or opening hours.

    `weekday` is ISO: 1 is Monday, 7 is Sunday. Raises `ValueError` when the weekday is unknown, when the slot does
    not end after it starts (it cannot cross midnight), or when a time carries a zone.
    """

    weekday: int
    start: time
    end: time

    def __post_init__(self) -> None:
        if self.weekday not in range(1, 8):
            raise ValueError(f"Jour de la semaine inconnu\u00a0: {self.weekday} (1 pour lundi à 7 pour dimanche).")
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("Un créneau hebdomadaire est en heure locale du site, sans fuseau.")
        if self.end <= self.start:
            raise ValueError("Un créneau doit finir après son début.")


@dataclass(frozen=True, slots=True)
class FeeBreakdown:
    """One year's fee and how it was found.

    `amount` is euros with two decimals. `prorated_area_m2` is exact; `billed_area_m2` is what the rate was multiplied
    by, after `AreaRounding`. `steps` are the lines of the calculation, in French; the last one ends with the amount.
    """

    amount: Decimal
    steps: tuple[str, ...]
    prorated_area_m2: Fraction
    billed_area_m2: Fraction


def annual_fee(
    *,
    area_m2: Decimal,
    rate_per_m2: Decimal,
    ratio: Fraction,
    area_rounding: AreaRounding,
    amount_rounding: AmountRounding,
) -> FeeBreakdown:
    """The fee of one year in euros: area × ratio, rounded as agreed, × rate, rounded as agreed.

    `area_m2` is the office's area, more than 0; `rate_per_m2` is euros per m² and year, 0 for a free loan;
    `ratio` is the share of the opening time that the partner occupies, in the closed interval [0, 1] (one office cannot
    be occupied more than the whole time). The amount is rounded once, from the exact product: the cents of a line are
    never rounded again to the euro.

    Raises `TypeError` for a float or a ratio that is not a Fraction, `ValueError` for a number out of its range or
    an unknown rounding.
    """
    area = as_fraction(area_m2, name="La surface")
    rate = as_fraction(rate_per_m2, name="Le tarif au m²")
    if area <= 0:
        raise ValueError("La surface doit être supérieure à 0 m².")
    if rate < 0:
        raise ValueError("Le tarif au m² ne peut pas être négatif.")
    _check_ratio(ratio)
    area_rounding, amount_rounding = AreaRounding(area_rounding), AmountRounding(amount_rounding)

    prorated = area * ratio
    billed = _round_area(prorated, area_rounding)
    exact_amount = billed * rate
    amount = round_amount(exact_amount, amount_rounding)

    area_sign, shown_area = _shown_area(prorated, area_rounding)
    product = f"{format_area(Decimal(area_m2))} × {ratio}"
    steps = [f"{product} {area_sign} {format_area(shown_area)}"]
    if area_rounding is not AreaRounding.NONE:
        target = "à l’entier inférieur" if area_rounding is AreaRounding.DOWN else "à l’entier le plus proche"
        steps.append(f"{format_area(shown_area)} {_rounded(shown_area)} {target} = {format_area(int(billed))}")
        product = format_area(int(billed))
    elif area_sign == "=":
        product = format_area(shown_area)
    # An area that had to be shown rounded is not multiplied: the reader's own product would miss the amount by some
    # cents. The line then starts again from the exact factors.
    amount_sign, shown_amount = _shown_amount(exact_amount, amount_rounding)
    steps.append(f"{product} × {_euros(Decimal(rate_per_m2))}/m² {amount_sign} {_euros(shown_amount)}")
    if amount_rounding is AmountRounding.EURO:
        steps.append(
            f"{_euros(shown_amount)} {_rounded(shown_amount)} à l’euro le plus proche = {format_euros(amount)}"
        )
    return FeeBreakdown(amount=amount, steps=tuple(steps), prorated_area_m2=prorated, billed_area_m2=billed)


def occupancy_ratio(
    slots: Iterable[TimeSlot],
    opening_hours: Iterable[TimeSlot],
    *,
    basis: ProrationBasis,
    fixed_ratio: Fraction | None = None,
) -> Fraction:
    """The share of the week's opening that `slots` occupy, in the closed interval [0, 1].

    - DAYS: weekdays with a slot / weekdays open.
    - HALF_DAYS: (weekday, morning or afternoon) touched by a slot / those touched by the opening hours.
    - HOURS: time covered by the slots / time open; what overlaps is counted once.
    - FIXED: `fixed_ratio`, which the other bases ignore.

    A slot outside the opening hours counts too: the office is occupied although the public is not let in (Besançon,
    art. 2: social workers on Tuesday from 8h30, opening to the public at 10h00). Occupation beyond the opening is
    capped at 1. For every basis, adding or lengthening a slot never lowers the ratio.

    Raises `ValueError` without opening hours, or with FIXED and no ratio in [0, 1]; `TypeError` if `fixed_ratio` is
    not a Fraction.
    """
    basis = ProrationBasis(basis)
    if basis is ProrationBasis.FIXED:
        if fixed_ratio is None:
            raise ValueError("Une proportion fixe demande un rapport, par exemple 2/5.")
        _check_ratio(fixed_ratio)
        return fixed_ratio
    used, available = _used_and_available(slots, opening_hours, basis=basis)
    return min(Fraction(used, available), Fraction(1))


def explain_occupancy(
    slots: Iterable[TimeSlot],
    opening_hours: Iterable[TimeSlot],
    *,
    basis: ProrationBasis,
    fixed_ratio: Fraction | None = None,
) -> str:
    """Where the ratio comes from, in French: `4 demi-journées occupées sur 10 ouvertes = 2/5`.

    The line to print above `FeeBreakdown.steps`. Raises what `occupancy_ratio` raises.
    """
    slots, opening_hours, basis = (list(slots), list(opening_hours), ProrationBasis(basis))
    ratio = occupancy_ratio(slots, opening_hours, basis=basis, fixed_ratio=fixed_ratio)
    if basis is ProrationBasis.FIXED:
        return f"Proportion fixée par la convention\u00a0: {ratio}"
    used, available = _used_and_available(slots, opening_hours, basis=basis)
    if basis is ProrationBasis.HOURS:
        counted = f"{_duration(used)} d’occupation sur {_duration(available)} d’ouverture"
    elif basis is ProrationBasis.HALF_DAYS:
        counted = (
            f"{used} {'demi-journées occupées' if used > 1 else 'demi-journée occupée'}"
            f" sur {available} {'ouvertes' if available > 1 else 'ouverte'}"
        )
    else:
        counted = (
            f"{used} {'jours occupés' if used > 1 else 'jour occupé'}"
            f" sur {available} {'ouverts' if available > 1 else 'ouvert'}"
        )
    return f"{counted}, compté pour 1" if used > available else f"{counted} = {ratio}"


def explain_gap(*, contractual: Decimal, other: Decimal, other_name: str) -> str:
    """How `other` compares with the contractual amount, which governs; both in euros.

    `other_name` is a masculine singular French noun phrase, such as "Le montant délibéré". Empty when the amounts
    agree to the cent. Raises `TypeError` for a float.
    """
    gap = to_cents(other) - to_cents(contractual)
    if not gap:
        return ""
    direction = "de plus" if gap > 0 else "de moins"
    return (
        f"{other_name} ({format_euros(other)}) est différent de celui de la convention ({format_euros(contractual)})"
        f"\u00a0: {format_euros(abs(gap))} {direction}."
    )


def _check_ratio(ratio: Fraction) -> None:
    if not isinstance(ratio, Fraction):
        raise TypeError(f"Le rapport d’occupation doit être une Fraction, pas un {type(ratio).__name__}.")
    if not 0 <= ratio <= 1:
        raise ValueError("Le rapport d’occupation doit être compris entre 0 et 1.")


def _round_area(area: Fraction | Decimal, rounding: AreaRounding) -> Fraction:
    if rounding is AreaRounding.DOWN:
        return Fraction(floor(area))
    if rounding is AreaRounding.NEAREST:
        return Fraction(round_half_up(area, places=0))
    return Fraction(area)


def round_amount(amount: Fraction | Decimal, rounding: AmountRounding) -> Decimal:
    """Euros, always with two decimals, rounded to the euro or to the cent."""
    if rounding is AmountRounding.EURO:
        return to_cents(round_half_up(amount, places=0))
    return to_cents(amount)


def _shown_area(area: Fraction, rounding: AreaRounding) -> tuple[str, Decimal]:
    """The sign and the decimals by which a reader sees `area`: exact where six decimals suffice, else about three.

    Decimals are added until the rounding of what is shown gives what the rounding of the exact area gives: 5.9996
    rounded down must not read "6,000 arrondis à l’entier inférieur = 5".
    """
    exact = round_half_up(area, places=_EXACT_AREA_PLACES)
    if exact == area:
        return "=", exact
    candidates = (round_half_up(area, places=places) for places in count(_SHOWN_AREA_PLACES))
    if rounding is AreaRounding.NONE:
        return "≈", next(candidates)
    return "≈", next(shown for shown in candidates if _round_area(shown, rounding) == _round_area(area, rounding))


def _shown_amount(amount: Fraction, rounding: AmountRounding) -> tuple[str, Decimal]:
    """The sign and the euros by which a reader sees `amount` before it is rounded: cents, or more as for areas."""
    candidates = (round_half_up(amount, places=places) for places in count(2))
    rounded = round_amount(amount, rounding)
    shown = next(shown for shown in candidates if round_amount(shown, rounding) == rounded)
    return ("=" if shown == amount else "≈"), shown


def _euros(amount: Decimal) -> str:
    """Euros with all their decimals, at least two: a rate or an amount on its way to a rounding."""
    return f"{format_number(amount, min_places=2)}{NO_BREAK_SPACE}€"


def _rounded(number: Decimal) -> str:
    """The French plural begins at two: `1,8 m² arrondi`, `2 m² arrondis`."""
    return "arrondis" if number >= 2 else "arrondi"


def _used_and_available(
    slots: Iterable[TimeSlot], opening_hours: Iterable[TimeSlot], *, basis: ProrationBasis
) -> tuple[int, int]:
    """What the slots occupy and what is open, in days, half-days or (HOURS) microseconds."""
    used, available = (_occupation(slots, basis=basis), _occupation(opening_hours, basis=basis))
    if not available:
        raise ValueError("Aucun horaire d’ouverture\u00a0: l’occupation du bureau ne peut pas être calculée.")
    return used, available


def _occupation(intervals: Iterable[TimeSlot], *, basis: ProrationBasis) -> int:
    if basis is ProrationBasis.DAYS:
        return len({interval.weekday for interval in intervals})
    if basis is ProrationBasis.HALF_DAYS:
        return len({half_day for interval in intervals for half_day in _half_days(interval)})
    covered, last_end = timedelta(0), timedelta(0)
    for start, end in sorted((_since_monday(i.weekday, i.start), _since_monday(i.weekday, i.end)) for i in intervals):
        covered += max(timedelta(0), end - max(start, last_end))
        last_end = max(last_end, end)
    return covered // timedelta.resolution


def _half_days(interval: TimeSlot) -> Iterable[tuple[int, str]]:
    if interval.start < HALF_DAY_BOUNDARY:
        yield interval.weekday, "morning"
    if interval.end > HALF_DAY_BOUNDARY:
        yield interval.weekday, "afternoon"


def _since_monday(weekday: int, moment: time) -> timedelta:
    return datetime.combine(date.min, moment) - datetime.combine(date.min, time.min) + timedelta(days=weekday - 1)


def _duration(microseconds: int) -> str:
    return format_duration(microseconds * timedelta.resolution // timedelta(minutes=1))
