"""By what rows are told apart, whatever they are: days and months by the clock of their site, and who and where."""

from django.db.models import DateField, Func, IntegerField
from django.db.models.functions import ExtractIsoWeekDay, TruncMonth

from franceservices.dates import WEEKDAYS, format_date_short, format_month

from .definition import Axis


class AtSite(Func):
    """A part of a moment as the clock of its site tells it, for grouping (never for filtering: no index knows it)."""

    arg_joiner = " AT TIME ZONE "

    def __init__(self, moment: str, zone: str = "site__time_zone", **extra) -> None:
        super().__init__(moment, zone, **extra)


class MonthAtSite(AtSite):
    template = "DATE_TRUNC('month', %(expressions)s)::date"
    output_field = DateField()


class DayAtSite(AtSite):
    template = "(%(expressions)s)::date"
    output_field = DateField()


class WeekdayAtSite(AtSite):
    template = "EXTRACT(ISODOW FROM %(expressions)s)::integer"
    output_field = IntegerField()


def months(key) -> Axis:
    return Axis(slug="mois", label="Mois", key=key, words=format_month, every=lambda scope: scope.period.months)


def days(key) -> Axis:
    return Axis(slug="jour", label="Jour", key=key, words=format_date_short, every=lambda scope: scope.period.days())


def weekdays(key) -> Axis:
    # Sunday and Saturday are told only if something happened on them.
    return Axis(
        slug="jour-de-semaine",
        label="Jour de la semaine",
        key=key,
        words=WEEKDAYS.get,
        every=lambda _scope: range(1, 6),
    )


def axes_of_moment(moment: str) -> list[Axis]:
    """Months, days and weekdays of a moment at its site."""
    return [months(MonthAtSite(moment)), days(DayAtSite(moment)), weekdays(WeekdayAtSite(moment))]


def axes_of_day(day: str) -> list[Axis]:
    """Months, days and weekdays of a civil date."""
    return [months(TruncMonth(day, output_field=DateField())), days(day), weekdays(ExtractIsoWeekDay(day))]


def sites(path: str = "site") -> Axis:
    return Axis(slug="espace", label="Espace", key=f"{path}_id", name=f"{path}__short_name")


def partners(path: str = "partner", *, missing: str = "sans partenaire") -> Axis:
    return Axis(slug="partenaire", label="Partenaire", key=f"{path}_id", name=f"{path}__short_name", missing=missing)


def choices(slug: str, label: str, key, of, *, missing: str = "non précisé") -> Axis:
    """Along the values of a field with choices `of`, in their order; `missing` says what an empty one stands for."""
    words = dict(of.choices)
    return Axis(
        slug=slug, label=label, key=key, words=words.__getitem__, missing=missing, every=lambda _scope: list(words)
    )


def named(axes: list[Axis]) -> dict[str, Axis]:
    return {axis.slug: axis for axis in axes}
