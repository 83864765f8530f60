"""Figures of many spaces or long periods, from the sums of months and, where these do not tell, from the rows.

The values are those of the rows, to the last one: `monthly_shares` says which months are told by sums at this moment,
all others are counted as anywhere else, and both are added up. What cannot be added up (different people, medians) is
made of all the rows, up to `MOST_ROWS` of them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db.models import Aggregate, F, Model, Q, QuerySet
from django.db.models.expressions import Combinable

from franceservices.snapshots import one_snapshot
from reports.scopes import Scope
from reports.units import Value

from .definition import Axis, Figure, Part
from .monthly_shares import Shares, shares_of
from .rows_in_tables import Numbers, TableSource, label_of, prefix

# From as many spaces × days on, sums are read (see docs/mesures.md): below, the rows answer as fast.
LEAST_SITE_DAYS = 300
# Up to as many rows, figures that cannot be added up are made of them; beyond they are not told. See their definitions.
MOST_ROWS = 500_000
# More than a space has on one day, so that a few spaces need not be counted first.
MOST_ROWS_A_DAY = 100


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Where the sums of a source are, and what its numbers are made of.

    `numbers` gives, by the slug of a figure, the aggregates over sums that stand for those of its measure over rows;
    `axes` the column of the keys of an axis; `along` which of the sums are added up for an axis (None for none).
    """

    model: type[Model]
    numbers: Mapping[str, Callable[[Scope], Mapping[str, Combinable]]]
    axes: Mapping[str, str]
    size: Aggregate
    # How many times more days the rows of this source answer as fast as its sums.
    days_as_quick: int = 1
    along: Callable[[str | None], Q] = lambda _axis: Q()


class SummedSource(TableSource):
    """A source whose figures over many rows are read from sums, with the same answers."""

    def __init__(self, *, sums: Sums, **options) -> None:
        super().__init__(**options)
        self.sums = sums

    def reads_sums(self, scope: Scope) -> bool:
        return scope.site_days >= LEAST_SITE_DAYS * self.sums.days_as_quick

    def values(self, figures: Iterable[Figure], scope: Scope) -> dict[str, Value]:
        figures = list(figures)
        untold = self._untold(figures, scope)
        found = super().values([figure for figure in figures if figure not in untold], scope)
        return {figure.slug: found.get(figure.slug) for figure in figures}

    def parts(self, figures: Iterable[Figure], scope: Scope, axis: Axis) -> list[Part]:
        figures = list(figures)
        untold = self._untold(figures, scope)
        told = [figure for figure in figures if figure not in untold]
        if not told:
            keys = axis.every(scope) if axis.is_ordered else []
            return [Part(key, axis.words(key), {figure.slug: None for figure in figures}) for key in keys]
        found = super().parts(told, scope, axis)
        for part in found:
            part.values.update({figure.slug: None for figure in untold})
        return found

    def added_up(self, figures: list[Figure], scope: Scope) -> Numbers:
        if not self.reads_sums(scope):
            return super().added_up(figures, scope)
        summed, others = self._told_apart(figures)
        with one_snapshot():
            found = self._added_up(summed, scope) if summed else {}
            return found | super().added_up(others, scope) if others else found

    def added_up_along(self, figures: list[Figure], scope: Scope, axis: Axis) -> dict[object, tuple[str, Numbers]]:
        if not self.reads_sums(scope) or axis.slug not in self.sums.axes:
            return super().added_up_along(figures, scope, axis)
        summed, others = self._told_apart(figures)
        with one_snapshot():
            found = self._added_up_along(summed, scope, axis) if summed else {}
            if others:
                for key, (label, numbers) in super().added_up_along(others, scope, axis).items():
                    found[key] = (label, {**found.get(key, ("", {}))[1], **numbers})
        return found

    def _untold(self, figures: list[Figure], scope: Scope) -> list[Figure]:
        """Those of `figures` that only the rows could tell, when these are too many."""
        _summed, others = self._told_apart(figures)
        if not others or not self.reads_sums(scope) or scope.site_days * MOST_ROWS_A_DAY <= MOST_ROWS:
            return []
        with one_snapshot():
            shares = shares_of(scope)
            size = self._rows_of_sums(scope, shares).aggregate(size=self.sums.size)["size"]
            if shares.rest:
                size += self.rows(shares.rest).order_by().count()
        return others if size > MOST_ROWS else []

    def _told_apart(self, figures: list[Figure]) -> tuple[list[Figure], list[Figure]]:
        """Those that sums tell, and the others."""
        summed = [figure for figure in figures if figure.slug in self.sums.numbers]
        return summed, [figure for figure in figures if figure not in summed]

    def _rows_of_sums(self, scope: Scope, shares: Shares, axis: Axis | None = None) -> QuerySet:
        return self.sums.model.objects.filter(shares.summed(scope), self.sums.along(axis.slug if axis else None))

    def _aggregates(self, figures: list[Figure], scope: Scope) -> dict[str, Combinable]:
        return {
            f"{prefix(figure)}{name}": made
            for figure in figures
            for name, made in self.sums.numbers[figure.slug](scope).items()
        }

    def _added_up(self, figures: list[Figure], scope: Scope) -> Numbers:
        shares = shares_of(scope)
        summed = self._rows_of_sums(scope, shares).aggregate(**self._aggregates(figures, scope))
        return _together(summed, super().added_up(figures, shares.rest)) if shares.rest else summed

    def _added_up_along(self, figures: list[Figure], scope: Scope, axis: Axis) -> dict[object, tuple[str, Numbers]]:
        shares = shares_of(scope)
        found = super().added_up_along(figures, shares.rest, axis) if shares.rest else {}
        grouped = self._rows_of_sums(scope, shares, axis).values(axis_key=F(self.sums.axes[axis.slug]))
        rows = list(grouped.annotate(**self._aggregates(figures, scope)))
        names = self._names(axis, [row["axis_key"] for row in rows if row["axis_key"] is not None])
        for row in rows:
            key = row["axis_key"]
            label = label_of(axis, row | {"axis_name": names.get(key)})
            found[key] = (label, _together(row, found[key][1]) if key in found else row)
        return found

    def _names(self, axis: Axis, keys: list[object]) -> dict[object, str]:
        """The names of what `keys` are the ids of; none for an axis whose keys have words."""
        if axis.name is None:
            return {}
        related = self.sums.model._meta.get_field(self.sums.axes[axis.slug]).related_model
        return dict(related.objects.filter(pk__in=keys).values_list("pk", axis.name.rpartition("__")[2]))


def _together(first: Numbers, second: Numbers) -> Numbers:
    """Two sets of the same numbers, added up; those that name what they are of stay as they are."""
    return {name: _number(made) + _number(second[name]) if "__" in name else made for name, made in first.items()}


def _number(made: int | Decimal | None) -> int | Fraction:
    return Fraction(made) if isinstance(made, Decimal) else made or 0
