"""Finding conventions: by words, by stage, by partner and by space."""

from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    CharField,
    DateField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Concat
from django.utils import timezone

from franceservices.dates import today_in
from franceservices.db import Folded
from franceservices.text import fold
from partners.models import SiteTimeZone

from .models import Amendment, Convention
from .stages import Stage

_SEARCHED = ("partner__name", "partner__short_name", "site__name", "site__city", "reference", "title")


def matching(conventions: QuerySet[Convention], words: str) -> QuerySet[Convention]:
    """Those in whose partner, space, reference or title each word of `words` occurs, whatever the accents and case."""
    parts = [part for name in _SEARCHED for part in (F(name), Value(" "))]
    found = conventions.alias(searched=Folded(Concat(*parts, output_field=TextField())))
    for word in fold(words.replace("\x00", " ")).split():
        found = found.filter(searched__contains=word)
    return found


def with_stage_facts(conventions: QuerySet[Convention]) -> QuerySet[Convention]:
    """`conventions` with what their stages and findings are judged by, without a query a row."""
    first_amendment = (
        Amendment.objects.in_force()
        .filter(convention=OuterRef("pk"))
        .order_by("effective_on")
        .values("effective_on")[:1]
    )
    return conventions.select_related("site__ccas", "partner", "deliberation", "fee_terms", "successor").annotate(
        amended_from=Subquery(first_amendment)
    )


def having_stage(conventions: QuerySet[Convention], *stages: Stage) -> QuerySet[Convention]:
    """Those whose stage today, at their own site, is one of `stages`: `Convention.stage` said as a condition."""
    return conventions.alias(day=today_at_site(), stage_today=_stage_on_day()).filter(stage_today__in=stages)


def today_at_site(site: str = "site") -> Case:
    """The civil date at the space of each row; two dates are on the calendars of France at most times."""
    now = timezone.now()
    days: dict[date, list[str]] = {}
    for name in SiteTimeZone.values:
        days.setdefault(today_in(ZoneInfo(name), now), []).append(name)
    return Case(
        *(When(**{f"{site}__time_zone__in": zones}, then=Value(day)) for day, zones in days.items()),
        output_field=DateField(),
    )


def _stage_on_day() -> Case:
    """`stages.stage_on` for each row on its `day`, in the same order; an unknown date is not before any."""
    day = F("day")
    deliberated, signed = Q(deliberation__session_on__lte=day), Q(signed_on__lte=day)
    transmitted = Q(deliberation__transmitted_on__lte=day)
    begun = Q(starts_on__lte=day) & (signed | deliberated)
    amended = Exists(Amendment.objects.in_force().filter(convention=OuterRef("pk"), effective_on__lte=OuterRef("day")))
    cases = [
        (Q(ends_on__lt=day), Stage.EXPIRED),
        (Q(denounced_on__lte=day), Stage.DENOUNCED),
        (begun & amended, Stage.AMENDED),
        (begun, Stage.IN_FORCE),
        (signed, Stage.SIGNED),
        (deliberated & transmitted & Q(deliberation__published_on__lte=day), Stage.ENFORCEABLE),
        (deliberated & transmitted, Stage.TRANSMITTED),
        (deliberated, Stage.DELIBERATED),
    ]
    return Case(
        *(When(condition, then=Value(stage.value)) for condition, stage in cases),
        default=Value(Stage.DRAFT.value),
        output_field=CharField(),
    )
