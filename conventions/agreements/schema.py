"""How a table of the form is declared: keys with their kinds, tables in tables, and the model whose facts they are."""

import dataclasses
from dataclasses import MISSING, dataclass
from typing import ClassVar

from django.db.models import Model

from .values import Kind


@dataclass(frozen=True)
class Key:
    """What the form says of one key.

    `field` names the model's field that holds the value, None when no single field does. `when_new` marks a shared
    fact that may stay out once the object is in the database, but not before.
    """

    kind: Kind | None
    field: str | None
    required: bool
    absent: object
    when_new: bool = False
    part: type["Part"] | None = None
    at_most: int | None = None


def key(kind: Kind, *, default: object = MISSING, field: str | None = "", when_new: bool = False):
    """One key of a table; required unless it has a `default`. `field=""` means the field of the same name."""
    metadata = {"kind": kind, "field": field, "when_new": when_new}
    return (
        dataclasses.field(metadata=metadata)
        if default is MISSING
        else dataclasses.field(default=default, metadata=metadata)
    )


def shared(kind: Kind, *, when_new: bool = False):
    """A key of a shared table, left as it is where the file does not give it."""
    return key(kind, default=None, when_new=when_new)


def table(part: type["Part"], *, default: object = MISSING):
    """A table within a table; required unless it has a `default`."""
    metadata = {"part": part}
    return (
        dataclasses.field(metadata=metadata)
        if default is MISSING
        else dataclasses.field(default=default, metadata=metadata)
    )


def tables(part: type["Part"], *, at_most: int, default: object = ()):
    """A list of tables, empty when absent (or None, "not said", for what is shared)."""
    return dataclasses.field(default=default, metadata={"part": part, "at_most": at_most})


@dataclass(frozen=True, kw_only=True)
class Part:
    """One table of the file, as data. `model` is the one that holds its facts."""

    model: ClassVar[type[Model] | None] = None
    is_shared: ClassVar[bool] = False

    @classmethod
    def keys(cls) -> dict[str, Key]:
        """The keys of the table, in the order in which they are written."""
        found = {}
        for declared in dataclasses.fields(cls):
            metadata = declared.metadata
            found[declared.name] = Key(
                kind=metadata.get("kind"),
                field=declared.name if metadata.get("field") == "" else metadata.get("field"),
                required=declared.default is MISSING,
                absent=None if declared.default is MISSING else declared.default,
                when_new=metadata.get("when_new", False),
                part=metadata.get("part"),
                at_most=metadata.get("at_most"),
            )
        return found

    def facts(self) -> dict[str, object]:
        """The model's fields that the table settles, with their values; shared facts left out of it are not here."""
        values = {form_key.field: getattr(self, name) for name, form_key in self.keys().items() if form_key.field}
        return {field: value for field, value in values.items() if value is not None or not self.is_shared}

    @classmethod
    def facts_of(cls, row: Model) -> dict[str, object]:
        """The values of this table's keys as `row` holds them, by key."""
        return {name: getattr(row, form_key.field) for name, form_key in cls.keys().items() if form_key.field}
