"""Who holds data of the people received: one `Holder` a floor, each saying what is told, what is emptied, what counts
as a contact, and what keeps a person from being forgotten.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils.module_loading import import_string

ERASED = "[effacé]"
"""What stands where a text may not be empty."""

Rows = Callable[[], QuerySet]


@dataclass(frozen=True)
class Processing:
    """An entry of the register of processings (RGPD, article 30), in French. `slug` names what a CCAS adds to it."""

    slug: str
    name: str
    purpose: str
    legal_basis: str
    people: str
    categories: str
    recipients: str
    retention: str


@dataclass(frozen=True)
class Told:
    """Rows of `model` about a person, as her export tells them.

    `rows(cards)` gives those of the cards of one person, given by their numbers. `without` names the fields that are
    not told, with the reason; `withheld(row, cards)` those of one row.
    """

    key: str
    title: str
    model: type[Model]
    rows: Callable[[Collection[int]], QuerySet]
    without: Mapping[str, str]
    withheld: Callable[[Model, Collection[int]], Collection[str]] = lambda _row, _cards: ()
    values: Mapping[str, Callable[[Model], object]] = field(default_factory=dict)
    """What stands in the place of a field's own value."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What a field is called here, where its own name would not be understood."""
    columns: tuple[str, ...] = ()
    """The fields that the paper prints, a line for each row; without any, rows are printed whole, one field a line."""


@dataclass(frozen=True)
class Contact:
    """Rows that show the person in contact: `moment` is when, `visitor` and `site` lead to whom and where."""

    rows: Rows
    moment: str
    visitor: str = "visitor"
    site: str = "site"


@dataclass(frozen=True)
class Hindrance:
    """Rows that keep a person from being forgotten, and the French reason."""

    reason: str
    rows: Rows
    visitor: str = "visitor"


@dataclass(frozen=True)
class Holder:
    """One floor's part. `forget(cards)` empties what it holds of the cards of one person, in the transaction under way
    and through its door, and returns how many rows it changed, by French kind; called again it changes none.
    """

    told: tuple[Told, ...]
    forget: Callable[[Collection[int]], dict[str, int]]
    contacts: tuple[Contact, ...] = ()
    hindrances: tuple[Hindrance, ...] = ()
    processings: tuple[Processing, ...] = ()
    untold: Mapping[str, str] = field(default_factory=dict)


@cache
def holders() -> tuple[Holder, ...]:
    """Those of all floors, in the order of the settings: from the desk up."""
    return tuple(import_string(path) for path in settings.PERSONAL_DATA_HOLDERS)


def untold() -> dict[str, str]:
    """The models that lead to a visitor and are not in her export, by label, with the reason."""
    return {label: reason for holder in holders() for label, reason in holder.untold.items()}
