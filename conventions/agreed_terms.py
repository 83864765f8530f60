"""What two parties agreed, as plain values: the grid, the fee, the last day. Pure: no Django, no rows.

These are the terms that an avenant replaces; the rest of a convention (its texts, its duties, its signatories) is not
among them. Times are local to the site, dates are civil ones, both ends included.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True)
class SlotTerms:
    """One line of the weekly grid: `[start_time, end_time)` on the ISO weekday, in one office.

    `office_label` is what the office was called when the terms were read; it does not tell two lines apart.
    `audience` and `mode` are stored words (`models.Audience`, `models.BookingMode`).
    """

    office_label: str = field(compare=False)
    office_id: int
    weekday: int
    start_time: time
    end_time: time
    audience: str
    mode: str

    @property
    def order(self) -> tuple[int, time, time, int]:
        """The place of the line in the week."""
        return self.weekday, self.start_time, self.end_time, self.office_id


@dataclass(frozen=True)
class FeeRule:
    """What the partner owes a year, in euros without VAT, and how the amount is explained; see `models.FeeTerms`.

    `areas_m2` gives the agreed area of each office that is put at the partner's disposal, by the office's key; None
    where it is unknown.
    """

    annual_amount: Decimal
    rate_per_m2: Decimal | None
    basis: str
    fixed_ratio: Fraction | None
    counts_social_worker_slots: bool
    area_rounding: str
    amount_rounding: str
    areas_m2: Mapping[int, Decimal | None]


@dataclass(frozen=True)
class Terms:
    """The terms of a convention on one day; `slots` come in the order of the week, `fee` is None where none is owed."""

    slots: tuple[SlotTerms, ...]
    fee: FeeRule | None
    ends_on: date


@dataclass(frozen=True)
class FeePeriod:
    """The days `[starts_on, ends_on]`, both included, over which one rule holds.

    `amendment_number` is that of the avenant which brought the rule; None for the rule as it was signed.
    """

    starts_on: date
    ends_on: date
    rule: FeeRule
    amendment_number: int | None
