"""Printed documents of this floor: frozen data in, bytes out."""

from dataclasses import dataclass
from datetime import date, datetime

from franceservices.pdf import render_pdf

from .models import Appointment


@dataclass(frozen=True, slots=True)
class Slip:
    """What the person takes home: for whom, when, where, about what, with which papers. Times are the site's own."""

    who: str
    starts_at: datetime
    duration_minutes: int
    reason: str
    what_to_bring: tuple[str, ...]
    partner: str
    office: str
    site: str
    address_lines: tuple[str, ...]
    phone: str
    email: str
    is_cancelled: bool


def slip_of(appointment: Appointment) -> Slip:
    """The slip of an appointment read with its parties; nothing of its subject, which is for the partner's agent."""
    site = appointment.site
    return Slip(
        who=appointment.who,
        starts_at=appointment.local_start,
        duration_minutes=int((appointment.during.upper - appointment.during.lower).total_seconds() // 60),
        reason=appointment.reason.label,
        what_to_bring=tuple(
            line.strip(" -•\t") for line in appointment.reason.what_to_bring.splitlines() if line.strip()
        ),
        partner=appointment.partner.name,
        office=appointment.permanence.office.full_label,
        site=site.name,
        address_lines=tuple(filter(None, [site.address, f"{site.postal_code} {site.city}".strip()])),
        phone=site.phone,
        email=site.email,
        is_cancelled=not appointment.is_standing,
    )


def slip_pdf(slip: Slip, *, organisation: str, printed_on: date) -> bytes:
    """One page in large type; `organisation` is the CCAS, `printed_on` the civil date at the site."""
    return render_pdf(
        "bookings/documents/slip.html",
        {
            "slip": slip,
            "organisation": organisation,
            "footer_site": slip.site,
            "printed_on": printed_on,
            "meta_author": organisation,
        },
    )
