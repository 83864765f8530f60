"""What a change of dated permanences would touch, computed before anything is written.

The page of a change and the service that carries it out ask the same question here, the second one under locks; the
`signature` of the answer tells whether it is still the one that a person confirmed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Prefetch
from django.utils import timezone

from franceservices.dates import format_date_weekday, format_time_range, join_fr
from partners.models import Office, Partner, Site

from .availability import Span
from .free_times import FreeTime
from .models import (
    Appointment,
    AppointmentStatus,
    CancelledBy,
    Permanence,
    PermanenceStatus,
    ScheduleChangeKind,
)
from .models.permanence import PermanenceQuerySet
from .next_times import NextTimes

WAITED_FOR = frozenset({AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED})


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person decided about dated permanences of `site`, before it is written.

    `starts_on` and `ends_on` are civil days of the site, both included. `permanence` is the one date of a
    cancellation or of new hours (`during`) or of a new office; `office` is the one that an outage takes away, in whose
    place `new_office` may be used. `side` is on whose side appointments are given up.
    """

    kind: ScheduleChangeKind
    site: Site
    starts_on: date
    ends_on: date
    reason: str
    side: CancelledBy
    partner: Partner | None = None
    office: Office | None = None
    permanence: Permanence | None = None
    during: DateTimeTZRange | None = None
    new_office: Office | None = None

    @property
    def keeps_permanence(self) -> bool:
        return self.kind in (ScheduleChangeKind.NEW_HOURS, ScheduleChangeKind.NEW_OFFICE)

    def scope(self, now: datetime) -> PermanenceQuerySet:
        """The permanences that it is about: those planned and not over at `now`."""
        found = Permanence.objects.filter(
            site=self.site, status=PermanenceStatus.PLANNED, during__endswith__gt=now
        ).on_days(self.starts_on, self.ends_on)
        if self.permanence is not None:
            return found.filter(pk=self.permanence.pk)
        if self.kind == ScheduleChangeKind.ABSENCE:
            return found.filter(partner=self.partner)
        if self.kind == ScheduleChangeKind.OFFICE_OUTAGE:
            return found.filter(office=self.office)
        return found


@dataclass(frozen=True)
class Touched:
    """One permanence, what would become of it, and of whom it would no longer hold."""

    permanence: Permanence
    status: PermanenceStatus
    during: DateTimeTZRange
    office: Office
    leaving: tuple[Appointment, ...]
    staying: tuple[Appointment, ...]
    obstacle: str = ""

    @property
    def is_cancelled(self) -> bool:
        return self.status == PermanenceStatus.CANCELLED

    @property
    def hours(self) -> str:
        """What is left of its hours, `8h30–10h30`, at the site."""
        return hours_between(self.during, self.permanence.site)

    @property
    def hours_before(self) -> str:
        return hours_between(self.permanence.during, self.permanence.site)

    @property
    def outcome(self) -> str:
        """`annulée`, `8h30–10h30`, `bureau 12`: what is new about it, for the line of a list."""
        if self.is_cancelled:
            return "annulée"
        news = []
        if self.during != self.permanence.during:
            news.append(self.hours)
        if self.office.pk != self.permanence.office_id:
            news.append(self.office.full_label)
        return join_fr(news)


@dataclass
class Impact:
    """All that a decision would touch, and the next free time of each appointment that would lose its own."""

    decision: Decision
    touched: list[Touched]
    proposals: dict[int, FreeTime] = field(default_factory=dict)

    @cached_property
    def leaving(self) -> list[Appointment]:
        """The appointments that would lose their time, in order of time."""
        found = [appointment for one in self.touched for appointment in one.leaving]
        return sorted(found, key=lambda appointment: (appointment.during.lower, appointment.pk))

    @cached_property
    def staying(self) -> list[Appointment]:
        return [appointment for one in self.touched for appointment in one.staying]

    @property
    def obstacles(self) -> list[str]:
        """Why it cannot be done, one sentence each; empty when it can."""
        return [one.obstacle for one in self.touched if one.obstacle]

    @property
    def signature(self) -> str:
        """The same text as long as the same permanences and the same appointments would be touched in the same way."""
        parts = [
            (one.permanence.pk, one.status.value, str(one.permanence.during), one.permanence.office_id, one.office.pk)
            for one in sorted(self.touched, key=lambda one: one.permanence.pk)
        ]
        people = sorted(appointment.pk for appointment in self.leaving)
        return sha256(repr((parts, people)).encode()).hexdigest()[:32]


def hours_between(during: DateTimeTZRange, site: Site) -> str:
    """`8h30–12h30`, at `site`."""
    start, end = timezone.localtime(during.lower, site.zone), timezone.localtime(during.upper, site.zone)
    return format_time_range(start.time(), end.time())


def office_taken(permanence: Permanence) -> str:
    """The sentence that says which `permanence` has its office at that time."""
    office = permanence.office.full_label
    return (
        f"{office[:1].upper()}{office[1:]} est pris par {permanence.partner.short_name}, "
        f"{format_date_weekday(permanence.day)}, {hours_between(permanence.during, permanence.site)}."
    )


def uses_of(office: Office, during: DateTimeTZRange) -> PermanenceQuerySet:
    """The permanences that hold `office` at a moment of `during`."""
    return Permanence.objects.standing().filter(office=office, during__overlap=during).with_parties()


def impact_of(decision: Decision, *, proposes: bool = True) -> Impact:
    """What `decision` would touch; with `proposes`, the next free time of each appointment that would leave too.

    A constant number of queries, whatever the number of permanences and of people. Of a permanence that has begun and
    in which somebody was received, only what is left is taken away.
    """
    now = timezone.now()
    people = (
        Appointment.objects.standing()
        .select_related("visitor", "reason", "social_worker", "site", "partner")
        .order_by("during", "pk")
    )
    found = list(
        decision.scope(now)
        .with_parties()
        .order_by("during", "pk")
        .prefetch_related(Prefetch("appointments", queryset=people, to_attr="standing_appointments"))
    )
    replacement = _Replacement(decision, found)
    touched = [one for permanence in found if (one := _touched(decision, permanence, replacement, now)) is not None]
    impact = Impact(decision, touched)
    if proposes and impact.leaving:
        windows = {
            one.permanence.pk: None if one.is_cancelled else Span(one.during.lower, one.during.upper) for one in touched
        }
        impact.proposals = NextTimes(site=decision.site, windows=windows).give(impact.leaving)
    return impact


class _Replacement:
    """The office that an outage's permanences may move to, as long as it is free; one query, none without one."""

    def __init__(self, decision: Decision, permanences: Iterable[Permanence]) -> None:
        self.office = decision.new_office if decision.kind == ScheduleChangeKind.OFFICE_OUTAGE else None
        self._taken: list[Span] = []
        permanences = list(permanences)
        if self.office is not None and permanences:
            whole = DateTimeTZRange(
                min(permanence.during.lower for permanence in permanences),
                max(permanence.during.upper for permanence in permanences),
            )
            self._taken = [Span(use.during.lower, use.during.upper) for use in uses_of(self.office, whole)]

    def take(self, during: DateTimeTZRange) -> bool:
        """Keep the replacement for `during`; False when there is none, or when it is taken."""
        span = Span(during.lower, during.upper)
        if self.office is None or any(span.overlaps(taken) for taken in self._taken):
            return False
        self._taken.append(span)
        return True


def _touched(decision: Decision, permanence: Permanence, replacement: _Replacement, now: datetime) -> Touched | None:
    """What becomes of `permanence`; None when nothing of it is left to change."""
    status, during, office = PermanenceStatus.CANCELLED, permanence.during, permanence.office
    received = [found for found in permanence.standing_appointments if found.status not in WAITED_FOR]
    if decision.keeps_permanence:
        status = PermanenceStatus.PLANNED
        during, office = decision.during or during, decision.new_office or office
    elif replacement.take(during):
        status, office = PermanenceStatus.PLANNED, replacement.office
    elif received and during.lower <= now:
        stops_at = max([now.replace(second=0, microsecond=0), *(found.during.upper for found in received)])
        if stops_at >= during.upper:
            return None
        status, during = PermanenceStatus.PLANNED, DateTimeTZRange(during.lower, stops_at, "[)")
    awaited = [
        found
        for found in permanence.standing_appointments
        if found.status == AppointmentStatus.BOOKED and found.during.upper > now
    ]
    is_lost = {found.pk: status == PermanenceStatus.CANCELLED or not _within(found.during, during) for found in awaited}
    return Touched(
        permanence=permanence,
        status=status,
        during=during,
        office=office,
        leaving=tuple(found for found in awaited if is_lost[found.pk]),
        staying=tuple(found for found in awaited if not is_lost[found.pk]),
        obstacle=_obstacle(decision, permanence, during, office, received),
    )


def _within(inner: DateTimeTZRange, outer: DateTimeTZRange) -> bool:
    return outer.lower <= inner.lower and inner.upper <= outer.upper


def _obstacle(
    decision: Decision,
    permanence: Permanence,
    during: DateTimeTZRange,
    office: Office,
    received: Iterable[Appointment],
) -> str:
    """Why one date cannot have its new hours or its new office; empty when it can."""
    if not decision.keeps_permanence:
        return ""
    if any(not _within(found.during, during) for found in received):
        return "Des personnes ont déjà été reçues en dehors de ce nouvel horaire."
    other = uses_of(office, during).exclude(pk=permanence.pk).first()
    return office_taken(other) if other else ""
