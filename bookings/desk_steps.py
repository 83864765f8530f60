"""The steps of an appointment on its day: arrived, taken, finished, absent; each stamped with who and when, and undone.

The counter of the CCAS and the partner's agent write the same rows, so that one sees at once what the other noted.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from franceservices.composed_queries import Answer, Given, RoundTrip
from franceservices.errors import DomainError
from partners.models import Site, User
from partners.visible_queries import AnyUser, VisibleQuery

from .models import Appointment, AppointmentStatus, PermanenceStatus
from .models.appointment import AppointmentQuerySet
from .steps import DeskStep

# From which states a step can be taken, and where it leads. A visitor may be taken without having been announced, and
# the end-of-day list may note as received, in one step, somebody of whom nothing was noted.
_FROM = {
    DeskStep.ARRIVED: {AppointmentStatus.BOOKED},
    DeskStep.STARTED: {AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED},
    DeskStep.FINISHED: {AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED, AppointmentStatus.IN_PROGRESS},
    DeskStep.ABSENT: {AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED},
}
_TO = {
    DeskStep.ARRIVED: AppointmentStatus.ARRIVED,
    DeskStep.STARTED: AppointmentStatus.IN_PROGRESS,
    DeskStep.FINISHED: AppointmentStatus.HONOURED,
    DeskStep.ABSENT: AppointmentStatus.NO_SHOW,
}
# What the line offers in each state, the usual one first.
USUAL_STEPS = {
    AppointmentStatus.BOOKED: (DeskStep.ARRIVED, DeskStep.STARTED, DeskStep.ABSENT),
    AppointmentStatus.ARRIVED: (DeskStep.STARTED, DeskStep.ABSENT),
    AppointmentStatus.IN_PROGRESS: (DeskStep.FINISHED,),
}
BEFORE_THE_HOUR = (DeskStep.ARRIVED, DeskStep.STARTED)
# Which step brought an appointment where it is (the stamps agree: constraint `appointment_steps_match_status`).
STEP_OF = {status: step for step, status in _TO.items()}


def steps_open(appointment: Appointment, *, now: datetime) -> tuple[DeskStep, ...]:
    """The steps that can be noted at `now`, the usual one first; none on another day or on a date that is off.

    On a day that is past only its outcome can still be noted: received or absent.
    """
    zone = appointment.site.zone
    return steps_open_in(
        appointment.status,
        is_held=_is_held(appointment),
        days_ahead=(appointment.during.lower.astimezone(zone).date() - now.astimezone(zone).date()).days,
        has_begun=appointment.during.lower <= now,
    )


def steps_open_in(status: str, *, is_held: bool, days_ahead: int, has_begun: bool) -> tuple[DeskStep, ...]:
    """The same for an appointment of which only this is known; `days_ahead` is negative on the days that follow it."""
    if status not in USUAL_STEPS or not is_held or days_ahead > 0:
        return ()
    if days_ahead < 0:
        return tuple(step for step in (DeskStep.FINISHED, DeskStep.ABSENT) if status in _FROM[step])
    if status == AppointmentStatus.BOOKED and not has_begun:
        # Nobody is absent before her hour.
        return BEFORE_THE_HOUR
    return USUAL_STEPS[status]


def _is_held(appointment: Appointment) -> bool:
    return appointment.permanence.status != PermanenceStatus.CANCELLED and appointment.to_replace_since is None


def _locked(appointment: Appointment, by: User) -> Appointment:
    """The row as it stands now, locked for this transaction; DoesNotExist outside the perimeter of `by`."""
    return (
        Appointment.objects.visible_to(by)
        .select_for_update(no_key=True, of=["self"])
        .select_related("site", "permanence")
        .get(pk=appointment.pk)
    )


@transaction.atomic
def note_step(*, appointment: Appointment, step: DeskStep, by: User) -> Appointment:
    """Note `step` with who and when; noting it a second time (a double click, two screens) changes nothing.

    Raises DomainError, with the sentence to show, when the appointment is elsewhere by now.
    """
    appointment = _locked(appointment, by)
    if appointment.status == _TO[step]:
        return appointment
    now = timezone.now()
    if appointment.status not in _FROM[step]:
        raise DomainError(
            f"{appointment.who} est déjà « {appointment.get_status_display().lower()} ». Rien n’a changé."
        )
    if not _is_held(appointment):
        raise DomainError(f"La permanence de {appointment.who} n’a pas lieu : replacez d’abord ce rendez-vous.")
    today, day = now.astimezone(appointment.site.zone).date(), appointment.local_start.date()
    if day > today:
        raise DomainError("Ce rendez-vous n’est pas aujourd’hui. Rien n’a changé.")
    if day < today and step in (DeskStep.ARRIVED, DeskStep.STARTED):
        raise DomainError("Ce jour est passé : notez seulement si la personne a été reçue ou absente.")
    if step is DeskStep.ABSENT and now < appointment.during.lower:
        raise DomainError(f"L’heure de {appointment.who} n’est pas encore venue. Rien n’a changé.")
    appointment.status = _TO[step]
    setattr(appointment, f"{step}_at", now)
    setattr(appointment, f"{step}_by", by)
    appointment.save(update_fields=["status", f"{step}_at", f"{step}_by"])
    return appointment


def last_step(appointment: Appointment) -> DeskStep | None:
    """The step that an undo would take back; None when nothing was noted or when it was cancelled."""
    if appointment.status == AppointmentStatus.CANCELLED:
        return None
    return next(
        (
            step
            for step in (DeskStep.ABSENT, DeskStep.FINISHED, DeskStep.STARTED, DeskStep.ARRIVED)
            if getattr(appointment, f"{step}_at") is not None
        ),
        None,
    )


@transaction.atomic
def undo_step(*, appointment: Appointment, by: User) -> Appointment:
    """Take the last step back; the appointment stands where the step before left it.

    A partner's agent corrects her day only; the CCAS, which keeps the record, an earlier one too.
    Raises DomainError when there is nothing to take back.
    """
    appointment = _locked(appointment, by)
    step = last_step(appointment)
    if step is None:
        raise DomainError("Il n’y a rien à défaire pour ce rendez-vous.")
    if by.is_partner_agent and appointment.local_start.date() != appointment.site.today():
        raise DomainError("Ce jour est passé : l’accueil du CCAS peut encore corriger ce rendez-vous.")
    setattr(appointment, f"{step}_at", None)
    setattr(appointment, f"{step}_by", None)
    before = last_step(appointment)
    appointment.status = _TO[before] if before else AppointmentStatus.BOOKED
    appointment.save(update_fields=["status", f"{step}_at", f"{step}_by"])
    return appointment


def unsettled(*, site: Site | Given, user: User | AnyUser, now: datetime | Given | None = None) -> AppointmentQuerySet:
    """The appointments at `site` whose time is over without an outcome, oldest first; none that wait to be replaced."""
    return (
        Appointment.objects.visible_to(user)
        .filter(
            site=site,
            status__in=[AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED, AppointmentStatus.IN_PROGRESS],
            during__endswith__lte=now or timezone.now(),
            to_replace_since=None,
        )
        .exclude(permanence__status=PermanenceStatus.CANCELLED)
        .with_parties()
        .order_by("during", "pk")
    )


# Each board counts them, every fifteen seconds.
_UNSETTLED = VisibleQuery(
    lambda user: unsettled(site=Given("site"), user=user, now=Given("now")).order_by().values_list("pk")
)


def ask_unsettled_count(trip: RoundTrip, *, site: Site, user: User) -> Answer:
    """How many `unsettled` there are."""
    return _UNSETTLED.ask_count(trip, user, site=site.pk, now=timezone.now())
