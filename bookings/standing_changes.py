"""Decisions that still hold when new dates are generated: an absence announced over next summer meets them too.

The dates are created all the same, as cancelled, so that the hours that the convention foresees stay countable.
"""

from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Q
from django.utils import timezone

from conventions.models import Convention
from partners.calendars import ClosedDays

from .models import (
    Permanence,
    PermanenceOrigin,
    PermanenceRevision,
    PermanenceStatus,
    ScheduleChange,
    ScheduleChangeKind,
)
from .schedule_changes import cancel_permanences, revision_of

LASTING = [ScheduleChangeKind.ABSENCE, ScheduleChangeKind.CLOSURE, ScheduleChangeKind.OFFICE_OUTAGE]


@dataclass(frozen=True)
class StandingChanges:
    """The absences, closures and outages of one site that were not undone and touch a period."""

    convention: Convention
    changes: list[ScheduleChange]

    @classmethod
    def of(cls, convention: Convention, first: date, last: date) -> "StandingChanges":
        """Those that may meet dates of `convention` in `[first, last]`; one query."""
        about_it = Q(kind=ScheduleChangeKind.ABSENCE, partner=convention.partner_id) | Q(
            kind__in=[ScheduleChangeKind.CLOSURE, ScheduleChangeKind.OFFICE_OUTAGE]
        )
        found = (
            ScheduleChange.objects.standing()
            .filter(about_it, site=convention.site_id, starts_on__lte=last, ends_on__gte=first)
            .select_related("made_by")
            .order_by("pk")
        )
        return cls(convention, list(found))

    def as_open(self, closed: ClosedDays) -> ClosedDays:
        """`closed` without the closures that are changes: their dates exist, cancelled."""
        written = {
            (change.starts_on, change.ends_on, change.reason)
            for change in self.changes
            if change.kind == ScheduleChangeKind.CLOSURE
        }
        return replace(closed, closures=tuple(closure for closure in closed.closures if closure not in written))

    def cancel_new_dates(self) -> int:
        """Cancel the dates to come that were generated into a standing change; returns how many. None has people."""
        cancelled = 0
        now = timezone.now()
        for change in self.changes:
            found = Permanence.objects.filter(
                convention=self.convention,
                origin=PermanenceOrigin.WEEKLY,
                status=PermanenceStatus.PLANNED,
                edited_at=None,
                during__startswith__gt=now,
                appointments=None,
            ).on_days(change.starts_on, change.ends_on)
            if change.kind == ScheduleChangeKind.OFFICE_OUTAGE:
                found = found.filter(office=change.office_id)
            dates = list(found.exclude(revisions__change=change))
            PermanenceRevision.objects.bulk_create(revision_of(change, permanence) for permanence in dates)
            cancel_permanences([permanence.pk for permanence in dates], change=change, now=now)
            cancelled += len(dates)
        return cancelled
