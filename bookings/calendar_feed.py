"""The agenda of a partner at one site, as the calendar of a phone reads it again and again (RFC 5545).

One entry for each appointment that stands. The identity of an entry is its row's: nothing in it depends on the
address, the host or a name that may change. Moving somebody makes a new row, so that the old entry goes and the new
one comes at the next reading; cancelled ones go. The words are those of `shared_planning`, for the same reasons.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from icalendar import Event

from franceservices.calendar_feeds import empty_feed, zone_rules

from .calendar_files import place_of
from .models import Appointment, Permanence, SharedLink
from .models.appointment import AppointmentQuerySet
from .schedule_reading import Person
from .shared_planning import called_name

DAYS_BACK = 30
UID_DOMAIN = "agenda.france-services.invalid"


def feed_appointments(link: SharedLink) -> AppointmentQuerySet:
    """Those that stand in permanences held as foreseen, from `DAYS_BACK` days ago to the permanences' horizon."""
    today = link.site.today()
    days = today - timedelta(days=DAYS_BACK), today + timedelta(days=settings.PERMANENCE_HORIZON_DAYS)
    held = Permanence.objects.standing().filter(site=link.site, partner=link.partner, orphaned_at=None)
    return (
        Appointment.objects.standing()
        .filter(permanence__in=held.on_days(*days).order_by(), to_replace_since=None)
        .select_related("visitor", "social_worker", "reason", "permanence__office")
        .order_by("during", "pk")
    )


def calendar_feed(link: SharedLink, *, now: datetime) -> bytes:
    """The whole calendar of `link` at the aware moment `now`, in the site's zone; one query."""
    zone = link.site.zone
    calendar = empty_feed(f"{link.partner.short_name} – {link.site.short_name}", zone=zone)
    calendar.add_component(zone_rules(zone, year=timezone.localtime(now, zone).year))
    for appointment in feed_appointments(link):
        calendar.add_component(_event(appointment, link=link))
    return calendar.to_ical()


def _event(appointment: Appointment, *, link: SharedLink) -> Event:
    zone = link.site.zone
    event = Event()
    event.add("uid", f"rendez-vous-{appointment.pk}@{UID_DOMAIN}")
    # When the entry was made, so that two readings of one state are the same to the byte.
    event.add("dtstamp", appointment.booked_at)
    event.add("dtstart", timezone.localtime(appointment.during.lower, zone))
    event.add("dtend", timezone.localtime(appointment.during.upper, zone))
    event.add("summary", f"{called_name(Person.of(appointment))} – {appointment.reason.label}")
    event.add("location", f"{appointment.permanence.office.full_label}, {place_of(link.site)}")
    event.add("status", "CONFIRMED")
    event.add("class", "PRIVATE")
    return event
