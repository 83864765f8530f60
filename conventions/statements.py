"""What a fee statement claims and the lines that say why: pure, so that its tests touch no database.

The amount of a period is `proration.owed_between`; here it is put into words. A flat fee: an absence reduces nothing.
The rounding to the euro of domain fees (CG3P L2322-4 with L2321-3), where the convention's terms say so, applies to
what is claimed, hence to the statement; the annual amount of the convention is never touched.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from franceservices.dates import format_date_long
from franceservices.money import NO_BREAK_SPACE, format_euros, format_number, round_half_up, to_cents

from .fees import AmountRounding, round_amount
from .proration import FeeSpan, Piece, owed_between, owed_until, pieces_between

_SHOWN_PLACES = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the calculation: `label` says what it is, `text` is the calculation itself."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Calculation:
    """What `[starts_on, ends_on]`, both days included, owes: euros and cents, the pieces it is made of, the lines."""

    starts_on: date
    ends_on: date
    amount: Decimal
    pieces: tuple[Piece, ...]
    steps: tuple[Step, ...]


def calculate(
    spans: Sequence[FeeSpan], starts_on: date, ends_on: date, *, name_of: Callable[[FeeSpan], str]
) -> Calculation:
    """What the period owes by `spans`, with one line for each stretch of one annual amount, then the rounding if any.

    `spans` cover the whole term; `name_of` gives where a span comes from ("avenant n° 1"), or "" to say nothing.
    Raises what `proration.pieces_between` raises.
    """
    pieces = pieces_between(spans, starts_on, ends_on)
    amount = owed_between(spans, starts_on, ends_on)
    steps = [_piece_step(piece, name_of(piece.span)) for piece in pieces]
    if len(pieces) > 1:
        steps.append(Step("Ensemble", _sum(pieces)))
    steps += _rounding_steps(spans, pieces, starts_on, ends_on, amount)
    return Calculation(starts_on, ends_on, amount, tuple(pieces), tuple(steps))


def period_sentence(starts_on: date, ends_on: date) -> str:
    """« du 1er avril 2025 au 31 décembre 2025 »."""
    return f"du {format_date_long(starts_on)} au {format_date_long(ends_on)}"


def _piece_step(piece: Piece, name: str) -> Step:
    label = period_sentence(piece.starts_on, piece.ends_on).capitalize()
    if name:
        label = f"{label} ({name})"
    if not piece.span.annual_amount:
        return Step(label, "aucune redevance")
    annual = format_euros(piece.span.annual_amount)
    return Step(label, f"{_months(piece.months)} × {annual} / 12 {_shown(piece.exact_cost)}")


def _sum(pieces: Sequence[Piece]) -> str:
    terms = " + ".join(_shown(piece.exact_cost).split(" ", 1)[1] for piece in pieces)
    return f"{terms} {_shown(_exact(pieces))}"


def _rounding_steps(
    spans: Sequence[FeeSpan], pieces: Sequence[Piece], starts_on: date, ends_on: date, amount: Decimal
) -> list[Step]:
    """How the exact sum becomes the amount; no line where it already is the amount."""
    exact = _exact(pieces)
    if exact == amount:
        return []
    rounding = pieces[-1].span.rounding
    if len({piece.span.rounding for piece in pieces}) == 1 and round_amount(exact, rounding) == amount:
        if rounding is AmountRounding.EURO:
            return [Step("Arrondi à l’euro le plus proche (CG3P, art. L2322-4)", format_euros(amount))]
        return [Step("Arrondi au centime", format_euros(amount))]
    day_before = starts_on - timedelta(days=1)
    until_end, until_start = owed_until(spans, ends_on), owed_until(spans, day_before)
    unit = "à l’euro" if rounding is AmountRounding.EURO else "au centime"
    return [
        Step(
            f"Arrondi {unit} du cumul depuis le début de la convention",
            f"{format_euros(until_end)} au {format_date_long(ends_on)} − {format_euros(until_start)} au "
            f"{format_date_long(day_before)} = {format_euros(amount)}",
        )
    ]


def _exact(pieces: Sequence[Piece]) -> Fraction:
    return sum((piece.exact_cost for piece in pieces), Fraction(0))


def _months(months: Fraction) -> str:
    """« 9 mois », « 23/31 de mois », « (4 mois + 23/31) »."""
    whole, rest = divmod(months, 1)
    if not rest:
        return f"{whole}{NO_BREAK_SPACE}mois"
    if not whole:
        return f"{rest}{NO_BREAK_SPACE}de mois"
    return f"({whole}{NO_BREAK_SPACE}mois + {rest})"


def _shown(amount: Fraction) -> str:
    """« = 940,50 € », or « ≈ 474,1935 € » where cents cannot say it."""
    if to_cents(amount) == amount:
        return f"= {format_euros(to_cents(amount))}"
    shown = round_half_up(amount, places=_SHOWN_PLACES)
    sign = "=" if shown == amount else "≈"
    return f"{sign} {format_number(shown, min_places=2)}{NO_BREAK_SPACE}€"
