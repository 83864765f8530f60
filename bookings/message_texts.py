"""What the messages say: a text message, or an e-mail with its calendar file.

The reason of the visit is named only where the space chose so: a message may be read by others.
"""

from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import timezone

from franceservices.dates import MONTHS, format_date_weekday, format_time
from franceservices.phones import format_phone

from .calendar_files import calendar_file
from .cancel_links import cancel_url, cancellable_until
from .models import Appointment, MessageSettings, Notification, NotificationChannel, NotificationKind
from .notices import settings_of
from .sms import gsm_text, messages_needed

_SUBJECTS = {
    NotificationKind.CONFIRMATION: "Rendez-vous confirmé\u00a0:",
    NotificationKind.REMINDER: "Rappel de votre rendez-vous\u00a0:",
    NotificationKind.MOVE: "Votre rendez-vous change\u00a0:",
    NotificationKind.CANCELLATION: "Rendez-vous annulé\u00a0:",
}
_SMS_OPENINGS = {
    NotificationKind.CONFIRMATION: "RDV confirmé",
    NotificationKind.REMINDER: "Rappel RDV",
    NotificationKind.MOVE: "Votre RDV change",
    NotificationKind.CANCELLATION: "RDV annulé",
}
# Kinds that change what stands in a calendar.
_WITH_CALENDAR_FILE = frozenset(
    {NotificationKind.CONFIRMATION, NotificationKind.MOVE, NotificationKind.CANCELLATION},
)


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """An `.ics` and its method of RFC 5546."""

    method: str
    text: str


@dataclass(frozen=True, slots=True)
class EmailText:
    subject: str
    body: str
    calendar_file: CalendarFile | None


def _when(moment: datetime) -> str:
    """`jeudi 5 mars 2026 à 9h00`; `moment` is in the site's zone."""
    return f"{format_date_weekday(moment.date())} à {format_time(moment.time())}"


def _link_of(notification: Notification) -> str:
    """The link to cancel, while the message leaves time for it; nothing in the notice of a cancellation."""
    appointment = notification.appointment
    if notification.kind == NotificationKind.CANCELLATION or timezone.now() >= cancellable_until(appointment):
        return ""
    return cancel_url(appointment)


def sms_text(notification: Notification) -> str:
    """The text message, in the GSM alphabet; in one message unless the link to cancel makes it two.

    `notification` is read with its appointment's parties.
    """
    appointment = notification.appointment
    site, start = appointment.site, appointment.local_start
    chosen = settings_of(site)
    named = f" ({appointment.reason.label})" if chosen.names_reason else ""
    month = MONTHS[start.month - 1]
    when = f"{format_date_weekday(start.date()).split()[0][:3]}. {start.day} {month} à {format_time(start.time())}"
    head = f"{_SMS_OPENINGS[notification.kind]} : {appointment.partner.short_name}{named}, {when}, {site.short_name}."
    phone = format_phone(site.phone) if site.phone else ""
    if notification.kind == NotificationKind.CANCELLATION:
        tail = f"Pour un autre RDV : {phone}." if phone else ""
    elif link := _link_of(notification):
        tail = f"Annuler : {link}"
    else:
        tail = f"Empêchement : {phone}." if phone else ""
    text = gsm_text(" ".join(filter(None, [head, tail])))
    signed = f"{text} {gsm_text(chosen.signature)}" if chosen.signature else text
    # A signature is a courtesy: it is left out rather than paid for as one more message.
    return signed if messages_needed(signed) == messages_needed(text) else text


def email_text(notification: Notification) -> EmailText:
    """The e-mail; `notification` is read with its appointment's parties."""
    appointment = notification.appointment
    site, start = appointment.site, appointment.local_start
    chosen = settings_of(site)
    link = _link_of(notification)
    until = timezone.localtime(cancellable_until(appointment), site.zone)
    previous = appointment.rebooked_from
    context = {
        "when": _when(start),
        "previous_when": _when(previous.local_start) if previous else "",
        "partner": appointment.partner.name,
        "reason": appointment.reason.label if chosen.names_reason else "",
        "what_to_bring": appointment.reason.what_to_bring.strip() if chosen.names_reason else "",
        "site": site,
        "office": appointment.permanence.office.full_label,
        "city_line": f"{site.postal_code} {site.city}".strip(),
        "phone": format_phone(site.phone) if site.phone else "",
        "cancel_url": link,
        "cancel_until": _when(until),
        "signature": chosen.signature or site.name,
    }
    body = render_to_string(f"bookings/messages/{notification.kind}.txt", context).strip() + "\n"
    return EmailText(
        subject=f"{_SUBJECTS[notification.kind]} {_when(start)}",
        body=body,
        calendar_file=_calendar_file(notification, chosen, context["phone"]),
    )


def _calendar_file(notification: Notification, chosen: MessageSettings, phone: str) -> CalendarFile | None:
    if notification.kind not in _WITH_CALENDAR_FILE:
        return None
    appointment = notification.appointment
    summary = f"Rendez-vous {appointment.partner.short_name} – {appointment.site.short_name}"
    if chosen.names_reason:
        summary = f"{summary} ({appointment.reason.label})"
    method, text = calendar_file(
        appointment,
        sequence=_sequence(notification),
        summary=summary,
        description=f"Espace France Services\u00a0: {phone}" if phone else appointment.site.name,
        stamped_at=timezone.now(),
    )
    return CalendarFile(method, text)


def _sequence(notification: Notification) -> int:
    """How many files were queued before about the same event: the number grows, and a retry keeps it."""
    chain: list[Appointment] = [notification.appointment]
    while chain[-1].rebooked_from_id is not None:
        chain.append(chain[-1].rebooked_from)
    return Notification.objects.filter(
        appointment__in=chain,
        channel=NotificationChannel.EMAIL,
        kind__in=_WITH_CALENDAR_FILE,
        queued_at__lt=notification.queued_at,
    ).count()
