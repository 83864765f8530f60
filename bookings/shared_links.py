"""Addresses by which a partner reads its planning without signing in: made, found again, revoked.

The secret is told once, to whoever makes the address; the database keeps its digest: see
`franceservices/secret_links.py`.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from franceservices.dates import day_bounds, format_date_long
from franceservices.errors import DomainError
from franceservices.secret_links import digest_of, new_secret
from partners.models import Partner, Site, User

from .models import Permanence, SharedLink, SharedLinkKind

# How long a planning may stay open without an account, and what the form proposes, in days from today.
LONGEST_DAYS, USUAL_DAYS = 90, 30
# An agent's own feed ends with her account; the term only clears away what nobody uses any more.
FEED_DAYS = 365


def find_shared_link(token: str, *, kind: SharedLinkKind, at: datetime) -> SharedLink | None:
    """The link of that secret, with its parties, if it opens at the moment `at`; one digest and one query for any text.

    None for an unknown, expired or revoked one, for one of another kind or of a space out of service, and for the feed
    of an agent whose account is closed or has passed to another caisse.
    """
    is_its_agents = Q(created_by__is_active=True, created_by__partner=F("partner"))
    return (
        SharedLink.objects.valid_at(at)
        .filter(~Q(kind=SharedLinkKind.CALENDAR) | is_its_agents, kind=kind, site__is_active=True)
        .select_related("site", "partner")
        .filter(token_digest=digest_of(token))
        .first()
    )


def partners_to_share_with(site: Site) -> QuerySet[Partner]:
    """The partners whose convention at `site` is not over."""
    return Partner.objects.filter(
        pk__in=site.conventions.filter(ends_on__gte=site.today()).values("partner"), own_ccas=None
    )


def sites_of(partner: Partner) -> QuerySet[Site]:
    """The spaces in service at which `partner` holds permanences."""
    return Site.objects.filter(
        pk__in=Permanence.objects.filter(partner=partner).order_by().values("site"), is_active=True
    )


@transaction.atomic
def create_planning_link(
    *, site: Site, partner: Partner, recipient: str, last_day: date, by: User
) -> tuple[SharedLink, str]:
    """Open the planning of `partner` at `site` up to the end of the civil day `last_day`; the link and its secret.

    Raises DomainError for a day out of [today, today + `LONGEST_DAYS`] or a partner without a convention at the site,
    and Site.DoesNotExist outside the perimeter of `by`.
    """
    site = Site.objects.visible_to(by).get(pk=site.pk)
    today = site.today()
    latest = today + timedelta(days=LONGEST_DAYS)
    if not today <= last_day <= latest:
        raise DomainError(
            f"Choisissez une date d’ici au {format_date_long(latest)}\u00a0: {LONGEST_DAYS} jours au plus."
        )
    if not partners_to_share_with(site).filter(pk=partner.pk).exists():
        raise DomainError(f"{partner.short_name} n’a pas de convention en cours dans cet espace.")
    return _create(SharedLinkKind.PLANNING, site=site, partner=partner, recipient=recipient, last_day=last_day, by=by)


@transaction.atomic
def create_calendar_link(*, site: Site, device: str, by: User) -> tuple[SharedLink, str]:
    """Open the agenda of the caisse of `by`, a partner's agent, at `site` to her own device; the link and its secret.

    Raises Site.DoesNotExist where her caisse holds nothing.
    """
    site = sites_of(by.partner).get(pk=site.pk)
    last_day = site.today() + timedelta(days=FEED_DAYS)
    return _create(SharedLinkKind.CALENDAR, site=site, partner=by.partner, recipient=device, last_day=last_day, by=by)


def _create(
    kind: SharedLinkKind, *, site: Site, partner: Partner, recipient: str, last_day: date, by: User
) -> tuple[SharedLink, str]:
    token = new_secret()
    link = SharedLink.objects.create(
        site=site,
        partner=partner,
        kind=kind,
        token_digest=digest_of(token),
        recipient=recipient,
        created_by=by,
        expires_at=day_bounds(last_day, site.zone)[1],
    )
    return link, token


@transaction.atomic
def revoke_shared_link(*, link: SharedLink, by: User) -> SharedLink:
    """Close the address for good.

    Raises DomainError when it is revoked already, and SharedLink.DoesNotExist outside the perimeter of `by`.
    """
    found = SharedLink.objects.revocable_by(by).select_for_update(no_key=True, of=["self"])
    link = found.select_related("site", "partner").get(pk=link.pk)
    if link.revoked_at is not None:
        raise DomainError("Ce lien est déjà révoqué.")
    link.revoked_at, link.revoked_by = timezone.now(), by
    link.save(update_fields=["revoked_at", "revoked_by"])
    return link
