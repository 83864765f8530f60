"""What a column of the journal holds, as a person reads it: « 9h00 à 9h30 », « oui », the name of who is meant."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models

from franceservices.dates import format_date_long, format_date_weekday, format_time

NOTHING = "—"
MASKED = "modifié, sans que la valeur soit gardée"
LONGEST_TEXT = 500
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d+)?[+-]\d{2}(?::?\d{2})?")

Names = Mapping[tuple[type[models.Model], object], str]
"""What each row that a foreign key leads to is called."""


def value_in_words(field: models.Field, value: object, *, names: Names, zone: ZoneInfo) -> str:
    """`value`, as PostgreSQL wrote it in JSON, of a column of `field`; moments are shown in `zone`."""
    if value is None or value == "":
        return NOTHING
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return "oui" if value else "non"
    if field.is_relation:
        return names.get((field.related_model, value)) or f"n°\u00a0{value}"
    return _shortened(_typed(field, value, zone))


def _typed(field: models.Field, value: object, zone: ZoneInfo) -> str:
    if isinstance(field, DateTimeRangeField):
        return _span_in_words(str(value), zone)
    if isinstance(field, models.DateTimeField):
        moment = datetime.fromisoformat(str(value)).astimezone(zone)
        return f"{format_date_long(moment.date())} à {format_time(moment.time())}"
    if isinstance(field, models.DateField):
        return format_date_long(date.fromisoformat(str(value)))
    if isinstance(field, models.TimeField):
        return format_time(time.fromisoformat(str(value)))
    if isinstance(field, models.JSONField):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(field, models.DecimalField):
        return f"{Decimal(str(value)):.{field.decimal_places}f}".replace(".", ",")
    if isinstance(value, float | int):
        return str(value).replace(".", ",")
    return str(value)


def _span_in_words(text: str, zone: ZoneInfo) -> str:
    """« jeudi 3 avril 2025, 9h00 à 9h30 » for what PostgreSQL writes of a range of moments; other text as it is."""
    ends = [datetime.fromisoformat(end).astimezone(zone) for end in _MOMENT.findall(text)]
    if len(ends) != 2:
        return text
    first, last = ends
    until = format_time(last.time())
    if last.date() != first.date():
        until = f"{format_date_long(last.date())} {until}"
    return f"{format_date_weekday(first.date())}, {format_time(first.time())} à {until}"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
