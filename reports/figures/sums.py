"""Totals of the sums of months, each question from the table that answers it with the fewest rows."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from django.db.models import F, Func, IntegerField, Model, Q, QuerySet, Sum

from franceservices.composed_queries import ComposedQuery, Given, IsAnyOf
from franceservices.snapshots import once_in_a_snapshot
from reports.scopes import Scope

from .monthly_shares import Shares

# By name of a column of sums; `ENDED` is how many of those still open have ended at the moment of the question.
Totals = Mapping[str, int]
ENDED = "ended"
# Told by the sums of each space alone, whatever else is asked.
_TOLD_BY_SITE = {None, "mois", "espace"}
_COLUMN_OF_FILTER = {"partner": "partner_id", "reason": "reason_id", "audience": "audience"}


class UpTo(Func):
    """How many of the moments of a sorted array are not later than a moment."""

    function = "WIDTH_BUCKET"
    output_field = IntegerField()


@dataclass(frozen=True, kw_only=True, eq=False)
class Sums:
    """Where the sums of a source are, and what its numbers are made of.

    `numbers` gives, by the slug of a figure, the numbers of its measure made of totals; those of `dated` depend on the
    moment of the question. `axes` are the columns of the keys of an axis, `along` which of the detailed sums are added
    up for an axis (None for none), `rows` how many rows the totals are of.
    """

    detail: type[Model]
    of_site: type[Model]
    of_all: type[Model]
    columns: tuple[str, ...]
    numbers: Mapping[str, Callable[[Totals], Mapping[str, object]]]
    axes: Mapping[str, str]
    rows: Callable[[Totals], int]
    dated: Collection[str] = ()
    along: Callable[[str | None], Mapping[str, str]] = lambda _axis: {}


def totals_of(
    sums: Sums, scope: Scope, shares: Shares, axis: str | None = None, *, is_dated: bool
) -> dict[object, Counter]:
    """The totals of what `shares` leaves to sums, by the keys of `axis`, or under None; once in a snapshot.

    ENDED is among them if `is_dated`. A key may be there of which nothing is left.
    """
    by_key = once_in_a_snapshot(
        (sums, scope, axis or "mois", is_dated),
        lambda: _totals_of(sums, scope, shares, axis or "mois", is_dated=is_dated),
    )
    if axis is not None:
        return by_key
    together = Counter()
    for totals in by_key.values():
        together.update(totals)
    return {None: together}


def _totals_of(sums: Sums, scope: Scope, shares: Shares, axis: str, *, is_dated: bool) -> dict[object, Counter]:
    found: dict[object, Counter] = {}
    by_site = sums.of_site if axis in _TOLD_BY_SITE and not scope.filters else sums.detail
    months_of_all = [] if axis == "espace" else list(shares.months_of_all)
    if is_dated and months_of_all:
        parted = {month for (month,) in _parted(sums).rows(months=months_of_all, now=scope.now)}
        months_of_all = [month for month in months_of_all if month not in parted]
    others = [month for month in shares.months if month not in months_of_all]

    def count(model: type[Model], months: list[date], site_ids: Iterable[int] | None, *, sign: int) -> None:
        given = {"months": months, "now": scope.now, **_filters(scope)}
        if site_ids is not None:
            given["sites"] = sorted(site_ids)
        asked = _Asked(sums, model, axis, tuple(sorted(scope.filters)), site_ids is not None, is_dated)
        for key, *columns in _query(asked).rows(**given):
            totals = found.setdefault(key, Counter())
            for name, made in zip(asked.names, columns, strict=True):
                totals[name] += sign * int(made or 0)

    if months_of_all:
        count(sums.of_all, months_of_all, None, sign=1)
        if shares.not_asked:
            count(by_site, months_of_all, shares.not_asked, sign=-1)
    if others and shares.site_ids:
        count(by_site, others, None if shares.is_of_all else shares.site_ids, sign=1)
    for month, site_ids in shares.changed.items():
        count(by_site, [month], site_ids, sign=-1)
    return found


def _filters(scope: Scope) -> dict[str, list[object]]:
    asked = {"partner": scope.partner, "reason": scope.reason, "audience": scope.audience}
    return {name: [getattr(asked[name], "pk", asked[name])] for name in scope.filters}


@dataclass(frozen=True)
class _Asked:
    """One wording of a question to the sums of `model`; its places are `months`, `now`, the filters, maybe `sites`."""

    sums: Sums
    model: type[Model]
    axis: str
    filters: tuple[str, ...]
    names_sites: bool
    is_dated: bool

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.sums.columns, ENDED) if self.is_dated else self.sums.columns

    def rows(self) -> QuerySet:
        """The key of the axis, and the totals in the order of `names`."""
        sums, rows = self.sums, self.model.objects.filter(IsAnyOf("month", Given("months")))
        if self.names_sites:
            rows = rows.filter(IsAnyOf("site_id", Given("sites")))
        if self.model is not sums.of_site:
            rows = rows.filter(**sums.along(self.axis))
        for name in self.filters:
            rows = rows.filter(IsAnyOf(_COLUMN_OF_FILTER[name], Given(name)))
        totals = {f"total_{name}": self._ended() if name == ENDED else Sum(name) for name in self.names}
        return (
            rows.order_by().values(axis_key=F(sums.axes[self.axis])).annotate(**totals).values_list("axis_key", *totals)
        )

    def _ended(self) -> Sum:
        if self.model is self.sums.of_all:
            return Sum("still_open", filter=Q(open_until__lte=Given("now")))
        return Sum(UpTo(Given("now"), F("open_ends")))


@cache
def _query(asked: _Asked) -> ComposedQuery:
    return ComposedQuery(asked.rows)


@cache
def _parted(sums: Sums) -> ComposedQuery:
    """The months in which some of those still open have ended at the moment `now`, and some have not."""
    return ComposedQuery(
        lambda: (
            sums.of_all.objects.filter(
                IsAnyOf("month", Given("months")), open_from__lte=Given("now"), open_until__gt=Given("now")
            )
            .values_list("month")
            .distinct()
        )
    )
