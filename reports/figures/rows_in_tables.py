"""Figures that PostgreSQL makes of the rows of one table, all of them in one query."""

from collections.abc import Callable, Iterable, Mapping

from django.db.models import F, QuerySet

from reports.scopes import Scope
from reports.units import Value

from .definition import Axis, Figure, Part, Source
from .measures import Measure

# By `prefix` of a figure and name of an aggregate of its measure.
Numbers = Mapping[str, object]


class TableSource(Source):
    """`within` gives the rows of a scope, in order of time."""

    def __init__(
        self,
        *,
        slug: str,
        label: str,
        filters: Iterable[str],
        axes: dict[str, Axis],
        within: Callable[[Scope], QuerySet],
    ) -> None:
        self.slug = slug
        self.label = label
        self.filters = frozenset(filters)
        self.axes = axes
        self._within = within

    def rows(self, scope: Scope) -> QuerySet:
        return self._within(scope)

    def counted(self, figure: Figure, scope: Scope) -> QuerySet:
        return self.rows(scope).filter(figure.measure.counted(scope))

    def values(self, figures: Iterable[Figure], scope: Scope) -> dict[str, Value]:
        figures = list(figures)
        return values_of(figures, self.added_up(figures, scope))

    def parts(self, figures: Iterable[Figure], scope: Scope, axis: Axis) -> list[Part]:
        figures = list(figures)
        found = [
            Part(key, label, values_of(figures, numbers))
            for key, (label, numbers) in self.added_up_along(figures, scope, axis).items()
        ]
        # A group of rows none of which is counted says nothing; an axis that tells all adds it again.
        told = [part for part in found if any(part.values[figure.slug] for figure in figures)]
        return self.in_order(told, figures, scope, axis)

    def added_up(self, figures: list[Figure], scope: Scope) -> Numbers:
        """The numbers of which the values of `figures` are made, in one query."""
        return self.rows(scope).order_by().aggregate(**aggregates_of(figures, scope))

    def added_up_along(self, figures: list[Figure], scope: Scope, axis: Axis) -> dict[object, tuple[str, Numbers]]:
        """The same by the keys of `axis`, each with its label, in one query."""
        columns = {"axis_key": expression(axis.key)}
        if axis.name is not None:
            columns["axis_name"] = expression(axis.name)
        grouped = self.rows(scope).order_by().values(**columns).annotate(**aggregates_of(figures, scope))
        return {row["axis_key"]: (label_of(axis, row), row) for row in grouped}

    def nothing(self, figure: Figure) -> Value:
        return figure.measure.empty


def expression(column):
    return F(column) if isinstance(column, str) else column


def label_of(axis: Axis, row: dict[str, object]) -> str:
    if row["axis_key"] in (None, ""):
        return axis.missing
    return row["axis_name"] if axis.name is not None else axis.words(row["axis_key"])


def prefix(figure: Figure) -> str:
    """What the names of its numbers begin with."""
    return f"{figure.slug.replace('-', '_')}__"


def aggregates_of(figures: list[Figure], scope: Scope) -> dict[str, object]:
    """The aggregates that the measures of `figures` ask for, by the name of their number."""
    found = {}
    for figure in figures:
        measure: Measure = figure.measure
        found |= {f"{prefix(figure)}{name}": made for name, made in measure.aggregates(scope).items()}
    return found


def values_of(figures: list[Figure], numbers: Numbers) -> dict[str, Value]:
    """The value of each of `figures`, made of its own among `numbers`; None for one whose numbers were not told."""
    found = {}
    for figure in figures:
        start = prefix(figure)
        own = {name.removeprefix(start): made for name, made in numbers.items() if name.startswith(start)}
        found[figure.slug] = figure.measure.value(own) if own else None
    return found
