"""One message on its way: QUEUED, then SENDING, then SENT, FAILED or SKIPPED. Never twice.

`SENDING` is committed before the gateway is asked. A sender holds an advisory lock of its database session until the
result is written; PostgreSQL frees it when the process dies. A row that is `SENDING` while nobody holds its lock is
thus one whose sender died: it is asked for again only where the gateway accepts a key once. See
`docs/decisions/0005-jamais-deux-fois.md`.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from franceservices.errors import DomainError
from franceservices.sole_runner import sole_runner
from partners.models import User

from .mailing import send_email
from .message_texts import email_text, sms_text
from .models import AppointmentStatus, Notification, NotificationChannel, NotificationKind, NotificationStatus
from .notices import SEND_TASK, addresses, allowed_at, announced, defer_send, settings_of
from .sms import SendError, TemporaryFailure, sms_backend

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 6
# After each attempt that failed for now, in minutes.
WAITS_MINUTES = (1, 5, 15, 60, 180)
INTERRUPTED = "Interrompu pendant l’envoi\u00a0: envoi incertain, il n’est pas refait."
# A job that is this late was lost with its worker.
LOST_AFTER = timedelta(minutes=2)
MOST_IN_ONE_SWEEP = 1000
# All that a text names.
_PARTIES = (
    "appointment__site",
    "appointment__partner",
    "appointment__visitor",
    "appointment__reason",
    "appointment__permanence__office",
    "appointment__rebooked_from__site",
)
_OUTCOME_LENGTH = Notification._meta.get_field("outcome").max_length


def send(notification_id: int) -> None:
    """Send the message if it is due, still true, and nobody else's affair; write what became of it."""
    with sole_runner(f"bookings.notification:{notification_id}") as is_ours:
        if not is_ours:
            return
        notification = _claimed(notification_id)
        if notification is None:
            return
        try:
            outcome = _hand_over(notification)
        except TemporaryFailure as failure:
            _postpone_or_give_up(notification, failure)
        except SendError as failure:
            _settle(notification, NotificationStatus.FAILED, str(failure))
        else:
            _settle(notification, NotificationStatus.SENT, outcome)


@transaction.atomic
def _claimed(notification_id: int) -> Notification | None:
    """The message, written down as being sent; None when there is nothing to send now."""
    with_parties = Notification.objects.select_related(*_PARTIES)
    notification = with_parties.select_for_update(no_key=True, of=["self"]).filter(pk=notification_id).first()
    if notification is None or notification.status not in (NotificationStatus.QUEUED, NotificationStatus.SENDING):
        return None
    was_interrupted = notification.status == NotificationStatus.SENDING
    if was_interrupted and (not _may_repeat(notification) or notification.attempts >= MOST_ATTEMPTS):
        _settle(notification, NotificationStatus.FAILED, INTERRUPTED)
        return None
    if not was_interrupted and notification.due_at > timezone.now():
        return None  # Put off since this job was deferred; another one comes at the new time.
    if why := _why_not(notification):
        if was_interrupted:
            _settle(notification, NotificationStatus.FAILED, f"{INTERRUPTED} {why}")
        else:
            _settle(notification, NotificationStatus.SKIPPED, why)
        return None
    site = notification.appointment.site
    allowed = allowed_at(timezone.now(), site, settings_of(site))
    if allowed > timezone.now():
        _put_off(notification, allowed, "Reporté au matin.")
        return None
    notification.status = NotificationStatus.SENDING
    notification.attempts += 1
    notification.save(update_fields=["status", "attempts", "recipient"])
    return notification


def _may_repeat(notification: Notification) -> bool:
    """Whether asking the gateway again cannot make a second message."""
    return notification.channel == NotificationChannel.SMS and sms_backend().is_idempotent


def _why_not(notification: Notification) -> str:
    """Why the message is no longer to be sent, as the appointment and its visitor stand now; empty when it is.

    The address is the one of now: she may have corrected it since.
    """
    appointment = notification.appointment
    if appointment.during.lower <= timezone.now():
        return "L’heure du rendez-vous est passée."
    if not notification.dedupe_key.startswith(announced(appointment, notification.kind, notification.channel)):
        return "L’heure du rendez-vous a changé depuis."
    if notification.kind == NotificationKind.CANCELLATION:
        if appointment.status != AppointmentStatus.CANCELLED:
            return "Le rendez-vous a été rétabli depuis."
    elif appointment.status != AppointmentStatus.BOOKED:
        return f"Le rendez-vous est noté «\u00a0{appointment.get_status_display()}\u00a0»."
    elif appointment.to_replace_since is not None:
        return "Le rendez-vous est à replacer\u00a0: son heure ne tient plus."
    address = dict(addresses(appointment.visitor)).get(notification.channel)
    if address is None:
        return "L’usager n’a plus d’adresse pour ce canal, ou ne l’accepte plus."
    notification.recipient = address
    return ""


def _hand_over(notification: Notification) -> str:
    """Ask the gateway of the channel; return its answer. Raises SendError."""
    if notification.channel == NotificationChannel.SMS:
        return sms_backend().send(to=notification.recipient, text=sms_text(notification), key=notification.dedupe_key)
    return send_email(
        email_text(notification),
        to=notification.recipient,
        site=notification.appointment.site,
        key=notification.dedupe_key,
    )


def _settle(notification: Notification, status: NotificationStatus, outcome: str) -> None:
    """Write the result, unless somebody took the message over meanwhile (`attempts` tells)."""
    written = Notification.objects.filter(
        pk=notification.pk,
        attempts=notification.attempts,
        status__in=[NotificationStatus.QUEUED, NotificationStatus.SENDING],
    ).update(
        status=status,
        outcome=outcome[:_OUTCOME_LENGTH],
        sent_at=timezone.now() if status == NotificationStatus.SENT else None,
    )
    if status == NotificationStatus.FAILED and written:
        logger.warning("notification %s failed: %s", notification.pk, outcome)


@transaction.atomic
def _postpone_or_give_up(notification: Notification, failure: TemporaryFailure) -> None:
    if notification.attempts >= MOST_ATTEMPTS:
        _settle(notification, NotificationStatus.FAILED, f"Abandonné après {notification.attempts} essais. {failure}")
        return
    wait = timedelta(minutes=WAITS_MINUTES[min(notification.attempts, len(WAITS_MINUTES)) - 1])
    if failure.wait_seconds is not None:
        wait = max(wait, timedelta(seconds=failure.wait_seconds))
    site = notification.appointment.site
    _put_off(notification, allowed_at(timezone.now() + wait, site, settings_of(site)), str(failure))


def _put_off(notification: Notification, due_at: datetime, outcome: str) -> None:
    """Back to the queue until `due_at`, with a job for it; part of the transaction under way."""
    notification.due_at = due_at
    written = Notification.objects.filter(
        pk=notification.pk,
        attempts=notification.attempts,
        status__in=[NotificationStatus.QUEUED, NotificationStatus.SENDING],
    ).update(status=NotificationStatus.QUEUED, due_at=due_at, outcome=outcome[:_OUTCOME_LENGTH])
    if written:
        defer_send(notification)


@transaction.atomic
def sweep() -> int:
    """Defer a job for each message whose own was lost with a worker; return how many. Safe to run at any moment.

    Those are late messages without a waiting job, and those left `SENDING`; one that is being sent right now is passed
    over by `send`, which finds its lock held.
    """
    waiting = ProcrastinateJob.objects.filter(task_name=SEND_TASK, status="todo")
    with_a_job = set(waiting.values_list("args__notification_id", flat=True))
    late = Notification.objects.filter(
        status=NotificationStatus.QUEUED, due_at__lte=timezone.now() - LOST_AFTER
    ).order_by("due_at")
    sending = Notification.objects.filter(status=NotificationStatus.SENDING).order_by("due_at")
    lost = [
        notification
        for queryset in (sending, late)
        for notification in queryset[:MOST_IN_ONE_SWEEP]
        if notification.pk not in with_a_job
    ]
    for notification in lost:
        defer_send(notification)
    if lost:
        logger.info("%s messages taken up again", len(lost))
    return len(lost)


@transaction.atomic
def retry_notification(*, notification: Notification, by: User) -> Notification:
    """Queue a failed message again, with the same key; a person decides, who read why it failed.

    Raises DomainError for one that has not failed or whose appointment has begun.
    """
    notification = (
        Notification.objects.visible_to(by)
        .select_for_update(no_key=True, of=["self"])
        .select_related("appointment__site")
        .get(pk=notification.pk)
    )
    if notification.status != NotificationStatus.FAILED:
        raise DomainError("Seul un message en échec peut être envoyé de nouveau.")
    site = notification.appointment.site
    notification.due_at = allowed_at(timezone.now(), site, settings_of(site))
    if notification.due_at >= notification.appointment.during.lower:
        raise DomainError("Il est trop tard pour écrire avant l’heure du rendez-vous\u00a0: appelez la personne.")
    notification.status = NotificationStatus.QUEUED
    notification.outcome = f"Nouvel essai demandé par {by.get_full_name()}."[:_OUTCOME_LENGTH]
    notification.save(update_fields=["status", "due_at", "outcome"])
    defer_send(notification)
    return notification
