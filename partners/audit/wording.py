"""A page of the journal in French: who, when, what, before and after, in a number of queries that no row adds to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.urls import reverse
from django.utils import timezone

from partners.models import AuditAction, AuditEvent, AuditOrigin

from .tracking import TRACKED, Tracked, columns_masked
from .values import MASKED, NOTHING, Names, value_in_words

FORGOTTEN = "effacé avec les données de la personne"


@dataclass(frozen=True)
class Change:
    """One field of the object: what it held before and after; the side that does not exist is empty."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class ToldEvent:
    """One line as it is shown; `moment` is in the zone of the object's site, `history_url` empty without a page."""

    event: AuditEvent
    moment: datetime
    who: str
    origin: str
    kind: str
    name: str
    changes: tuple[Change, ...]
    history_url: str

    @property
    def action(self) -> str:
        return self.event.get_action_display()

    @property
    def is_change(self) -> bool:
        """Whether both sides are told; a row that was made or removed has one."""
        return self.event.action == AuditAction.UPDATE

    @property
    def sentences(self) -> list[str]:
        """The changes as text, for files."""
        if self.is_change:
            return [f"{change.name}\u00a0: {change.before} → {change.after}" for change in self.changes]
        return [f"{change.name}\u00a0: {change.before or change.after}" for change in self.changes]


def tell_events(events: Iterable[AuditEvent], *, zone: ZoneInfo) -> list[ToldEvent]:
    """`events` in words, in their order; those of no site have their moments in `zone`. Events come with `user` and
    `site` (`select_related`).
    """
    events = list(events)
    names = _names(events)
    return [_told(event, names, event.site.zone if event.site else zone) for event in events]


def _told(event: AuditEvent, names: Names, zone: ZoneInfo) -> ToldEvent:
    entry = TRACKED.get(event.model)
    page = TRACKED.get(event.page_model)
    number = f"n°\u00a0{event.object_id}" if event.object_id else "plusieurs à la fois"
    return ToldEvent(
        event=event,
        moment=timezone.localtime(event.at, zone),
        who=_who(event),
        origin=_origin(event),
        kind=entry.name if entry else "journal" if event.model == AuditEvent._meta.label_lower else event.model,
        name=(names.get((entry.model, event.object_id)) if entry else "") or number,
        changes=tuple(_changes(event, entry, names, zone)) if entry else (),
        history_url=reverse("audit:object", args=[page.slug, event.page_id]) if page and not page.page else "",
    )


def _who(event: AuditEvent) -> str:
    if event.user is not None:
        return event.user.get_full_name()
    if event.user_id is not None:
        return f"compte n°\u00a0{event.user_id}, supprimé"
    if event.origin == AuditOrigin.REQUEST:
        return "personne non connectée"
    if event.origin == AuditOrigin.OUTSIDE:
        return f"rôle {event.database_role}"
    return "l’application"


def _origin(event: AuditEvent) -> str:
    """Empty for what was done on a page, which is the rule."""
    match event.origin:
        case AuditOrigin.TASK:
            return f"tâche {event.place.rpartition('.')[2]}"
        case AuditOrigin.COMMAND:
            return f"commande {event.place}"
        case AuditOrigin.OUTSIDE:
            return "hors de l’application" + (f" ({event.place})" if event.place else "")
    return ""


def _sides(event: AuditEvent) -> tuple[dict, dict]:
    """The columns before and after, the personal ones among them."""
    before = (event.before or {}) | (event.personal_before or {})
    return before, (event.after or {}) | (event.personal_after or {})


def _changes(event: AuditEvent, entry: Tracked, names: Names, zone: ZoneInfo) -> Iterator[Change]:
    """What changed, in the order of the fields; of a row made or removed, what it held."""
    before, after = _sides(event)
    masked = columns_masked(entry)
    forgotten = (event.personal_before or {}).keys() | (event.personal_after or {}).keys()

    def words(side: dict, field: models.Field) -> str:
        if field.column not in side:
            return ""
        if event.forgotten_at and field.column in forgotten:
            return FORGOTTEN
        return value_in_words(field, side[field.column], names=names, zone=zone)

    for field in entry.model._meta.concrete_fields:
        if field.primary_key or (field.column not in before and field.column not in after):
            continue
        name = _field_name(field)
        if field.column in masked:
            yield Change(name, NOTHING, MASKED)
        elif event.action == AuditAction.UPDATE or (before | after)[field.column] not in ("", False, [], {}):
            yield Change(name, words(before, field), words(after, field))


def _field_name(field: models.Field) -> str:
    name = str(field.verbose_name)
    return name[:1].upper() + name[1:]


def _names(events: list[AuditEvent]) -> dict[tuple[type[models.Model], object], str]:
    """The names of the objects themselves and of what their columns lead to, one query for each model."""
    wanted: dict[type[models.Model], set] = defaultdict(set)
    for event in events:
        entry = TRACKED.get(event.model)
        if entry is None:
            continue
        wanted[entry.model].add(event.object_id)
        before, after = _sides(event)
        for field in entry.model._meta.concrete_fields:
            if field.is_relation:
                wanted[field.related_model] |= {side.get(field.column) for side in (before, after)}
    names = {}
    for model, ids in wanted.items():
        if model._meta.auto_created:
            continue
        entry = TRACKED.get(model._meta.label_lower)
        rows = model._base_manager.filter(pk__in=ids - {None})
        if entry and entry.named_with:
            rows = rows.select_related(*entry.named_with)
        names |= {(model, row.pk): str(row) for row in rows}
    return names
