"""The rows of one convention that its price, its text and its pages are made of, read together."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import date

from partners.models import Office, OpeningHours

from .agreed_terms import FeeRule
from .models import Convention, FeeTerms, PermanenceSlot
from .terms import ConventionHistory, read_history


@dataclass(frozen=True)
class ConventionFacts:
    """What the rows said when they were read, as amended on the civil date `on`.

    `slots` are the dated lines of the grid that hold between the avenant in effect on that day and the next one (all
    those of the term where there is none); `slots_on_day` and `opening_hours` are those valid on the day. `fee_terms`
    and the areas of `offices` are the agreed ones; `convention` has the last day that was agreed then.
    """

    convention: Convention
    on: date
    fee_terms: FeeTerms | None
    offices: tuple[Office, ...]
    slots: tuple[PermanenceSlot, ...]
    opening_hours: tuple[OpeningHours, ...]

    @property
    def slots_on_day(self) -> tuple[PermanenceSlot, ...]:
        return tuple(slot for slot in self.slots if slot.starts_on <= self.on <= slot.ends_on)


def read_facts(convention: Convention, *, on: date | None = None) -> ConventionFacts:
    """The rows of `convention`, read now, in five queries whatever their number.

    `on` is today at the site unless given, moved into the term: what is over is judged on its last day, what has not
    begun on its first.
    """
    return facts_on(read_history(convention), on=on)


def facts_on(
    history: ConventionHistory, *, on: date | None = None, opening_hours: Iterable[OpeningHours] | None = None
) -> ConventionFacts:
    """The same, of a history that is already read; one query, none where all the opening hours of the space are given.

    Of `opening_hours` only those valid on the day are kept.
    """
    convention = history.convention
    day = min(max(on or convention.site.today(), convention.starts_on), convention.ends_on)
    in_effect = history.in_effect_on(day)
    return ConventionFacts(
        convention=_ending_on(convention, history.ends_on_as_of(day)),
        on=day,
        fee_terms=history.signed_fee_terms if in_effect is None else fee_terms_of(in_effect.proposed.fee),
        offices=history.offices_on(day),
        slots=history.rows_around(day),
        opening_hours=_opening_hours(convention, day)
        if opening_hours is None
        else tuple(
            hours
            for hours in opening_hours
            if hours.starts_on <= day and (hours.ends_on is None or day <= hours.ends_on)
        ),
    )


def signed_facts(convention: Convention) -> ConventionFacts:
    """The rows of `convention` as it was signed, whatever its avenants say; judged on its first day or today."""
    history = read_history(convention)
    first = history.amendments[0].effective_on if history.amendments else date.max
    day = min(max(convention.site.today(), convention.starts_on), convention.ends_on)
    if day >= first:
        day = convention.starts_on
    return ConventionFacts(
        convention=_ending_on(convention, history.signed_ends_on),
        on=day,
        fee_terms=history.signed_fee_terms,
        offices=history.signed_offices,
        slots=history.signed_rows,
        opening_hours=_opening_hours(convention, day),
    )


def fee_terms_of(rule: FeeRule | None) -> FeeTerms | None:
    """The rule of an avenant in the shape of a row, never saved; no deliberation announced its amount."""
    if rule is None:
        return None
    return FeeTerms(
        annual_amount=rule.annual_amount,
        rate_per_m2=rule.rate_per_m2,
        basis=rule.basis,
        fixed_ratio_numerator=rule.fixed_ratio.numerator if rule.fixed_ratio is not None else None,
        fixed_ratio_denominator=rule.fixed_ratio.denominator if rule.fixed_ratio is not None else None,
        counts_social_worker_slots=rule.counts_social_worker_slots,
        area_rounding=rule.area_rounding,
        amount_rounding=rule.amount_rounding,
    )


def _ending_on(convention: Convention, day: date) -> Convention:
    """`convention`, or a copy of it that ends on `day`."""
    if convention.ends_on == day:
        return convention
    as_agreed = copy(convention)
    as_agreed.ends_on = day
    return as_agreed


def _opening_hours(convention: Convention, day: date) -> tuple[OpeningHours, ...]:
    return tuple(OpeningHours.objects.filter(site_id=convention.site_id).valid_on(day))
