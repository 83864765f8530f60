"""Figures of the trainings that partners gave to the staff of the CCAS (article V)."""

from dataclasses import dataclass

from django.contrib.postgres.aggregates import JSONBAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from conventions.models import TrainedPerson, TrainingSession
from reports.scopes import Scope
from reports.units import PEOPLE, TRAININGS, Value

from . import axes
from .definition import Figure
from .measures import Measure, Rows
from .rows_in_tables import TableSource


def trainings_within(scope: Scope) -> QuerySet[TrainingSession]:
    """The trainings of the period under the conventions of the spaces, oldest first."""
    found = TrainingSession.objects.filter(
        convention__site__in=scope.site_ids, held_on__range=(scope.period.first, scope.period.last)
    ).order_by("held_on", "pk")
    return found.filter(convention__partner=scope.partner) if scope.partner else found


@dataclass(frozen=True, kw_only=True)
class People(Measure):
    """Each name once, whatever trainings it is found in, and the headcounts of those without names."""

    empty: Value = 0

    def aggregates(self, scope):
        counted = self.counted(scope)
        people = TrainedPerson.objects.filter(session=OuterRef("pk"))
        # Names come as a list for each training: joined, they would count the trainings beside them several times.
        return {
            "keys": JSONBAgg(ArraySubquery(people.values("name_key")), filter=counted),
            "nameless": Sum("people_trained", filter=counted & ~Exists(people), default=0),
        }

    def value(self, found):
        return len({key for keys in found["keys"] or () for key in keys}) + found["nameless"]


SOURCE = TableSource(
    slug="formations",
    label="Formations",
    filters=["partner"],
    within=trainings_within,
    axes=axes.named(
        [*axes.axes_of_day("held_on"), axes.sites("convention__site"), axes.partners("convention__partner")]
    ),
)

SESSIONS = Figure(
    slug="formations",
    label="Formations reçues",
    definition="Les formations données par un partenaire aux agents du CCAS dans la période.",
    unit=TRAININGS,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: Q()),
)
PEOPLE_TRAINED = Figure(
    slug="personnes-formees",
    label="Personnes formées",
    definition=(
        "Les participants de ces formations\u00a0: une personne nommée compte une fois, même si elle en a suivi"
        " plusieurs, si bien que les nombres de plusieurs mois ne s’additionnent pas\u00a0; ceux notés sans nom"
        " s’additionnent."
    ),
    unit=PEOPLE,
    source=SOURCE,
    measure=People(counted=lambda _scope: Q()),
)

FIGURES = [SESSIONS, PEOPLE_TRAINED]
