"""What a convention owes year by year, beside what was issued for it: the page of its fee."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .billing import Billing, read_billing
from .models import Convention, FeeStatement, StatementPeriod

PERIOD_SLUGS = {StatementPeriod.CIVIL_YEAR: "civile", StatementPeriod.CONVENTION_YEAR: "anniversaire"}
"""How addresses name the two ways of cutting the term."""


@dataclass(frozen=True)
class FeeYear:
    """One year of a kind: what is owed (euros), the standing statement that claims it, or why none can be issued.

    `statement` is of the same kind and meets the year. `is_closed` when the convention is billed by the other kind.
    """

    kind: StatementPeriod
    starts_on: date
    ends_on: date
    owed: Decimal
    statement: FeeStatement | None
    has_begun: bool
    is_closed: bool

    @property
    def slug(self) -> str:
        return PERIOD_SLUGS[self.kind]

    @property
    def gap(self) -> Decimal:
        """What the convention says now, less what the standing statement claims; 0 without a statement."""
        return Decimal("0.00") if self.statement is None else self.owed - self.statement.amount

    @property
    def days_differ(self) -> bool:
        """Whether the statement covers other days than the year as the term now cuts it."""
        return self.statement is not None and (
            (self.statement.starts_on, self.statement.ends_on) != (self.starts_on, self.ends_on)
        )

    @property
    def to_correct(self) -> bool:
        """Whether the terms have moved away from what the statement claims."""
        return bool(self.gap) or self.days_differ

    @property
    def can_issue(self) -> bool:
        return self.statement is None and not self.is_closed and self.has_begun and self.owed > 0


@dataclass(frozen=True)
class FeeYears:
    """All the years of one kind; `stray` are its standing statements for days that the term no longer holds.

    `is_closed` when the convention is billed by the other kind: these years are then there to be read only.
    """

    kind: StatementPeriod
    is_closed: bool
    years: tuple[FeeYear, ...]
    stray: tuple[FeeStatement, ...]

    @property
    def owed(self) -> Decimal:
        return sum((year.owed for year in self.years), Decimal("0.00"))

    @property
    def issued(self) -> Decimal:
        statements = [*(year.statement for year in self.years if year.statement), *self.stray]
        return sum((statement.amount for statement in statements), Decimal("0.00"))


@dataclass(frozen=True)
class ConventionFee:
    """The page of a convention's fee: its years cut in both ways, and the statements that were corrected."""

    billing: Billing
    kinds: tuple[FeeYears, ...]
    corrected: tuple[FeeStatement, ...]


def read_fee(convention: Convention) -> ConventionFee:
    """What `convention` owes and what was issued, in a constant number of queries.

    The kind by which the convention is billed comes first.
    """
    billing = read_billing(convention)
    statements = list(convention.fee_statements.with_parties().order_by("starts_on", "year", "number"))
    standing = [statement for statement in statements if not statement.is_corrected]
    kinds = [_years(billing, kind, standing) for kind in StatementPeriod]
    return ConventionFee(
        billing=billing,
        kinds=tuple(sorted(kinds, key=lambda years: years.is_closed)),
        corrected=tuple(statement for statement in statements if statement.is_corrected),
    )


def _years(billing: Billing, kind: StatementPeriod, standing: Sequence[FeeStatement]) -> FeeYears:
    today = billing.convention.site.today()
    own = [each for each in standing if each.period == kind]
    is_closed = len(own) < len(standing)
    years, met = [], set()
    for starts_on, ends_on in billing.years(kind):
        meeting = [each for each in own if each.starts_on <= ends_on and each.ends_on >= starts_on]
        met |= {each.pk for each in meeting}
        years.append(
            FeeYear(
                kind=kind,
                starts_on=starts_on,
                ends_on=ends_on,
                owed=billing.owed(starts_on, ends_on),
                statement=meeting[0] if meeting else None,
                has_begun=starts_on <= today,
                is_closed=is_closed,
            )
        )
    # One that was corrected down to nothing has no year left, and nothing left to correct.
    stray = tuple(each for each in own if each.pk not in met and each.amount)
    return FeeYears(kind=kind, is_closed=is_closed, years=tuple(years), stray=stray)
