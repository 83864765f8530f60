"""Figures of appointments. An appointment is counted on the day at the site on which it begins.

Every appointment has exactly one fate, so that those taken are the sum of the others: received, absent, given up by
one of three sides, without outcome, to come, to be replaced. One that was moved counts once, at its new hour.
"""

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from bookings.models import Appointment, AppointmentStatus, CancelledBy, Permanence, PermanenceStatus
from conventions.models import Audience
from franceservices.money import format_number
from reports.scopes import Scope
from reports.units import APPOINTMENTS, DAYS, MINUTES, PEOPLE, SHARE

from . import axes, kept_sums, whole_periods
from .definition import Axis, Figure
from .measures import Condition, Distinct, Mean, Median, Rows, Seconds, Share
from .summed import MOST_ROWS, SummedSource

# Said with each figure that cannot be added up of sums.
BEYOND = f"Non calculé au-delà de {format_number(MOST_ROWS)} rendez-vous."
PEOPLE_BEYOND = "À l’échelle du pays, donné seulement pour un mois ou une année civile, entiers et passés."
MINUTE, DAY = 60, 24 * 60 * 60
AUDIENCE = Case(
    When(visitor__isnull=False, then=Value(Audience.PUBLIC.value)), default=Value(Audience.SOCIAL_WORKERS.value)
)


def appointments_within(scope: Scope) -> QuerySet[Appointment]:
    """All appointments that begin within `scope`, cancelled ones included."""
    found = Appointment.objects.filter(scope.start_within("during")).order_by("during", "pk")
    if scope.partner:
        found = found.filter(partner=scope.partner)
    if scope.reason:
        found = found.filter(reason=scope.reason)
    if scope.audience:
        found = found.filter(visitor__isnull=scope.audience != Audience.PUBLIC)
    return found


SOURCE = SummedSource(
    slug="rendez-vous",
    label="Rendez-vous",
    filters=["partner", "reason", "audience"],
    within=appointments_within,
    sums=kept_sums.OF_APPOINTMENTS,
    wholes=whole_periods.numbers_of,
    axes=axes.named(
        [
            *axes.axes_of_moment("during__startswith"),
            axes.sites(),
            axes.partners(),
            Axis(slug="motif", label="Motif", key="reason_id", name="reason__label"),
            axes.choices("public", "Public", AUDIENCE, Audience),
            axes.choices("cote", "Annulés par", "cancelled_for", CancelledBy, missing="non annulés"),
        ]
    ),
)

# Moved: given up for another hour, where it is counted. Asked only of those that are cancelled.
_MOVED = Q(Exists(Appointment.objects.filter(rebooked_from=OuterRef("pk"))))
_CANCELLED = Q(status=AppointmentStatus.CANCELLED)
_OPEN = Q(status__in=[AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED, AppointmentStatus.IN_PROGRESS])
_OFF = Q(to_replace_since__isnull=False) | Q(
    Exists(Permanence.objects.filter(pk=OuterRef("permanence_id"), status=PermanenceStatus.CANCELLED))
)
STILL_OPEN = _OPEN & ~_OFF
"""To come or without an outcome, as the clock says."""
_HELD = Q(status=AppointmentStatus.HONOURED)
_ABSENT = Q(status=AppointmentStatus.NO_SHOW)
_TAKEN = ~_CANCELLED | ~_MOVED


def _given_up_by(side: CancelledBy) -> Condition:
    return lambda _scope: _CANCELLED & Q(cancelled_for=side) & ~_MOVED


BOOKED = Figure(
    slug="rendez-vous-pris",
    label="Rendez-vous pris",
    definition=(
        "Les rendez-vous dont l’heure tombe dans la période, quel que soit ce qu’ils sont devenus. "
        "Un rendez-vous déplacé compte une fois, à sa nouvelle date."
    ),
    unit=APPOINTMENTS,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: _TAKEN),
)
HELD = Figure(
    slug="rendez-vous-effectues",
    label="Rendez-vous effectués",
    definition="Les rendez-vous dont l’entretien a eu lieu et a été noté terminé.",
    unit=APPOINTMENTS,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: _HELD),
)
ABSENT = Figure(
    slug="absences",
    label="Absences",
    definition="Les rendez-vous auxquels la personne n’est pas venue sans avoir prévenu.",
    unit=APPOINTMENTS,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: _ABSENT),
)
EXCUSED = Figure(
    slug="annules-par-l-usager",
    label="Annulés par l’usager",
    definition="Les rendez-vous que la personne a annulés avant l’heure (excusée) sans en prendre un autre à la place.",
    unit=APPOINTMENTS,
    source=SOURCE,
    measure=Rows(counted=_given_up_by(CancelledBy.VISITOR)),
)
CANCELLED_BY_PARTNER = Figure(
    slug="annules-par-le-partenaire",
    label="Annulés par le partenaire",
    definition="Les rendez-vous annulés du fait du partenaire (absence de son agent…), non replacés à une autre date.",
    unit=APPOINTMENTS,
    source=SOURCE,
    measure=Rows(counted=_given_up_by(CancelledBy.PARTNER)),
)
CANCELLED_BY_CCAS = Figure(
    slug="annules-par-le-ccas",
    label="Annulés par le CCAS",
    definition="Les rendez-vous annulés du fait du CCAS (fermeture de l’espace…) et non replacés à une autre date.",
    unit=APPOINTMENTS,
    source=SOURCE,
    measure=Rows(counted=_given_up_by(CancelledBy.CCAS)),
)
UNSETTLED = Figure(
    slug="sans-issue",
    label="Sans issue",
    definition="Les rendez-vous dont l’heure est passée sans qu’on ait noté si la personne a été reçue ou absente.",
    unit=APPOINTMENTS,
    source=SOURCE,
    measure=Rows(counted=lambda scope: STILL_OPEN & Q(during__endswith__lte=scope.now)),
)
TO_COME = Figure(
    slug="a-venir",
    label="À venir",
    definition="Les rendez-vous de la période dont l’heure n’est pas encore passée.",
    unit=APPOINTMENTS,
    source=SOURCE,
    measure=Rows(counted=lambda scope: STILL_OPEN & Q(during__endswith__gt=scope.now)),
)
TO_REPLACE = Figure(
    slug="a-replacer",
    label="À replacer",
    definition="Les rendez-vous dont la permanence n’a plus lieu et auxquels une autre heure reste à proposer.",
    unit=APPOINTMENTS,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: _OPEN & _OFF),
)
MOVED = Figure(
    slug="deplaces",
    label="Déplacés",
    definition=(
        "Les rendez-vous qui devaient avoir lieu dans la période et qui ont été déplacés à une autre heure. "
        "Ils ne sont pas compris dans les rendez-vous pris, qui les comptent à leur nouvelle date."
    ),
    unit=APPOINTMENTS,
    source=SOURCE,
    measure=Rows(counted=lambda _scope: _CANCELLED & _MOVED),
)
ABSENCE_RATE = Figure(
    slug="taux-d-absence",
    label="Taux d’absence",
    definition="La part des absences parmi les rendez-vous effectués et les absences. Les annulations n’y entrent pas.",
    unit=SHARE,
    source=SOURCE,
    measure=Share(counted=lambda _scope: _HELD | _ABSENT, part=lambda _scope: _ABSENT),
)
_WAITED = Q(arrived_at__isnull=False, started_at__isnull=False)
WAITING_MEAN = Figure(
    slug="attente-moyenne",
    label="Attente moyenne",
    definition=(
        "Le temps moyen entre l’arrivée de la personne et sa prise en charge, "
        "pour les rendez-vous où les deux ont été notés."
    ),
    unit=MINUTES,
    source=SOURCE,
    measure=Mean(counted=lambda _scope: _WAITED, of=Seconds("arrived_at", "started_at"), per=MINUTE),
)
WAITING_MEDIAN = Figure(
    slug="attente-mediane",
    label="Attente médiane",
    definition=(
        "La moitié des personnes ont attendu moins, l’autre moitié plus, de leur arrivée à leur prise en charge, "
        f"pour les rendez-vous où les deux ont été notés. {BEYOND}"
    ),
    unit=MINUTES,
    source=SOURCE,
    measure=Median(counted=lambda _scope: _WAITED, of=Seconds("arrived_at", "started_at"), per=MINUTE),
)
LEAD_MEAN = Figure(
    slug="delai-moyen",
    label="Délai moyen de rendez-vous",
    definition="Le nombre moyen de jours entre la prise d’un rendez-vous et son heure, pour les rendez-vous pris.",
    unit=DAYS,
    source=SOURCE,
    measure=Mean(counted=lambda _scope: _TAKEN, of=Seconds("booked_at", "during__startswith"), per=DAY),
)
LEAD_MEDIAN = Figure(
    slug="delai-median",
    label="Délai médian de rendez-vous",
    definition=f"La moitié des rendez-vous ont été pris moins de jours à l’avance, l’autre moitié plus. {BEYOND}",
    unit=DAYS,
    source=SOURCE,
    measure=Median(counted=lambda _scope: _TAKEN, of=Seconds("booked_at", "during__startswith"), per=DAY),
)
DISTINCT_PEOPLE = Figure(
    slug="personnes-distinctes",
    label="Personnes distinctes reçues",
    definition=(
        "Les usagers différents parmi les rendez-vous effectués\u00a0: une personne venue trois fois compte une fois, "
        "et deux fiches fusionnées sont une personne. Les nombres de plusieurs mois ne s’additionnent donc pas. "
        f"{PEOPLE_BEYOND}"
    ),
    unit=PEOPLE,
    source=SOURCE,
    measure=Distinct(counted=lambda _scope: _HELD & Q(visitor__isnull=False), column="visitor"),
)

FIGURES = [
    BOOKED,
    HELD,
    ABSENT,
    EXCUSED,
    CANCELLED_BY_PARTNER,
    CANCELLED_BY_CCAS,
    UNSETTLED,
    TO_COME,
    TO_REPLACE,
    MOVED,
    ABSENCE_RATE,
    WAITING_MEAN,
    WAITING_MEDIAN,
    LEAD_MEAN,
    LEAD_MEDIAN,
    DISTINCT_PEOPLE,
]
FATES = [HELD, ABSENT, EXCUSED, CANCELLED_BY_PARTNER, CANCELLED_BY_CCAS, UNSETTLED, TO_COME, TO_REPLACE]
"""What became of the appointments taken: their sum is `BOOKED`."""
