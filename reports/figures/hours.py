"""Figures of hours of permanences: what each permanence adds is `bookings.hours`, the definition of all screens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from bookings.hours import CAUSES, Hours, hours_of_each
from bookings.models import Permanence
from conventions.models import Audience
from reports import units
from reports.scopes import Scope
from reports.units import Value

from .axes import choices, days, months, named, weekdays
from .definition import Axis, Figure, Part, Source

# Some two or three seconds: 27 spaces for a year, 320 for a month (see docs/mesures.md).
MOST_SITE_DAYS = 10_000


@dataclass(frozen=True)
class Minutes:
    """Which of the hours of a permanence a figure counts."""

    of: Callable[[Hours], int]


class HoursSource(Source):
    """Permanences of the period, loans left aside; each adds its hours to every figure."""

    slug = "heures"
    label = "Heures de permanence"
    filters = frozenset({"partner", "audience"})
    most_site_days = MOST_SITE_DAYS
    # What rows are grouped by is read from the permanence at hand: `key` is the name of an attribute.
    axes = named(
        [
            months("month"),
            days("day"),
            weekdays("weekday"),
            Axis(slug="espace", label="Espace", key="site"),
            Axis(slug="partenaire", label="Partenaire", key="partner"),
            choices("public", "Public", "audience", Audience),
            Axis(slug="cause", label="Cause", key="cause", words=CAUSES.__getitem__),
        ]
    )

    def rows(self, scope: Scope) -> QuerySet[Permanence]:
        found = Permanence.objects.on_days(scope.period.first, scope.period.last).filter(site__in=scope.site_ids)
        if scope.partner:
            found = found.filter(partner=scope.partner)
        if scope.audience:
            found = found.filter(audience=scope.audience)
        return found.order_by("during", "pk")

    def counted(self, figure: Figure, scope: Scope) -> QuerySet[Permanence]:
        adding = [permanence.pk for permanence, hours in self.each(scope) if figure.measure.of(hours)]
        return self.rows(scope).filter(pk__in=adding)

    def each(self, scope: Scope) -> list[tuple[Permanence, Hours]]:
        """What each permanence adds; two queries."""
        return hours_of_each(self.rows(scope), now=scope.now)

    def values(self, figures: Iterable[Figure], scope: Scope) -> dict[str, Value]:
        total = Hours.total(hours for _permanence, hours in self.each(scope))
        return {figure.slug: figure.measure.of(total) for figure in figures}

    def parts(self, figures: Iterable[Figure], scope: Scope, axis: Axis) -> list[Part]:
        figures = list(figures)
        names = _names(scope, axis)
        groups: dict[object, list[Hours]] = {}
        for permanence, hours in self.each(scope):
            for key, part in _keyed(permanence, hours, axis):
                groups.setdefault(key, []).append(part)
        found = []
        for key, parts in groups.items():
            total = Hours.total(parts)
            values = {figure.slug: figure.measure.of(total) for figure in figures}
            if any(values.values()):
                found.append(Part(key, names.get(key) or axis.words(key), values))
        return self.in_order(found, figures, scope, axis)

    def nothing(self, figure: Figure) -> Value:
        return 0


def _keyed(permanence: Permanence, hours: Hours, axis: Axis) -> Iterable[tuple[object, Hours]]:
    match axis.key:
        case "cause":
            for cause, minutes in hours.cancelled.items():
                yield cause, Hours(cancelled=type(hours.cancelled)({cause: minutes}))
        case "month":
            yield permanence.day.replace(day=1), hours
        case "weekday":
            yield permanence.day.isoweekday(), hours
        case "site" | "partner":
            yield getattr(permanence, f"{axis.key}_id"), hours
        case _:
            yield getattr(permanence, axis.key), hours


def _names(scope: Scope, axis: Axis) -> dict[object, str]:
    """The names of spaces or partners by id; none for an axis whose keys have words."""
    if axis.key == "site":
        return {site.pk: site.short_name for site in scope.sites}
    if axis.key == "partner":
        return dict(SOURCE.rows(scope).order_by().values_list("partner_id", "partner__short_name").distinct())
    return {}


SOURCE = HoursSource()

CONTRACTUAL = Figure(
    slug="heures-prevues",
    label="Heures prévues par la convention",
    definition="Les heures de la grille hebdomadaire pour les jours de la période, quoi qu’il en soit advenu.",
    unit=units.HOURS,
    source=SOURCE,
    measure=Minutes(lambda hours: hours.contractual),
)
DELIVERED = Figure(
    slug="heures-tenues",
    label="Heures tenues",
    definition="Les heures des permanences qui ont eu lieu, dates exceptionnelles comprises, prêts de bureau exclus.",
    unit=units.HOURS,
    source=SOURCE,
    measure=Minutes(lambda hours: hours.delivered),
)
CANCELLED = Figure(
    slug="heures-annulees",
    label="Heures annulées",
    definition=(
        "Les heures prévues qui n’ont pas été tenues ou ne le seront pas\u00a0: dates annulées, horaires raccourcis."
    ),
    unit=units.HOURS,
    source=SOURCE,
    measure=Minutes(lambda hours: hours.cancelled_total),
)
COMING = Figure(
    slug="heures-a-venir",
    label="Heures à venir",
    definition="Les heures des permanences de la période qui ne sont pas encore passées.",
    unit=units.HOURS,
    source=SOURCE,
    measure=Minutes(lambda hours: hours.coming),
)
EXCEPTIONAL = Figure(
    slug="heures-exceptionnelles",
    label="Heures exceptionnelles",
    definition="Parmi les heures tenues, celles de dates ajoutées à la grille.",
    unit=units.HOURS,
    source=SOURCE,
    measure=Minutes(lambda hours: hours.exceptional),
)

FIGURES = [CONTRACTUAL, DELIVERED, CANCELLED, COMING, EXCEPTIONAL]
