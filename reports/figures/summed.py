"""Figures of many spaces or long periods, from the sums of months and, where these do not tell, from the rows.

The values are those of the rows, to the last one: `monthly_shares` says which months are told by sums at this moment,
all others are counted as anywhere else, and both are added up. What cannot be added up (different people, medians) is
kept of whole months and years (`whole_periods`), or made of all the rows, up to `MOST_ROWS` of them.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from franceservices.snapshots import one_snapshot
from reports.scopes import Scope
from reports.units import Value

from .definition import Axis, Figure, Part
from .monthly_shares import Shares, is_of_whole_months, shares_of, whole_months
from .rows_in_tables import Numbers, TableSource, label_of, prefix, values_of
from .sums import Sums, totals_of

# From as many spaces × days on, sums are read (see docs/mesures.md): below, the rows answer as fast, unless all days
# are of whole months.
LEAST_SITE_DAYS = 300
# Up to as many rows, figures that cannot be added up are made of them; beyond they are not told. See their definitions.
MOST_ROWS = 500_000
# More than a space has on one day, so that a few spaces need not be counted first.
MOST_ROWS_A_DAY = 100

# The numbers of those of some figures that are kept of whole periods, by slug: see `whole_periods.numbers_of`.
Wholes = Callable[["SummedSource", list[Figure], Scope], Mapping[str, Mapping[str, object]]]


def _no_wholes(_source: "SummedSource", _figures: list[Figure], _scope: Scope) -> dict:
    return {}


class SummedSource(TableSource):
    """A source whose figures over many rows are read from sums, with the same answers."""

    def __init__(self, *, sums: Sums, wholes: Wholes = _no_wholes, **options) -> None:
        super().__init__(**options)
        self.sums = sums
        self.wholes = wholes

    def reads_sums(self, scope: Scope) -> bool:
        if not scope.sites or not whole_months(scope.period):
            return False
        return is_of_whole_months(scope.period) or scope.site_days >= LEAST_SITE_DAYS

    def has_rows(self, scope: Scope) -> bool:
        if not self.reads_sums(scope):
            return super().has_rows(scope)
        with one_snapshot():
            shares = shares_of(scope)
            if self.sums.rows(totals_of(self.sums, scope, shares, is_dated=False)[None]):
                return True
            return shares.rest is not None and super().has_rows(shares.rest)

    def values(self, figures: Iterable[Figure], scope: Scope) -> dict[str, Value]:
        if not self.reads_sums(scope):
            return super().values(figures, scope)
        figures = list(figures)
        summed, others = self._told_apart(figures)
        numbers: dict[str, object] = {}
        with one_snapshot():
            if summed:
                numbers |= self._added_up(summed, scope)
            if others:
                kept = self.wholes(self, others, scope)
                numbers |= _named(kept, others)
                of_rows = [figure for figure in others if figure.slug not in kept]
                if of_rows and not self.is_beyond(scope):
                    numbers |= super().added_up(of_rows, scope)
        return values_of(figures, numbers)

    def parts(self, figures: Iterable[Figure], scope: Scope, axis: Axis) -> list[Part]:
        figures = list(figures)
        if not self.reads_sums(scope):
            return super().parts(figures, scope, axis)
        with one_snapshot():
            _summed, others = self._told_apart(figures)
            untold = others if others and self.is_beyond(scope) else []
            told = [figure for figure in figures if figure not in untold]
            if not told:
                keys = axis.every(scope) if axis.is_ordered else []
                return [Part(key, axis.words(key), {figure.slug: None for figure in figures}) for key in keys]
            found = super().parts(told, scope, axis)
        for part in found:
            part.values.update({figure.slug: None for figure in untold})
        return found

    def added_up_along(self, figures: list[Figure], scope: Scope, axis: Axis) -> dict[object, tuple[str, Numbers]]:
        if not self.reads_sums(scope) or axis.slug not in self.sums.axes:
            return super().added_up_along(figures, scope, axis)
        summed, others = self._told_apart(figures)
        found = self._added_up_along(summed, scope, axis) if summed else {}
        if others:
            for key, (label, numbers) in super().added_up_along(others, scope, axis).items():
                found[key] = (label, {**found.get(key, ("", {}))[1], **numbers})
        return found

    def is_beyond(self, scope: Scope) -> bool:
        """Whether it holds too many rows for what can only be made of them."""
        if scope.site_days * MOST_ROWS_A_DAY <= MOST_ROWS:
            return False
        shares = shares_of(scope)
        size = self.sums.rows(totals_of(self.sums, scope, shares, is_dated=False)[None])
        if shares.rest:
            size += self.rows(shares.rest).order_by().count()
        return size > MOST_ROWS

    def _told_apart(self, figures: list[Figure]) -> tuple[list[Figure], list[Figure]]:
        """Those that sums tell, and the others."""
        summed = [figure for figure in figures if figure.slug in self.sums.numbers]
        return summed, [figure for figure in figures if figure not in summed]

    def _totals(self, figures: list[Figure], scope: Scope, shares: Shares, axis: str | None) -> dict[object, Numbers]:
        is_dated = any(figure.slug in self.sums.dated for figure in figures)
        found = totals_of(self.sums, scope, shares, axis, is_dated=is_dated)
        return {
            key: _named({figure.slug: self.sums.numbers[figure.slug](totals) for figure in figures}, figures)
            for key, totals in found.items()
        }

    def _added_up(self, figures: list[Figure], scope: Scope) -> Numbers:
        shares = shares_of(scope)
        summed = self._totals(figures, scope, shares, None)[None]
        return _together(summed, super().added_up(figures, shares.rest)) if shares.rest else summed

    def _added_up_along(self, figures: list[Figure], scope: Scope, axis: Axis) -> dict[object, tuple[str, Numbers]]:
        shares = shares_of(scope)
        found = super().added_up_along(figures, shares.rest, axis) if shares.rest else {}
        summed = self._totals(figures, scope, shares, axis.slug)
        names = self._names(axis, scope, [key for key in summed if key is not None])
        for key, numbers in summed.items():
            label = label_of(axis, {"axis_key": key, "axis_name": names.get(key)})
            found[key] = (label, _together(numbers, found[key][1]) if key in found else numbers)
        return found

    def _names(self, axis: Axis, scope: Scope, keys: list[object]) -> dict[object, str]:
        """The names of what `keys` are the ids of; none for an axis whose keys have words."""
        if axis.name is None:
            return {}
        if axis.slug == "espace":
            return {site.pk: site.short_name for site in scope.sites}
        related = self.sums.detail._meta.get_field(self.sums.axes[axis.slug].removesuffix("_id")).related_model
        return dict(related.objects.filter(pk__in=keys).values_list("pk", axis.name.rpartition("__")[2]))


def _named(found: Mapping[str, Mapping[str, object]], figures: list[Figure]) -> dict[str, object]:
    """The numbers of each of `figures` that are found, by the names that the rows would give them."""
    return {
        f"{prefix(figure)}{name}": number for figure in figures for name, number in found.get(figure.slug, {}).items()
    }


def _together(first: Numbers, second: Numbers) -> Numbers:
    """Two sets of the same numbers, added up."""
    return {name: _number(made) + _number(second[name]) for name, made in first.items()}


def _number(made: int | Fraction | Decimal | None) -> int | Fraction:
    return Fraction(made) if isinstance(made, Decimal) else made or 0
