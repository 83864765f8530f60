"""What a figure is asked about: which days, which spaces, which partner, reason and audience."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils import timezone

from bookings.models import Permanence, Reason
from conventions.models import Convention
from partners.models import Partner, Site, User

from .periods import Period

TICK = timedelta(microseconds=1)
NOTHING = Q(pk__in=[])


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The days `period`, at `sites`, each by its own clock; None and "" stand for all.

    `now` parts what is past from what is to come; it is the same for all figures of one page.
    """

    period: Period
    sites: tuple[Site, ...]
    partner: Partner | None = None
    reason: Reason | None = None
    audience: str = ""
    now: datetime = field(default_factory=timezone.now)

    def __hash__(self) -> int:
        # What thousands of spaces are told apart by is left to the comparison: it is made of the same tuple most often.
        return hash((self.period, len(self.sites), self.now))

    def over(self, period: Period) -> "Scope":
        """The same question about other days."""
        return replace(self, period=period)

    def at(self, *sites: Site) -> "Scope":
        """The same question about other spaces."""
        return replace(self, sites=sites)

    @property
    def filters(self) -> frozenset[str]:
        """Which of the optional filters are set; a figure that does not know one of them cannot answer."""
        return frozenset(name for name in ("partner", "reason", "audience") if getattr(self, name))

    @property
    def site_days(self) -> int:
        """How many days of how many spaces it is about: how much there is to read, more or less."""
        return len(self.sites) * self.period.day_count

    @property
    def site_ids(self) -> list[int]:
        return [site.pk for site in self.sites]

    def sites_by_zone(self) -> dict[str, list[int]]:
        """The ids of the spaces under each time zone that they live by."""
        found: dict[str, list[int]] = {}
        for site in self.sites:
            found.setdefault(site.time_zone, []).append(site.pk)
        return found

    def moment_within(self, name: str) -> Q:
        """Rows with a `site` whose moment `name` falls on a day of the period at that site."""
        return self._by_zone(lambda starts_at, ends_at: Q(**{f"{name}__gte": starts_at, f"{name}__lt": ends_at}))

    def start_within(self, name: str) -> Q:
        """Rows with a `site` whose range `name` begins on a day of the period at that site.

        Ranges are ordered by their beginning first: said by comparing ranges, the condition is answered by the
        indexes on (site, during) and (partner, during), which know nothing of `lower(during)`.
        """
        return self._by_zone(
            lambda starts_at, ends_at: Q(
                **{
                    f"{name}__gte": DateTimeTZRange(starts_at, starts_at + TICK, "[)"),
                    f"{name}__lt": DateTimeTZRange(ends_at, ends_at + TICK, "[)"),
                }
            )
        )

    def _by_zone(self, condition) -> Q:
        found = Q()
        zones = self.sites_by_zone()
        for zone, site_ids in zones.items():
            found |= Q(site__in=site_ids) & condition(*self.period.moments(ZoneInfo(zone)))
        if len(zones) > 1:
            # Said a second time outside of the alternatives, the days can be looked up for a partner of all spaces.
            found &= condition(*self.bounds())
        return found or NOTHING

    def bounds(self) -> tuple[datetime, datetime]:
        """The first of the midnights at which its days begin, and the last at which they end."""
        starts, ends = zip(*(self.period.moments(ZoneInfo(zone)) for zone in self.sites_by_zone()), strict=True)
        return min(starts), max(ends)


def sites_of(user: User) -> tuple[Site, ...]:
    """The spaces whose figures `user` may ask: her desks, or for a partner's agent those where her caisse comes."""
    if user.partner_id is not None and not user.is_superuser:
        held = Permanence.objects.filter(partner=user.partner_id).order_by().values("site").distinct()
        agreed = Convention.objects.filter(partner=user.partner_id).values("site")
        return tuple(Site.objects.filter(Q(pk__in=held) | Q(pk__in=agreed)))
    return tuple(Site.objects.visible_to(user))


def scope_for(
    user: User,
    *,
    period: Period,
    sites: Iterable[Site] | None = None,
    partner: Partner | None = None,
    reason: Reason | None = None,
    audience: str = "",
) -> Scope:
    """What `user` asks, kept within what she may see: spaces that are not hers are left out, and a partner's agent
    asks about her caisse whatever `partner` says. All her spaces when `sites` is None.
    """
    own = sites_of(user)
    if sites is not None:
        wanted = {site.pk for site in sites}
        own = tuple(site for site in own if site.pk in wanted)
    if user.partner_id is not None and not user.is_superuser:
        partner = user.partner
    return Scope(period=period, sites=own, partner=partner, reason=reason, audience=audience)
