"""The calendar file (.ics) in a message: RFC 5545 and, for what it asks of the reader's calendar, RFC 5546."""

from datetime import UTC, datetime
from email.utils import parseaddr

from django.conf import settings
from icalendar import Event, vCalAddress

from franceservices.calendar_feeds import empty_calendar
from partners.models import Site

from .models import Appointment, AppointmentStatus

PUBLISH, CANCEL = "PUBLISH", "CANCEL"


def first_of_chain(appointment: Appointment) -> Appointment:
    """The appointment that this one came to replace, however often it was moved to a new row; itself if never."""
    while appointment.rebooked_from_id is not None:
        appointment = appointment.rebooked_from
    return appointment


def event_uid(appointment: Appointment) -> str:
    """The same for all the life of an appointment, so that a calendar moves its entry instead of adding one."""
    return f"rendez-vous-{first_of_chain(appointment).pk}@{appointment.site.slug}.france-services"


def place_of(site: Site) -> str:
    """`Espace France Services de Planoise, 13 avenue…, 25000 Besançon`."""
    return ", ".join(filter(None, [site.name, site.address, f"{site.postal_code} {site.city}".strip()]))


def calendar_file(
    appointment: Appointment, *, sequence: int, summary: str, description: str, stamped_at: datetime
) -> tuple[str, str]:
    """The method of RFC 5546 and the text of the file, times in UTC.

    `sequence` must grow with each file about one event; `stamped_at` is aware. The visitor is not named: the file is
    for her own calendar, which others may read.
    """
    site = appointment.site
    is_cancelled = appointment.status == AppointmentStatus.CANCELLED
    method = CANCEL if is_cancelled else PUBLISH
    organiser = vCalAddress(f"mailto:{site.email or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organiser.params["CN"] = site.name
    event = Event()
    event.add("uid", event_uid(appointment))
    event.add("sequence", sequence)
    event.add("dtstamp", stamped_at.astimezone(UTC))
    event.add("dtstart", appointment.during.lower.astimezone(UTC))
    event.add("dtend", appointment.during.upper.astimezone(UTC))
    event.add("summary", summary)
    event.add("description", description)
    event.add("location", place_of(site))
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event["organizer"] = organiser
    calendar = empty_calendar()
    calendar.add("method", method)
    calendar.add_component(event)
    return method, calendar.to_ical().decode()
