"""Which times can be offered for a reason: two queries, whatever the number of partners, then pure arithmetic."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from django.conf import settings
from django.contrib.postgres.fields.ranges import RangeEndsWith, RangeStartsWith
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from conventions.models import BookingMode
from franceservices.composed_queries import ComposedQuery, Given, IsAnyOf
from franceservices.dates import NEWEST_YEAR, OLDEST_YEAR
from franceservices.db import EpochSeconds
from partners.models import Office, Partner, Site, User
from partners.visible_queries import VisibleQuery

from .availability import Span, free_spans
from .models import Appointment, Permanence, PermanenceStatus, Reason

ONE_DAY = timedelta(days=1)
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


class _PermanenceRead(NamedTuple):
    """The columns of `_PERMANENCES`, in their order."""

    pk: int
    site_id: int
    partner_id: int
    office_id: int
    day: date
    starts: float
    ends: float
    partner_name: str
    partner_short_name: str
    partner_slug: str
    partner_colour: str
    office_label: str


_EPOCH_SPAN = (EpochSeconds(RangeStartsWith("during")), EpochSeconds(RangeEndsWith("during")))
_PERMANENCES = VisibleQuery(
    lambda user: (
        Permanence.objects.visible_to(user)
        .bookable()
        .filter(
            IsAnyOf("site_id", Given("sites")),
            partner__reasons=Given("reason"),
            audience=Given("audience"),
            # The days bound the search in the index.
            day__range=(Given("first_day"), Given("last_day")),
            during__endswith__gt=Given("not_before"),
            during__startswith__lt=Given("until"),
        )
        .order_by("day")
        .values_list(
            *("pk", "site_id", "partner_id", "office_id", "day", *_EPOCH_SPAN),
            *("partner__name", "partner__short_name", "partner__slug", "partner__colour", "office__label"),
        )
    )
)
_TAKEN = ComposedQuery(
    lambda: (
        Appointment.objects.standing()
        .filter(IsAnyOf("permanence_id", Given("permanences")))
        .order_by()
        .values_list("permanence_id", *_EPOCH_SPAN)
    )
)


def free_times(
    *,
    reason: Reason,
    sites: Iterable[Site],
    user: User,
    first_moment: datetime | None = None,
    days: int | None = None,
    partner_slug: str = "",
    enough_days: int | None = None,
) -> list[FreeTime]:
    """All times that `user` may book for `reason` at `sites`, in order of start, then of partner.

    The period runs from `first_moment` (now, or later) over `days` times 24 hours (the settings' horizon by default).
    The times of social workers are offered to them alone. `partner_slug` leaves the other partners out. With
    `enough_days` the search ends with the day on which times on so many days are found.
    """
    now = timezone.now()
    not_before = max(first_moment or now, now)
    until = not_before + timedelta(days=settings.BOOKING_HORIZON_DAYS if days is None else days)
    if not reason.is_bookable_by(user):
        return []
    by_id = {site.pk: site for site in sites}
    found = _PERMANENCES.rows(
        user,
        sites=list(by_id),
        reason=reason.pk,
        audience=reason.audience,
        # No zone is further than a day from UTC.
        first_day=not_before.astimezone(UTC).date() - 2 * ONE_DAY,
        last_day=until.astimezone(UTC).date() + ONE_DAY,
        not_before=not_before,
        until=until,
    )
    permanences = [read for read in map(_PermanenceRead._make, found) if partner_slug in ("", read.partner_slug)]
    busy: dict[int, list[Span]] = defaultdict(list)
    for permanence_id, starts, ends in _TAKEN.rows(permanences=[read.pk for read in permanences]):
        busy[permanence_id].append(Span(_moment(starts), _moment(ends)))
    duration = timedelta(minutes=reason.duration_minutes)
    makers = {pk: _TimeMaker(site, reason) for pk, site in by_id.items()}
    times: list[FreeTime] = []
    days_with_times = 0
    for _, of_day in groupby(permanences, key=lambda read: read.day):
        before = len(times)
        for read in of_day:
            window = Span(_moment(read.starts), _moment(read.ends))
            spans = free_spans(window, busy[read.pk], duration=duration, not_before=not_before)
            times += makers[read.site_id].times(read, [span for span in spans if span.start < until])
        days_with_times += len(times) > before
        if days_with_times == enough_days:
            break
    return sorted(times, key=lambda time: (time.start, time.permanence.partner.name, time.permanence.pk))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class _TimeMaker:
    """Makes the free times of one site; their permanences share partners and offices, as objects of the models."""

    # In the order of the model's fields.
    FIELDS = (
        *("id", "site_id", "partner_id", "office_id", "day", "during"),
        *("audience", "mode", "status", "orphaned_at"),
    )

    def __init__(self, site: Site, reason: Reason) -> None:
        self.site = site
        self.zone = site.zone
        self.audience = reason.audience
        self.partners: dict[int, Partner] = {}
        self.offices: dict[int, Office] = {}

    def times(self, read: _PermanenceRead, spans: list[Span]) -> list[FreeTime]:
        """The free times of the permanence that was `read`."""
        if not spans:
            return []
        permanence = self._permanence(read)
        return [
            FreeTime(permanence, span.start.astimezone(self.zone), span.end.astimezone(self.zone)) for span in spans
        ]

    def _permanence(self, read: _PermanenceRead) -> Permanence:
        during = DateTimeTZRange(_moment(read.starts), _moment(read.ends), "[)")
        # What the query asks for need not be read: planned, by appointment, foreseen by the grid.
        values = (*read[:5], during, self.audience, BookingMode.APPOINTMENT, PermanenceStatus.PLANNED, None)
        permanence = Permanence.from_db(DEFAULT_DB_ALIAS, self.FIELDS, values)
        if read.partner_id not in self.partners:
            self.partners[read.partner_id] = Partner.from_db(
                DEFAULT_DB_ALIAS,
                ("id", "name", "short_name", "slug", "colour"),
                (
                    read.partner_id,
                    read.partner_name,
                    read.partner_short_name,
                    read.partner_slug,
                    read.partner_colour,
                ),
            )
        if read.office_id not in self.offices:
            self.offices[read.office_id] = Office.from_db(
                DEFAULT_DB_ALIAS, ("id", "label"), (read.office_id, read.office_label)
            )
        permanence.site = self.site
        permanence.partner = self.partners[read.partner_id]
        permanence.office = self.offices[read.office_id]
        return permanence
