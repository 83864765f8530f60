"""A space with two partners, and rows added one by one where a test is about one of them."""

import datetime as dt
from urllib.parse import urlencode

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse

from bookings.models import Appointment, DeskVisit, Permanence
from partners.models import Role, Site
from reports.periods import Period
from reports.scopes import Scope
from tests.factories import (
    CcasFactory,
    ConventionFactory,
    DeskReasonFactory,
    OfficeFactory,
    PartnerFactory,
    ReasonFactory,
    SiteFactory,
    UserFactory,
    VisitorFactory,
    agent_of,
    staff_of,
)

STEPS = ("arrived", "started", "finished", "absent", "cancelled")


class Scene:
    """One CCAS with a space in Besançon; people of each role; a space of another CCAS that nobody here sees."""

    def __init__(self) -> None:
        self.ccas = CcasFactory()
        self.site = SiteFactory(ccas=self.ccas, name="Espace France Services de Planoise", short_name="Planoise")
        self.elsewhere = SiteFactory(short_name="Ailleurs")
        self.cpam, self.caf = PartnerFactory(short_name="CPAM"), PartnerFactory(short_name="CAF")
        for partner in (self.cpam, self.caf):
            ConventionFactory(site=self.site, partner=partner)
        self.reason = ReasonFactory(label="Carte Vitale", partners=[self.cpam, self.caf])
        self.other_reason = ReasonFactory(label="RSA", partners=[self.caf])
        self.desk_reason = DeskReasonFactory(label="Information générale")
        self.visitor = VisitorFactory(ccas=self.ccas, last_name="Amrani", first_name="Leïla")
        self.receptionist = staff_of(self.site)
        self.manager = UserFactory(role=Role.MANAGER, ccas=self.ccas)
        self.agent = agent_of(self.cpam)

    def appointment(
        self, day: str, clock: str = "09:00", status: str = "honoured", *, site: Site | None = None, **fields
    ) -> Appointment:
        """An appointment of half an hour at the local time `clock`, with the stamps of its state."""
        site = site or self.site
        partner = fields.pop("partner", self.cpam)
        start = local(site, day, clock)
        end = start + dt.timedelta(minutes=30)
        stamps = {
            "arrived": {"arrived": start},
            "in_progress": {"started": start},
            "honoured": {"arrived": start - dt.timedelta(minutes=4), "started": start, "finished": end},
            "no_show": {"absent": end},
            "cancelled": {"cancelled": start - dt.timedelta(days=1)},
        }.get(status, {})
        permanence = Permanence.objects.create(
            site=site,
            partner=partner,
            office=OfficeFactory(site=site),
            day=dt.date.fromisoformat(day),
            during=DateTimeTZRange(start, end, "[)"),
        )
        fields.setdefault("visitor", None if "social_worker" in fields else self.visitor)
        fields.setdefault("cancelled_for", "visitor" if status == "cancelled" else "")
        fields.setdefault("booked_at", start - dt.timedelta(days=10))
        return Appointment.objects.create(
            permanence=permanence,
            site=site,
            partner=partner,
            reason=fields.pop("reason", self.reason),
            during=DateTimeTZRange(start, end, "[)"),
            status=status,
            booked_by=self.receptionist,
            **{f"{step}_at": stamps.get(step) for step in STEPS},
            **{f"{step}_by": self.receptionist if step in stamps else None for step in STEPS},
            **fields,
        )

    def visit(self, day: str, clock: str = "09:00", *, site: Site | None = None, **fields) -> DeskVisit:
        site = site or self.site
        fields.setdefault("reason", self.desk_reason)
        return DeskVisit.objects.create(
            site=site, occurred_at=local(site, day, clock), noted_by=self.receptionist, **fields
        )

    def scope(self, first: str, last: str, *sites: Site, **fields) -> Scope:
        period = Period(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
        return Scope(period=period, sites=sites or (self.site,), **fields)


def local(site: Site, day: str, clock: str) -> dt.datetime:
    """The moment at which the clock of `site` shows `clock` on `day`; the first of the two when it does twice."""
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time.fromisoformat(clock), site.zone).astimezone(dt.UTC)


def statistics_address(**asked: str) -> str:
    return f"{reverse('reports:statistics')}?{urlencode(asked)}"


def figure_address(figure, **asked: str) -> str:
    return f"{reverse('reports:figure', args=[figure.slug])}?{urlencode(asked)}"


def rows_address(figure, extension: str, **asked: str) -> str:
    return f"{reverse('reports:figure_rows', args=[figure.slug, extension])}?{urlencode(asked)}"
