"""Finding conventions: by words, by status, by partner and by space."""

from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.utils import timezone

from franceservices.dates import today_in
from franceservices.db import Folded
from franceservices.text import fold
from partners.models import SiteTimeZone

from .models import Convention, ConventionStatus

_SEARCHED = ("partner__name", "partner__short_name", "site__name", "site__city", "reference", "title")


def matching(conventions: QuerySet[Convention], words: str) -> QuerySet[Convention]:
    """Those in whose partner, space, reference or title each word of `words` occurs, whatever the accents and case."""
    parts = [part for name in _SEARCHED for part in (F(name), Value(" "))]
    found = conventions.alias(searched=Folded(Concat(*parts, output_field=TextField())))
    for word in fold(words.replace("\x00", " ")).split():
        found = found.filter(searched__contains=word)
    return found


def having_status(conventions: QuerySet[Convention], status: ConventionStatus) -> QuerySet[Convention]:
    """Those whose status today, at their own site, is `status`: `Convention.status` said as a condition."""
    condition = Q(pk__in=())
    for day, zones in _today_by_zone().items():
        condition |= Q(site__time_zone__in=zones) & _status_on(day, status)
    return conventions.filter(condition)


def _today_by_zone() -> dict[date, list[str]]:
    """The civil dates that it is now somewhere in France, each with its time zones: two of them at most times."""
    now = timezone.now()
    days: dict[date, list[str]] = {}
    for name in SiteTimeZone.values:
        days.setdefault(today_in(ZoneInfo(name), now), []).append(name)
    return days


def _status_on(day: date, status: ConventionStatus) -> Q:
    approved = Q(deliberation__isnull=False) | Q(signed_on__isnull=False)
    if status == ConventionStatus.EXPIRED:
        return Q(ends_on__lt=day)
    if status == ConventionStatus.IN_FORCE:
        return Q(starts_on__lte=day, ends_on__gte=day)
    if status == ConventionStatus.UPCOMING:
        return Q(starts_on__gt=day) & approved
    return Q(starts_on__gt=day) & ~approved
