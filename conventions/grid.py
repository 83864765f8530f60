"""Tells the floors above that a weekly grid changed, without importing them.

The grid belongs to this floor and the dated permanences to the one above, which may not be imported from here. The
settings name what is done when a grid changes (`GRID_LISTENERS`), and every writer of a grid calls `grid_changed` in
its own transaction. See `docs/decisions/0002-grille-et-permanences.md`.
"""

from dataclasses import dataclass
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from partners.models import User

from .models import Convention


@dataclass(frozen=True)
class DisplacedPeople:
    """Those whose appointment the grid no longer holds: how many, and a French line for each that a reader may see."""

    count: int
    lines: tuple[str, ...]


class GridAnswer(Protocol):
    """What a floor above says it did, for the person who changed the grid."""

    def summary(self) -> str:
        """One sentence in French: what changed."""
        ...

    def details(self) -> list[str]:
        """What is left to do by hand, one French line each; empty when nothing is."""
        ...

    def displaced(self, *, reader: User) -> DisplacedPeople:
        """Who is booked on the dates that left the grid, named only as far as `reader` may know."""
        ...

    def next_step(self) -> tuple[str, str] | None:
        """The label and the address of the page where it is done; None when nothing is left to do there."""
        ...


class GridListener(Protocol):
    """What a floor above does when the grid, the term or the office of `convention` changed."""

    def __call__(self, *, convention: Convention) -> GridAnswer: ...


@cache
def _listeners() -> list[GridListener]:
    return [import_string(path) for path in settings.GRID_LISTENERS]


def grid_changed(*, convention: Convention) -> list[GridAnswer]:
    """Say that the weekly grid of `convention` was written; call it last, inside the writer's transaction.

    Returns what the listeners answer, for the writer to show.
    """
    return [listener(convention=convention) for listener in _listeners()]
