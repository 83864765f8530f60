"""The rows of one convention that its price, its text and its pages are made of, read together."""

from dataclasses import dataclass
from datetime import date

from partners.models import Office, OpeningHours

from .models import Convention, FeeTerms, OfficeAllocation, PermanenceSlot


@dataclass(frozen=True)
class ConventionFacts:
    """What the rows said when they were read.

    `on` is the civil date for which validities are judged: `slots` are all those of the convention, `slots_on_day` and
    `opening_hours` those valid on that day.
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
    """The rows of `convention`, read now, in four queries whatever their number.

    `on` is today at the site unless given, moved into the term: what is over is judged on its last day, what has not
    begun on its first.
    """
    day = min(max(on or convention.site.today(), convention.starts_on), convention.ends_on)
    return ConventionFacts(
        convention=convention,
        on=day,
        fee_terms=FeeTerms.objects.filter(convention=convention).first(),
        offices=tuple(
            allocation.office
            for allocation in OfficeAllocation.objects.filter(convention=convention).select_related("office")
        ),
        slots=tuple(PermanenceSlot.objects.filter(allocation__convention=convention).select_related("office")),
        opening_hours=tuple(OpeningHours.objects.filter(site_id=convention.site_id).valid_on(day)),
    )
