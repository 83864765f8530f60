"""Which models the audit watches, and how each row of theirs finds its space, its person and its page.

A model is watched by a decorator, and by a trigger that a migration makes (`partners.audit.triggers.track`): the
registry serves pages and tests, the trigger alone writes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import models
from django.utils.text import slugify

# Secrets are never recorded, whatever a decorator forgets to say.
SECRET_NAMES = frozenset({"password", "token", "token_digest", "secret", "recovery_codes"})

Readers = Literal["desk", "overseers", "administrators"]


@dataclass(frozen=True)
class Tracked:
    """How the rows of one model are recorded; `page`, `site`, `ccas` and `person` are paths as in a queryset.

    `page` leads to the object on whose page the history is read, and is empty for an object with a page of its own.
    `person` leads to the visitor concerned: her `personal` columns are blanked when she is forgotten. Of `masked`
    columns only the change is recorded, of `left_out` nothing; `once` is not repeated when a row is made, since the row
    keeps it. `named_with` is what the name of a row needs (`select_related`). `readers` says whose page the history is,
    within what `visible_to` shows: the whole desk's, that of managers and administrators, or of the latter alone.
    `url_name` is the address of the page itself, which takes the number of the object.
    """

    model: type[models.Model]
    name: str
    slug: str
    page: str = ""
    site: str = ""
    ccas: str = ""
    person: str = ""
    personal: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    named_with: tuple[str, ...] = ()
    readers: Readers = "overseers"
    url_name: str = ""

    @property
    def label(self) -> str:
        """How the journal names the model: « bookings.appointment »."""
        return self.model._meta.label_lower

    @property
    def page_model(self) -> type[models.Model]:
        """The model on whose page the history is read."""
        return _follow(self.model, self.page)[-1] if self.page else self.model


TRACKED: dict[str, Tracked] = {}


def audited(
    *,
    name: str = "",
    slug: str = "",
    page: str = "",
    site: str = "",
    ccas: str = "",
    person: str = "",
    personal: Sequence[str] = (),
    masked: Sequence[str] = (),
    left_out: Sequence[str] = (),
    once: Sequence[str] = (),
    named_with: Sequence[str] = (),
    readers: Readers = "overseers",
    url_name: str = "",
) -> Callable[[type[models.Model]], type[models.Model]]:
    """Enter the decorated model in the registry; its `name` and its `slug` in addresses are those of its Meta unless
    given.
    """

    def register(model: type[models.Model]) -> type[models.Model]:
        entry = Tracked(
            model=model,
            name=name or str(model._meta.verbose_name),
            slug=slug or slugify(name or str(model._meta.verbose_name)),
            page=page,
            site=site,
            ccas=ccas,
            person=person,
            personal=tuple(personal),
            masked=tuple(masked),
            left_out=tuple(left_out),
            once=tuple(once),
            named_with=tuple(named_with),
            readers=readers,
            url_name=url_name,
        )
        TRACKED[entry.label] = entry
        return model

    return register


def tracked_by_slug(slug: str) -> Tracked | None:
    """The watched model whose address has `slug`, if any."""
    return next((entry for entry in TRACKED.values() if entry.slug == slug), None)


def columns_left_out(entry: Tracked) -> list[str]:
    """The columns that are never recorded: those said so, and those that the database computes itself."""
    return sorted(
        field.column for field in entry.model._meta.concrete_fields if field.generated or field.name in entry.left_out
    )


def columns_masked(entry: Tracked) -> list[str]:
    """The columns whose changes are recorded without their values: those said so, and those of a secret's name."""
    return sorted(
        field.column
        for field in entry.model._meta.concrete_fields
        if field.name in SECRET_NAMES or field.name in entry.masked
    )


def reach(model: type[models.Model], path: str) -> str:
    """How a trigger gets from a row of `model` to what `path` leads to: the column that it starts from, then for each
    further step the table, whose row has the number found so far, and its column.

    `convention` gives `convention_id`; `allocation__convention` gives
    `allocation_id>conventions_officeallocation.convention_id`; an empty path leads nowhere.
    """
    if not path:
        return ""
    first, *others = path.split("__")
    field = model._meta.pk if first == "pk" else model._meta.get_field(first)
    steps = [field.column]
    for name in others:
        table = field.related_model
        field = table._meta.get_field(name)
        steps.append(f"{table._meta.db_table}.{field.column}")
    return ">".join(steps)


def trigger_arguments(entry: Tracked) -> dict[str, str]:
    """What `partners.audit.triggers.track` must have been given for the trigger of this model to do what is said."""
    return {
        "label": entry.label,
        "left_out": ",".join(columns_left_out(entry)),
        "masked": ",".join(columns_masked(entry)),
        "once": ",".join(_columns(entry, entry.once)),
        "personal": ",".join(_columns(entry, entry.personal)),
        "page_label": entry.page_model._meta.label_lower,
        "page": reach(entry.model, entry.page or "pk"),
        "site": reach(entry.model, entry.site),
        "ccas": reach(entry.model, entry.ccas),
        "person": reach(entry.model, entry.person),
    }


def _columns(entry: Tracked, names: Sequence[str]) -> list[str]:
    return sorted(entry.model._meta.get_field(name).column for name in names)


def _follow(model: type[models.Model], path: str) -> list[type[models.Model]]:
    """The models that `path` passes through."""
    passed = []
    for hop in path.split("__"):
        model = model._meta.get_field(hop).related_model
        passed.append(model)
    return passed
