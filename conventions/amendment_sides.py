"""A convention before and after one avenant, whether it is a draft or long in force: two histories to compare.

Every page and document of an avenant reads the same two sides, so that its fee, its grid and its text agree.
"""

from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from partners.models import Office

from .agreed_terms import Terms
from .amended_rows import amended_rows
from .amendments import terms_before
from .billing import billing_of
from .difference import AgreedArticle, ChangedArticle, difference, weekly_minutes
from .facts import ConventionFacts, facts_on
from .models import Amendment, Article, Convention
from .pricing import FeeExplanation, explain_fee_of
from .proration import civil_years
from .terms import AmendmentTerms, ConventionHistory, dated_rows, read_history
from .terms_json import DatedSlot, terms_from_json
from .weekly_table import WeekTable, week_table


@dataclass(frozen=True)
class YearEffect:
    """What one civil year owes without and with the avenant, in euros and cents."""

    year: int
    before: Decimal
    after: Decimal

    @property
    def gap(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True)
class AmendmentSides:
    """The convention without `amendment` (and without those that follow it), and with it."""

    amendment: Amendment
    without: ConventionHistory
    with_it: ConventionHistory
    proposed: Terms

    @cached_property
    def before(self) -> Terms:
        """The terms that it changes."""
        return terms_before(self.without, self.amendment.effective_on)

    @property
    def week_before(self) -> WeekTable | None:
        """The grid that it changes, without the dates of its lines: they are those of the two sides."""
        return self._week(self.facts_before.convention, self.before)

    @property
    def week_after(self) -> WeekTable | None:
        return self._week(self.facts_after.convention, self.proposed)

    def _week(self, convention: Convention, terms: Terms) -> WeekTable | None:
        rows = (DatedSlot(slot, convention.starts_on, convention.ends_on) for slot in terms.slots)
        return week_table(convention, [self.with_it.row_of(row) for row in rows])

    @cached_property
    def facts_before(self) -> ConventionFacts:
        return facts_on(self.without, on=self.amendment.effective_on)

    @cached_property
    def facts_after(self) -> ConventionFacts:
        return facts_on(self.with_it, on=self.amendment.effective_on)

    @cached_property
    def fee_before(self) -> FeeExplanation | None:
        return explain_fee_of(self.facts_before)

    @cached_property
    def fee_after(self) -> FeeExplanation | None:
        return explain_fee_of(self.facts_after)

    @cached_property
    def changes(self) -> list[ChangedArticle]:
        """What it changes, article by article."""
        return difference(
            self.before,
            self.proposed,
            office_names={pk: office.full_label for pk, office in self.with_it.offices.items()},
            articles=[
                AgreedArticle(article.number, article.title, article.body)
                for article in Article.objects.filter(convention=self.amendment.convention_id)
            ],
        )

    @property
    def minutes_before(self) -> int:
        return weekly_minutes(self.before.slots)

    @property
    def minutes_after(self) -> int:
        return weekly_minutes(self.proposed.slots)

    @cached_property
    def years(self) -> list[YearEffect]:
        """What each civil year owes without and with it, from the one of its effect on; none where nothing is owed."""
        before, after = billing_of(self.without), billing_of(self.with_it)
        if not before.has_fee and not after.has_fee:
            return []
        last = max(self.without.convention.ends_on, self.with_it.convention.ends_on)
        return [
            YearEffect(first.year, before.owed(first, end), after.owed(first, end))
            for first, end in civil_years(self.without.convention.starts_on, last)
            if first.year >= self.amendment.effective_on.year
        ]


def read_sides(amendment: Amendment, convention: Convention) -> AmendmentSides:
    """Both sides of `amendment`, an avenant of `convention`, read now in five queries at most."""
    history = read_history(convention)
    proposed = terms_from_json(amendment.proposed)
    named = {slot.office_id for slot in proposed.slots} | (set(proposed.fee.areas_m2) if proposed.fee else set())
    missing = named - history.offices.keys()
    if missing:
        history = replace(history, offices=history.offices | Office.objects.in_bulk(missing))
    without = history if amendment.is_draft else _without(history, amendment)
    return AmendmentSides(amendment, without, _with(without, amendment, proposed), proposed)


def _without(history: ConventionHistory, amendment: Amendment) -> ConventionHistory:
    """`history` as it was when `amendment` was put in force."""
    own = next(found for found in history.amendments if found.number == amendment.number)
    earlier = replace(
        history,
        convention=_ending_on(history.convention, own.replaced.ends_on),
        amendments=tuple(found for found in history.amendments if found.effective_on < own.effective_on),
    )
    return replace(earlier, rows=tuple(earlier.row_of(row) for row in own.replaced_rows))


def _with(without: ConventionHistory, amendment: Amendment, proposed: Terms) -> ConventionHistory:
    """`without`, and `amendment` in force on top of it; nothing is written."""
    effective_on = amendment.effective_on
    rows = dated_rows(without.rows)
    added = AmendmentTerms(
        number=amendment.number,
        effective_on=effective_on,
        proposed=proposed,
        replaced=terms_before(without, effective_on),
        replaced_rows=rows,
        replaced_offices=tuple(office.pk for office in without.offices_on(effective_on)),
    )
    amended = amended_rows(
        rows,
        effective_on=effective_on,
        previous_end=without.convention.ends_on,
        slots=proposed.slots,
        ends_on=proposed.ends_on,
    )
    return replace(
        without,
        convention=_ending_on(without.convention, proposed.ends_on),
        rows=tuple(without.row_of(row) for row in amended),
        amendments=(*without.amendments, added),
    )


def _ending_on(convention: Convention, day: date) -> Convention:
    as_agreed = copy(convention)
    as_agreed.ends_on = day
    return as_agreed
