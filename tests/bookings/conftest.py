"""The desk that most tests of this floor need: a permanence, who books in it, and for whom."""

import datetime as dt

import pytest
import time_machine

from bookings.generation import generate_permanences
from conventions.models import Audience
from partners.models import Role
from tests.factories import (
    ConventionFactory,
    PartnerFactory,
    ReasonFactory,
    SiteFactory,
    VisitorFactory,
    agent_of,
    slot_of,
    staff_of,
)


class Desk:
    """Besançon's grid from Monday 2 March 2026: public and social workers' slots of one partner, and its people."""

    def __init__(self) -> None:
        self.site = SiteFactory(name="Espace France Services de Planoise", short_name="Planoise")
        self.partner = PartnerFactory(name="CPAM du Doubs", short_name="CPAM")
        self.convention = ConventionFactory(site=self.site, partner=self.partner)
        slot_of(self.convention, 2, "08:30", "10:00", audience=Audience.SOCIAL_WORKERS)
        slot_of(self.convention, 2, "10:00", "12:30")
        slot_of(self.convention, 2, "13:30", "16:30")
        slot_of(self.convention, 4, "08:30", "12:30")
        slot_of(self.convention, 4, "13:30", "16:30")
        generate_permanences(conventions=[self.convention])
        self.reason = ReasonFactory(label="Carte Vitale", slug="carte-vitale", partners=[self.partner])
        self.hard_case = ReasonFactory(
            label="Situation complexe",
            slug="situation-complexe",
            audience=Audience.SOCIAL_WORKERS,
            partners=[self.partner],
        )
        self.visitor = VisitorFactory(ccas=self.site.ccas)
        self.receptionist = staff_of(self.site)
        self.social_worker = staff_of(self.site, role=Role.SOCIAL_WORKER, first_name="Claire", last_name="Monnier")
        self.agent = agent_of(self.partner)

    def at(self, day: dt.date, clock: str) -> dt.datetime:
        """The moment at which the desk's clock shows `clock` on `day`."""
        return dt.datetime.combine(day, dt.time.fromisoformat(clock), self.site.zone)

    def permanence_at(self, day: dt.date, clock: str):
        return self.site.permanences.get(during__contains=self.at(day, clock))


@pytest.fixture
def monday_morning():
    """The clock stands at Monday 2 March 2026, 8h00 in Paris."""
    with time_machine.travel(dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC), tick=False) as travel:
        yield travel


@pytest.fixture
def desk(db, monday_morning) -> Desk:
    return Desk()
