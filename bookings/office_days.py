"""How long each office of some spaces is occupied, of how long it could be, on each civil day of a period.

The same arithmetic as the map of offices (`office_map`, `occupation`), for figures over months: a constant number of
queries, whatever the number of spaces, offices or days.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from franceservices.dates import local_interval
from partners.calendars import ClosedDays, civil_days, closed_days
from partners.models import Office, OpeningHours, Partner, Site

from .availability import Span
from .models import Permanence, ScheduleChange, ScheduleChangeKind
from .models.permanence import PermanenceQuerySet
from .occupation import NOTHING, Share, covered


@dataclass(frozen=True, slots=True)
class OfficeDay:
    """One office on one civil day on which its site opens or on which it is used."""

    office: Office
    day: date
    share: Share


def uses_of_offices(
    sites: Iterable[Site], first: date, last: date, *, partner: Partner | None = None, audience: str = ""
) -> PermanenceQuerySet:
    """The permanences and loans that occupy an office on the civil days `[first, last]`.

    Those that stand, but for days on which the site is closed or the office out of use: they did not take place.
    """
    sites = list(sites)
    return _uses(sites, first, last, partner, audience, closed_days(sites, first, last), _outages(sites, first, last))


def _uses(
    sites: list[Site],
    first: date,
    last: date,
    partner: Partner | None,
    audience: str,
    closed: dict[int, ClosedDays],
    outages: set[tuple[int, date]],
) -> PermanenceQuerySet:
    found = Permanence.objects.standing().filter(site__in=sites).on_days(first, last)
    if partner is not None:
        found = found.filter(partner=partner)
    if audience:
        found = found.filter(audience=audience)
    off = Q(pk__in=[])
    for site in sites:
        days = [day for day in civil_days(first, last) if closed[site.pk].reason(day) is not None]
        off |= Q(site=site, day__in=days)
    for office_id, day in outages:
        off |= Q(office=office_id, day=day)
    return found.exclude(off)


def office_days(
    sites: Iterable[Site], first: date, last: date, *, partner: Partner | None = None, audience: str = ""
) -> list[OfficeDay]:
    """Each office on each day; `partner` and `audience` tell whose use counts as occupation, of all opening hours."""
    sites = list(sites)
    closed = closed_days(sites, first, last)
    outages = _outages(sites, first, last)
    opening = _opening_minutes(sites, first, last, closed)
    uses: dict[tuple[int, date], list[Span]] = {}
    occupying = _uses(sites, first, last, partner, audience, closed, outages)
    for office_id, day, during in occupying.order_by().values_list("office_id", "day", "during"):
        uses.setdefault((office_id, day), []).append(Span(during.lower, during.upper))
    used = {office_id for office_id, _day in uses}
    offices = Office.objects.filter(Q(is_active=True) | Q(pk__in=used), site__in=sites).select_related("site")
    found = []
    for office in offices:
        for day in civil_days(first, last):
            key = (office.pk, day)
            available = NOTHING if key in outages else opening.get((office.site_id, day), NOTHING)
            occupied = covered(uses[key]) if key in uses else NOTHING
            if available or occupied:
                found.append(OfficeDay(office, day, Share(occupied, available)))
    return found


def _outages(sites: list[Site], first: date, last: date) -> set[tuple[int, date]]:
    changes = ScheduleChange.objects.standing().filter(
        site__in=sites, kind=ScheduleChangeKind.OFFICE_OUTAGE, starts_on__lte=last, ends_on__gte=first
    )
    return {
        (change.office_id, day)
        for change in changes
        for day in civil_days(max(change.starts_on, first), min(change.ends_on, last))
    }


def _opening_minutes(
    sites: list[Site], first: date, last: date, closed: dict[int, ClosedDays]
) -> dict[tuple[int, date], timedelta]:
    """How long each site opens on each day on which it is not closed, by site id and day; one query."""
    lines: dict[int, list[OpeningHours]] = {site.pk: [] for site in sites}
    for line in OpeningHours.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=first), site__in=sites, starts_on__lte=last
    ):
        lines[line.site_id].append(line)
    return {
        (site.pk, day): covered(_spans(site, day, lines[site.pk]))
        for site in sites
        for day in civil_days(first, last)
        if closed[site.pk].reason(day) is None
    }


def _spans(site: Site, day: date, lines: list[OpeningHours]) -> Iterable[Span]:
    for line in lines:
        is_valid = line.starts_on <= day and (line.ends_on is None or day <= line.ends_on)
        if is_valid and line.weekday == day.isoweekday():
            starts_at, ends_at = local_interval(day, line.start_time, line.end_time, site.zone)
            yield Span(starts_at, ends_at)
