"""A question kept for a later run, and asked again within what its owner may see by then."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from bookings.models import Reason
from franceservices.errors import DomainError
from partners.models import Partner, User

from .periods import Period
from .scopes import Scope, scope_for, sites_of

OUT_OF_SIGHT = DomainError("Un des espaces demandés n’est plus parmi les vôtres. Faites la demande de nouveau.")


def kept_scope(scope: Scope) -> dict[str, object]:
    """The question as JSON holds it."""
    return {
        "first": scope.period.first.isoformat(),
        "last": scope.period.last.isoformat(),
        "sites": sorted(site.pk for site in scope.sites),
        "partner": scope.partner.pk if scope.partner else None,
        "reason": scope.reason.pk if scope.reason else None,
        "audience": scope.audience,
    }


def read_scope(kept: Mapping[str, object], *, user: User, now: datetime) -> Scope:
    """The question that `kept_scope` kept, asked by `user` at `now`. Raises DomainError when it is no longer hers."""
    wanted = set(kept["sites"])
    sites = [site for site in sites_of(user) if site.pk in wanted]
    if len(sites) != len(wanted):
        raise OUT_OF_SIGHT
    scope = scope_for(
        user,
        period=Period(date.fromisoformat(kept["first"]), date.fromisoformat(kept["last"])),
        sites=sites,
        partner=Partner.objects.get(pk=kept["partner"]) if kept["partner"] else None,
        reason=Reason.objects.get(pk=kept["reason"]) if kept["reason"] else None,
        audience=kept["audience"],
    )
    return replace(scope, now=now)
