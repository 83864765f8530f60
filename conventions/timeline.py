"""The dates that mark the life of a convention, in the order in which a reader meets them, today among them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Source:
    """What proves a fact, or the rule that a date follows from: a few words, and the page or the file behind them."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Step:
    """One fact of a convention's life; `day` is None for one that should be known and is not.

    A step that is not `in_ribbon` is read in the chronology alone.
    """

    label: str
    day: date | None
    sources: tuple[Source, ...] = ()
    in_ribbon: bool = True


@dataclass(frozen=True)
class Milestone:
    """One date of the ribbon or of the chronology, and whether it is past, today, to come or missing."""

    label: str
    day: date | None
    state: str
    sources: tuple[Source, ...] = ()


PAST, TODAY, COMING, MISSING = "is-past", "is-today", "", "is-missing"


def ribbon(steps: Sequence[Step], *, today: date) -> list[Milestone]:
    """The steps that belong into the ribbon, in date order, with today; see `chronology`."""
    milestones = chronology([step for step in steps if step.in_ribbon], today=today)
    place = next(
        (
            position
            for position, milestone in enumerate(milestones)
            if milestone.day is not None and milestone.day > today
        ),
        len(milestones),
    )
    milestones.insert(place, Milestone("Aujourd’hui", today, TODAY))
    return milestones


def chronology(steps: Iterable[Step], *, today: date) -> list[Milestone]:
    """`steps` in date order; the ones without a date keep their place after the step that precedes them.

    `steps` come in their usual order. A convention that was signed before it was deliberated shows it so.
    """
    steps = list(steps)
    dated = sorted(((step.day, index) for index, step in enumerate(steps) if step.day is not None))
    order = [index for _, index in dated]
    for index, step in enumerate(steps):
        if step.day is None:
            order.insert(order.index(index - 1) + 1 if index else 0, index)
    return [_milestone(steps[index], today) for index in order]


def _milestone(step: Step, today: date) -> Milestone:
    if step.day is None:
        return Milestone(step.label, None, MISSING, step.sources)
    return Milestone(step.label, step.day, PAST if step.day <= today else COMING, step.sources)
