"""Six people on one Thursday, and the decisions that tests take about them."""

import datetime as dt

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from bookings.impact import Decision, impact_of
from bookings.models import Appointment, CancelledBy, Permanence, ScheduleChange, ScheduleChangeKind
from bookings.schedule_changes import Settled, Settlement, carry_out
from bookings.services import book_appointment
from tests.factories import VisitorFactory

TUESDAY, THURSDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 5)
NEXT_TUESDAY, NEXT_THURSDAY = dt.date(2026, 3, 10), dt.date(2026, 3, 12)
CLOCKS = ["08:30", "09:00", "09:30", "10:00", "10:30", "11:00"]


def booked(desk, clock="09:00", day=THURSDAY, **changes) -> Appointment:
    visitor = changes.pop("visitor", None) or VisitorFactory(ccas=desk.site.ccas)
    fields = {"reason": desk.reason, "visitor": visitor, "by": desk.receptionist} | changes
    starts_at = desk.at(day, clock)
    permanence = desk.site.permanences.get(during__contains=starts_at, partner=desk.partner)
    return book_appointment(permanence_id=permanence.pk, starts_at=starts_at, **fields)


def six(desk) -> list[Appointment]:
    """Six people with consent and an address on Thursday morning."""
    return [
        booked(
            desk,
            clock,
            visitor=VisitorFactory(
                ccas=desk.site.ccas,
                last_name=f"Personne{number}",
                email=f"personne{number}@exemple.fr",
                email_consent=number % 2 == 0,
                phone=f"+3363998000{number}",
            ),
        )
        for number, clock in enumerate(CLOCKS)
    ]


def cancellation(permanence: Permanence, reason="Agent malade") -> Decision:
    return Decision(
        kind=ScheduleChangeKind.CANCELLATION,
        site=permanence.site,
        starts_on=permanence.day,
        ends_on=permanence.day,
        reason=reason,
        side=CancelledBy.PARTNER,
        partner=permanence.partner,
        permanence=permanence,
    )


def new_hours(desk, permanence: Permanence, start: str, end: str, *, office=None) -> Decision:
    during = DateTimeTZRange(desk.at(permanence.day, start), desk.at(permanence.day, end), "[)")
    return Decision(
        kind=ScheduleChangeKind.NEW_HOURS if during != permanence.during else ScheduleChangeKind.NEW_OFFICE,
        site=permanence.site,
        starts_on=permanence.day,
        ends_on=permanence.day,
        reason="Réunion",
        side=CancelledBy.PARTNER,
        partner=permanence.partner,
        permanence=permanence,
        during=during,
        new_office=office or permanence.office,
    )


def over(kind: ScheduleChangeKind, desk, first: dt.date, last: dt.date, **more) -> Decision:
    """An absence of the desk's partner, a closure or an outage over `[first, last]`."""
    fields = {"partner": desk.partner} if kind == ScheduleChangeKind.ABSENCE else {}
    side = CancelledBy.PARTNER if kind == ScheduleChangeKind.ABSENCE else CancelledBy.CCAS
    return Decision(
        kind=kind, site=desk.site, starts_on=first, ends_on=last, reason="Congés", side=side, **(fields | more)
    )


def decided(decision: Decision, *, by, choice=Settlement.LATER, **choices) -> ScheduleChange:
    """Carry out `decision` as it is previewed, with one choice for all."""
    impact = impact_of(decision)
    settled = {}
    for appointment in impact.leaving:
        time = impact.proposals.get(appointment.pk)
        settled[appointment.pk] = Settled(choice, (time.permanence.pk, time.start) if time else None)
    return carry_out(decision=decision, settled=settled, signature=impact.signature, by=by)
