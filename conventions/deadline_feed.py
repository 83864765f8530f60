"""The deadlines of a space as the calendar of a person reads them again and again (RFC 5545), and the address of it.

One entry of a whole day for each line of « Échéances ». What is settled goes at the next reading. The identity of an
entry is its row's.
"""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from icalendar import Event

from franceservices.calendar_feeds import empty_feed
from franceservices.errors import DomainError
from franceservices.secret_links import digest_of, new_secret
from partners.models import Site, User

from .due_dates import DueDate, When, conventions_followed, due_dates
from .models import DeadlineFeed

UID_DOMAIN = "echeances.france-services.invalid"
# Dates of conventions move seldom.
READ_AGAIN_AFTER = timedelta(hours=6)


def find_feed(token: str) -> DeadlineFeed | None:
    """The feed of that secret if it opens; one digest and one query for any text."""
    return DeadlineFeed.objects.standing().select_related("site").filter(token_digest=digest_of(token)).first()


@transaction.atomic
def create_feed(*, site: Site, device: str, by: User) -> tuple[DeadlineFeed, str]:
    """Open the deadlines of `site` to a device of `by`; the feed and its secret, which is told once.

    Raises Site.DoesNotExist outside the perimeter of `by`, and DomainError for a role that reads no conventions.
    """
    site = Site.objects.visible_to(by).get(pk=site.pk)
    if not (by.oversees_ccas or by.is_superuser):
        raise DomainError("Les échéances des conventions sont l’affaire des responsables et des administrateurs.")
    token = new_secret()
    feed = DeadlineFeed.objects.create(site=site, device=device.strip(), token_digest=digest_of(token), created_by=by)
    return feed, token


@transaction.atomic
def revoke_feed(*, feed: DeadlineFeed, by: User) -> DeadlineFeed:
    """Close the address for good. Raises DomainError when it is closed, DoesNotExist for somebody else's."""
    feed = DeadlineFeed.objects.own_of(by).select_for_update(no_key=True, of=["self"]).get(pk=feed.pk)
    if feed.revoked_at is not None:
        raise DomainError("Cette adresse est déjà révoquée.")
    feed.revoked_at, feed.revoked_by = timezone.now(), by
    feed.save(update_fields=["revoked_at", "revoked_by"])
    return feed


def deadline_calendar(feed: DeadlineFeed, *, now: datetime) -> bytes:
    """The whole calendar of `feed` at the aware moment `now`."""
    site = feed.site
    today = timezone.localtime(now, site.zone).date()
    calendar = empty_feed(f"Échéances – {site.short_name}", zone=site.zone, read_again_after=READ_AGAIN_AFTER)
    for line in due_dates(conventions_followed(site, today), today=today):
        calendar.add_component(_event(line, feed=feed, is_late=line.when(today) == When.LATE))
    return calendar.to_ical()


def _event(line: DueDate, *, feed: DeadlineFeed, is_late: bool) -> Event:
    event = Event()
    event.add("uid", f"{line.key}@{UID_DOMAIN}")
    # Fixed, so that two readings of one state are the same to the byte.
    event.add("dtstamp", feed.created_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", line.due_on)
    event.add("dtend", line.due_on + timedelta(days=1))
    late = "En retard\u00a0: " if is_late else ""
    event.add("summary", f"{late}{line.what} – {line.convention.partner.short_name}")
    owed = f"À la charge de\u00a0: {line.owed_by_words}." if line.owed_by else ""
    article = f"Article {line.article}." if line.article else ""
    event.add("description", " ".join(filter(None, [f"{line.detail}.", owed, article, line.convention.reference])))
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    return event
