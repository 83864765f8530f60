"""What the numbers of each figure are made of, where sums of months are read instead of rows.

The sums themselves are made by the measures of these figures (`reports.summing`): nothing is defined here.
"""

from collections.abc import Callable, Mapping

from django.db.models import DateTimeField, DecimalField, F, Func, IntegerField, Q, Sum, Value

from reports.models import MonthlyAppointments, MonthlyVisits
from reports.scopes import Scope

from .summed import Sums


class Seconds(Func):
    """A whole number of microseconds in seconds, exactly."""

    template = "(%(expressions)s * 0.000001)"
    output_field = DecimalField(max_digits=40, decimal_places=6)


class Cardinality(Func):
    function = "CARDINALITY"
    output_field = IntegerField()


class UpTo(Func):
    """How many of the moments of a sorted array are not later than a moment."""

    function = "WIDTH_BUCKET"
    output_field = IntegerField()


Numbers = Callable[[Scope], Mapping[str, object]]


def _count(*columns: str) -> Numbers:
    return lambda _scope: {"count": _sum(*columns)}


def _sum(*columns: str) -> Sum:
    first, *others = columns
    return Sum(sum((F(name) for name in others), F(first)), default=0)


def _mean(sum_column: str, count_column: str) -> Numbers:
    return lambda _scope: {"sum": Seconds(_sum(sum_column)), "count": _sum(count_column)}


def _ended(scope: Scope) -> Sum:
    return Sum(UpTo(Value(scope.now, output_field=DateTimeField()), F("open_ends")), default=0)


def _total(column: str) -> Numbers:
    return lambda _scope: {"total": _sum(column)}


OF_APPOINTMENTS = Sums(
    model=MonthlyAppointments,
    numbers={
        "rendez-vous-pris": _count("booked"),
        "rendez-vous-effectues": _count("held"),
        "absences": _count("absent"),
        "annules-par-l-usager": _count("excused"),
        "annules-par-le-partenaire": _count("cancelled_by_partner"),
        "annules-par-le-ccas": _count("cancelled_by_ccas"),
        "sans-issue": lambda scope: {"count": _ended(scope)},
        "a-venir": lambda scope: {"count": Sum(Cardinality("open_ends"), default=0) - _ended(scope)},
        "a-replacer": _count("to_replace"),
        "deplaces": _count("moved"),
        "taux-d-absence": lambda _scope: {"whole": _sum("held", "absent"), "part": _sum("absent")},
        "attente-moyenne": _mean("waited_microseconds", "waited"),
        "delai-moyen": _mean("lead_microseconds", "booked"),
    },
    axes={
        "mois": "month",
        "espace": "site",
        "partenaire": "partner",
        "motif": "reason",
        "public": "audience",
    },
    size=_sum("booked", "moved"),
)

VISIT_AXES = {"motif": "reason", "nature": "choice", "canal": "choice", "duree": "choice"}
_AXIS_OF_ALL = "motif"
OF_VISITS = Sums(
    model=MonthlyVisits,
    numbers={
        "passages": _count("visits"),
        "personnes-accueillies": _total("people"),
        "point-numerique": _count("computer_sessions"),
        "personnes-au-point-numerique": _total("computer_people"),
        "point-numerique-accompagne": _count("computer_accompanied"),
    },
    axes={"mois": "month", "espace": "site", "partenaire": "partner", **VISIT_AXES},
    size=_sum("visits"),
    days_as_quick=10,
    along=lambda axis: Q(axis=axis if axis in VISIT_AXES else _AXIS_OF_ALL),
)
