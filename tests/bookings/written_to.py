"""What tests about messages need: a visitor who may be written to, an appointment, what waits for the worker."""

from procrastinate.contrib.django.models import ProcrastinateJob

from bookings.models import Appointment, MessageSettings, Notification, Visitor
from bookings.notices import SEND_TASK
from bookings.sending import send
from bookings.services import book_appointment
from tests.factories import VisitorFactory

from .booking_page import THURSDAY

EMAIL, MOBILE = "leila@exemple.fr", "+33612345678"


def reachable(desk, **changes) -> Visitor:
    """A visitor of the desk with both addresses and both consents, unless told otherwise."""
    given = {"email": EMAIL, "phone": MOBILE, "email_consent": True, "sms_consent": True} | changes
    return VisitorFactory(ccas=desk.site.ccas, **given)


def booked(desk, clock="10:00", day=THURSDAY, **changes) -> Appointment:
    """An appointment of a reachable visitor, made by the desk."""
    return book_appointment(
        permanence_id=desk.permanence_at(day, clock).pk,
        starts_at=desk.at(day, clock),
        reason=desk.reason,
        visitor=changes.pop("visitor", None) or reachable(desk, **changes),
        by=desk.receptionist,
    )


def choose(desk, **settings) -> MessageSettings:
    """The space's own settings for its messages."""
    chosen, _ = MessageSettings.objects.update_or_create(site=desk.site, defaults=settings)
    return chosen


def rows(**filters) -> list[tuple[str, str, str]]:
    """Kind, channel and state of each message, oldest first."""
    found = Notification.objects.filter(**filters).order_by("pk")
    return [(row.kind, row.channel, row.status) for row in found]


def waiting_jobs() -> list[int]:
    """The numbers of the messages for which a job waits."""
    jobs = ProcrastinateJob.objects.filter(task_name=SEND_TASK, status="todo").order_by("pk")
    return [job.args["notification_id"] for job in jobs]


def send_all(**filters) -> None:
    """What the worker would do with each message, in order."""
    for row in Notification.objects.filter(**filters).order_by("pk"):
        send(row.pk)
