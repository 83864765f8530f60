"""Besançon's obligations over its term, their occurrences made, and a day to stand on."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import time_machine

from conventions.models import Convention, DueMoment, Frequency, Obligation, ObligationDue, ObligationKind, Party
from conventions.occurrences import refresh_occurrences
from partners.models import Role
from tests.factories import agent_of, staff_of

from .scene import Scene

NOON = dt.time(11, 0, tzinfo=dt.UTC)


@contextmanager
def on_day(day: dt.date) -> Iterator[None]:
    """Noon in Paris, on `day`."""
    with time_machine.travel(dt.datetime.combine(day, NOON), tick=False):
        yield


class Owed(Scene):
    """The certificate each year, a return each month, a committee that the CCAS calls and the caisse attends."""

    def __init__(self) -> None:
        super().__init__()
        self.certificate = self.duty(
            ObligationKind.INSURANCE_CERTIFICATE, Party.PARTNER, Frequency.YEARLY, DueMoment.START, article_number="6"
        )
        self.monthly = self.duty(ObligationKind.MONTHLY_COUNT, Party.PARTNER, Frequency.MONTHLY)
        self.committee = self.duty(ObligationKind.COMMITTEE, Party.CCAS, Frequency.YEARLY)
        self.attendance = self.duty(ObligationKind.COMMITTEE, Party.PARTNER, Frequency.YEARLY, label="Participer")
        self.escort = self.duty(ObligationKind.ESCORT, Party.PARTNER, Frequency.CONTINUOUS)
        refresh_occurrences(convention=self.convention)
        self.manager = staff_of(self.site, role=Role.MANAGER, first_name="Marc", last_name="Tissot")
        self.agent = agent_of(self.partner)

    def duty(self, kind, owed_by, frequency, due_moment=DueMoment.END, **fields) -> Obligation:
        fields.setdefault("label", ObligationKind(kind).label)
        return Obligation.objects.create(
            convention=fields.pop("convention", self.convention),
            kind=kind,
            owed_by=owed_by,
            frequency=frequency,
            due_moment=due_moment,
            **fields,
        )

    def dues(self, obligation: Obligation) -> list[ObligationDue]:
        return list(obligation.occurrences.order_by("period_starts_on"))

    def of_another_ccas(self) -> ObligationDue:
        convention: Convention = self.elsewhere()
        self.duty(ObligationKind.OTHER, Party.PARTNER, Frequency.YEARLY, convention=convention)
        refresh_occurrences(convention=convention)
        return ObligationDue.objects.filter(obligation__convention=convention).first()
