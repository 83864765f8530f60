"""What the desk prints for a door and for a partner's day: rows in, frozen data, bytes out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import groupby

from django.db.models import Prefetch

from conventions.models import Audience, BookingMode
from franceservices.dates import format_date_weekday, format_time_range
from franceservices.pdf import render_pdf
from partners.calendars import civil_days, closed_days
from partners.models import Office, Partner, Site

from .agenda import week_label
from .models import Appointment, Permanence, PermanenceStatus
from .models.permanence import PermanenceQuerySet
from .schedule_reading import Person
from .schedule_rows import full_name

# Monday to Friday are on the sheet whatever happens; the week-end only when a partner comes.
USUAL_LAST_DAY = 5
# More permanences than that on one day of a door, or people on a list, are set in smaller type to stay on the sheet.
ROOMY_DOOR, ROOMY_LIST = 3, 14


# --- The door of an office --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DoorLine:
    """One permanence as a door tells it. Hours are the site's."""

    hours: str
    partner: str
    colour: str
    access: str


@dataclass(frozen=True, slots=True)
class DoorDay:
    """One column; `closed_because` is the holiday or closure of the day."""

    day: date
    closed_because: str | None
    lines: tuple[DoorLine, ...]

    @property
    def title(self) -> str:
        """`jeudi 5 mars`; the year is on top of the sheet."""
        return format_date_weekday(self.day).removesuffix(f" {self.day.year}")


@dataclass(frozen=True, slots=True)
class OfficeSheet:
    """Which partner sits in an office when, over one week. A door is public: no visitor is named, and no purpose."""

    office: str
    site: str
    week: str
    days: tuple[DoorDay, ...]

    @property
    def is_dense(self) -> bool:
        return max((len(day.lines) for day in self.days), default=0) > ROOMY_DOOR or len(self.days) > USUAL_LAST_DAY


def office_sheet(office: Office, monday: date) -> OfficeSheet:
    """The week from `monday` in `office`, read with its site; what is cancelled or no longer foreseen is left out."""
    sunday = monday + timedelta(days=6)
    held = Permanence.objects.standing().filter(office=office, orphaned_at=None).on_days(monday, sunday)
    rows = list(held.select_related("site", "partner"))
    closed = closed_days([office.site], monday, sunday)[office.site_id]
    last = max([USUAL_LAST_DAY, *(row.day.isoweekday() for row in rows)])
    return OfficeSheet(
        office=office.full_label,
        site=office.site.name,
        week=week_label(monday),
        days=tuple(
            DoorDay(
                day=day,
                closed_because=(reason := closed.reason(day)),
                lines=() if reason else tuple(_door_line(row) for row in rows if row.day == day),
            )
            for day in list(civil_days(monday, sunday))[:last]
        ),
    )


def _door_line(permanence: Permanence) -> DoorLine:
    by_appointment = permanence.mode == BookingMode.APPOINTMENT
    access = "sur rendez-vous" if by_appointment else "sans rendez-vous"
    if permanence.partner.own_ccas_id is not None:
        access = ""
    elif permanence.audience == Audience.SOCIAL_WORKERS:
        access = "travailleurs sociaux"
    return DoorLine(
        hours=format_time_range(permanence.local_start.time(), permanence.local_end.time()),
        partner=permanence.partner.short_name,
        colour=permanence.partner.colour,
        access=access,
    )


def office_sheet_pdf(sheet: OfficeSheet, *, organisation: str, printed_on: date) -> bytes:
    """One page of A4, landscape; `printed_on` is the civil date at the site."""
    return _pdf("bookings/documents/office_sheet.html", sheet, sheet.site, organisation, printed_on)


# --- The day of a partner ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayLine:
    """One person to receive. `note` says what is out of the ordinary about the appointment."""

    starts: time
    who: str
    note: str
    reason: str
    needs: tuple[str, ...]
    office: str


@dataclass(frozen=True, slots=True)
class DaySection:
    """What a partner holds at one site on the day: its permanences in words, and the people, oldest time first."""

    site: str
    clock: str
    permanences: tuple[str, ...]
    lines: tuple[DayLine, ...]

    @property
    def has_several_offices(self) -> bool:
        return len({line.office for line in self.lines}) > 1


@dataclass(frozen=True, slots=True)
class DayList:
    """The people whom a partner receives on one civil day, by site.

    The subject of an appointment stays on the screen: a list lies open on a desk all day.
    """

    partner: str
    day: date
    sections: tuple[DaySection, ...]

    @property
    def is_dense(self) -> bool:
        return sum(len(section.lines) for section in self.sections) > ROOMY_LIST

    @property
    def clocks_differ(self) -> bool:
        return len({section.clock for section in self.sections}) > 1


def day_list(partner: Partner, day: date, *, permanences: PermanenceQuerySet) -> DayList:
    """The list of those of `permanences`, the reader's own perimeter, that `partner` holds on `day`: two queries.

    Nobody is listed for a cancelled permanence, which is named with its cancellation.
    """
    appointments = Appointment.objects.standing().select_related("visitor", "social_worker", "reason")
    rows = (
        permanences.filter(partner=partner, day=day)
        .with_parties()
        .prefetch_related(Prefetch("appointments", queryset=appointments, to_attr="standing_appointments"))
        .order_by("site__name", "site", "during", "pk")
    )
    sections = tuple(_section(site, list(found)) for site, found in groupby(rows, key=lambda row: row.site))
    return DayList(partner=partner.name, day=day, sections=sections)


def _section(site: Site, permanences: Iterable[Permanence]) -> DaySection:
    held = [row for row in permanences if row.status != PermanenceStatus.CANCELLED]
    expected = [(appointment, row) for row in held for appointment in row.standing_appointments]
    return DaySection(
        site=site.name,
        clock=site.get_time_zone_display(),
        permanences=tuple(_in_words(row) for row in permanences),
        lines=tuple(
            _day_line(appointment, row)
            for appointment, row in sorted(expected, key=lambda pair: (pair[0].during.lower, pair[0].pk))
        ),
    )


def _in_words(permanence: Permanence) -> str:
    """`8h30–12h30, bureau 27, travailleurs sociaux`."""
    words = [
        format_time_range(permanence.local_start.time(), permanence.local_end.time()),
        permanence.office.full_label,
    ]
    if permanence.audience == Audience.SOCIAL_WORKERS:
        words.append("travailleurs sociaux")
    if permanence.mode == BookingMode.WALK_IN:
        words.append("sans rendez-vous")
    if permanence.status == PermanenceStatus.CANCELLED:
        words.append("annulée")
    return ", ".join(words)


def _day_line(appointment: Appointment, permanence: Permanence) -> DayLine:
    notes = []
    if appointment.social_worker_id is not None:
        notes.append("travailleur social")
    if appointment.to_replace_since is not None or permanence.orphaned_at is not None:
        notes.append("à replacer")
    return DayLine(
        starts=appointment.during.lower.astimezone(permanence.site.zone).time(),
        who=full_name(Person.of(appointment)),
        note=", ".join(notes),
        reason=appointment.reason.label,
        needs=tuple(appointment.visitor.needs) if appointment.visitor_id else (),
        office=permanence.office.full_label,
    )


def day_list_pdf(sheet: DayList, *, organisation: str, place: str, printed_on: date) -> bytes:
    """One page of A4 for a normal day; `place` is what the footer names."""
    return _pdf("bookings/documents/day_list.html", sheet, place, organisation, printed_on)


def _pdf(template: str, sheet: OfficeSheet | DayList, place: str, organisation: str, printed_on: date) -> bytes:
    return render_pdf(
        template,
        {
            "sheet": sheet,
            "organisation": organisation,
            "footer_site": place,
            "printed_on": printed_on,
            "meta_author": organisation,
        },
    )
