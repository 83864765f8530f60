"""Which times can be offered for a reason: two queries, whatever the number of partners, then pure arithmetic."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields.ranges import RangeEndsWith, RangeStartsWith
from django.utils import timezone

from franceservices.dates import NEWEST_YEAR, OLDEST_YEAR
from franceservices.db import EpochSeconds
from partners.models import Site, User

from .availability import Span, free_spans
from .models import Appointment, Permanence, Reason

ONE_DAY = timedelta(days=1)
# What is shown of a free time; with hundreds of permanences the other columns would cost as much again.
_READ = (
    *("site", "partner", "office", "day", "during", "audience", "mode", "status", "orphaned_at"),
    *("partner__name", "partner__short_name", "partner__slug", "partner__colour", "office__label"),
)
_KEY = re.compile(r"(\d{1,18})-(\d{8}T\d{4})00", re.ASCII)


@dataclass(frozen=True, slots=True)
class FreeTime:
    """A time that may be booked: the half-open span `[start, end)`, aware, in the zone of the permanence's site."""

    permanence: Permanence
    start: datetime
    end: datetime

    @property
    def key(self) -> str:
        """What the booking page carries in its address: the permanence and the moment in UTC, `12-20260402T063000`."""
        return f"{self.permanence.pk}-{self.start.astimezone(UTC):%Y%m%dT%H%M%S}"


def parse_time_key(text: str) -> tuple[int, datetime] | None:
    """The permanence's id and the aware moment, in UTC, that a `FreeTime.key` names; None for anything else."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    try:
        starts_at = datetime.strptime(match[2], "%Y%m%dT%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (int(match[1]), starts_at) if OLDEST_YEAR <= starts_at.year <= NEWEST_YEAR else None


def free_times(
    *,
    reason: Reason,
    sites: Iterable[Site],
    user: User,
    first_moment: datetime | None = None,
    days: int | None = None,
) -> list[FreeTime]:
    """All times that `user` may book for `reason` at `sites`, in order of start, then of partner.

    The period runs from `first_moment` (now, or later) over `days` times 24 hours (the settings' horizon by default).
    The times of social workers are offered to them alone.
    """
    now = timezone.now()
    not_before = max(first_moment or now, now)
    until = not_before + timedelta(days=settings.BOOKING_HORIZON_DAYS if days is None else days)
    if not reason.is_bookable_by(user):
        return []
    by_id = {site.pk: site for site in sites}
    permanences = list(
        Permanence.objects.visible_to(user)
        .bookable()
        .filter(
            partner__reasons=reason,
            site__in=list(by_id),
            audience=reason.audience,
            # The days bound the search in the index; no zone is further than a day from UTC.
            day__range=(not_before.astimezone(UTC).date() - 2 * ONE_DAY, until.astimezone(UTC).date() + ONE_DAY),
            during__endswith__gt=not_before,
            during__startswith__lt=until,
        )
        .select_related("partner", "office")
        .only(*_READ)
    )
    for permanence in permanences:
        permanence.site = by_id[permanence.site_id]
    busy: dict[int, list[Span]] = defaultdict(list)
    taken = (
        Appointment.objects.standing()
        .filter(permanence__in=permanences)
        .values_list("permanence_id", EpochSeconds(RangeStartsWith("during")), EpochSeconds(RangeEndsWith("during")))
    )
    for permanence_id, starts, ends in taken:
        busy[permanence_id].append(Span(datetime.fromtimestamp(starts, UTC), datetime.fromtimestamp(ends, UTC)))
    duration = timedelta(minutes=reason.duration_minutes)
    found = [
        FreeTime(
            permanence,
            span.start.astimezone(zone),
            span.end.astimezone(zone),
        )
        for permanence, zone in ((permanence, permanence.site.zone) for permanence in permanences)
        for span in free_spans(
            Span(permanence.during.lower, permanence.during.upper),
            busy[permanence.pk],
            duration=duration,
            not_before=not_before,
        )
        if span.start < until
    ]
    return sorted(
        found,
        key=lambda time: (time.start, time.permanence.partner.name, time.permanence.pk),
    )
