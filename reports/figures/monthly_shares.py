"""Which part of a question is answered by the sums of months, and which by the rows themselves, at this very moment."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from bookings.models import ChangedMoment
from franceservices.composed_queries import ComposedQuery, Given, IsAnyOf
from franceservices.dates import add_months
from franceservices.snapshots import once_in_a_snapshot
from partners.models import Site
from reports.models import SummedMonth
from reports.periods import Period
from reports.scopes import Scope

from .axes import MonthAtSite

ONE_DAY = timedelta(days=1)
# From so many spaces on, those that were not asked are taken away from the sums of all, if they are fewer than half.
LEAST_SITES_OF_ALL = 50

_KNOWN = ("pk", "ccas_id", "time_zone", "summed__ccas_id", "summed__time_zone")
_ALL_SITES = ComposedQuery(lambda: Site.objects.order_by().values_list(*_KNOWN))
_SITES_OF = ComposedQuery(
    lambda: Site.objects.order_by().filter(IsAnyOf("ccas_id", Given("ccas"))).values_list(*_KNOWN)
)
_CHANGED = ComposedQuery(
    lambda: (
        ChangedMoment.objects.filter(moment__gte=Given("since"), moment__lt=Given("until"))
        .values_list(MonthAtSite("moment"), "site_id")
        .distinct()
    )
)
_SUMMED_MONTHS = ComposedQuery(
    lambda: SummedMonth.objects.filter(IsAnyOf("month", Given("months"))).values_list("month")
)


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


@dataclass(frozen=True, kw_only=True)
class Shares:
    """`months` at `site_ids` are told by sums, but for those at the sites of `changed`; `rest` by the rows.

    Of `months_of_all`, some of `months`, the sums of all spaces are made, of which `not_asked` are none of `site_ids`;
    `is_of_all` says that no other space is summed at all.
    `ccas_sites` are all spaces of each CCAS that has one in the question.
    """

    months: list[date]
    site_ids: frozenset[int]
    changed: Mapping[date, set[int]]
    rest: Scope | None
    months_of_all: list[date]
    not_asked: list[int]
    is_of_all: bool
    ccas_sites: Mapping[int, set[int]]


def whole_months(period: Period) -> list[date]:
    """The first day of each civil month of which `period` has all days."""
    return [month for month in period.months if period.first <= month and _last_of(month) <= period.last]


def is_of_whole_months(period: Period) -> bool:
    return period.first.day == 1 and period.last == _last_of(period.last.replace(day=1))


def shares_of(scope: Scope) -> Shares:
    """How `scope` is shared between sums and rows; two or three queries, once in a snapshot.

    A space counts as summed if its sums were made by the clock and under the CCAS that it lives by now. A month that
    changed since is told by its rows, and the days of a month that is not asked for as a whole too.
    """
    return once_in_a_snapshot(("shares", scope), lambda: _shares_of(scope))


def _shares_of(scope: Scope) -> Shares:
    months = whole_months(scope.period)
    summed, ccas_sites, others = _sites(scope)
    changed = _changed(months, summed) if months else {}
    pieces = [scope.over(days) for days in _edges(scope.period, months)]
    unsummed = [site for site in scope.sites if site.pk not in summed]
    if unsummed and months:
        pieces.append(scope.over(Period(months[0], _last_of(months[-1]))).at(*unsummed))
    for month, site_ids in changed.items():
        sites = [site for site in scope.sites if site.pk in site_ids]
        pieces.append(scope.over(Period.of_month(month.year, month.month)).at(*sites))
    of_all = []
    if months and LEAST_SITES_OF_ALL <= len(summed) >= 2 * len(others):
        of_all = sorted(month for (month,) in _SUMMED_MONTHS.rows(months=months))
    return Shares(
        months=months,
        site_ids=frozenset(summed),
        changed=changed,
        rest=pieces_of(scope, pieces) if pieces else None,
        months_of_all=of_all,
        not_asked=others,
        is_of_all=not others and len(scope.sites) >= LEAST_SITES_OF_ALL,
        ccas_sites=ccas_sites,
    )


def _sites(scope: Scope) -> tuple[set[int], dict[int, set[int]], list[int]]:
    """Those of the scope that are summed, all spaces of their CCAS, and the summed ones that are not of the scope.

    The last are not looked for when there are too few of the first for the sums of all spaces.
    """
    wanted = {site.pk: site for site in scope.sites}
    asks_all = len(wanted) >= LEAST_SITES_OF_ALL
    own_ccas = {site.ccas_id for site in scope.sites}
    found, others = set(), []
    ccas_sites: dict[int, set[int]] = {}
    for pk, ccas, zone, summed_ccas, summed_zone in (
        _ALL_SITES.rows() if asks_all else _SITES_OF.rows(ccas=sorted(own_ccas))
    ):
        if ccas in own_ccas:
            ccas_sites.setdefault(ccas, set()).add(pk)
        site = wanted.get(pk)
        if site and (summed_ccas, summed_zone) == (ccas, zone) == (site.ccas_id, site.time_zone):
            found.add(pk)
        elif summed_zone is not None:
            others.append(pk)
    return found, ccas_sites, sorted(others)


def pieces_of(scope: Scope, pieces: Iterable[Scope]) -> PiecesOfScope:
    asked = {field.name: getattr(scope, field.name) for field in fields(Scope)}
    return PiecesOfScope(**asked, pieces=tuple(pieces))


def _changed(months: list[date], site_ids: set[int]) -> dict[date, set[int]]:
    """The sites, among `site_ids`, at which something of each of `months` changed since it was summed."""
    found: dict[date, set[int]] = {}
    wanted = set(months)
    # A day more at both ends holds them in every zone.
    since, until = Period(months[0] - ONE_DAY, _last_of(months[-1]) + ONE_DAY).moments(ZoneInfo("UTC"))
    for month, site_id in _CHANGED.rows(since=since, until=until):
        if month in wanted and site_id in site_ids:
            found.setdefault(month, set()).add(site_id)
    return dict(sorted(found.items()))


def _edges(period: Period, months: list[date]) -> list[Period]:
    """The days before the first of `months` and after the last; all of them where there are none."""
    if not months:
        return [period]
    found = []
    if period.first < months[0]:
        found.append(Period(period.first, months[0] - ONE_DAY))
    if _last_of(months[-1]) < period.last:
        found.append(Period(_last_of(months[-1]) + ONE_DAY, period.last))
    return found


def _last_of(month: date) -> date:
    return add_months(month, 1) - ONE_DAY
