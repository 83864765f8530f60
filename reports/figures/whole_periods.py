"""What of the appointments of a whole month or year cannot be added up, where it is kept and nothing changed since.

A person is known to one CCAS. So different people of several CCAS may be added up, each CCAS being kept as a whole;
those that are not kept, or of which something changed, are counted in their rows.
"""

from collections.abc import Mapping
from typing import NamedTuple

from django.db.models import Count, F, Q

from franceservices.composed_queries import ComposedQuery, Given, IsAnyOf
from partners.models import Site
from reports.models import WholePeriod
from reports.periods import Period
from reports.scopes import Scope

from .definition import Figure
from .monthly_shares import Shares, shares_of
from .rows_in_tables import TableSource

PEOPLE = "personnes-distinctes"
MIDDLES = {"attente-mediane": "waiting_middles", "delai-median": "lead_middles"}


class Kept(NamedTuple):
    ccas: int
    site: int | None
    people: int
    strangers: int
    waiting_middles: list | None
    lead_middles: list | None


_KEPT = ComposedQuery(
    lambda: WholePeriod.objects.filter(
        IsAnyOf("ccas_id", Given("ccas")), first=Given("first"), last=Given("last")
    ).values_list("ccas_id", "site_id", "people", "strangers", "waiting_middles", "lead_middles")
)


def strangers(counted: Q) -> Count:
    """How many of those counted are of visitors of another CCAS than their space's."""
    return Count("pk", filter=counted & ~Q(visitor__ccas=F("site__ccas")))


def is_whole(period: Period) -> bool:
    first = period.first
    return period in (Period.of_month(first.year, first.month), Period.of_year(first.year))


def numbers_of(source: TableSource, figures: list[Figure], scope: Scope) -> dict[str, Mapping[str, object]]:
    """The numbers of those of `figures` that are kept, or nearly so, by slug; one or two queries."""
    if scope.filters or not is_whole(scope.period):
        return {}
    kept, loose = _kept(scope, shares_of(scope))
    if len(kept) == 1 and not loose:
        (row,) = kept
        found = {slug: {"middles": getattr(row, column)} for slug, column in MIDDLES.items()}
        return {PEOPLE: {"distinct": row.people}, **found}
    asked = next((figure for figure in figures if figure.slug == PEOPLE), None)
    if asked is None or any(row.strangers for row in kept):
        return {}
    people = sum(row.people for row in kept)
    if loose:
        of_rows = scope.at(*loose)
        if source.is_beyond(of_rows):
            return {}
        counted = (
            source.rows(of_rows)
            .order_by()
            .aggregate(**asked.measure.aggregates(of_rows), strangers=strangers(asked.measure.counted(of_rows)))
        )
        if counted["strangers"]:
            return {}
        people += counted["distinct"]
    return {PEOPLE: {"distinct": people}}


def _kept(scope: Scope, shares: Shares) -> tuple[list[Kept], list[Site]]:
    """What is kept of the spaces of the question as it stands now, and the spaces of which it is not."""
    asked: dict[int, list[Site]] = {}
    for site in scope.sites:
        asked.setdefault(site.ccas_id, []).append(site)
    rows = _KEPT.rows(ccas=sorted(asked), first=scope.period.first, last=scope.period.last)
    known = {(row.ccas, row.site): row for row in map(Kept._make, rows)}
    sure = shares.site_ids.difference(*shares.changed.values())
    kept, loose = [], []
    for ccas, sites in asked.items():
        ids = {site.pk for site in sites}
        row = None
        if ids <= sure:
            if ids == shares.ccas_sites[ccas]:
                row = known.get((ccas, None))
            elif len(ids) == 1:
                row = known.get((ccas, *ids))
        if row is None:
            loose += sites
        else:
            kept.append(row)
    return kept, loose
