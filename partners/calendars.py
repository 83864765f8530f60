"""Which civil days a site does not open: public holidays of its territory and its own closures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

from franceservices.composed_queries import ComposedQuery, Given, RoundTrip

from .models import Closure, Site


@lru_cache(maxsize=256)
def public_holidays(holiday_calendar: str, year: int) -> dict[date, str]:
    """The public holidays of one civil year, by date, with their French names.

    `holiday_calendar` is a value of `HolidayCalendar`: "973" adds 10 June (abolition of slavery in Guyane).
    Source: Code du travail, L3133-1 and L3422-2, as kept by the `holidays` library.
    """
    return dict(holidays.France(subdiv=holiday_calendar or None, language="fr", years=year).items())


@dataclass(frozen=True)
class ClosedDays:
    """The closed days of one site within a period; `reason(day)` is None on a day that opens as usual."""

    holiday_calendar: str
    closures: tuple[tuple[date, date, str], ...]

    def reason(self, day: date) -> str | None:
        """Why the site is closed on `day`, as a French reader would say it, or None."""
        holiday = public_holidays(self.holiday_calendar, day.year).get(day)
        if holiday:
            return holiday
        return next(
            (reason for first, last, reason in self.closures if first <= day <= last),
            None,
        )


def closed_days(sites: Iterable[Site], first: date, last: date) -> dict[int, ClosedDays]:
    """The closed days in `[first, last]` of each of `sites`, by site id; one query whatever their number."""
    sites = list(sites)
    closures: dict[int, list[tuple[date, date, str]]] = {site.pk: [] for site in sites}
    for closure in Closure.objects.filter(site__in=sites).touching(first, last):
        closures[closure.site_id].append((closure.starts_on, closure.ends_on, closure.reason))
    return {site.pk: ClosedDays(site.holiday_calendar, tuple(closures[site.pk])) for site in sites}


_CLOSURES = ComposedQuery(
    lambda: (
        Closure.objects.filter(site=Given("site"))
        .touching(Given("first"), Given("last"))
        .values_list("starts_on", "ends_on", "reason")
    )
)


def ask_closed_days(trip: RoundTrip, site: Site, first: date, last: date) -> Callable[[], ClosedDays]:
    """What gives the closed days of one site in `[first, last]` once the trip is made."""
    closures = trip.ask(_CLOSURES, site=site.pk, first=first, last=last)
    return lambda: ClosedDays(site.holiday_calendar, tuple(closures.rows()))


def civil_days(first: date, last: date) -> Iterable[date]:
    """Each civil day of `[first, last]`, both ends included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
