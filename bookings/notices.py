"""Which messages a visitor is to get: one row and one job for each, written in the transaction of the change.

Sending is the affair of `sending.py`. What is promised about doubles is in `docs/decisions/0005-jamais-deux-fois.md`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from franceservices.phones import is_mobile
from partners.models import Site

from .models import (
    Appointment,
    MessageSettings,
    Notification,
    NotificationChannel,
    NotificationKind,
    NotificationStatus,
    Visitor,
)
from .quiet_hours import first_allowed

SEND_TASK = "bookings.tasks.send_notification"
# Messages wait in a queue of their own, so that a slow gateway can be given a worker of its own.
QUEUE = "messages"
# Within the worker, procrastinate's own app writes over connections of its own; these jobs stand or fall with our rows.
_jobs = JobManager(DjangoConnector())
TOO_LATE = "Trop tard pour écrire avant l’heure du rendez-vous."
# A new time deserves a reminder as much as a new appointment.
_REMINDED = frozenset({NotificationKind.CONFIRMATION, NotificationKind.MOVE})


def settings_of(site: Site) -> MessageSettings:
    """How `site` writes to its visitors; the defaults, unsaved, where nobody chose."""
    chosen = MessageSettings.objects.filter(site=site).first()
    if chosen is None:
        chosen = MessageSettings(site=site)
        chosen.clean_fields(exclude={"site"})  # The defaults of the times are text until a field has read them.
    return chosen


def addresses(visitor: Visitor) -> Iterator[tuple[NotificationChannel, str]]:
    """Where the visitor may be written to: an address she gave and agreed to, a text message to a mobile phone only."""
    if visitor.email_consent and visitor.email:
        yield NotificationChannel.EMAIL, visitor.email
    if visitor.sms_consent and visitor.phone and is_mobile(visitor.phone):
        yield NotificationChannel.SMS, visitor.phone


def announced(appointment: Appointment, kind: NotificationKind, channel: NotificationChannel) -> str:
    """The beginning of the `dedupe_key` of what is said of the appointment at its present time."""
    return f"{kind}:{channel}:{appointment.pk}:{appointment.during.lower.astimezone(UTC):%Y%m%dT%H%M%SZ}:"


def queue_notices(
    *, appointment: Appointment, kind: NotificationKind, due_at: datetime | None = None
) -> list[Notification]:
    """Queue a message of `kind` about `appointment` on each channel that its visitor agreed to; return the new ones.

    Call it in the transaction of the change: rows and jobs are kept or lost with it. `due_at` is the earliest moment,
    by default now; the night of the site pushes it on to the morning. Calling twice for the same news queues it once.
    An appointment that has begun gets nothing; when the morning would come too late, the row is written as not sent,
    for the desk to see. A confirmation or a move queues the reminder too, and asks for no query without a consent.
    """
    if appointment.visitor_id is None or appointment.during.lower <= timezone.now():
        return []
    reached = list(addresses(appointment.visitor))
    if not reached:
        return []
    # Opened only here: a booking of somebody who is not written to costs no savepoint.
    with transaction.atomic():
        chosen = settings_of(appointment.site)
        queued = [
            notification
            for channel, recipient in reached
            if (notification := _queue(appointment, kind, channel, recipient, due_at or timezone.now(), chosen))
        ]
        reminder_at = appointment.during.lower - timedelta(hours=chosen.reminder_hours)
        if kind in _REMINDED and chosen.reminder_hours and reminder_at > timezone.now():
            queued += queue_notices(appointment=appointment, kind=NotificationKind.REMINDER, due_at=reminder_at)
        return queued


def _queue(
    appointment: Appointment,
    kind: NotificationKind,
    channel: NotificationChannel,
    recipient: str,
    due_at: datetime,
    chosen: MessageSettings,
) -> Notification | None:
    """The new row with its job; None when this news is queued or sent already."""
    due_at = allowed_at(due_at, appointment.site, chosen)
    is_too_late = due_at >= appointment.during.lower
    fresh = {
        "recipient": recipient,
        "due_at": due_at,
        "status": NotificationStatus.SKIPPED if is_too_late else NotificationStatus.QUEUED,
        "outcome": TOO_LATE if is_too_late else "",
        "queued_at": timezone.now(),
    }
    notification, is_new = Notification.objects.get_or_create(
        dedupe_key=f"{announced(appointment, kind, channel)}{_news_between(appointment, kind, channel)}",
        defaults={"site": appointment.site, "appointment": appointment, "kind": kind, "channel": channel, **fresh},
    )
    if not is_new:
        # A message that was withheld never left: it may be queued again, an appointment cancelled and restored.
        withheld = Notification.objects.filter(pk=notification.pk, status=NotificationStatus.SKIPPED)
        if is_too_late or not withheld.update(**fresh):
            return None
        notification.refresh_from_db()
    if notification.status == NotificationStatus.QUEUED:
        defer_send(notification)
    return notification


def _news_between(appointment: Appointment, kind: NotificationKind, channel: NotificationChannel) -> int:
    """How many other news of this appointment left on this channel: after « annulé », « confirmé » is news again.

    A reminder is said once of a time, whatever happened between.
    """
    if kind == NotificationKind.REMINDER:
        return 0
    return (
        Notification.objects.filter(appointment=appointment, channel=channel)
        .exclude(kind=NotificationKind.REMINDER)
        .exclude(status__in=[NotificationStatus.QUEUED, NotificationStatus.SKIPPED])
        .exclude(dedupe_key__startswith=announced(appointment, kind, channel))
        .count()
    )


def allowed_at(moment: datetime, site: Site, chosen: MessageSettings) -> datetime:
    """`moment`, or the morning after the silence of the site in which it falls, in UTC."""
    return first_allowed(moment, zone=site.zone, quiet_from=chosen.quiet_from, quiet_until=chosen.quiet_until)


def defer_send(notification: Notification) -> None:
    """Ask the worker to send `notification` when it is due; part of the transaction under way.

    The job is named, not imported: `tasks.py` stands above the senders, which stand above this module.
    """
    configure_task(
        name=SEND_TASK,
        job_manager=_jobs,
        queue=QUEUE,
        schedule_at=notification.due_at if notification.due_at > timezone.now() else None,
    ).defer(notification_id=notification.pk)
