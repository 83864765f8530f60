"""Template filters that write money, dates, times and numbers in French: `{% load french %}`.

Each returns "" for None and for an empty value of a form, so that a template needs no `{% if %}` around an optional
field. Moments are shown in the zone that is given, which is the site's.
"""

from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone

from franceservices import dates, identifiers, money, phones

register = template.Library()


@register.filter
def euros(amount: Decimal | int | None) -> str:
    """`1 254,00 €`."""
    return "" if amount in (None, "") else money.format_euros(amount)


@register.filter
def area(area_m2: Decimal | int | None) -> str:
    """`15,64 m²`."""
    return "" if area_m2 in (None, "") else money.format_area(area_m2)


@register.filter
def number(value: Decimal | int | None) -> str:
    """`1 254`, `12,5`: a count or a measure with French marks."""
    return "" if value in (None, "") else money.format_number(value)


@register.filter
def date_long(day: date | None) -> str:
    """`1er avril 2025`. A moment is refused: write `{{ moment|date_in:site.zone|date_long }}`."""
    return "" if day in (None, "") else dates.format_date_long(day)


@register.filter
def date_weekday(day: date | None) -> str:
    """`jeudi 3 avril 2025`."""
    return "" if day in (None, "") else dates.format_date_weekday(day)


@register.filter
def date_short(day: date | None) -> str:
    """`jeu. 3 avril 2025`."""
    return "" if day in (None, "") else dates.format_date_short(day)


@register.filter
def weekday_name(weekday: int | date | None) -> str:
    """`jeudi`, of an ISO number (1 to 7) or of a date."""
    if weekday in (None, ""):
        return ""
    return dates.WEEKDAYS[weekday.isoweekday() if isinstance(weekday, date) else int(weekday)]


@register.filter
def hour(moment: time | datetime | None, zone: ZoneInfo | str | None = None) -> str:
    """`8h30`: a local time as it stands, or an aware moment in `zone` (a ZoneInfo or its name).

    Without a zone a moment is shown in Django's current one: on pages of a site prefer `hour_in`, which demands the
    zone. Raises `ValueError` for a naive moment.
    """
    if moment in (None, ""):
        return ""
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment, None if zone is None else _zone(zone)).time()
    return dates.format_time(moment)


@register.filter
def hour_in(moment: datetime | None, zone: ZoneInfo | str) -> str:
    """`{{ appointment.starts_at|hour_in:site.zone }}`: `8h30`, in the site's zone.

    Raises `ValueError` for a naive moment, or a zone that the page does not have: Paris time at Cayenne is worse
    than an error.
    """
    return "" if moment in (None, "") else dates.format_time(timezone.localtime(moment, _zone(zone)).time())


@register.filter
def date_in(moment: datetime | None, zone: ZoneInfo | str) -> date | None:
    """The civil date of an aware moment in the site's zone, to be written by one of the date filters.

    Raises what `hour_in` raises.
    """
    return None if moment in (None, "") else timezone.localtime(moment, _zone(zone)).date()


@register.filter
def duration(minutes: int | None) -> str:
    """`45 min`, `1 h 30`."""
    return "" if minutes in (None, "") else dates.format_duration(minutes)


@register.filter
def phone(e164: str | None) -> str:
    """`03 81 41 21 21`."""
    return phones.format_phone(e164) if e164 else ""


@register.filter
def siren(digits: str | None) -> str:
    """`262 500 564`."""
    return identifiers.format_siren(digits) if digits else ""


@register.filter
def joined(words: list[str] | None) -> str:
    """`a, b et c`."""
    return dates.join_fr([str(word) for word in words]) if words else ""


def _zone(zone: ZoneInfo | str) -> ZoneInfo:
    if not zone:
        raise ValueError("Le fuseau du site manque à cette page.")
    return ZoneInfo(zone) if isinstance(zone, str) else zone
