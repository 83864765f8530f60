"""The weekly e-mail: what is late and what falls due at a space, to each person who oversees it, once a week."""

import logging
import smtplib
from datetime import date, datetime, time
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from franceservices.dates import format_date_long, monday_of
from partners.models import Role, Site, User

from .due_dates import DueDate, When, conventions_followed, due_dates
from .models import DigestRefusal, WeeklyDigest

# Monday from this hour on, by the clock of the space.
SENT_FROM = time(7, 0)
# More than this many lines of one kind are counted, not listed.
LISTED = 20

logger = logging.getLogger(__name__)


def send_weekly_digests(*, now: datetime) -> int:
    """Send what is to be sent at the aware moment `now`; returns how many e-mails were handed over.

    To the managers and administrators of each space in service where it is Monday, 7h00 or later, unless they refused,
    have had theirs this week, or there is nothing to tell. Doing it again sends nothing twice.
    """
    sent = 0
    for site in Site.objects.filter(is_active=True).select_related("ccas").order_by("pk"):
        local = timezone.localtime(now, site.zone)
        if local.isoweekday() != 1 or local.time() < SENT_FROM:
            continue
        sent += _send_for(site, local.date())
    return sent


def readers_of(site: Site) -> list[User]:
    """Who oversees `site`, has an address that may be used, and did not refuse."""
    overseers = User.objects.filter(ccas=site.ccas, role__in=[Role.MANAGER, Role.ADMINISTRATOR], is_active=True)
    return list(overseers.filter(digest_refusal=None).order_by("pk"))


def digest_text(site: Site, lines: list[DueDate], *, today: date) -> tuple[str, str]:
    """The subject and the body; `lines` without what falls due later than in three months."""
    groups: dict[When, list[DueDate]] = {when: [] for when in (When.LATE, When.THIS_MONTH, When.NEXT_MONTHS)}
    for line in lines:
        groups[line.when(today)].append(line)
    late = len(groups[When.LATE])
    subject = f"Échéances de {site.short_name}, semaine du {format_date_long(monday_of(today))}"
    if late:
        subject += f"\u00a0: {late} en retard"
    context = {
        "site": site,
        "today": today,
        "groups": [
            {"name": when.value, "lines": found[:LISTED], "count": len(found), "more": max(0, len(found) - LISTED)}
            for when, found in groups.items()
            if found
        ],
        "url": settings.PUBLIC_URL + reverse("conventions:deadline_list") if settings.PUBLIC_URL else "",
        "choice_url": settings.PUBLIC_URL + reverse("conventions:deadline_follow") if settings.PUBLIC_URL else "",
    }
    return subject, render_to_string("conventions/messages/weekly_digest.txt", context)


def _send_for(site: Site, today: date) -> int:
    readers = readers_of(site)
    if not readers:
        return 0
    lines = [
        line for line in due_dates(conventions_followed(site, today), today=today) if line.when(today) != When.LATER
    ]
    if not lines:
        return 0
    subject, body = digest_text(site, lines, today=today)
    return sum(_send_once(user, site, monday_of(today), subject, body) for user in readers)


def _send_once(user: User, site: Site, monday: date, subject: str, body: str) -> bool:
    """Claim the week, then send: a process that dies in between sends nothing, and no other sends it twice."""
    with transaction.atomic():
        claim, is_ours = WeeklyDigest.objects.get_or_create(user=user, site=site, monday=monday)
    if not is_ours:
        return False
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    message = EmailMessage(
        subject=subject,
        body=body,
        from_email=formataddr((site.name, sender)),
        to=[user.email],
        headers={
            "Message-ID": f"<echeances.{user.pk}.{site.pk}.{monday:%Y%m%d}@{sender.rpartition('@')[2]}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError):
        # Tried again at the next run; the address is not logged.
        logger.exception("weekly digest not sent: user %s, site %s", user.pk, site.pk)
        claim.delete()
        return False
    claim.sent_at = timezone.now()
    claim.save(update_fields=["sent_at"])
    return True


def refuse_digest(*, by: User) -> None:
    """Send no weekly e-mail to `by` any more; doing it again changes nothing."""
    DigestRefusal.objects.get_or_create(user=by)


def accept_digest(*, by: User) -> None:
    """Send the weekly e-mail to `by` again."""
    DigestRefusal.objects.filter(user=by).delete()
