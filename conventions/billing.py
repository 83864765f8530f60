"""From the rows of a convention to what its statements claim: the spans of its fee, its years, their amounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .fees import AmountRounding
from .models import Amendment, Convention, FeeTerms, StatementPeriod
from .proration import ONE_DAY, FeeSpan, civil_years, convention_years, owed_between, owed_until
from .statements import Calculation, calculate
from .terms import ConventionHistory, FeePeriod, amendment_terms, read_history

_YEARS = {StatementPeriod.CIVIL_YEAR: civil_years, StatementPeriod.CONVENTION_YEAR: convention_years}


@dataclass(frozen=True)
class Billing:
    """What `history.convention` owes over its term: `spans` cover all of it, at 0 € a year where nothing is owed.

    `sources` holds the number of the avenant that brought a span, by its first day; None for the terms as signed.
    """

    history: ConventionHistory
    spans: tuple[FeeSpan, ...]
    sources: dict[date, int | None]

    @property
    def convention(self) -> Convention:
        return self.history.convention

    @property
    def has_fee(self) -> bool:
        """Whether anything is owed at any time."""
        return any(span.annual_amount for span in self.spans)

    @property
    def total(self) -> Decimal:
        """What the whole term owes, in euros and cents."""
        return owed_until(self.spans, self.convention.ends_on)

    def years(self, kind: StatementPeriod) -> list[tuple[date, date]]:
        """The periods that statements of `kind` may cover, both days included, in order."""
        return _YEARS[StatementPeriod(kind)](self.convention.starts_on, self.convention.ends_on)

    def owed(self, starts_on: date, ends_on: date) -> Decimal:
        """What `[starts_on, ends_on]`, both days included, owes; nothing outside the term."""
        return owed_between(self.spans, starts_on, ends_on)

    def calculation(self, starts_on: date, ends_on: date) -> Calculation:
        """The same, with its lines."""
        return calculate(self.spans, starts_on, ends_on, name_of=self.name_of)

    def name_of(self, span: FeeSpan) -> str:
        """« avenant n° 1 »; nothing where the fee is as it was signed and was never amended."""
        number = self.sources.get(span.starts_on)
        if number is not None:
            return f"avenant n°\u00a0{number}"
        return "convention" if len(self.spans) > 1 and span.annual_amount else ""


def read_billing(convention: Convention) -> Billing:
    """The fee of `convention` over its term, read now, in four queries."""
    return billing_of(read_history(convention))


def billing_of(history: ConventionHistory) -> Billing:
    """The same, of a history that is already read."""
    convention = history.convention
    periods = history.fee_periods(convention.starts_on, convention.ends_on)
    return Billing(
        history=history,
        spans=tuple(_spans(periods, convention.starts_on, convention.ends_on)),
        sources={period.starts_on: period.amendment_number for period in periods},
    )


def read_billings(conventions: Iterable[Convention]) -> list[Billing]:
    """The fees of many conventions, in two queries; for amounts only: neither grids nor areas are read."""
    conventions = list(conventions)
    terms = {found.convention_id: found for found in FeeTerms.objects.filter(convention__in=conventions)}
    amendments: dict[int, list] = {}
    for amendment in Amendment.objects.in_force().filter(convention__in=conventions).order_by("effective_on", "number"):
        amendments.setdefault(amendment.convention_id, []).append(amendment_terms(amendment))
    return [
        billing_of(
            ConventionHistory(
                convention=convention,
                rows=(),
                signed_fee_terms=terms.get(convention.pk),
                offices={},
                amendments=tuple(amendments.get(convention.pk, ())),
            )
        )
        for convention in conventions
    ]


def _spans(periods: Sequence[FeePeriod], starts_on: date, ends_on: date) -> Iterable[FeeSpan]:
    """The fee's periods as spans, with free ones where no period stands."""
    day = starts_on
    for period in periods:
        rounding = AmountRounding(period.rule.amount_rounding)
        if day < period.starts_on:
            yield FeeSpan(day, period.starts_on - ONE_DAY, Decimal("0.00"), rounding)
        yield FeeSpan(period.starts_on, period.ends_on, period.rule.annual_amount, rounding)
        day = period.ends_on + ONE_DAY
    if day <= ends_on:
        yield FeeSpan(day, ends_on, Decimal("0.00"))
