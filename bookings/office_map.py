"""The occupation map of a site: offices by half-days of a week, from the permanences themselves.

A constant number of queries, whatever the number of offices, permanences or days. Closed days (public holidays and
closures) count neither as opening nor as occupation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Q

from franceservices.dates import format_time_range, monday_of
from partners.calendars import ClosedDays, civil_days, closed_days
from partners.models import Office, Site, User

from .availability import Span
from .models import Permanence, PermanenceOrigin, PermanenceStatus, ScheduleChange, ScheduleChangeKind
from .occupation import SHORTEST_LOAN, HalfDay, Share, half_days, idle_spans, share_of
from .schedule_rows import opening_by_day

WEEK = timedelta(days=7)
ONE_DAY = timedelta(days=1)
# How far back the share of occupation looks beyond the week shown.
WEEKS_BEFORE = 12
# The days that are shown though nothing happens on them: Monday to Friday.
USUAL_LAST_DAY = 5


@dataclass(frozen=True)
class MapDay:
    """One civil day: its two half-days, with their opening hours unless the site is closed."""

    day: date
    parts: tuple[HalfDay, HalfDay]
    closed_because: str

    @property
    def opening(self) -> list[Span]:
        return [span for part in self.parts for span in part.opening]

    def without(self, outage: str | None) -> "MapDay":
        """The same day for an office that is out of use on it, if it is: `outage` says why."""
        if outage is None or self.closed_because:
            return self
        parts = tuple(replace(part, opening=()) for part in self.parts)
        return replace(self, parts=parts, closed_because=f"hors service\u00a0: {outage}")


# Why an office is out of use on a civil day, by its id and the day.
Outages = dict[tuple[int, date], str]
DatedSpan = tuple[date, Span]


@dataclass(frozen=True)
class Use:
    """A permanence, or a loan, as a cell shows it."""

    permanence: Permanence
    hours: str
    may_be_cancelled: bool

    @property
    def is_cancelled(self) -> bool:
        return self.permanence.status == PermanenceStatus.CANCELLED

    @property
    def is_loan(self) -> bool:
        return self.permanence.origin == PermanenceOrigin.LOAN

    @property
    def is_exceptional(self) -> bool:
        return self.permanence.origin == PermanenceOrigin.EXCEPTIONAL


@dataclass(frozen=True)
class IdleTime:
    """Time within the opening hours in which nobody has the office; `starts` and `ends` are times of an address."""

    office: Office
    half_day: HalfDay
    hours: str
    starts: str
    ends: str
    is_whole: bool
    may_be_lent: bool


@dataclass(frozen=True)
class Cell:
    """One office in one half-day."""

    half_day: HalfDay
    closed_because: str
    uses: list[Use]
    idle: list[IdleTime]

    @property
    def is_idle(self) -> bool:
        """Open, and not used at all."""
        return any(idle.is_whole for idle in self.idle)

    @property
    def is_out_of_hours(self) -> bool:
        return not self.half_day.opening and not self.closed_because


@dataclass(frozen=True)
class OfficeRow:
    """One office over the week, with its share of occupation in this week and in the weeks before."""

    office: Office
    cells: list[Cell]
    week: Share
    before: Share


@dataclass(frozen=True)
class OfficeMap:
    """The whole week of a site."""

    monday: date
    days: list[MapDay]
    rows: list[OfficeRow]
    # The civil days, both included, of the complete weeks that the longer share is about.
    before_first: date
    before_last: date

    @property
    def week(self) -> Share:
        return sum((row.week for row in self.rows), Share())

    @property
    def before(self) -> Share:
        return sum((row.before for row in self.rows), Share())

    @property
    def idle_half_days(self) -> list[tuple[HalfDay, list[IdleTime]]]:
        """The half-days in which offices stand wholly idle and can still be lent, in order."""
        found = []
        for column in zip(*(row.cells for row in self.rows), strict=True):
            idle = [idle for cell in column for idle in cell.idle if idle.is_whole and idle.may_be_lent]
            if idle:
                found.append((column[0].half_day, idle))
        return found


def day_of(site: Site, day: date) -> MapDay:
    """One civil day of `site`; two queries."""
    opening = opening_by_day(site, [day])
    return _map_day(site, day, opening[day], closed_days([site], day, day)[site.pk])


def outages_of(site: Site, first: date, last: date) -> Outages:
    """The days in `[first, last]` on which an office of `site` is out of use; one query."""
    changes = ScheduleChange.objects.standing().filter(
        site=site, kind=ScheduleChangeKind.OFFICE_OUTAGE, starts_on__lte=last, ends_on__gte=first
    )
    return {
        (change.office_id, day): change.reason
        for change in changes
        for day in civil_days(max(change.starts_on, first), min(change.ends_on, last))
    }


def office_map(site: Site, monday: date, *, seen_by: User) -> OfficeMap:
    """The week that begins on `monday`, and the occupation of the twelve complete weeks before the present one."""
    now = site.now()
    sunday = monday + WEEK - ONE_DAY
    before_last = monday_of(now.date()) - ONE_DAY
    before_first = before_last - WEEKS_BEFORE * WEEK + ONE_DAY
    whole_week, weeks_before = list(civil_days(monday, sunday)), list(civil_days(before_first, before_last))
    first, last = min(monday, before_first), max(sunday, before_last)
    opening = opening_by_day(site, [*whole_week, *weeks_before])
    closed = closed_days([site], first, last)[site.pk]
    outages = outages_of(site, first, last)

    here = Permanence.objects.visible_to(seen_by).filter(site=site)
    permanences = list(here.on_days(monday, sunday).with_parties().order_by("during", "pk"))
    earlier = here.standing().on_days(before_first, before_last).values_list("office_id", "day", "during")
    offices = list(
        Office.objects.filter(Q(is_active=True) | Q(pk__in={found.office_id for found in permanences}), site=site)
    )

    busy_days = [found.day for found in permanences] + [day for day in whole_week if opening[day]]
    last_day = max([USUAL_LAST_DAY, *(day.isoweekday() for day in busy_days)])
    days = [_map_day(site, day, opening[day], closed) for day in whole_week[:last_day]]
    days_before = [_map_day(site, day, opening[day], closed) for day in weeks_before]
    uses_before: dict[int, list[DatedSpan]] = {}
    for office_id, day, during in earlier:
        uses_before.setdefault(office_id, []).append((day, Span(during.lower, during.upper)))
    return OfficeMap(
        monday=monday,
        days=days,
        rows=[
            _office_row(
                office,
                days=[day.without(outages.get((office.pk, day.day))) for day in days],
                permanences=[found for found in permanences if found.office_id == office.pk],
                before=_share(
                    uses_before.get(office.pk, []),
                    [day.without(outages.get((office.pk, day.day))) for day in days_before],
                ),
                now=now,
            )
            for office in offices
        ],
        before_first=before_first,
        before_last=before_last,
    )


def _share(uses: Iterable[DatedSpan], days: list[MapDay]) -> Share:
    """The share of one office over `days`; what was foreseen on a closed day did not take place."""
    closed = {day.day for day in days if day.closed_because}
    return share_of((span for day, span in uses if day not in closed), (part for day in days for part in day.parts))


def _map_day(site: Site, day: date, opening: list, closed: ClosedDays) -> MapDay:
    closed_because = closed.reason(day) or ""
    return MapDay(day, half_days(day, [] if closed_because else opening, site.zone), closed_because)


def _office_row(
    office: Office, *, days: list[MapDay], permanences: list[Permanence], before: Share, now: datetime
) -> OfficeRow:
    standing = [
        (found.day, Span(found.during.lower, found.during.upper))
        for found in permanences
        if found.status != PermanenceStatus.CANCELLED
    ]
    busy = [span for _, span in standing]
    return OfficeRow(
        office=office,
        cells=[
            Cell(
                half_day=part,
                closed_because=day.closed_because,
                uses=list(_uses(permanences, part, now=now)),
                idle=list(idle_times(office, part, busy, now=now)),
            )
            for day in days
            for part in day.parts
        ],
        week=_share(standing, days),
        before=before,
    )


def _uses(permanences: Iterable[Permanence], half_day: HalfDay, *, now: datetime) -> Iterator[Use]:
    for permanence in permanences:
        if half_day.touches(Span(permanence.during.lower, permanence.during.upper)):
            yield Use(
                permanence,
                format_time_range(permanence.local_start.time(), permanence.local_end.time()),
                may_be_cancelled=permanence.origin == PermanenceOrigin.LOAN
                and permanence.status != PermanenceStatus.CANCELLED
                and permanence.during.upper > now,
            )


def idle_times(office: Office, half_day: HalfDay, busy: Iterable[Span], *, now: datetime) -> Iterator[IdleTime]:
    """What `busy` leaves of the opening hours of `half_day`, as far as it is long enough to be lent.

    `now` is in the zone of the site, in which the hours are written.
    """
    zone = now.tzinfo
    busy = list(busy)
    untouched = not any(half_day.touches(span) for span in busy)
    for span in idle_spans(half_day.opening, busy):
        if span.end - span.start < SHORTEST_LOAN:
            continue
        start, end = span.start.astimezone(zone).time(), span.end.astimezone(zone).time()
        yield IdleTime(
            office=office,
            half_day=half_day,
            hours=format_time_range(start, end),
            starts=f"{start:%H:%M}",
            ends=f"{end:%H:%M}",
            is_whole=untouched,
            may_be_lent=office.is_active and span.end > now,
        )
