"""Permanences and appointments put straight into the day that a test of a schedule page looks at."""

import datetime as dt
from html import unescape

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.html import strip_tags

from bookings.models import Appointment, AppointmentStatus, Permanence, PermanenceStatus, Reason
from partners.models import Partner, Site, User
from tests.factories import OfficeFactory, OpeningHoursFactory, ReasonFactory, VisitorFactory, staff_of

MORNING, AFTERNOON = ("08:30", "12:30"), ("13:30", "17:00")
# Addresses that people and robots type; none is a day of the calendar that pages know.
ABSURD = [
    *("0001-01-01", "9999-12-31", "2026-02-30", "2026-13-01", "1899-12-31", "hier", "01/04/2026", "\x00", "🎈", "-1"),
    *("<script>alert(1)</script>", "٢٠٢٦-٠٤-٠٢", "2026-04-02T10:00", "9" * 5000),
]


def words_of(response) -> str:
    """What somebody reads on the page: text only, single spaces, no-break spaces as spaces."""
    return " ".join(unescape(strip_tags(response.content.decode())).split())


def moment(site: Site, day: dt.date, clock: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), site.zone).astimezone(dt.UTC)


def open_all_week(site: Site) -> None:
    """Besançon's hours: 8h30 to 12h30 and 13h30 to 17h00, on Tuesday from 10h00."""
    for weekday in range(1, 6):
        for start, end in (MORNING, AFTERNOON):
            start = "10:00" if weekday == 2 and start == "08:30" else start
            OpeningHoursFactory(
                site=site, weekday=weekday, start_time=dt.time.fromisoformat(start), end_time=dt.time.fromisoformat(end)
            )


def held(site: Site, partner: Partner, day: dt.date, start="08:30", end="12:30", **fields) -> Permanence:
    """A permanence of `partner` on `day`, hours of the site's clock; its office is made unless given."""
    if fields.get("status") == PermanenceStatus.CANCELLED:
        fields |= {"cancelled_at": timezone.now(), "cancelled_by": staff_of(site)}
    return Permanence.objects.create(
        site=site,
        partner=partner,
        office=fields.pop("office", None) or OfficeFactory(site=site),
        day=day,
        during=DateTimeTZRange(moment(site, day, start), moment(site, day, end), "[)"),
        **fields,
    )


def booked(permanence: Permanence, clock: str, *, minutes: int = 30, **fields) -> Appointment:
    """An appointment in `permanence` at `clock`, for a visitor made for it unless the fields say for whom."""
    start = moment(permanence.site, permanence.day, clock)
    reason = fields.pop("reason", None) or Reason.objects.first() or ReasonFactory(partners=[permanence.partner])
    if "visitor" not in fields and "social_worker" not in fields:
        fields["visitor"] = VisitorFactory(ccas=permanence.site.ccas)
    by = staff_of(permanence.site)
    return Appointment.objects.create(
        permanence=permanence,
        site=permanence.site,
        partner=permanence.partner,
        reason=reason,
        during=DateTimeTZRange(start, start + dt.timedelta(minutes=minutes), "[)"),
        booked_by=by,
        **_stamps(fields.get("status", AppointmentStatus.BOOKED), by),
        **fields,
    )


def _stamps(status: AppointmentStatus, by: User) -> dict[str, object]:
    """When and by whom the steps up to `status` were noted."""
    steps = {
        AppointmentStatus.ARRIVED: ("arrived",),
        AppointmentStatus.IN_PROGRESS: ("arrived", "started"),
        AppointmentStatus.HONOURED: ("arrived", "started", "finished"),
        AppointmentStatus.NO_SHOW: ("absent",),
    }
    return {
        f"{step}_{part}": value
        for step in steps.get(status, ())
        for part, value in (("at", timezone.now()), ("by", by))
    }


def queries_of(client, address: str, counter) -> int:
    """How many queries one visit of `address` costs."""
    with counter as caught:
        assert client.get(address).status_code == 200
    return len(caught.captured_queries)
