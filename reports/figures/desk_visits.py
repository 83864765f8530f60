"""Figures of walk-ins (*passages*), struck out ones left aside. No name is asked, so nobody can be told apart."""

from django.db.models import Q, QuerySet

from bookings.models import DeskVisit, DurationBand, VisitChannel, VisitNature
from casefiles.computer import ACCOMPANIED
from reports.scopes import Scope
from reports.units import PEOPLE, SESSIONS, VISITS

from . import axes, kept_sums
from .definition import Axis, Figure
from .measures import Rows, Total
from .summed import SummedSource


def desk_visits_within(scope: Scope) -> QuerySet[DeskVisit]:
    """The visits of the period that stand."""
    found = DeskVisit.objects.standing().filter(scope.moment_within("occurred_at")).order_by("occurred_at", "pk")
    return found.filter(partner=scope.partner) if scope.partner else found


SOURCE = SummedSource(
    slug="passages",
    label="Passages à l’accueil",
    filters=["partner"],
    within=desk_visits_within,
    sums=kept_sums.OF_VISITS,
    axes=axes.named(
        [
            *axes.axes_of_moment("occurred_at"),
            axes.sites(),
            axes.partners(),
            Axis(slug="motif", label="Motif", key="reason_id", name="reason__label"),
            axes.choices("nature", "Nature", "nature", VisitNature),
            axes.choices("canal", "Canal", "channel", VisitChannel),
            axes.choices("duree", "Durée", "duration", DurationBand),
        ]
    ),
)
_ALL = Q()
_AT_COMPUTER = Q(at_computer=True)

WALK_INS = Figure(
    slug="passages",
    label="Passages",
    definition=(
        "Les venues et les appels à l’accueil sans rendez-vous, notés au comptoir\u00a0; un groupe est un seul passage."
    ),
    unit=VISITS,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: _ALL),
)
WALK_IN_PEOPLE = Figure(
    slug="personnes-accueillies",
    label="Personnes accueillies sans rendez-vous",
    definition=(
        "Les personnes présentes à ces passages. Leur nom n’est pas demandé\u00a0: "
        "une personne venue trois fois compte trois fois."
    ),
    unit=PEOPLE,
    source=SOURCE,
    measure=Total(counted=lambda _scope: _ALL, column="people"),
)
COMPUTER_SESSIONS = Figure(
    slug="point-numerique",
    label="Séances au point numérique",
    definition="Les passages faits à l’ordinateur en libre accès, avec ou sans aide.",
    unit=SESSIONS,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: _AT_COMPUTER),
)
COMPUTER_PEOPLE = Figure(
    slug="personnes-au-point-numerique",
    label="Personnes reçues au point numérique",
    definition="Les personnes présentes à ces séances\u00a0; une personne venue trois fois compte trois fois.",
    unit=PEOPLE,
    source=SOURCE,
    measure=Total(counted=lambda _scope: _AT_COMPUTER, column="people"),
)
COMPUTER_ACCOMPANIED = Figure(
    slug="point-numerique-accompagne",
    label="Séances accompagnées",
    definition="Parmi les séances au point numérique, celles où un agent de l’espace a accompagné la personne.",
    unit=SESSIONS,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: _AT_COMPUTER & ACCOMPANIED),
)

FIGURES = [WALK_INS, WALK_IN_PEOPLE, COMPUTER_SESSIONS, COMPUTER_PEOPLE, COMPUTER_ACCOMPANIED]
