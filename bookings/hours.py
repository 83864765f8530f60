"""Hours of permanences, kept apart: what the grid foresees, what was held, what was cancelled and why."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from franceservices.dates import format_duration

from .models import Permanence, PermanenceOrigin, PermanenceRevision, PermanenceStatus, ScheduleChangeKind
from .models.permanence import PermanenceQuerySet

# Cancelled without a recorded change: a date that left the weekly grid with people in it.
OUT_OF_GRID = "grid"


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

    @property
    def cancelled_total(self) -> int:
        return self.cancelled.total()

    @property
    def cancelled_lines(self) -> list[str]:
        """`absence du partenaire 4 h`, for a reader; the most hours first."""
        labels = {kind.value: kind.label.lower() for kind in ScheduleChangeKind} | {OUT_OF_GRID: "hors grille"}
        return [f"{labels[kind]} {format_duration(minutes)}" for kind, minutes in self.cancelled.most_common()]


def hours_of(permanences: PermanenceQuerySet, *, now: datetime | None = None) -> Hours:
    """The hours of `permanences` at the moment `now`; two queries. Loans of an office are nobody's contract."""
    now = now or timezone.now()
    found = list(permanences.exclude(origin=PermanenceOrigin.LOAN).order_by())
    revisions: dict[int, list[PermanenceRevision]] = {}
    recorded = PermanenceRevision.objects.filter(permanence__in=found).select_related("change").order_by("change_id")
    for revision in recorded:
        revisions.setdefault(revision.permanence_id, []).append(revision)
    hours = Hours()
    for permanence in found:
        _add(hours, permanence, revisions.get(permanence.pk, []), now)
    return hours


def _add(hours: Hours, permanence: Permanence, revisions: list[PermanenceRevision], now: datetime) -> None:
    is_cancelled = permanence.status == PermanenceStatus.CANCELLED
    kind = revisions[-1].change.kind if revisions else OUT_OF_GRID
    if is_cancelled and kind == ScheduleChangeKind.ADDITION:
        return  # An exceptional date that was taken back never counted.
    standing = [revision for revision in revisions if revision.change.undone_at is None and revision.during_before]
    now_lasts = _minutes(permanence.during)
    foreseen = _minutes(standing[0].during_before) if standing else now_lasts
    if permanence.origin == PermanenceOrigin.WEEKLY and permanence.orphaned_at is None:
        hours.contractual += foreseen
    if is_cancelled:
        hours.cancelled[kind] += foreseen
        return
    if foreseen > now_lasts:
        hours.cancelled[standing[-1].change.kind] += foreseen - now_lasts
    if permanence.during.upper <= now:
        hours.delivered += now_lasts
        if permanence.origin == PermanenceOrigin.EXCEPTIONAL:
            hours.exceptional += now_lasts
    else:
        hours.coming += now_lasts


def _minutes(during) -> int:
    return int((during.upper - during.lower).total_seconds()) // 60
