"""Figures of files sent to a caisse (article V): the rows and their clock are `casefiles.statistics.cohort`.

A file counts in the period in which it was sent for the first time; outcomes, returns and delays are those of these
files, as known today. Those sent are the sum of accepted, refused, withdrawn, pending and being completed.
"""

from django.db.models import F, Func, IntegerField, Q, QuerySet

from casefiles.models import CaseFile
from casefiles.statistics import CONDITIONS, cohort
from reports.scopes import Scope
from reports.units import DAYS, FILES

from . import axes
from .definition import Axis, Figure
from .measures import Mean, Median, Rows
from .rows_in_tables import TableSource


def case_files_within(scope: Scope) -> QuerySet[CaseFile]:
    """The files first sent in the period, oldest first."""
    files = CaseFile.objects.filter(site__in=scope.site_ids)
    found = cohort(files, first=scope.period.first, last=scope.period.last, partner=scope.partner)
    # What a query only refers to cannot be added up: its columns are asked for.
    columns = {name: F(name) for name in ("first_sent_on", "return_count", "days")}
    columns |= {name: F(f"open_line__{name}") for name in ("result", "decided_on")}
    return found.annotate(**columns).order_by("first_sent_on", "pk")


class Days(Func):
    """The days of the cohort, as they are."""

    template = "%(expressions)s"
    output_field = IntegerField()


SOURCE = TableSource(
    slug="dossiers",
    label="Dossiers transmis",
    filters=["partner"],
    within=case_files_within,
    axes=axes.named(
        [
            *axes.axes_of_day("first_sent_on"),
            axes.sites(),
            axes.partners(),
            Axis(slug="nature", label="Nature du dossier", key="kind_id", name="kind__short_label"),
        ]
    ),
)
_DECIDED = Q(open_line__decided_on__isnull=False)

SENT = Figure(
    slug="dossiers-transmis",
    label="Dossiers transmis",
    definition=(
        "Les dossiers envoyés à la caisse pour la première fois dans la période\u00a0; "
        "un nouvel envoi du même dossier ne le compte pas deux fois."
    ),
    unit=FILES,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: Q()),
)
ACCEPTED = Figure(
    slug="dossiers-acceptes",
    label="Accords",
    definition="Parmi ces dossiers, ceux que la caisse a acceptés à ce jour, y compris par son silence.",
    unit=FILES,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: CONDITIONS["accepted"]),
)
REFUSED = Figure(
    slug="dossiers-refuses",
    label="Refus",
    definition="Parmi ces dossiers, ceux que la caisse a refusés à ce jour, y compris par son silence.",
    unit=FILES,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: CONDITIONS["refused"]),
)
PENDING = Figure(
    slug="dossiers-en-attente",
    label="En attente de décision",
    definition="Parmi ces dossiers, ceux qui sont à la caisse et qu’elle n’a pas encore décidés.",
    unit=FILES,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: CONDITIONS["pending"]),
)
BEING_COMPLETED = Figure(
    slug="dossiers-a-completer",
    label="En cours de complément",
    definition="Parmi ces dossiers, ceux que la caisse a retournés et que le CCAS complète avec la personne.",
    unit=FILES,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: CONDITIONS["being_completed"]),
)
WITHDRAWN = Figure(
    slug="dossiers-retires",
    label="Retirés",
    definition="Parmi ces dossiers, ceux qui ont été abandonnés avant une décision.",
    unit=FILES,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: CONDITIONS["withdrawn"]),
)
RETURNED = Figure(
    slug="dossiers-retournes",
    label="Retournés pour incomplétude",
    definition="Parmi ces dossiers, ceux que la caisse a renvoyés au moins une fois parce qu’une pièce manquait.",
    unit=FILES,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: CONDITIONS["returned"]),
)
DELAY_MEAN = Figure(
    slug="delai-de-traitement",
    label="Délai moyen de traitement",
    definition="Le nombre moyen de jours entre la réception du dossier complet par la caisse et sa décision.",
    unit=DAYS,
    source=SOURCE,
    measure=Mean(counted=lambda _scope: _DECIDED, of=Days(F("days"))),
)
DELAY_MEDIAN = Figure(
    slug="delai-de-traitement-median",
    label="Délai médian de traitement",
    definition=(
        "La moitié des décisions ont pris moins de jours après la réception du dossier complet, l’autre moitié plus."
    ),
    unit=DAYS,
    source=SOURCE,
    measure=Median(counted=lambda _scope: _DECIDED, of=Days(F("days"))),
)

FIGURES = [
    SENT,
    ACCEPTED,
    REFUSED,
    PENDING,
    BEING_COMPLETED,
    WITHDRAWN,
    RETURNED,
    DELAY_MEAN,
    DELAY_MEDIAN,
]
OUTCOMES = [ACCEPTED, REFUSED, PENDING, BEING_COMPLETED, WITHDRAWN]
"""What became of the files sent: their sum is `SENT`."""
