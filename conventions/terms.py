"""The terms of a convention on any day: as signed, then as each avenant in force changed them.

The dated rows of the grid say which slots hold on a day; they are written once, by whoever changes the grid. The fee
is that of `FeeTerms` until the first avenant and that of the last avenant in effect from then on; `FeeTerms` stays as
it was signed. See `docs/decisions/0008-avenants.md`.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from partners.models import Office

from .agreed_terms import FeePeriod, FeeRule, SlotTerms, Terms
from .models import Amendment, Convention, FeeTerms, OfficeAllocation, PermanenceSlot
from .terms_json import DatedSlot, replaced_offices_from_json, replaced_rows_from_json, terms_from_json

__all__ = [
    "ConventionHistory",
    "FeePeriod",
    "FeeRule",
    "SlotTerms",
    "Terms",
    "amounts_as_amended",
    "fee_periods",
    "read_histories",
    "read_history",
    "terms_on",
]

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class AmendmentTerms:
    """One avenant in force, as read: it holds from `effective_on` until the next one does."""

    number: int
    effective_on: date
    proposed: Terms
    replaced: Terms
    replaced_rows: tuple[DatedSlot, ...]
    replaced_offices: tuple[int, ...]

    @property
    def offices(self) -> set[int]:
        """Every office that it names, before or after."""
        return {
            *self.replaced_offices,
            *(slot.office_id for slot in self.proposed.slots),
            *(row.slot.office_id for row in self.replaced_rows),
            *(self.proposed.fee.areas_m2 if self.proposed.fee else ()),
            *(self.replaced.fee.areas_m2 if self.replaced.fee else ()),
        }


@dataclass(frozen=True)
class ConventionHistory:
    """The rows that make the terms of `convention` on any day, read at once.

    `rows` are the dated lines of its grid, `offices` those lent on any day of it by their keys, `amendments` its
    avenants in force, by date of effect.
    """

    convention: Convention
    rows: tuple[PermanenceSlot, ...]
    signed_fee_terms: FeeTerms | None
    offices: dict[int, Office]
    amendments: tuple[AmendmentTerms, ...]

    def in_effect_on(self, day: date) -> AmendmentTerms | None:
        """The last avenant whose effect has begun on `day`; None while the convention is as it was signed."""
        return next((found for found in reversed(self.amendments) if found.effective_on <= day), None)

    def next_after(self, day: date) -> AmendmentTerms | None:
        """The first avenant whose effect begins after `day`."""
        return next((found for found in self.amendments if found.effective_on > day), None)

    def terms_on(self, day: date) -> Terms:
        """The terms as amended on the civil date `day`."""
        return Terms(
            slots=sorted_slots(slot_terms(row) for row in self.rows if row.starts_on <= day <= row.ends_on),
            fee=self.fee_on(day),
            ends_on=self.ends_on_as_of(day),
        )

    def fee_on(self, day: date) -> FeeRule | None:
        in_effect = self.in_effect_on(day)
        return self.signed_fee if in_effect is None else in_effect.proposed.fee

    def ends_on_as_of(self, day: date) -> date:
        """The last day of the convention as it was agreed on `day`."""
        following, ends_on = self.next_after(day), self.convention.ends_on
        if following is None:
            return ends_on
        # A denunciation moves the last day at once, whatever an avenant to come had promised.
        return min(following.replaced.ends_on, ends_on) if self.convention.denounced_on else following.replaced.ends_on

    @cached_property
    def signed_fee(self) -> FeeRule | None:
        """The fee as signed; its areas are those of the offices until an avenant kept those that it replaced."""
        if self.signed_fee_terms is None:
            return None
        first = self.amendments[0].replaced.fee if self.amendments else None
        areas = first.areas_m2 if first else {pk: office.area_m2 for pk, office in self.offices.items()}
        return fee_rule(self.signed_fee_terms, areas)

    @cached_property
    def signed_ends_on(self) -> date:
        """The last day as signed: before any avenant, and before anybody denounced the convention."""
        if self.amendments:
            return self.amendments[0].replaced.ends_on
        return self.convention.agreed_ends_on or self.convention.ends_on

    @cached_property
    def signed_rows(self) -> tuple[PermanenceSlot, ...]:
        """The dated lines of the grid as signed; unsaved copies once an avenant replaced them."""
        if not self.amendments:
            return self.rows
        return tuple(self.row_of(dated) for dated in self.amendments[0].replaced_rows)

    @property
    def signed_offices(self) -> tuple[Office, ...]:
        """The offices lent as signed, with the areas that were agreed then."""
        if not self.amendments:
            return tuple(self.offices.values())
        first = self.amendments[0]
        return self._with_areas(first.replaced_offices, first.replaced.fee)

    def rows_around(self, day: date) -> tuple[PermanenceSlot, ...]:
        """The dated lines of the grid that hold between the avenant in effect on `day` and the next one."""
        in_effect, following = self.in_effect_on(day), self.next_after(day)
        first = date.min if in_effect is None else in_effect.effective_on
        last = date.max if following is None else following.effective_on - ONE_DAY
        return tuple(row for row in self.rows if row.starts_on <= last and row.ends_on >= first)

    def offices_on(self, day: date) -> tuple[Office, ...]:
        """The offices lent on `day`, with the areas that are agreed for them then."""
        in_effect = self.in_effect_on(day)
        if in_effect is None:
            return self.signed_offices
        fee = in_effect.proposed.fee
        if fee is not None:
            return self._with_areas(fee.areas_m2, fee)
        return self._with_areas(dict.fromkeys(slot.office_id for slot in in_effect.proposed.slots), None)

    def _with_areas(self, keys: Iterable[int], fee: FeeRule | None) -> tuple[Office, ...]:
        lent = []
        for key in keys:
            office = copy(self.offices[key])
            if fee is not None:
                office.area_m2 = fee.areas_m2.get(key)
            lent.append(office)
        return tuple(lent)

    def row_of(self, dated: DatedSlot) -> PermanenceSlot:
        """A line of the grid in the shape of a row, never saved."""
        slot = dated.slot
        return PermanenceSlot(
            office=self.offices[slot.office_id],
            weekday=slot.weekday,
            start_time=slot.start_time,
            end_time=slot.end_time,
            audience=slot.audience,
            mode=slot.mode,
            starts_on=dated.starts_on,
            ends_on=dated.ends_on,
        )

    def fee_periods(self, starts_on: date, ends_on: date) -> list[FeePeriod]:
        """See `fee_periods`."""
        first = max(starts_on, self.convention.starts_on)
        last = min(ends_on, self.convention.ends_on)
        if last < first:
            return []
        begins = [first, *(found.effective_on for found in self.amendments if first < found.effective_on <= last)]
        ends = [*(day - ONE_DAY for day in begins[1:]), last]
        periods: list[FeePeriod] = []
        for begin, end in zip(begins, ends, strict=True):
            rule = self.fee_on(begin)
            if rule is None:
                continue
            previous = periods[-1] if periods else None
            if previous is not None and previous.ends_on == begin - ONE_DAY and previous.rule == rule:
                periods[-1] = replace(previous, ends_on=end)
            else:
                periods.append(FeePeriod(begin, end, rule, self._brought_by(begin)))
        return periods

    def _brought_by(self, day: date) -> int | None:
        """The number of the avenant that brought the rule of `day`; one that left the rule as it was brought none."""
        number, rule = None, self.signed_fee
        for found in self.amendments:
            if found.effective_on > day:
                break
            if found.proposed.fee != rule:
                number, rule = found.number, found.proposed.fee
        return number


def read_history(convention: Convention) -> ConventionHistory:
    """The rows of `convention` that make its terms, read now in four queries; one more where a room left it since."""
    return read_histories([convention])[convention.pk]


def read_histories(conventions: Iterable[Convention]) -> dict[int, ConventionHistory]:
    """The same of each of `conventions` by its key, in as many queries, whatever their number."""
    by_key = {convention.pk: convention for convention in conventions}
    amendments: dict[int, list[AmendmentTerms]] = {}
    for amendment in Amendment.objects.in_force().filter(convention__in=by_key).order_by("effective_on", "number"):
        amendments.setdefault(amendment.convention_id, []).append(amendment_terms(amendment))
    lent: dict[int, dict[int, Office]] = {}
    for allocation in OfficeAllocation.objects.filter(convention__in=by_key).select_related("office"):
        lent.setdefault(allocation.convention_id, {})[allocation.office_id] = allocation.office
    named = {key: {office for found in amendments.get(key, ()) for office in found.offices} for key in by_key}
    gone = {office for key, offices in named.items() for office in offices - lent.get(key, {}).keys()}
    once_lent = Office.objects.in_bulk(gone) if gone else {}
    rows: dict[int, list[PermanenceSlot]] = {}
    for row in PermanenceSlot.objects.filter(allocation__convention__in=by_key).select_related("office", "allocation"):
        rows.setdefault(row.allocation.convention_id, []).append(row)
    fees = {fee.convention_id: fee for fee in FeeTerms.objects.filter(convention__in=by_key)}
    return {
        key: ConventionHistory(
            convention=convention,
            rows=tuple(rows.get(key, ())),
            signed_fee_terms=fees.get(key),
            offices=lent.get(key, {}) | {office: once_lent[office] for office in named[key] & once_lent.keys()},
            amendments=tuple(amendments.get(key, ())),
        )
        for key, convention in by_key.items()
    }


def amendment_terms(amendment: Amendment) -> AmendmentTerms:
    """What an avenant in force replaced, and by what."""
    return AmendmentTerms(
        number=amendment.number,
        effective_on=amendment.effective_on,
        proposed=terms_from_json(amendment.proposed),
        replaced=terms_from_json(amendment.replaced),
        replaced_rows=replaced_rows_from_json(amendment.replaced),
        replaced_offices=replaced_offices_from_json(amendment.replaced),
    )


def terms_on(convention: Convention, day: date) -> Terms:
    """The terms of `convention` as amended on the civil date `day`. For several days, read its history once."""
    return read_history(convention).terms_on(day)


def fee_periods(convention: Convention, starts_on: date, ends_on: date) -> list[FeePeriod]:
    """The rules of the fee over `[starts_on, ends_on]`, both days included, cut to the term of `convention`.

    Consecutive and in order, split at each avenant in force that changes the fee; no period stands for days on which
    nothing is owed.
    """
    return read_history(convention).fee_periods(starts_on, ends_on)


def amounts_as_amended(conventions: Iterable[Convention]) -> dict[int, Decimal | None]:
    """What each of `conventions` that an avenant in effect today amends owes a year, None for nothing; one query.

    Today is that of each site. Those as they were signed are not in the answer.
    """
    today = {convention.pk: convention.site.today() for convention in conventions}
    amounts: dict[int, Decimal | None] = {}
    for amendment in Amendment.objects.in_force().filter(convention__in=today).order_by("effective_on", "number"):
        if amendment.effective_on <= today[amendment.convention_id]:
            fee = terms_from_json(amendment.proposed).fee
            amounts[amendment.convention_id] = None if fee is None else fee.annual_amount
    return amounts


def slot_terms(row: PermanenceSlot) -> SlotTerms:
    """A row of the grid without its dates."""
    return SlotTerms(
        office_label=row.office.label,
        office_id=row.office_id,
        weekday=row.weekday,
        start_time=row.start_time,
        end_time=row.end_time,
        audience=str(row.audience),
        mode=str(row.mode),
    )


def sorted_slots(slots: Iterable[SlotTerms]) -> tuple[SlotTerms, ...]:
    """`slots` in the order of the week."""
    return tuple(sorted(slots, key=lambda slot: slot.order))


def dated_rows(rows: Sequence[PermanenceSlot]) -> tuple[DatedSlot, ...]:
    """The rows of a grid with their dates, as plain values."""
    return tuple(DatedSlot(slot_terms(row), row.starts_on, row.ends_on) for row in rows)


def fee_rule(terms: FeeTerms, areas_m2: Mapping[int, Decimal | None]) -> FeeRule:
    """The rule that a row of financial conditions holds, for offices of the given areas (m², by office)."""
    return FeeRule(
        annual_amount=terms.annual_amount,
        rate_per_m2=terms.rate_per_m2,
        basis=str(terms.basis),
        fixed_ratio=terms.fixed_ratio,
        counts_social_worker_slots=terms.counts_social_worker_slots,
        area_rounding=str(terms.area_rounding),
        amount_rounding=str(terms.amount_rounding),
        areas_m2=dict(areas_m2),
    )
