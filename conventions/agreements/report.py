"""What a load did to the rows, for the person who asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from django.db.models import Model

from conventions.grid import GridAnswer
from conventions.models import Convention
from franceservices.dates import format_date_long, format_time
from franceservices.money import format_number

from .values import tidy

LONGEST_SHOWN = 70
KEPT_BEFORE_DIFFERENCE = 25


class Action(StrEnum):
    """What became of a row."""

    CREATED = "création"
    UPDATED = "modification"
    DELETED = "suppression"


@dataclass(frozen=True)
class FieldChange:
    """One field, with its value before and after; `old` is None in a row that was created."""

    field: str
    old: object
    new: object

    is_new_row: bool = False

    def __str__(self) -> str:
        if self.is_new_row:
            return f"{self.field}\u00a0: {show(self.new)}"
        old, new = _around_difference(self.old, self.new)
        return f"{self.field}\u00a0: {show(old)} → {show(new)}"


@dataclass(frozen=True)
class Change:
    """One row that was written; `what` names it in French."""

    action: Action
    what: str
    fields: tuple[FieldChange, ...] = ()


@dataclass
class LoadReport:
    """What one load did. `changes` are in the order in which they were written; empty when all was already so.

    `warnings` are what is unusual in the agreement and was taken as it is. `answers` are what the floors above answered
    to the change of the weekly grid.
    """

    convention: Convention
    changes: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    answers: list[GridAnswer] = field(default_factory=list)

    @property
    def is_unchanged(self) -> bool:
        """Whether the database already said all that the file says."""
        return not self.changes

    def count(self, action: Action) -> int:
        """How many rows were created, modified or deleted."""
        return sum(change.action == action for change in self.changes)


def show(value: object) -> str:
    """A value as a report writes it, cut short when long."""
    if value is None or value == "":
        return "(vide)"
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format_number(value, min_places=2)
    if isinstance(value, date):
        return format_date_long(value)
    if isinstance(value, time):
        return format_time(value)
    text = str(value).replace("\n", " ")
    return f"«\u00a0{text if len(text) <= LONGEST_SHOWN else f'{text[:LONGEST_SHOWN]}…'}\u00a0»"


def _around_difference(old: object, new: object) -> tuple[object, object]:
    """Two long texts without most of what they begin with alike, so that a line shows where they part."""
    if not isinstance(old, str) or not isinstance(new, str) or max(len(old), len(new)) <= LONGEST_SHOWN:
        return old, new
    pairs = enumerate(zip(old, new, strict=False))
    alike = next((place for place, (before, after) in pairs if before != after), min(len(old), len(new)))
    start = max(0, alike - KEPT_BEFORE_DIFFERENCE)
    return (f"…{old[start:]}", f"…{new[start:]}") if start else (old, new)


def same(stored: object, wanted: object) -> bool:
    """Whether two values say the same: line ends and blanks around a text do not count."""
    if isinstance(stored, str) and isinstance(wanted, str):
        return tidy(stored) == tidy(wanted)
    return stored == wanted


def difference(row: Model, facts: Mapping[str, object]) -> tuple[FieldChange, ...]:
    """The fields of `row` that `facts` would change. A row not yet stored changes in all that is not empty."""
    if row.pk is None:
        return tuple(
            FieldChange(name, None, _in_words(row, name, value), is_new_row=True)
            for name, value in facts.items()
            if value not in (None, "", False)
        )
    return tuple(
        FieldChange(name, _in_words(row, name, getattr(row, name)), _in_words(row, name, value))
        for name, value in facts.items()
        if not same(getattr(row, name), value)
    )


def _in_words(row: Model, name: str, value: object) -> object:
    """The label of a value of a list, any other value as it is."""
    labels = dict(row._meta.get_field(name).flatchoices)
    return labels.get(value, value)
