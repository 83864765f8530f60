"""The steps of an appointment on its day: arrived, taken, finished, absent; each stamped with who and when, and undone.

The counter of the CCAS and the partner's agent write the same rows, so that one sees at once what the other noted.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from franceservices.errors import DomainError
from partners.models import Site, User

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


def steps_open(appointment: Appointment, *, now: datetime) -> tuple[DeskStep, ...]:
    """The steps that can be noted at `now`, the usual one first; none on another day or on a date that is off.

    On a day that is past only its outcome can still be noted: received or absent.
    """
    if appointment.status not in USUAL_STEPS or not _is_held(appointment):
        return ()
    today = now.astimezone(appointment.site.zone).date()
    day = appointment.local_start.date()
    if day > today:
        return ()
    if day < today:
        usual = (DeskStep.FINISHED, DeskStep.ABSENT)
        return tuple(step for step in usual if appointment.status in _FROM[step])
    steps = USUAL_STEPS[appointment.status]
    if now < appointment.during.lower and appointment.status == AppointmentStatus.BOOKED:
        # Nobody is absent before her hour.
        return tuple(step for step in steps if step is not DeskStep.ABSENT)
    return steps


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


def unsettled(*, site: Site, user: User) -> AppointmentQuerySet:
    """The appointments at `site` whose time is over without an outcome, oldest first; none that wait to be replaced."""
    return (
        Appointment.objects.visible_to(user)
        .filter(
            site=site,
            status__in=[AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED, AppointmentStatus.IN_PROGRESS],
            during__endswith__lte=timezone.now(),
            to_replace_since=None,
        )
        .exclude(permanence__status=PermanenceStatus.CANCELLED)
        .with_parties()
        .order_by("during", "pk")
    )
