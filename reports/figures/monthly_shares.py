"""Which part of a question is answered by the sums of months, and which by the rows themselves, at this very moment."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Q

from bookings.models import ChangedMoment
from franceservices.dates import add_months
from reports.models import SummedSite
from reports.periods import Period
from reports.scopes import Scope

from .axes import MonthAtSite

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class PiecesOfScope(Scope):
    """The same question about some of its days at some of its spaces, as one condition."""

    pieces: tuple[Scope, ...]

    def _by_zone(self, condition: Callable) -> Q:
        found = Q(pk__in=[])
        for piece in self.pieces:
            found |= piece._by_zone(condition)
        bounds = [piece.bounds() for piece in self.pieces]
        return found & condition(min(starts for starts, _ends in bounds), max(ends for _starts, ends in bounds))


@dataclass(frozen=True)
class Shares:
    """`months` at `site_ids` are told by sums, but for those at the sites of `changed`; `rest` by the rows."""

    months: list[date]
    site_ids: list[int]
    changed: dict[date, set[int]]
    rest: Scope | None

    def summed(self, scope: Scope) -> Q:
        """The sums to add up, whatever their table."""
        found = Q(month__in=self.months, site__in=self.site_ids)
        for month, site_ids in self.changed.items():
            found &= ~Q(month=month, site__in=site_ids)
        for name in scope.filters:
            found &= Q(**{name: getattr(scope, name)})
        return found


def whole_months(period: Period) -> list[date]:
    """The first day of each civil month of which `period` has all days."""
    return [month for month in period.months if period.first <= month and _last_of(month) <= period.last]


def shares_of(scope: Scope) -> Shares:
    """How `scope` is shared between sums and rows; two queries.

    A space counts as summed if its sums were made by the clock that it lives by now. A month that changed since is told
    by its rows, and the days of a month that is not asked for as a whole too.
    """
    months = whole_months(scope.period)
    if not months:
        return Shares([], [], {}, scope)
    zones = {site.pk: site.time_zone for site in scope.sites}
    known = SummedSite.objects.filter(site__in=zones, time_zone=F("site__time_zone"))
    summed = {site_id for site_id, zone in known.values_list("site_id", "time_zone") if zone == zones[site_id]}
    changed = _changed(months, summed)
    pieces = [scope.over(days) for days in _edges(scope.period, months)]
    others = [site for site in scope.sites if site.pk not in summed]
    if others:
        pieces.append(scope.over(Period(months[0], _last_of(months[-1]))).at(*others))
    for month, site_ids in changed.items():
        sites = [site for site in scope.sites if site.pk in site_ids]
        pieces.append(scope.over(Period.of_month(month.year, month.month)).at(*sites))
    return Shares(months, sorted(summed), changed, pieces_of(scope, pieces) if pieces else None)


def pieces_of(scope: Scope, pieces: Iterable[Scope]) -> PiecesOfScope:
    asked = {field.name: getattr(scope, field.name) for field in fields(Scope)}
    return PiecesOfScope(**asked, pieces=tuple(pieces))


def _changed(months: list[date], site_ids: set[int]) -> dict[date, set[int]]:
    """The sites, among `site_ids`, at which something of each of `months` changed since it was summed."""
    found: dict[date, set[int]] = {}
    wanted = set(months)
    # A day more at both ends holds them in every zone.
    around = Period(months[0] - ONE_DAY, _last_of(months[-1]) + ONE_DAY).moments(ZoneInfo("UTC"))
    rows = ChangedMoment.objects.filter(moment__range=around).values_list(MonthAtSite("moment"), "site_id").distinct()
    for month, site_id in rows:
        if month in wanted and site_id in site_ids:
            found.setdefault(month, set()).add(site_id)
    return dict(sorted(found.items()))


def _edges(period: Period, months: list[date]) -> list[Period]:
    """The days before the first of `months` and after the last."""
    found = []
    if period.first < months[0]:
        found.append(Period(period.first, months[0] - ONE_DAY))
    if _last_of(months[-1]) < period.last:
        found.append(Period(_last_of(months[-1]) + ONE_DAY, period.last))
    return found


def _last_of(month: date) -> date:
    return add_months(month, 1) - ONE_DAY
