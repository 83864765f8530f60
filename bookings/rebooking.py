"""Giving an appointment another time: the old one is kept as given up, the new one says what it replaces."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import User

from .errors import TimeNotOffered, TimeTaken
from .models import Appointment, AppointmentStatus, CancelledBy, NotificationKind, Permanence
from .notices import queue_notices
from .orphans import lock_orphan, release_if_empty
from .services import check_fit

MOVED = "Déplacé à une autre heure"


@transaction.atomic
def rebook(
    *,
    appointment: Appointment,
    permanence_id: int,
    starts_at: datetime,
    cancelled_for: CancelledBy = CancelledBy.VISITOR,
    why: str = "",
    by: User,
) -> Appointment:
    """Move `appointment` to `starts_at` in a permanence of the same site; returns the new one. Both or neither.

    `cancelled_for` is who asked for it. The person is told (notice of a move). Both permanences are locked first, in
    order of id, like a booking locks its one. Raises TimeTaken, TimeNotOffered, Permanence.DoesNotExist like
    `book_appointment`, and DomainError when the appointment can no longer move.
    """
    permanences = {
        permanence.pk: permanence
        for permanence in Permanence.objects.visible_to(by)
        .filter(pk__in={appointment.permanence_id, permanence_id})
        .select_for_update(no_key=True, of=["self"])
        .select_related("site", "partner")
        .order_by("pk")
    }
    if permanence_id not in permanences:
        raise Permanence.DoesNotExist
    permanence = permanences[permanence_id]
    old = (
        Appointment.objects.visible_to(by)
        .select_for_update(no_key=True, of=["self"])
        # Not the visitor: while the row is waited for, a merge may give it to another card, which a join would miss.
        .select_related("site", "reason", "social_worker")
        .get(pk=appointment.pk)
    )
    _check_movable(old, by)
    if permanence.site_id != old.site_id:
        raise TimeNotOffered("Ce créneau est celui d’un autre espace. Choisissez-en un autre.")
    during = DateTimeTZRange(starts_at, starts_at + timedelta(minutes=old.reason.duration_minutes), "[)")
    check_fit(permanence, during, old.reason)
    if permanence.appointments.standing().exclude(pk=old.pk).filter(during__overlap=during).exists():
        raise TimeTaken
    old.status = AppointmentStatus.CANCELLED
    old.cancelled_at = timezone.now()
    old.cancelled_by = by
    old.cancelled_for = cancelled_for
    old.cancellation_reason = why or MOVED
    old.to_replace_since = None
    old.save()
    with translate_violations({"appointment_time_free": TimeTaken()}):
        new = Appointment.objects.create(
            permanence=permanence,
            site=permanence.site,
            partner=permanence.partner,
            visitor=old.visitor,
            social_worker=old.social_worker,
            subject=old.subject,
            reason=old.reason,
            during=during,
            booked_by=by,
            rebooked_from=old,
        )
    release_if_empty(lock_orphan(old.permanence_id), by=by)
    queue_notices(appointment=new, kind=NotificationKind.MOVE)
    return new


@transaction.atomic
def put_back_to_replace(*, appointment: Appointment, by: User) -> Appointment:
    """Undo the cancellation of an appointment that its permanence held no longer: the person waits again.

    Raises DomainError when it is not cancelled or was moved, TimeTaken when somebody else has its hour by now, and
    Appointment.DoesNotExist outside the perimeter of `by`.
    """
    Permanence.objects.select_for_update(no_key=True).get(pk=appointment.permanence_id)
    found = Appointment.objects.visible_to(by).select_for_update(no_key=True, of=["self"]).get(pk=appointment.pk)
    if found.status != AppointmentStatus.CANCELLED:
        raise DomainError("Ce rendez-vous n’est pas annulé.")
    if Appointment.objects.filter(rebooked_from=found).exists():
        raise DomainError("Ce rendez-vous a été déplacé à une autre heure\u00a0: c’est le nouveau qu’il faut déplacer.")
    found.status, found.to_replace_since = AppointmentStatus.BOOKED, timezone.now()
    found.cancelled_at = found.cancelled_by = None
    found.cancelled_for = found.cancellation_reason = ""
    with translate_violations({"appointment_time_free": TimeTaken()}):
        found.save()
    return found


def why_not_movable(appointment: Appointment, *, now: datetime) -> str:
    """The sentence that says why `appointment` can no longer get another time; empty when it can.

    One that is to be replaced can move even when its old hour is past: the person still waits for another.
    """
    if appointment.status != AppointmentStatus.BOOKED:
        state = appointment.get_status_display()
        return f"Ce rendez-vous ne peut plus être déplacé\u00a0: il est noté «\u00a0{state}\u00a0»."
    if appointment.during.lower <= now and appointment.to_replace_since is None:
        return "Ce rendez-vous ne peut plus être déplacé\u00a0: son heure est passée. Prenez un nouveau rendez-vous."
    return ""


def _check_movable(appointment: Appointment, by: User) -> None:
    if by.is_partner_agent:
        raise TimeNotOffered("Les rendez-vous sont pris par l’accueil du CCAS.")
    refusal = why_not_movable(appointment, now=timezone.now())
    if refusal:
        raise DomainError(refusal)
