"""Dated permanences from the weekly grids: which dates a slot has, and how the stored ones are brought in line.

Everything may be run again at any time: what is there already stays as it is. A date that a person edited is never
touched, the past never changes, and a date that the grid no longer foresees but for which somebody holds an
appointment is kept and marked (`orphaned_at`), never dropped; its office is freed with the last of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse
from django.utils import timezone

from conventions.grid import DisplacedPeople
from conventions.models import Convention, PermanenceSlot
from franceservices.dates import format_date_weekday, format_time, format_time_range, join_fr, local_interval
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from franceservices.money import NO_BREAK_SPACE
from partners.calendars import ClosedDays, civil_days, closed_days
from partners.models import Office, User

from .models import Appointment, AppointmentStatus, Permanence, PermanenceOrigin, PermanenceStatus
from .orphans import release_if_empty
from .standing_changes import StandingChanges


@dataclass(frozen=True)
class Occurrence:
    """One date that the grid foresees."""

    slot: PermanenceSlot
    day: date
    during: DateTimeTZRange


@dataclass
class GenerationReport:
    """What one run did, for the person or the log that asked for it."""

    created: int = 0
    deleted: int = 0
    adapted: int = 0
    orphaned: list[Permanence] = field(default_factory=list)
    # Dates that the grid foresees but whose office is taken by something else at that time.
    conflicts: list[Occurrence] = field(default_factory=list)

    def __iadd__(self, other: "GenerationReport") -> "GenerationReport":
        self.created += other.created
        self.deleted += other.deleted
        self.adapted += other.adapted
        self.orphaned += other.orphaned
        self.conflicts += other.conflicts
        return self

    def summary(self) -> str:
        """One French sentence for the person who changed a grid or ran the command."""
        parts = [
            (self.created, "permanence créée", "permanences créées"),
            (self.adapted, "permanence adaptée", "permanences adaptées"),
            (self.deleted, "permanence retirée", "permanences retirées"),
            (len(self.orphaned), "date à replacer", "dates à replacer"),
            (len(self.conflicts), "date refusée (bureau pris)", "dates refusées (bureau pris)"),
        ]
        said = [f"{count} {singular if count == 1 else plural}" for count, singular, plural in parts if count]
        return f"{join_fr(said)}." if said else "Aucune permanence à changer."

    def next_step(self) -> tuple[str, str] | None:
        """The worklist, once somebody's date left the grid."""
        return ("Voir «\u00a0À replacer\u00a0»", reverse("bookings:to_replace")) if self.orphaned else None

    def displaced(self, *, reader: User) -> DisplacedPeople:
        """Who is booked on the dates that left the grid; only those that `reader` sees are named. Two queries."""
        booked = Appointment.objects.standing().filter(permanence__in=[found.pk for found in self.orphaned])
        seen = booked.visible_to(reader).with_parties().order_by("during", "pk")
        return DisplacedPeople(
            count=booked.count(),
            lines=tuple(
                f"{format_date_weekday(appointment.local_start.date())} à {format_time(appointment.local_start.time())}"
                f"{NO_BREAK_SPACE}: {appointment.who}"
                for appointment in seen
            ),
        )

    def details(self) -> list[str]:
        """What is left to do by hand: dates that keep appointments out of the grid, dates whose office is taken."""
        return [
            f"{permanence}{NO_BREAK_SPACE}: des rendez-vous y sont pris, mais la grille ne la prévoit plus."
            for permanence in self.orphaned
        ] + [
            f"{found.slot.office.full_label}, {format_date_weekday(found.day)}, "
            f"{format_time_range(found.slot.start_time, found.slot.end_time)}{NO_BREAK_SPACE}: le bureau est déjà pris."
            for found in self.conflicts
        ]


def occurrences(
    slots: Iterable[PermanenceSlot],
    convention: Convention,
    closed: ClosedDays,
    first: date,
    last: date,
) -> Iterator[Occurrence]:
    """The dates in `[first, last]`, both included, on which `slots` of `convention` are held.

    A date lies within the slot's validity and the convention's term, falls on the slot's weekday and on a day that
    the site is not closed. Times are civil times of the site: 9h00 stays 9h00 when the clocks change.
    """
    zone = convention.site.zone
    for slot in slots:
        begin = max(first, slot.starts_on, convention.starts_on)
        end = min(last, slot.ends_on, convention.ends_on)
        for day in civil_days(begin, end):
            if day.isoweekday() == slot.weekday and closed.reason(day) is None:
                start, stop = local_interval(day, slot.start_time, slot.end_time, zone)
                yield Occurrence(slot, day, DateTimeTZRange(start, stop, "[)"))


def generate_permanences(
    *,
    conventions: Iterable[Convention],
    first: date | None = None,
    last: date | None = None,
) -> GenerationReport:
    """Bring the stored permanences of `conventions` in line with their grids.

    Without `first` and `last` the period runs from today, at each site, to the horizon of the settings. Two runs at
    once are safe: each locks the offices that it fills, in one order.
    """
    report = GenerationReport()
    for convention in conventions:
        report += _generate_for(convention, first, last)
    return report


@transaction.atomic
def _generate_for(convention: Convention, first: date | None, last: date | None) -> GenerationReport:
    report = GenerationReport()
    today = convention.site.today()
    first = first or today
    last = last or today + timedelta(days=settings.PERMANENCE_HORIZON_DAYS)
    generated = Permanence.objects.filter(convention=convention, origin=PermanenceOrigin.WEEKLY, day__gte=first)
    # Everything this run may write is written under the locks of its offices, then of its dates, and read after: an
    # appointment that somebody was booking meanwhile is there by then.
    known = list(generated.values_list("office_id", "day"))
    # Dates beyond `last`, of an earlier and longer run, are compared with the grid too; none are added there.
    furthest = max([last, *(day for _, day in known)])
    grid = PermanenceSlot.objects.filter(allocation__convention=convention).valid_in(first, furthest)
    office_ids = {*grid.values_list("office_id", flat=True), *(office_id for office_id, _ in known)}
    Office.objects.filter(pk__in=office_ids).hold()
    slots = list(grid)
    locked = generated.select_for_update(no_key=True, of=["self"]).order_by("pk")
    standing = StandingChanges.of(convention, first, furthest)
    closed = standing.as_open(closed_days([convention.site], first, furthest)[convention.site_id])
    expected = {(found.slot.pk, found.day): found for found in occurrences(slots, convention, closed, first, furthest)}
    stored = sorted(
        locked.with_parties().prefetch_related("appointments"),
        # A date whose slot is gone, or foresees that day no more, may take over what another slot foresees, once the
        # dates of that slot are settled.
        key=lambda permanence: (
            (permanence.slot_id, permanence.day) not in expected,
            permanence.during.lower,
            permanence.pk,
        ),
    )
    _retire_or_adapt(stored, expected, report)
    _create_missing(convention, {key: found for key, found in expected.items() if found.day <= last}, report)
    standing.cancel_new_dates()
    return report


def _retire_or_adapt(
    stored: list[Permanence],
    expected: dict[tuple[int, date], Occurrence],
    report: GenerationReport,
) -> None:
    """Treat each stored date; what is left in `expected` afterwards is still to be created."""
    now = timezone.now()
    for permanence in stored:
        found = expected.get((permanence.slot_id, permanence.day))
        if found is None:
            found = _successor(permanence, expected)
        released = _was_released(permanence)
        is_planned = permanence.status == PermanenceStatus.PLANNED
        if permanence.edited_at or not (is_planned or released) or permanence.during.lower <= now:
            if found is not None:
                expected.pop((found.slot.pk, found.day), None)
        elif released:
            if found is not None:
                expected.pop((found.slot.pk, found.day))
                if _adapt(permanence, found):
                    report.adapted += 1
                else:
                    report.conflicts.append(found)
        elif found is not None and _matches(permanence, found):
            expected.pop((found.slot.pk, found.day))
            if permanence.orphaned_at or permanence.slot_id != found.slot.pk:
                permanence.orphaned_at, permanence.slot = None, found.slot
                permanence.save(update_fields=["orphaned_at", "slot"])
                _hold_again(permanence)
        elif not permanence.appointments.all():
            permanence.delete()
            report.deleted += 1
        elif found is not None and _still_holds(permanence, found) and _adapt(permanence, found):
            expected.pop((found.slot.pk, found.day))
            _hold_again(permanence)
            report.adapted += 1
        else:
            if found is not None:
                expected.pop((found.slot.pk, found.day))
            _mark_orphaned(permanence, now, report)


def _was_released(permanence: Permanence) -> bool:
    """Whether it was cancelled only because it was out of the grid and empty: the grid may foresee it again."""
    return (
        permanence.status == PermanenceStatus.CANCELLED
        and permanence.orphaned_at is not None
        and permanence.edited_at is None
    )


def _successor(permanence: Permanence, expected: dict[tuple[int, date], Occurrence]) -> Occurrence | None:
    """The date of another slot that takes the place of one deleted or ended: same day, office, an overlapping time."""
    return next(
        (
            found
            for found in expected.values()
            if found.day == permanence.day
            and found.slot.office_id == permanence.office_id
            and found.during.lower < permanence.during.upper
            and permanence.during.lower < found.during.upper
        ),
        None,
    )


def _matches(permanence: Permanence, found: Occurrence) -> bool:
    return (
        permanence.during == found.during
        and permanence.office_id == found.slot.office_id
        and permanence.audience == found.slot.audience
        and permanence.mode == found.slot.mode
    )


def _still_holds(permanence: Permanence, found: Occurrence) -> bool:
    """Whether every standing appointment would keep its hour and its audience."""
    return permanence.audience == found.slot.audience and all(
        found.during.lower <= appointment.during.lower and appointment.during.upper <= found.during.upper
        for appointment in permanence.appointments.all()
        if appointment.is_standing
    )


def _adapt(permanence: Permanence, found: Occurrence) -> bool:
    """Give a date with appointments its new hours or office; False when another use of the office forbids it."""
    permanence.slot = found.slot
    permanence.office_id = found.slot.office_id
    permanence.during = found.during
    permanence.audience = found.slot.audience
    permanence.mode = found.slot.mode
    permanence.orphaned_at = None
    permanence.status = PermanenceStatus.PLANNED
    permanence.cancelled_at = permanence.cancelled_by = None
    permanence.cancellation_reason = ""
    try:
        with translate_violations({"permanence_office_free": DomainError("Ce bureau est déjà occupé.")}):
            permanence.save()
    except DomainError:
        permanence.refresh_from_db()
        return False
    return True


def _mark_orphaned(permanence: Permanence, now: datetime, report: GenerationReport) -> None:
    if permanence.orphaned_at is None:
        permanence.orphaned_at = now
        permanence.save(update_fields=["orphaned_at"])
    appointments = list(permanence.appointments.all())
    if not any(appointment.is_standing for appointment in appointments):
        # Kept for its history only, and its office free again: whoever gave up the last appointment emptied it.
        last_given_up = max(appointments, key=lambda appointment: appointment.cancelled_at)
        release_if_empty(permanence, by=last_given_up.cancelled_by)
        report.deleted += 1
        return
    # Whoever is booked in it joins those who wait for another time.
    Appointment.objects.filter(
        permanence=permanence, status=AppointmentStatus.BOOKED, during__startswith__gt=now, to_replace_since=None
    ).update(to_replace_since=now)
    report.orphaned.append(permanence)


def _hold_again(permanence: Permanence) -> None:
    """The grid foresees this date after all: nobody in it waits for another time."""
    if any(appointment.to_replace_since for appointment in permanence.appointments.all()):
        Appointment.objects.filter(permanence=permanence).update(to_replace_since=None)


def _create_missing(
    convention: Convention,
    expected: dict[tuple[int, date], Occurrence],
    report: GenerationReport,
) -> None:
    """Insert the dates that are not there yet; the exclusion constraint turns away those whose office is taken."""
    rows = [
        Permanence(
            site_id=convention.site_id,
            partner_id=convention.partner_id,
            office_id=found.slot.office_id,
            convention=convention,
            slot=found.slot,
            day=found.day,
            during=found.during,
            audience=found.slot.audience,
            mode=found.slot.mode,
        )
        for found in expected.values()
    ]
    if not rows:
        return
    Permanence.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    stored = set(
        Permanence.objects.filter(
            convention=convention, slot__isnull=False, day__in={row.day for row in rows}
        ).values_list("slot_id", "day")
    )
    refused = [found for key, found in expected.items() if key not in stored]
    report.conflicts += refused
    report.created = len(rows) - len(refused)


def regenerate_convention(*, convention: Convention) -> GenerationReport:
    """The grid listener of this floor: bring one convention's dates in line, from today to the horizon."""
    return generate_permanences(conventions=[convention])
