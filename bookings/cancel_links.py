"""The link by which a visitor gives her appointment up, without an account.

The link holds the appointment's number and time, signed: nobody can make one for another appointment, and one for a
time that has changed is dead. It expires by itself, some hours before the appointment (`MessageSettings.cancel_hours`).
"""

from datetime import datetime, timedelta
from enum import Enum

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from franceservices.errors import DomainError
from partners.models import Role, Site, User

from .models import Appointment, AppointmentStatus, CancelledBy
from .notices import settings_of
from .services import cancel_appointment

REASON = "Par le lien reçu dans un message"


class LinkState(Enum):
    """What the link can still do."""

    OPEN = "open"
    CANCELLED = "cancelled"
    TOO_LATE = "too_late"
    CHANGED = "changed"
    PAST = "past"


def _signer() -> Signer:
    return Signer(salt="bookings.cancel_links", sep=".")


def cancel_token(appointment: Appointment) -> str:
    """The signed part of the link for the appointment at its present time."""
    return _signer().sign(f"{appointment.pk}-{int(appointment.during.lower.timestamp())}")


def cancel_url(appointment: Appointment) -> str:
    """The whole link, for a message; empty where no public address is configured."""
    if not settings.PUBLIC_URL:
        return ""
    return settings.PUBLIC_URL + reverse("bookings:cancel_by_link", args=[cancel_token(appointment)])


def cancellable_until(appointment: Appointment) -> datetime:
    """The moment from which the link no longer works, in UTC."""
    return appointment.during.lower - timedelta(hours=settings_of(appointment.site).cancel_hours)


def read_token(token: str) -> tuple[int, int] | None:
    """The appointment's number and the time it is for, in seconds since the epoch; None for what we did not sign."""
    try:
        number, _, seconds = _signer().unsign(token).partition("-")
    except BadSignature:
        return None
    return int(number), int(seconds)


def link_state(appointment: Appointment, seconds: int, *, until: datetime) -> LinkState:
    """What a link for the time `seconds` (since the epoch), good until `until`, can do about the appointment."""
    if appointment.status == AppointmentStatus.CANCELLED:
        return LinkState.CANCELLED
    if appointment.during.lower <= timezone.now() or appointment.status != AppointmentStatus.BOOKED:
        return LinkState.PAST
    if int(appointment.during.lower.timestamp()) != seconds:
        return LinkState.CHANGED
    return LinkState.TOO_LATE if timezone.now() >= until else LinkState.OPEN


@transaction.atomic
def cancel_by_link(*, appointment: Appointment, seconds: int) -> Appointment:
    """Cancel for the visitor by a link for the time `seconds` (since the epoch).

    Written as done by the technical account of the CCAS (`link_account`): no member of staff did it. Raises
    DomainError, with nothing written, when the link cannot do it.
    """
    if link_state(appointment, seconds, until=cancellable_until(appointment)) != LinkState.OPEN:
        raise DomainError("Ce lien ne permet plus d’annuler ce rendez-vous.")
    cancelled = cancel_appointment(
        appointment=appointment,
        cancelled_for=CancelledBy.VISITOR,
        reason=REASON,
        by=link_account(appointment.site),
    )
    # Looked at again now that the row is locked.
    if int(cancelled.during.lower.timestamp()) != seconds:
        raise DomainError("L’heure de ce rendez-vous vient de changer.")
    return cancelled


def link_account(site: Site) -> User:
    """The account in whose name links act at `site`: one for each CCAS, inactive, so that nobody can sign in to it."""
    account, is_new = User.objects.get_or_create(
        email=f"lien-usager.{site.ccas_id}@technique.invalid",
        defaults={
            "first_name": "Usager",
            "last_name": "(lien reçu)",
            "role": Role.RECEPTION,
            "ccas_id": site.ccas_id,
            "is_active": False,
        },
    )
    if is_new:
        account.set_unusable_password()
        account.save(update_fields=["password"])
    account.sites.add(site)
    return account
