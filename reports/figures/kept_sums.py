"""What the numbers of each figure are made of, where sums of months are read instead of rows.

The sums themselves are made by the measures of these figures (`reports.summing`): nothing is defined here.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

from reports.models import (
    MonthlyAppointments,
    MonthlyAppointmentsOfAll,
    MonthlyAppointmentsOfSite,
    MonthlyVisits,
    MonthlyVisitsOfAll,
    MonthlyVisitsOfSite,
)

from .sums import ENDED, Sums, Totals

Numbers = Callable[[Totals], Mapping[str, int | Fraction]]


def _count(column: str) -> Numbers:
    return lambda totals: {"count": totals[column]}


def _total(column: str) -> Numbers:
    return lambda totals: {"total": totals[column]}


def _mean(microseconds: str, count: str) -> Numbers:
    return lambda totals: {"sum": Fraction(totals[microseconds], 1_000_000), "count": totals[count]}


OF_APPOINTMENTS = Sums(
    detail=MonthlyAppointments,
    of_site=MonthlyAppointmentsOfSite,
    of_all=MonthlyAppointmentsOfAll,
    columns=(
        *("booked", "held", "absent", "excused", "cancelled_by_partner", "cancelled_by_ccas", "to_replace", "moved"),
        *("waited", "waited_microseconds", "lead_microseconds", "still_open"),
    ),
    numbers={
        "rendez-vous-pris": _count("booked"),
        "rendez-vous-effectues": _count("held"),
        "absences": _count("absent"),
        "annules-par-l-usager": _count("excused"),
        "annules-par-le-partenaire": _count("cancelled_by_partner"),
        "annules-par-le-ccas": _count("cancelled_by_ccas"),
        "sans-issue": _count(ENDED),
        "a-venir": lambda totals: {"count": totals["still_open"] - totals[ENDED]},
        "a-replacer": _count("to_replace"),
        "deplaces": _count("moved"),
        "taux-d-absence": lambda totals: {"whole": totals["held"] + totals["absent"], "part": totals["absent"]},
        "attente-moyenne": _mean("waited_microseconds", "waited"),
        "delai-moyen": _mean("lead_microseconds", "booked"),
    },
    axes={
        "mois": "month",
        "espace": "site_id",
        "partenaire": "partner_id",
        "motif": "reason_id",
        "public": "audience",
    },
    dated={"sans-issue", "a-venir"},
    rows=lambda totals: totals["booked"] + totals["moved"],
)

VISIT_AXES = {"motif": "reason", "nature": "choice", "canal": "choice", "duree": "choice"}
_AXIS_OF_ALL = "motif"
OF_VISITS = Sums(
    detail=MonthlyVisits,
    of_site=MonthlyVisitsOfSite,
    of_all=MonthlyVisitsOfAll,
    columns=("visits", "people", "computer_sessions", "computer_people", "computer_accompanied"),
    numbers={
        "passages": _count("visits"),
        "personnes-accueillies": _total("people"),
        "point-numerique": _count("computer_sessions"),
        "personnes-au-point-numerique": _total("computer_people"),
        "point-numerique-accompagne": _count("computer_accompanied"),
    },
    axes={
        "mois": "month",
        "espace": "site_id",
        "partenaire": "partner_id",
        **{axis: "reason_id" if column == "reason" else column for axis, column in VISIT_AXES.items()},
    },
    rows=lambda totals: totals["visits"],
    along=lambda axis: {"axis": axis if axis in VISIT_AXES else _AXIS_OF_ALL},
)
