"""What a figure is: a name, a sentence, the rows that it counts and how it counts them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.db.models.expressions import Combinable

from reports.scopes import Scope
from reports.units import Unit, Value


@dataclass(frozen=True, kw_only=True)
class Axis:
    """By what figures can be told apart: `par mois`, `par motif`.

    `key` is what rows are grouped by, `name` the column that says it in words; without one, `words` does. Months, days
    and choices stand in their own order and are all told (`every`), even those with nothing; others go from the most
    to the least.
    """

    slug: str
    label: str
    key: Combinable | str
    name: Combinable | str | None = None
    words: Callable[[object], str] = str
    missing: str = "non précisé"
    every: Callable[[Scope], Iterable[object]] | None = None

    @property
    def is_ordered(self) -> bool:
        return self.every is not None


@dataclass(frozen=True)
class Part:
    """One line of a breakdown: what it is about, and the value of each figure by its slug."""

    key: object
    label: str
    values: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """One figure of the house: `label` names it on every screen and paper, `definition` stands beside it.

    `measure` is read by the source alone: which rows are counted and what is made of them.
    """

    slug: str
    label: str
    definition: str
    unit: Unit
    source: "Source"
    measure: object

    def value(self, scope: Scope) -> Value:
        """Its one value within `scope`. For several figures at once, ask `figures.values`: it makes fewer queries."""
        return self.source.values([self], scope)[self.slug]

    def rows(self, scope: Scope) -> QuerySet:
        """The rows that it counts within `scope`, in order of time: what the value can be checked against."""
        return self.source.counted(self, scope)

    def by(self, axis: str, scope: Scope) -> list[Part]:
        """Its values along the axis of that slug. Raises `KeyError` for an axis that the source does not have."""
        return self.source.parts([self], scope, self.source.axes[axis])

    def __str__(self) -> str:
        return self.label


class Source:
    """Where the rows of some figures come from, and what they can be told apart by.

    `filters` are the optional filters of a scope that its rows know; asked with another, its figures have no answer.
    """

    slug: str
    label: str
    filters: frozenset[str]
    axes: dict[str, Axis]
    # What is counted row by row in Python is told of so many spaces × days at most; None where PostgreSQL counts.
    most_site_days: int | None = None

    def answers(self, scope: Scope) -> bool:
        """Whether its figures mean something within `scope`: walk-ins have no audience, so none can be asked."""
        return scope.filters <= self.filters and not self.is_too_much(scope)

    def is_too_much(self, scope: Scope) -> bool:
        """Whether `scope` holds more than a page can wait for."""
        return self.most_site_days is not None and scope.site_days > self.most_site_days

    def rows(self, scope: Scope) -> QuerySet:
        """All its rows within `scope`."""
        raise NotImplementedError

    def has_rows(self, scope: Scope) -> bool:
        """Whether there is anything to tell within `scope`."""
        return self.rows(scope).exists()

    def counted(self, figure: Figure, scope: Scope) -> QuerySet:
        """The rows that `figure` counts."""
        raise NotImplementedError

    def values(self, figures: Iterable[Figure], scope: Scope) -> dict[str, Value]:
        """The value of each of `figures`, all of this source, by slug; a constant number of queries."""
        raise NotImplementedError

    def parts(self, figures: Iterable[Figure], scope: Scope, axis: Axis) -> list[Part]:
        """The values of `figures` along `axis`; a constant number of queries."""
        raise NotImplementedError

    def in_order(self, found: Iterable[Part], figures: list[Figure], scope: Scope, axis: Axis) -> list[Part]:
        """`found` as a reader expects them; along an ordered axis with those of which there is nothing."""
        by_key = {part.key: part for part in found}
        if axis.is_ordered:
            nothing = {figure.slug: self.nothing(figure) for figure in figures}
            return [
                by_key.pop(key, None) or Part(key, axis.words(key), dict(nothing)) for key in axis.every(scope)
            ] + list(by_key.values())
        first = figures[0].slug
        return sorted(by_key.values(), key=lambda part: (-(part.values[first] or 0), part.label))

    def nothing(self, figure: Figure) -> Value:
        """The value of `figure` over no rows."""
        raise NotImplementedError
