"""The dates that mark the life of a convention, in the order in which a reader meets them, today among them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Milestone:
    """One date of the ribbon; `day` is None for a date that should be known and is not."""

    label: str
    day: date | None
    state: str


PAST, TODAY, COMING, MISSING = "is-past", "is-today", "", "is-missing"


def ribbon(steps: Sequence[tuple[str, date | None]], *, today: date) -> list[Milestone]:
    """`steps` in date order, with today; the ones without a date keep their place after the step that precedes them.

    `steps` come in their usual order. A convention that was signed before it was deliberated shows it so.
    """
    dated = sorted(((day, index) for index, (_, day) in enumerate(steps) if day is not None))
    order = [index for _, index in dated]
    for index, (_, day) in enumerate(steps):
        if day is None:
            order.insert(order.index(index - 1) + 1 if index else 0, index)
    milestones = [_milestone(*steps[index], today) for index in order]
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


def _milestone(label: str, day: date | None, today: date) -> Milestone:
    if day is None:
        return Milestone(label, None, MISSING)
    return Milestone(label, day, PAST if day <= today else COMING)
