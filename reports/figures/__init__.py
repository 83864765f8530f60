"""Every figure of the house, defined once. Screens, exports and papers take name, sentence, value and rows from here.

scope = scope_for(user, period=Period.of_month(2026, 11), partner=cpam)
figures.values([appointments.HELD, desk_visits.WALK_INS], scope)   # {"rendez-vous-effectues": 142, "passages": 410}
figures.parts([appointments.HELD, appointments.ABSENT], "mois", scope)  # one query: months, with both values
appointments.HELD.rows(scope)                                       # the 142 rows
appointments.HELD.unit.full(142)                                    # « 142 rendez-vous »
"""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass

from franceservices.snapshots import one_snapshot
from reports.scopes import Scope
from reports.units import Value

from . import appointments, case_files, desk_visits, hours, offices, trainings
from .definition import Axis, Figure, Part, Source

__all__ = [
    "BY_SLUG",
    "FIGURES",
    "GROUPS",
    "Axis",
    "Figure",
    "Group",
    "Part",
    "Source",
    "appointments",
    "case_files",
    "desk_visits",
    "figure",
    "hours",
    "offices",
    "parts",
    "trainings",
    "values",
]


@dataclass(frozen=True)
class Group:
    """The figures of one source, in the order in which they are read."""

    source: Source
    figures: list[Figure]

    @property
    def label(self) -> str:
        return self.source.label


GROUPS = [
    Group(module.SOURCE, module.FIGURES)
    for module in (appointments, hours, offices, desk_visits, case_files, trainings)
]
FIGURES = [figure for group in GROUPS for figure in group.figures]
BY_SLUG = {figure.slug: figure for figure in FIGURES}


def figure(slug: str) -> Figure:
    """The figure of that name. Raises `KeyError` for any other name."""
    return BY_SLUG[slug]


def values(figures: Iterable[Figure], scope: Scope) -> dict[str, Value]:
    """The value of each of `figures` within `scope`, by slug; a constant number of queries for each source.

    Figures that cannot answer (`source.answers`) are left out: what a filter does not know is not told unfiltered.
    """
    of_source: dict[Source, list[Figure]] = {}
    for wanted in figures:
        of_source.setdefault(wanted.source, []).append(wanted)
    found: dict[str, Value] = {}
    with one_snapshot() if len(of_source) > 1 else nullcontext():
        for source, wanted in of_source.items():
            if source.answers(scope):
                found |= source.values(wanted, scope)
    return found


def parts(figures: Iterable[Figure], axis: str, scope: Scope) -> list[Part]:
    """The values of `figures`, all of one source, along one axis, in one pass; empty when they cannot answer.

    Raises `KeyError` for an axis that the source does not have.
    """
    figures = list(figures)
    source = figures[0].source
    return source.parts(figures, scope, source.axes[axis]) if source.answers(scope) else []
