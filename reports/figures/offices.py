"""The occupation of offices: the arithmetic of the map of offices (`bookings.occupation`), over any period."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet

from bookings.models import Permanence
from bookings.occupation import Share
from bookings.office_days import OfficeDay, office_days, uses_of_offices
from franceservices.dates import WEEKDAYS, format_month
from reports import units
from reports.scopes import Scope
from reports.units import Value

from .axes import months, named, weekdays
from .definition import Axis, Figure, Part, Source
from .hours import MOST_SITE_DAYS

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class OfShare:
    """What a figure says of a share: its ratio, or its minutes of one kind."""

    name: str

    def value(self, share: Share) -> Value:
        match self.name:
            case "ratio":
                return share.ratio
            case "occupied":
                return share.occupied // MINUTE
        return share.available // MINUTE


class OfficesSource(Source):
    """Offices on days; the rows behind are the permanences and loans that occupy them."""

    slug = "bureaux"
    label = "Bureaux"
    filters = frozenset({"partner", "audience"})
    most_site_days = MOST_SITE_DAYS
    axes = named(
        [
            months("month"),
            weekdays("weekday"),
            Axis(slug="espace", label="Espace", key="site"),
            Axis(slug="bureau", label="Bureau", key="office"),
        ]
    )

    def rows(self, scope: Scope) -> QuerySet[Permanence]:
        found = uses_of_offices(
            scope.sites, scope.period.first, scope.period.last, partner=scope.partner, audience=scope.audience
        )
        return found.order_by("during", "pk")

    def counted(self, figure: Figure, scope: Scope) -> QuerySet[Permanence]:
        return self.rows(scope)

    def days(self, scope: Scope) -> list[OfficeDay]:
        return office_days(
            scope.sites, scope.period.first, scope.period.last, partner=scope.partner, audience=scope.audience
        )

    def values(self, figures: Iterable[Figure], scope: Scope) -> dict[str, Value]:
        total = sum((found.share for found in self.days(scope)), Share())
        return {figure.slug: figure.measure.value(total) for figure in figures}

    def parts(self, figures: Iterable[Figure], scope: Scope, axis: Axis) -> list[Part]:
        figures = list(figures)
        shares: dict[object, Share] = {}
        names: dict[object, str] = {}
        for found in self.days(scope):
            key, name = _keyed(found, axis)
            shares[key] = shares.get(key, Share()) + found.share
            names[key] = name
        parts = [
            Part(key, names[key], {figure.slug: figure.measure.value(share) for figure in figures})
            for key, share in shares.items()
        ]
        return self.in_order(parts, figures, scope, axis)

    def nothing(self, figure: Figure) -> Value:
        return figure.measure.value(Share())


def _keyed(found: OfficeDay, axis: Axis) -> tuple[object, str]:
    match axis.key:
        case "month":
            month = found.day.replace(day=1)
            return month, format_month(month)
        case "weekday":
            return found.day.isoweekday(), WEEKDAYS[found.day.isoweekday()]
        case "site":
            return found.office.site_id, found.office.site.short_name
    return found.office.pk, f"{found.office.site.short_name}, {found.office.full_label}"


SOURCE = OfficesSource()

OCCUPATION = Figure(
    slug="occupation-des-bureaux",
    label="Occupation des bureaux",
    definition=(
        "Les heures où les bureaux sont pris (permanences et prêts, tenus ou prévus), rapportées aux heures "
        "d’ouverture de l’espace. Les jours de fermeture et les bureaux hors service n’entrent dans aucune des deux."
    ),
    unit=units.SHARE,
    source=SOURCE,
    measure=OfShare("ratio"),
)
OCCUPIED = Figure(
    slug="heures-d-occupation",
    label="Heures d’occupation",
    definition="Les heures où un bureau est pris, additionnées pour tous les bureaux.",
    unit=units.HOURS,
    source=SOURCE,
    measure=OfShare("occupied"),
)
AVAILABLE = Figure(
    slug="heures-d-ouverture-des-bureaux",
    label="Heures d’ouverture des bureaux",
    definition="Les heures d’ouverture de l’espace, additionnées pour tous les bureaux en service.",
    unit=units.HOURS,
    source=SOURCE,
    measure=OfShare("available"),
)

FIGURES = [OCCUPATION, OCCUPIED, AVAILABLE]
