"""The figures of article V: files sent by kind, their outcomes, returns for incompleteness, and the time it took.

One definition for all: a file counts in the period in which it was sent for the first time, once, whatever becomes of
it later; outcomes, returns and delays are those of these files, as known today.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Aggregate, Avg, Count, F, FloatField, Func, IntegerField, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from franceservices.dates import day_bounds
from partners.models import Partner, Site

from .models import SlipLine
from .models.case_file import CaseFileQuerySet
from .models.rights_alert import RightsAlertQuerySet


class Median(Aggregate):
    """The middle value, or the mean of the two in the middle; null values are left aside."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


class DaysBetween(Func):
    """Whole days from the second civil date to the first."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()
    arity = 2


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """The figures of a set of files sent. `sent` is the sum of the five that follow it.

    `accepted` and `refused` were decided (`tacit` of them by silence), `withdrawn` were given up undecided, `pending`
    are at the caisse, `being_completed` came back and are with the CCAS. `returned` files came back at least once,
    `returns` times together. Days run from the receipt of the complete file to the decision; None before any decision.
    """

    sent: int
    accepted: int
    refused: int
    withdrawn: int
    pending: int
    being_completed: int
    tacit: int
    returned: int
    returns: int
    mean_days: Decimal | None
    median_days: Decimal | None


@dataclass(frozen=True, slots=True)
class CaseFiguresByKind:
    """`kinds` by label, and `total`, whose median is that of all files together."""

    kinds: dict[str, CaseFigures]
    total: CaseFigures


def case_figures(
    *, files: CaseFileQuerySet, first: date, last: date, site: Site | None = None, partner: Partner | None = None
) -> CaseFiguresByKind:
    """The figures of those of `files` that were first sent in `[first, last]`, both days included; two queries.

    `files` is a perimeter, such as `CaseFile.objects.visible_to(user)`; `site` and `partner` narrow it.
    """
    files_sent = cohort(files, first=first, last=last, site=site, partner=partner)
    by_kind = files_sent.values("kind__label").annotate(**_columns()).order_by("kind__label")
    return CaseFiguresByKind(
        kinds={row.pop("kind__label"): _figures(row) for row in by_kind},
        total=_figures(files_sent.aggregate(**_columns())),
    )


def cohort(
    files: CaseFileQuerySet, *, first: date, last: date, site: Site | None = None, partner: Partner | None = None
) -> CaseFileQuerySet:
    """Those of `files` that were first sent in `[first, last]`, with their open line, `first_sent_on`, `return_count`
    and `days`, from the receipt of the complete file to the decision.
    """
    lines = SlipLine.objects.filter(file=OuterRef("pk")).order_by().values("file")
    found = files.with_open_line().annotate(
        first_sent_on=Subquery(lines.annotate(value=Min("sent_on")).values("value")),
        return_count=Coalesce(
            Subquery(lines.filter(returned_at__isnull=False).annotate(value=Count("pk")).values("value")), 0
        ),
        days=DaysBetween(F("open_line__decided_on"), F("open_line__received_on")),
    )
    found = found.filter(first_sent_on__range=(first, last)).order_by()
    if site is not None:
        found = found.filter(site=site)
    return found if partner is None else found.filter(partner=partner)


_WITHDRAWN = Q(withdrawn_at__isnull=False)
CONDITIONS = {
    "accepted": Q(open_line__result="accepted"),
    "refused": Q(open_line__result="refused"),
    "withdrawn": _WITHDRAWN,
    "pending": ~_WITHDRAWN & Q(open_line__isnull=False, open_line__result=""),
    "being_completed": ~_WITHDRAWN & Q(open_line__isnull=True),
    "tacit": Q(open_line__is_tacit=True),
    "returned": Q(return_count__gt=0),
}
"""Which files of a cohort each of the counts of `CaseFigures` is about."""


def _columns() -> dict[str, Aggregate]:
    return {
        "sent": Count("pk"),
        **{name: Count("pk", filter=condition) for name, condition in CONDITIONS.items()},
        "returns": Coalesce(Sum("return_count"), 0),
        "mean_days": Avg("days"),
        "median_days": Median("days"),
    }


def _figures(row: dict[str, object]) -> CaseFigures:
    return CaseFigures(**{name: _tenths(value) if name.endswith("_days") else value for name, value in row.items()})


def _tenths(days: float | Decimal | None) -> Decimal | None:
    """Days to a tenth, half up."""
    return None if days is None else Decimal(str(days)).quantize(Decimal("0.1"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class AlertFigures:
    """Alerts raised in a period, those answered and closed since, people concerned, and hours to the answer."""

    raised: int
    people: int
    answered: int
    closed: int
    mean_hours: Decimal | None
    median_hours: Decimal | None


class HoursBetween(Func):
    """Hours from the second moment to the first."""

    template = "(EXTRACT(EPOCH FROM (%(expressions)s))::double precision / 3600)"
    arg_joiner = " - "
    output_field = FloatField()
    arity = 2


def alert_figures(*, alerts: RightsAlertQuerySet, site: Site, first: date, last: date) -> AlertFigures:
    """The figures of those of `alerts` raised at `site` on the civil days `[first, last]` there; one query."""
    starts_at, _ = day_bounds(first, site.zone)
    _, ends_at = day_bounds(last, site.zone)
    row = (
        alerts.order_by()
        .filter(site=site, raised_at__gte=starts_at, raised_at__lt=ends_at)
        .annotate(hours=HoursBetween(F("answered_at"), F("raised_at")))
        .aggregate(
            raised=Count("pk"),
            people=Count("visitor", distinct=True),
            answered=Count("pk", filter=Q(answered_at__isnull=False)),
            closed=Count("pk", filter=Q(closed_at__isnull=False)),
            mean_hours=Avg("hours"),
            median_hours=Median("hours"),
        )
    )
    return AlertFigures(**{name: _tenths(value) if name.endswith("_hours") else value for name, value in row.items()})
