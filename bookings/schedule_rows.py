"""The permanences of a period as the schedule pages show them: a constant number of queries, whatever their number."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta

from django.db.models import F, Min, Prefetch, Q

from conventions.models import Audience, BookingMode
from franceservices.dates import format_duration
from partners.calendars import closed_days
from partners.models import OpeningHours, Site, User

from .agenda import AppointmentRow, PermanenceRow
from .availability import Span
from .desk_steps import last_step, steps_open
from .models import Appointment, AppointmentStatus, Permanence, PermanenceOrigin, PermanenceStatus, Reason
from .models.permanence import PermanenceQuerySet
from .steps import DeskStep

Shortest = Mapping[tuple[int, str], timedelta]
# How many dates are looked at to find the next one on which the space opens: well over any closure.
DAYS_LOOKED_AT = 90
# What is shown of permanences and of appointments; a week has hundreds of them, and the rest of their columns would
# cost more than all else.
_READ_OF_PERMANENCE = (
    *("partner", "office", "day", "during", "audience", "mode", "origin", "status", "purpose", "orphaned_at"),
    *("site__short_name", "site__time_zone", "site__late_after_minutes"),
    *("partner__short_name", "partner__slug", "partner__colour", "office__label"),
)
_READ_OF_APPOINTMENT = (
    *("permanence", "site", "subject", "during", "status", "to_replace_since"),
    *("arrived_at", "started_at", "finished_at", "absent_at"),
    *("social_worker__first_name", "social_worker__last_name", "visitor__first_name", "visitor__last_name"),
    *("visitor__interpreter_language", "visitor__needs_wheelchair_access", "visitor__phone_only"),
)


def full_name(appointment: Appointment) -> str:
    """Never an e-mail address, which stands in for a missing name elsewhere: partners' agents read this."""
    worker = appointment.social_worker
    if worker is None:
        return appointment.visitor.full_name
    return f"{worker.first_name} {worker.last_name}".strip() or "Travailleur social"


def permanence_rows(
    permanences: PermanenceQuerySet,
    *,
    now: datetime,
    free_for: User | None = None,
    name_of: Callable[[Appointment], str] = full_name,
) -> list[PermanenceRow]:
    """The rows of `permanences`, cancelled ones included, with their appointments that stand: two queries.

    With `free_for` the free time that this person may book is told too, at the price of one more query. `name_of`
    says how people are named.
    """
    appointments = (
        Appointment.objects.standing()
        .select_related("visitor", "social_worker")
        .annotate(reason_label=F("reason__label"))
        .only(*_READ_OF_APPOINTMENT)
    )
    found = (
        permanences.with_parties()
        .only(*_READ_OF_PERMANENCE)
        .prefetch_related(Prefetch("appointments", queryset=appointments, to_attr="standing_appointments"))
    )
    shortest = {} if free_for is None else _shortest_durations(free_for)
    return [_permanence_row(permanence, shortest, now, name_of) for permanence in found]


def _shortest_durations(user: User) -> Shortest:
    """The shortest appointment that `user` may book with each partner, for each audience."""
    durations = (
        Reason.objects.bookable_by(user)
        .order_by()
        .values("partners", "audience")
        .annotate(shortest=Min("duration_minutes"))
        .values_list("partners", "audience", "shortest")
    )
    return {(partner, audience): timedelta(minutes=minutes) for partner, audience, minutes in durations}


def _permanence_row(
    permanence: Permanence, shortest: Shortest, now: datetime, name_of: Callable[[Appointment], str]
) -> PermanenceRow:
    takes_appointments = (
        permanence.status == PermanenceStatus.PLANNED
        and permanence.mode == BookingMode.APPOINTMENT
        and permanence.orphaned_at is None
    )
    return PermanenceRow(
        pk=permanence.pk,
        day=permanence.day,
        span=Span(permanence.during.lower, permanence.during.upper),
        zone=permanence.site.zone,
        site=permanence.site.short_name,
        place=permanence.site.get_time_zone_display(),
        partner=permanence.partner.short_name,
        partner_slug=permanence.partner.slug,
        colour=permanence.partner.colour,
        office=permanence.office.full_label,
        is_cancelled=permanence.status == PermanenceStatus.CANCELLED,
        notes=tuple(_notes(permanence)),
        appointments=tuple(
            _appointment_row(appointment, permanence, now, name_of) for appointment in permanence.standing_appointments
        ),
        shortest=shortest.get((permanence.partner_id, permanence.audience)) if takes_appointments else None,
    )


def _notes(permanence: Permanence) -> Iterable[str]:
    if permanence.status == PermanenceStatus.CANCELLED:
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
    appointment: Appointment, permanence: Permanence, now: datetime, name_of: Callable[[Appointment], str]
) -> AppointmentRow:
    # The same rows, not fetched again: the rules of the steps read them.
    appointment.site = permanence.site
    state, label = _state(appointment, permanence, now)
    return AppointmentRow(
        pk=appointment.pk,
        span=Span(appointment.during.lower, appointment.during.upper),
        who=name_of(appointment),
        reason=appointment.reason_label,
        subject=appointment.subject,
        for_social_worker=appointment.social_worker_id is not None,
        state=state,
        state_label=label,
        since=_since(appointment),
        needs=tuple(appointment.visitor.needs) if appointment.visitor_id else (),
        steps=steps_open(appointment, now=now),
        undoable=_undoable(appointment, now),
    )


def _undoable(appointment: Appointment, now: datetime) -> DeskStep | None:
    """The step that can be taken back: the last one, on its day."""
    step = last_step(appointment)
    if step is None or appointment.local_start.date() != now.astimezone(appointment.site.zone).date():
        return None
    return step


def _state(appointment: Appointment, permanence: Permanence, now: datetime) -> tuple[str, str]:
    """The key and the word of how far an appointment is; one that nobody noted says whether its hour is past."""
    since = _since(appointment)
    if since is not None:
        word = "attend" if appointment.status == AppointmentStatus.ARRIVED else "en entretien"
        return appointment.status, f"{word} {format_duration(_minutes(since, now))}"
    if appointment.status != AppointmentStatus.BOOKED:
        return appointment.status, appointment.get_status_display().lower()
    if appointment.during.upper <= now:
        return "neutral", "passé"
    is_off = permanence.status == PermanenceStatus.CANCELLED or permanence.orphaned_at is not None
    if is_off or appointment.to_replace_since is not None:
        return "warning", "à replacer"
    if appointment.during.lower > now:
        return "coming", "à venir"
    late = _minutes(appointment.during.lower, now)
    if late >= permanence.site.late_after_minutes:
        return "late", f"en retard de {format_duration(late)}"
    return "booked", "c’est l’heure"


def _since(appointment: Appointment) -> datetime | None:
    """Since when somebody waits, or is with the agent; None for anybody else."""
    if appointment.status == AppointmentStatus.ARRIVED:
        return appointment.arrived_at
    return appointment.started_at if appointment.status == AppointmentStatus.IN_PROGRESS else None


def _minutes(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()) // 60)


def opening_by_day(site: Site, days: Iterable[date]) -> dict[date, list[tuple[time, time]]]:
    """The opening hours `[start, end)` of `site` on each of `days` (at least one), site-local; one query."""
    days = list(days)
    lines = list(
        OpeningHours.objects.filter(Q(ends_on=None) | Q(ends_on__gte=min(days)), site=site, starts_on__lte=max(days))
    )
    return {
        day: [
            (line.start_time, line.end_time)
            for line in lines
            if line.weekday == day.isoweekday()
            and line.starts_on <= day
            and (line.ends_on is None or day <= line.ends_on)
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
