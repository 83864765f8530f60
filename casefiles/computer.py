"""The self-service computer (*point numérique*): its sessions are walk-ins noted at the counter as being at it.

The technical annex of the CGSS agreement asks for statistics by month: the people received and the reasons of their
visit. A session is accompanied when the desk noted it so (« Accompagnement »); otherwise the person was by herself.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet, Sum

from bookings.models import DeskReason, DeskVisit, VisitNature
from franceservices.dates import day_bounds
from partners.models import Site

ACCOMPANIED = Q(nature=VisitNature.SUPPORT)


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """How many sessions, of how many people, and how many of the sessions were accompanied."""

    sessions: int
    people: int
    accompanied: int

    @property
    def alone(self) -> int:
        return self.sessions - self.accompanied


@dataclass(frozen=True, slots=True)
class ReasonSessions:
    """The sessions of one reason."""

    label: str
    counts: SessionCounts


def sessions_between(site: Site, first: date, last: date) -> QuerySet[DeskVisit]:
    """The sessions at `site` on the civil days `[first, last]`, both included, struck-out ones left aside."""
    return DeskVisit.objects.standing().filter(
        site=site,
        at_computer=True,
        occurred_at__gte=day_bounds(first, site.zone)[0],
        occurred_at__lt=day_bounds(last, site.zone)[1],
    )


def counts_of(sessions: QuerySet[DeskVisit]) -> SessionCounts:
    """The totals; one query."""
    return SessionCounts(**sessions.order_by().aggregate(**_columns()))


def counts_by_reason(sessions: QuerySet[DeskVisit]) -> list[ReasonSessions]:
    """The totals by reason, in the order of the counter; reasons of the computer that nobody came for have none."""
    found = {
        row.pop("reason"): SessionCounts(**row) for row in sessions.order_by().values("reason").annotate(**_columns())
    }
    nothing = SessionCounts(0, 0, 0)
    reasons = DeskReason.objects.filter(Q(at_computer=True, is_active=True) | Q(pk__in=found))
    return [ReasonSessions(reason.label, found.get(reason.pk, nothing)) for reason in reasons]


def _columns() -> dict[str, object]:
    return {
        "sessions": Count("pk"),
        "people": Sum("people", default=0),
        "accompanied": Count("pk", filter=ACCOMPANIED),
    }
