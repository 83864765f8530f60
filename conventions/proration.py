"""What a stretch of a convention's term costs, in proportion to its time, exactly and so that the parts add up.

A convention owes so much a year; a statement claims a civil year of it, or a year between two anniversaries. Time is
counted in months of the term (see `months_of_term`), money in `Decimal` and `Fraction`: a float raises `TypeError`.

Rounding: what is owed *up to a day* is rounded, and a part is the difference between two such sums. Whatever the cuts,
the parts therefore add up to the whole, none drifts by more than one unit, and none is negative. To the cent, each
civil year of a convention that was never amended is its own exact amount, rounded, the last one balancing: 940.50,
1 254.00, 1 254.00 and 313.50 € make 3 762.00 €. To the euro (CG3P L2322-4 with L2321-3), a policy of the CCAS, the same
rule gives 941, 1 254, 1 254 and 313, whereas rounding each by itself would claim 3 763 €.

No Django here: the tests of this module touch no database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, pairwise

from franceservices.dates import (
    NEWEST_YEAR,
    OLDEST_YEAR,
    check_is_date,
    format_date_long,
    term_month_start,
    whole_term_months,
)
from franceservices.money import as_fraction

from .fees import AmountRounding, round_amount

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FeeSpan:
    """A stretch `[starts_on, ends_on]` of the term, both days included, over which one annual amount is owed.

    `annual_amount` is euros a year, in whole cents, not negative; `rounding` is how amounts due in it are rounded.
    Raises `ValueError` for an end before the start, a year out of [1900, 2199] or such an amount, `TypeError` for a
    float or a moment.
    """

    starts_on: date
    ends_on: date
    annual_amount: Decimal
    rounding: AmountRounding = AmountRounding.CENT

    def __post_init__(self) -> None:
        _check_days(self.starts_on, self.ends_on)
        annual = as_fraction(self.annual_amount, name="Le montant annuel")
        if annual < 0:
            raise ValueError("Le montant annuel ne peut pas être négatif.")
        if (annual * 100).denominator != 1:
            raise ValueError("Le montant annuel doit être en euros et centimes entiers.")


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of `span` that falls into `[starts_on, ends_on]`: its months of the term and its exact cost in euros."""

    span: FeeSpan
    starts_on: date
    ends_on: date
    months: Fraction

    @property
    def exact_cost(self) -> Fraction:
        return as_fraction(self.span.annual_amount) * self.months / 12


def pieces_between(spans: Sequence[FeeSpan], starts_on: date, ends_on: date) -> list[Piece]:
    """What `[starts_on, ends_on]` takes of each of `spans`, in order; what lies outside the term costs nothing.

    `spans` follow one another without a gap, and the first begins with the term: months are counted from that day.
    Raises `ValueError` when they do not, or when the end precedes the start.
    """
    _check_days(starts_on, ends_on)
    if any(later.starts_on != earlier.ends_on + ONE_DAY for earlier, later in pairwise(spans)):
        raise ValueError("Les périodes tarifaires doivent se suivre.")
    found = []
    for span in spans:
        first, last = max(span.starts_on, starts_on), min(span.ends_on, ends_on)
        if first <= last:
            found.append(Piece(span, first, last, _months_between(spans[0].starts_on, first, last)))
    return found


def owed_until(spans: Sequence[FeeSpan], day: date) -> Decimal:
    """What is owed from the beginning of the term to `day`, included, in euros and cents, rounded once.

    Where an amendment changes the rounding itself, what was owed under the former is rounded by the former.
    """
    if not spans or day < spans[0].starts_on:
        return Decimal("0.00")
    owed = Decimal("0.00")
    pieces = pieces_between(spans, spans[0].starts_on, day)
    for rounding, group in groupby(pieces, key=lambda piece: piece.span.rounding):
        owed += round_amount(sum((piece.exact_cost for piece in group), Fraction(0)), rounding)
    return owed


def owed_between(spans: Sequence[FeeSpan], starts_on: date, ends_on: date) -> Decimal:
    """What `[starts_on, ends_on]`, both days included, owes, in euros and cents: the difference of two sums."""
    _check_days(starts_on, ends_on)
    return owed_until(spans, ends_on) - owed_until(spans, starts_on - ONE_DAY)


def amount_for_term(amount: Decimal, starts_on: date, ends_on: date) -> Decimal:
    """What the whole term `[starts_on, ends_on]`, both days included, costs at `amount` euros a year, never amended.

    Months of the term × amount / 12, rounded to the cent; see `split_by_civil_year`, whose parts add up to it and
    whose errors it shares.
    """
    return owed_until([FeeSpan(starts_on, ends_on, amount)], ends_on)


def split_by_civil_year(amount: Decimal, starts_on: date, ends_on: date) -> dict[int, Decimal]:
    """What each civil year owes, in euros and cents, of a term `[starts_on, ends_on]`, both days included.

    `amount` is that of one **year**: 1 254.00 € from 01/04/2025 to 31/03/2028 gives 2025: 940.50, 2026 and 2027:
    1 254.00, 2028: 313.50, together 3 762.00. The parts always add up to `amount_for_term`; years come in order.

    Raises `TypeError` for a float amount or a moment in place of a date, `ValueError` for an end before the start, a
    year that is not in [1900, 2199], or an amount that is negative or finer than the cent.
    """
    spans = [FeeSpan(starts_on, ends_on, amount)]
    return {first.year: owed_between(spans, first, last) for first, last in civil_years(starts_on, ends_on)}


def civil_years(starts_on: date, ends_on: date) -> list[tuple[date, date]]:
    """The term cut at each 31 December: `[(first day, last day), …]`, both included."""
    _check_days(starts_on, ends_on)
    return [
        (max(starts_on, date(year, 1, 1)), min(ends_on, date(year, 12, 31)))
        for year in range(starts_on.year, ends_on.year + 1)
    ]


def convention_years(starts_on: date, ends_on: date) -> list[tuple[date, date]]:
    """The term cut at each anniversary of its first day: `[(first day, last day), …]`, both included.

    A term that begins on a 29 February has its other anniversaries on 1 March: twelve months of the term, exactly.
    """
    _check_days(starts_on, ends_on)
    years = []
    first, months = starts_on, 12
    while first <= ends_on:
        next_first = term_month_start(starts_on, months)
        years.append((first, min(ends_on, next_first - ONE_DAY)))
        first, months = next_first, months + 12
    return years


def months_of_term(starts_on: date, ends_on: date) -> Fraction:
    """Months of a term that begins on `starts_on` in `[starts_on, ends_on]`, the last one in proportion to its days.

    A month runs from the day on which the term begins to the eve of the same day of the next month (of the first day
    after, where a month lacks that day). A term of whole years therefore costs exactly as many annual amounts, on
    whatever day it begins, leap years included; counting in calendar months would not give that.
    """
    _check_days(starts_on, ends_on)
    whole_months = whole_term_months(starts_on, ends_on)
    month_start, next_month_start = (term_month_start(starts_on, whole_months + n) for n in (0, 1))
    return whole_months + Fraction((ends_on + ONE_DAY - month_start).days, (next_month_start - month_start).days)


def _months_between(term_starts_on: date, starts_on: date, ends_on: date) -> Fraction:
    months = months_of_term(term_starts_on, ends_on)
    return months - months_of_term(term_starts_on, starts_on - ONE_DAY) if starts_on > term_starts_on else months


def _check_days(starts_on: date, ends_on: date) -> None:
    for day in (starts_on, ends_on):
        check_is_date(day)
        if not OLDEST_YEAR <= day.year <= NEWEST_YEAR:
            raise ValueError(f"L’année {day.year} est hors de portée ({OLDEST_YEAR} à {NEWEST_YEAR}).")
    if ends_on < starts_on:
        raise ValueError(
            f"La fin ({format_date_long(ends_on)}) ne peut pas précéder le début ({format_date_long(starts_on)})."
        )
