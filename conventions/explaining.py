"""How an amount may have been found: the calculations that give it to the cent. Pure.

Two papers may tell two amounts (Besançon: 1 254 € and 1 564 €) and neither how it was reached. Every area, share of the
week, rounding and rate that somebody may have taken is tried; what gives the amount exactly is written out. Nothing
here says that it was done so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import floor

from franceservices.money import NO_BREAK_SPACE, format_area, format_euros, round_half_up, to_cents

from .fees import AmountRounding, AreaRounding, annual_fee

ROUND_RATE = 5
"""A rate that nobody agreed is only looked for among multiples of this many euros: one always fits an amount."""

HIGHEST_RATE = 1000
"""Euros per m² and year: beyond, no office of a town hall is let."""


@dataclass(frozen=True)
class Share:
    """A share of the week, in [0, 1], and what it counts: « 2 jours occupés sur 5 ouverts »."""

    ratio: Fraction
    words: str


@dataclass(frozen=True)
class Area:
    """An area in m² that somebody may have taken; `words` say whose it is and how it was rounded."""

    m2: Decimal
    words: str
    is_measured: bool


@dataclass(frozen=True)
class Explanation:
    """One calculation that gives the amount: `line` writes it out, `shares` are what its ratio may have counted.

    `is_agreed_rate` says whether the rate is that of the convention.
    """

    line: str
    area: str
    shares: tuple[str, ...]
    roundings: str
    rate: str
    is_agreed_rate: bool


def areas_of(offices: Iterable[tuple[str, Decimal]]) -> list[Area]:
    """The areas that may have been taken of offices `(name, m²)`: measured, whole m² below, nearest whole m²."""
    measured = list(offices)
    if len(measured) > 1:
        measured.append(("ensemble des bureaux", sum((m2 for _name, m2 in measured), Decimal(0))))
    found: dict[tuple[str, Decimal], Area] = {}
    for name, m2 in measured:
        for taken, words, is_measured in (
            (m2, "surface mesurée", True),
            (Decimal(floor(m2)), "surface à l’entier inférieur", False),
            (round_half_up(m2, places=0), "surface à l’entier le plus proche", False),
        ):
            if taken > 0:
                found.setdefault((name, taken), Area(taken, f"{name}, {words}", is_measured))
    return list(found.values())


def explanations(
    amount: Decimal, *, areas: Iterable[Area], shares: Iterable[Share], agreed_rate: Decimal | None
) -> list[Explanation]:
    """The calculations that give `amount` (euros a year) exactly, the plainest first; empty when none does.

    `agreed_rate` (euros per m² and year, or None) is tried first, then the round rates. Shares of one ratio are told
    together. Raises TypeError for a float.
    """
    amount = to_cents(amount)
    by_ratio: dict[Fraction, list[str]] = {}
    for share in shares:
        if share.ratio > 0 and share.words not in by_ratio.setdefault(share.ratio, []):
            by_ratio[share.ratio].append(share.words)
    found: dict[tuple[object, ...], tuple[int, Explanation]] = {}
    for area, ratio in product(areas, by_ratio):
        for rate, is_agreed in _rates(amount, area, ratio, agreed_rate):
            for area_rounding, amount_rounding in product(AreaRounding, AmountRounding):
                calculation = annual_fee(
                    area_m2=area.m2,
                    rate_per_m2=rate,
                    ratio=ratio,
                    area_rounding=area_rounding,
                    amount_rounding=amount_rounding,
                )
                if calculation.amount != amount:
                    continue
                exact = calculation.billed_area_m2 * Fraction(rate)
                effort = sum(
                    (
                        8 * (not is_agreed),
                        2 * (not area.is_measured),
                        2 * (area_rounding is not AreaRounding.NONE),
                        amount_rounding is not AmountRounding.CENT,
                        exact != amount,
                    )
                )
                # A rounding that changes nothing is no other calculation: the plainest is told, which comes first.
                key = (area.words, ratio, rate, calculation.billed_area_m2)
                if key in found:
                    continue
                found[key] = (
                    effort,
                    Explanation(
                        line=f"{NO_BREAK_SPACE}; ".join(calculation.steps),
                        area=f"{area.words} ({format_area(area.m2)})",
                        shares=tuple(by_ratio[ratio]),
                        roundings=_roundings(calculation.prorated_area_m2, area_rounding, exact, amount_rounding),
                        rate=f"{format_euros(rate)} par m²",
                        is_agreed_rate=is_agreed,
                    ),
                )
    return [explanation for _effort, explanation in sorted(found.values(), key=lambda one: one[0])]


def _rates(amount: Decimal, area: Area, ratio: Fraction, agreed_rate: Decimal | None) -> Iterator[tuple[Decimal, bool]]:
    """The agreed rate, then the round rates that come near enough to give the amount with one of the areas billed."""
    if agreed_rate is not None:
        yield agreed_rate, True
    prorated = Fraction(area.m2) * ratio
    for billed in {prorated, Fraction(floor(prorated)), Fraction(round_half_up(prorated, places=0))}:
        if not billed:
            continue
        rate = Decimal(ROUND_RATE * round(Fraction(amount) / billed / ROUND_RATE))
        if 0 < rate <= HIGHEST_RATE and rate != agreed_rate:
            yield rate, False


def _roundings(
    prorated: Fraction, area_rounding: AreaRounding, exact: Fraction, amount_rounding: AmountRounding
) -> str:
    """What was rounded on the way, in words; « sans arrondi » where nothing was."""
    told = []
    if area_rounding is not AreaRounding.NONE and prorated.denominator != 1:
        is_either = area_rounding is AreaRounding.DOWN and floor(prorated) == round_half_up(prorated, places=0)
        how = "au m² inférieur ou le plus proche" if is_either else area_rounding.label.lower()
        told.append(f"surface {how}")
    if amount_rounding is AmountRounding.EURO:
        told.append("montant à l’euro le plus proche")
    elif to_cents(exact) != exact:
        told.append("montant au centime")
    return ", ".join(told) or "sans arrondi"
