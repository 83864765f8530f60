"""Calendars as files (RFC 5545): what ours have in common, whatever is in them."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Timezone, vDuration

PRODUCT = "-//Espace France Services//Rendez-vous//FR"
# How often a calendar is asked to come again; most have their own idea.
READ_AGAIN_AFTER = timedelta(minutes=30)


def empty_calendar() -> Calendar:
    """A calendar of ours without anything in it."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    return calendar


def empty_feed(name: str, *, zone: ZoneInfo, read_again_after: timedelta = READ_AGAIN_AFTER) -> Calendar:
    """An empty calendar that a device reads again and again, under `name`, in `zone`."""
    calendar = empty_calendar()
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", zone.key)
    calendar["refresh-interval"] = vDuration(read_again_after)
    calendar["refresh-interval"].params["VALUE"] = "DURATION"
    calendar["x-published-ttl"] = vDuration(read_again_after)
    return calendar


def zone_rules(zone: ZoneInfo, *, year: int) -> Timezone:
    """The offsets of `zone` over the years that entries read in `year` can lie in."""
    return Timezone.from_tzinfo(zone, zone.key, date(year - 1, 1, 1), date(year + 2, 1, 1))
