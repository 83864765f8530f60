"""Hours of permanences, kept apart: what the grid foresees, what was held, what was cancelled and why."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from franceservices.dates import format_duration

from .models import Permanence, PermanenceOrigin, PermanenceRevision, PermanenceStatus, ScheduleChangeKind
from .models.permanence import PermanenceQuerySet

# Cancelled without a recorded change: a date that left the weekly grid with people in it.
OUT_OF_GRID = "grid"
CAUSES = {kind.value: kind.label for kind in ScheduleChangeKind} | {OUT_OF_GRID: "Hors grille"}
"""Why hours were cancelled, in French, by the keys of `Hours.cancelled`."""


@dataclass
class Hours:
    """Minutes of a set of permanences.

    `contractual` are those that the weekly grid foresees, whatever became of them; `delivered` those that were held,
    exceptional dates included; `coming` those that are still planned; `cancelled` those that were foreseen and will
    not be held, by kind of change (a shortened date counts the hours that it lost).
    """

    contractual: int = 0
    delivered: int = 0
    coming: int = 0
    exceptional: int = 0
    cancelled: Counter[str] = field(default_factory=Counter)

    @classmethod
    def total(cls, parts: "Iterable[Hours]") -> "Hours":
        """The hours of all of `parts` together."""
        parts = list(parts)
        return cls(
            contractual=sum(part.contractual for part in parts),
            delivered=sum(part.delivered for part in parts),
            coming=sum(part.coming for part in parts),
            exceptional=sum(part.exceptional for part in parts),
            cancelled=sum((part.cancelled for part in parts), Counter()),
        )

    @property
    def cancelled_total(self) -> int:
        return self.cancelled.total()

    @property
    def cancelled_lines(self) -> list[str]:
        """`absence du partenaire 4 h`, for a reader; the most hours first."""
        return [f"{CAUSES[kind].lower()} {format_duration(minutes)}" for kind, minutes in self.cancelled.most_common()]


def hours_of(permanences: PermanenceQuerySet, *, now: datetime | None = None) -> Hours:
    """The hours of `permanences` at the moment `now`; two queries. Loans of an office are nobody's contract."""
    return Hours.total(hours for _permanence, hours in hours_of_each(permanences, now=now))


def hours_of_each(permanences: PermanenceQuerySet, *, now: datetime | None = None) -> list[tuple[Permanence, Hours]]:
    """What each of `permanences` adds to their hours at the moment `now`, loans left out; two queries."""
    now = now or timezone.now()
    found = list(permanences.exclude(origin=PermanenceOrigin.LOAN).order_by())
    revisions: dict[int, list[PermanenceRevision]] = {}
    recorded = PermanenceRevision.objects.filter(permanence__in=found).select_related("change").order_by("change_id")
    for revision in recorded:
        revisions.setdefault(revision.permanence_id, []).append(revision)
    return [(permanence, _hours(permanence, revisions.get(permanence.pk, []), now)) for permanence in found]


def _hours(permanence: Permanence, revisions: list[PermanenceRevision], now: datetime) -> Hours:
    hours = Hours()
    is_cancelled = permanence.status == PermanenceStatus.CANCELLED
    kind = revisions[-1].change.kind if revisions else OUT_OF_GRID
    if is_cancelled and kind == ScheduleChangeKind.ADDITION:
        return hours  # An exceptional date that was taken back never counted.
    standing = [revision for revision in revisions if revision.change.undone_at is None and revision.during_before]
    now_lasts = _minutes(permanence.during)
    foreseen = _minutes(standing[0].during_before) if standing else now_lasts
    if permanence.origin == PermanenceOrigin.WEEKLY and permanence.orphaned_at is None:
        hours.contractual = foreseen
    if is_cancelled:
        hours.cancelled[kind] = foreseen
        return hours
    if foreseen > now_lasts:
        hours.cancelled[standing[-1].change.kind] = foreseen - now_lasts
    if permanence.during.upper <= now:
        hours.delivered = now_lasts
        if permanence.origin == PermanenceOrigin.EXCEPTIONAL:
            hours.exceptional = now_lasts
    else:
        hours.coming = now_lasts
    return hours


def _minutes(during) -> int:
    return int((during.upper - during.lower).total_seconds()) // 60
