"""A row as its export tells it: every field under its name, values that JSON holds and that can be read back."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import Range
from django.db.models import Field, ForeignKey, Model

from bookings.models import Visitor
from franceservices.dates import format_date_long, format_time
from partners.models import User

from .holders import Told

Value = str | int | float | bool | dict | list | None


def fields_of(told: Told) -> list[Field]:
    """What is told of each row: all columns but those left out with a reason and those that are computed."""
    return [
        field
        for field in told.model._meta.concrete_fields
        if field.name not in told.without and not getattr(field, "generated", False)
    ]


def labels_of(told: Told) -> dict[str, str]:
    """The French name of each field, by its key in the export."""
    return {
        field.name: "numéro" if field.primary_key else told.labels.get(field.name, str(field.verbose_name))
        for field in fields_of(told)
    }


def record_of(row: Model, told: Told, *, cards: Collection[int], zone: ZoneInfo) -> dict[str, Value]:
    """The values of one row by field; moments with the offset of `zone`, people of the staff by their role."""
    withheld = told.withheld(row, cards)
    return {
        field.name: plain(told.values[field.name](row), zone) if field.name in told.values else _value(row, field, zone)
        for field in fields_of(told)
        if field.name not in withheld
    }


def _value(row: Model, field: Field, zone: ZoneInfo) -> Value:
    if isinstance(field, ForeignKey):
        return _named(row, field)
    value = getattr(row, field.attname)
    if field.choices and isinstance(value, str):
        return {"code": value, "label": str(dict(field.flatchoices).get(value, ""))} if value else None
    return plain(value, zone)


def _named(row: Model, field: ForeignKey) -> Value:
    """A row that another one names. Colleagues are told by what they do: their names are their own data."""
    number = getattr(row, field.attname)
    if number is None:
        return None
    if field.related_model is User:
        # What the journal names outlives the account.
        user = row._state.fields_cache.get(field.name) or User.objects.filter(pk=number).first()
        return {"role": role_of(user) if user else "compte supprimé"}
    if field.related_model is Visitor:
        return {"number": number}
    # The names of these rows may hold the person's: their numbers lead to where they are told.
    related = getattr(row, field.name)
    if any(inner.related_model is Visitor for inner in related._meta.concrete_fields if inner.is_relation):
        return {"number": number}
    return {"number": number, "name": str(related)}


def role_of(user: User) -> str:
    """« Accueil », « Agent d’un partenaire (CPAM) »."""
    role = user.get_role_display()
    return f"{role} ({user.partner.short_name})" if user.partner_id else role


def plain(value: object, zone: ZoneInfo) -> Value:
    """A value as JSON holds it: a moment in ISO 8601 with its offset in `zone`, a span by its two ends."""
    match value:
        case datetime():
            return value.astimezone(zone).isoformat()
        case date():
            return value.isoformat()
        case Range():
            return {"from": plain(value.lower, zone), "until": plain(value.upper, zone)}
        case None | bool() | int() | float() | str() | dict() | list():
            return value
        case _:
            return str(value)


def in_words(value: Value, zone: ZoneInfo) -> str:
    """A value of a record as a person reads it; empty where there is nothing to read."""
    if value is None or value in ("", [], {}):
        return ""
    match value:
        case bool():
            return "oui" if value else "non"
        case {"code": _, "label": label} | {"role": label} | {"name": label, "number": _}:
            return label
        case {"number": number}:
            return f"n°\u00a0{number}"
        case {"from": str(start), "until": str(end)}:
            first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
            return f"{_moment(first)} – {format_time(last.time())}"
        case str():
            return _dated(value)
        case dict():
            told = {key: in_words(inner, zone) for key, inner in value.items()}
            return ", ".join(f"{key}\u00a0: {words}" for key, words in told.items() if words)
        case list():
            return " ; ".join(filter(None, (in_words(inner, zone) for inner in value)))
        case _:
            return str(value)


def _moment(moment: datetime) -> str:
    return f"{format_date_long(moment.date())} à {format_time(moment.time())}"


def _dated(text: str) -> str:
    """Dates and moments, which records hold in ISO form, in French; other text as it is."""
    try:
        return format_date_long(date.fromisoformat(text)) if len(text) == 10 else _moment(_aware(text))
    except ValueError:
        return text


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def cells_of(record: Mapping[str, Value], labels: Mapping[str, str], zone: ZoneInfo) -> list[tuple[str, str]]:
    """What a paper prints of a record: the label and the words of each field that holds something."""
    told = ((labels[key], in_words(value, zone)) for key, value in record.items())
    return [(label[:1].upper() + label[1:], words) for label, words in told if words]
