"""The permanences of a period as the schedule pages show them: a constant number of queries, whatever their number."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from conventions.models import Audience, BookingMode
from franceservices.composed_queries import RoundTrip
from franceservices.dates import format_duration
from partners.calendars import closed_days
from partners.models import Site, SiteTimeZone, User
from partners.models.office import full_label

from .agenda import AppointmentRow, GivenUpRow, PermanenceRow, wall_clock
from .availability import Span
from .desk_steps import STEP_OF, steps_open_in
from .models import Appointment, AppointmentStatus, CancelledBy, PermanenceOrigin
from .models.permanence import PermanenceQuerySet
from .models.visitor import needs_in_words
from .schedule_reading import (
    APPOINTMENT_COLUMNS,
    OPENING_LINES,
    PERMANENCE_COLUMNS,
    SHORTEST_DURATIONS,
    SITE_APPOINTMENTS,
    SITE_PERMANENCES,
    SITE_STANDING,
    AppointmentRead,
    PermanenceRead,
    Person,
)

Shortest = Mapping[tuple[int, str], timedelta]
# How many dates are looked at to find the next one on which the space opens: well over any closure.
DAYS_LOOKED_AT = 90


def full_name(person: Person) -> str:
    """Never an e-mail address, which stands in for a missing name elsewhere: partners' agents read this."""
    if person.is_social_worker:
        return f"{person.first_name} {person.last_name}".strip() or "Travailleur social"
    return f"{person.first_name} {person.last_name.upper()}".strip() or "Personne anonymisée"


def permanence_rows(
    permanences: PermanenceQuerySet, *, now: datetime, name_of: Callable[[Person], str] = full_name
) -> list[PermanenceRow]:
    """The rows of `permanences`, cancelled ones included, with their appointments that stand: two queries.

    `name_of` says how people are named.
    """
    found = [PermanenceRead(*read) for read in permanences.values_list(*PERMANENCE_COLUMNS)]
    appointments = Appointment.objects.standing().filter(permanence__in=[permanence.pk for permanence in found])
    return _rows(found, appointments.values_list(*APPOINTMENT_COLUMNS), {}, now, name_of)


class SiteRows:
    """The rows of `site`, which the reader may see, on the civil days `[first, last]`: two queries of `trip`.

    With `free_for` the free time that this person may book is told too, at the price of one more query; `with_given_up`
    adds what was cancelled and not rebooked.
    """

    def __init__(
        self,
        trip: RoundTrip,
        site: Site,
        first: date,
        last: date,
        *,
        free_for: User | None = None,
        with_given_up: bool = False,
    ) -> None:
        period = {"site": site.pk, "first": first, "last": last}
        self._permanences = trip.ask(SITE_PERMANENCES, **period)
        self._appointments = trip.ask(SITE_APPOINTMENTS if with_given_up else SITE_STANDING, **period)
        self._durations = None
        if free_for is not None:
            self._durations = trip.ask(SHORTEST_DURATIONS[free_for.may_book_for_social_workers])

    def rows(self, *, now: datetime, partner_slug: str = "", office_id: int | None = None) -> list[PermanenceRow]:
        """In order of time; `partner_slug` and `office_id` leave the others out."""
        found = [
            permanence
            for permanence in map(PermanenceRead._make, self._permanences.rows())
            if (not partner_slug or permanence.partner_slug == partner_slug)
            and (office_id is None or permanence.office_id == office_id)
        ]
        durations = self._durations.rows() if self._durations else []
        shortest = {(partner, audience): timedelta(minutes=minutes) for partner, audience, minutes in durations}
        return _rows(found, self._appointments.rows(), shortest, now, full_name)


def _rows(
    permanences: Iterable[PermanenceRead],
    appointments: Iterable[tuple],
    shortest: Shortest,
    now: datetime,
    name_of: Callable[[Person], str],
) -> list[PermanenceRow]:
    of_permanence: dict[int, list[AppointmentRead]] = defaultdict(list)
    for read in appointments:
        of_permanence[read[0]].append(AppointmentRead(*read))
    return [
        _permanence_row(permanence, of_permanence[permanence.pk], shortest, now, name_of) for permanence in permanences
    ]


def _permanence_row(
    permanence: PermanenceRead,
    appointments: list[AppointmentRead],
    shortest: Shortest,
    now: datetime,
    name_of: Callable[[Person], str],
) -> PermanenceRow:
    zone, place = _zone(permanence.time_zone)
    today = now.astimezone(zone).date()
    return PermanenceRow(
        pk=permanence.pk,
        day=permanence.day,
        span=Span(_moment(permanence.starts), _moment(permanence.ends)),
        zone=zone,
        site=permanence.site,
        place=place,
        partner=permanence.partner,
        partner_slug=permanence.partner_slug,
        colour=permanence.colour,
        office=full_label(permanence.office_label),
        is_cancelled=permanence.is_cancelled,
        notes=tuple(_notes(permanence)),
        appointments=tuple(
            _appointment_row(appointment, permanence, zone, today, now, name_of)
            for appointment in appointments
            if appointment.status != AppointmentStatus.CANCELLED
        ),
        shortest=(
            shortest.get((permanence.partner_id, permanence.audience)) if permanence.takes_appointments else None
        ),
        given_up=tuple(
            GivenUpRow(
                pk=appointment.pk,
                starts_at=_moment(appointment.starts),
                who=name_of(appointment.person),
                by=CancelledBy(appointment.cancelled_for).said_of(is_social_worker=appointment.person.is_social_worker),
            )
            for appointment in appointments
            if appointment.status == AppointmentStatus.CANCELLED and appointment.rebooked_as is None
        ),
    )


@lru_cache(maxsize=32)
def _zone(name: str) -> tuple[ZoneInfo, str]:
    """The zone and how the French name the place."""
    return ZoneInfo(name), SiteTimeZone(name).label


@lru_cache(maxsize=4096)
def _moment(seconds: float) -> datetime:
    """A moment in UTC; the appointments of a week share a hundred of them, and `wall_clock` knows them again."""
    return datetime.fromtimestamp(seconds, UTC)


def _notes(permanence: PermanenceRead) -> Iterator[str]:
    if permanence.is_cancelled:
        yield "annulée"
    elif permanence.orphaned_at is not None:
        yield "hors grille"
    if permanence.audience == Audience.SOCIAL_WORKERS:
        yield "travailleurs sociaux"
    if permanence.origin == PermanenceOrigin.LOAN:
        yield f"prêt\u00a0: {permanence.purpose}" if permanence.purpose else "prêt"
    elif permanence.mode == BookingMode.WALK_IN:
        yield "sans rendez-vous"


def _appointment_row(
    appointment: AppointmentRead,
    permanence: PermanenceRead,
    zone: ZoneInfo,
    today: date,
    now: datetime,
    name_of: Callable[[Person], str],
) -> AppointmentRow:
    starts_at, status = _moment(appointment.starts), appointment.status
    span = Span(starts_at, _moment(appointment.ends))
    days_ahead = (wall_clock(starts_at, zone).day - today).days
    since = _since(appointment)
    state, label = _state(appointment, permanence, span, since, now)
    return AppointmentRow(
        pk=appointment.pk,
        span=span,
        who=name_of(appointment.person),
        reason=appointment.reason,
        subject=appointment.subject,
        for_social_worker=appointment.worker_id is not None,
        state=state,
        state_label=label,
        since=since,
        needs=_needs(appointment),
        steps=steps_open_in(
            status,
            is_held=not permanence.is_cancelled and appointment.to_replace_since is None,
            days_ahead=days_ahead,
            has_begun=starts_at <= now,
        ),
        # What was noted is taken back on its day.
        undoable=STEP_OF.get(status) if days_ahead == 0 else None,
    )


def _needs(appointment: AppointmentRead) -> tuple[str, ...]:
    if not (appointment.interpreter_language or appointment.needs_wheelchair_access or appointment.phone_only):
        return ()
    return tuple(
        needs_in_words(
            interpreter_language=appointment.interpreter_language,
            needs_wheelchair_access=appointment.needs_wheelchair_access,
            phone_only=appointment.phone_only,
        )
    )


def _state(
    appointment: AppointmentRead, permanence: PermanenceRead, span: Span, since: datetime | None, now: datetime
) -> tuple[str, str]:
    """The key and the word of how far an appointment is; one that nobody noted says whether its hour is past."""
    status = appointment.status
    if since is not None:
        word = "attend" if status == AppointmentStatus.ARRIVED else "en entretien"
        return status, f"{word} {format_duration(_minutes(since, now))}"
    if status != AppointmentStatus.BOOKED:
        return status, AppointmentStatus(status).label.lower()
    if span.end <= now:
        return "neutral", "passé"
    if permanence.is_cancelled or permanence.orphaned_at is not None or appointment.to_replace_since is not None:
        return "warning", "à replacer"
    if span.start > now:
        return "coming", "à venir"
    late = _minutes(span.start, now)
    if late >= permanence.late_after_minutes:
        return "late", f"en retard de {format_duration(late)}"
    return "booked", "c’est l’heure"


def _since(appointment: AppointmentRead) -> datetime | None:
    """Since when somebody waits, or is with the agent; None for anybody else."""
    if appointment.status == AppointmentStatus.ARRIVED:
        return datetime.fromtimestamp(appointment.arrived, UTC)
    if appointment.status == AppointmentStatus.IN_PROGRESS:
        return datetime.fromtimestamp(appointment.started, UTC)
    return None


def _minutes(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()) // 60)


def opening_by_day(site: Site, days: Iterable[date]) -> dict[date, list[tuple[time, time]]]:
    """The opening hours `[start, end)` of `site` on each of `days` (at least one), site-local; one query."""
    return ask_opening(RoundTrip(), site, days)()


def ask_opening(trip: RoundTrip, site: Site, days: Iterable[date]) -> Callable[[], dict[date, list[tuple[time, time]]]]:
    """What gives `opening_by_day` once the trip is made."""
    days = list(days)
    lines = trip.ask(OPENING_LINES, site=site.pk, first=min(days), last=max(days))
    return lambda: {
        day: [
            (start, end)
            for weekday, start, end, starts_on, ends_on in lines.rows()
            if weekday == day.isoweekday() and starts_on <= day and (ends_on is None or day <= ends_on)
        ]
        for day in days
    }


def next_open_day(permanences: PermanenceQuerySet, *, site: Site, after: date) -> date | None:
    """The first day later than `after` on which `site` opens and one of `permanences` is held; two queries at most."""
    held = permanences.standing().filter(day__gt=after).order_by("day").values_list("day", flat=True)
    days = list(held.distinct()[:DAYS_LOOKED_AT])
    if not days:
        return None
    closed = closed_days([site], days[0], days[-1])[site.pk]
    return next((day for day in days if closed.reason(day) is None), None)
