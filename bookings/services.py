"""The writers of this floor: who is received, when, and what became of it."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Exists, OuterRef
from django.utils import timezone

from conventions.models import Audience
from franceservices.composed_inserts import ComposedInsert
from franceservices.composed_queries import ComposedQuery, Given, RoundTrip
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import Ccas, User
from partners.visible_queries import VisibleQuery

from .errors import TimeNotOffered, TimeTaken, UnknownPerson
from .free_times import FreeTime
from .models import (
    Appointment,
    AppointmentStatus,
    CancelledBy,
    NotificationKind,
    Permanence,
    Reason,
    Visitor,
)
from .notices import queue_notices
from .orphans import lock_orphan, release_if_empty

# What a booking locks, composed once: Django took longer over these than PostgreSQL.
_PERMANENCE_LOCKED = VisibleQuery(
    lambda by: (
        Permanence.objects.visible_to(by)
        .select_for_update(no_key=True, of=["self"])
        .select_related("site")
        .annotate(
            is_for_reason=Exists(
                Reason.partners.through.objects.filter(reason=Given("reason"), partner=OuterRef("partner"))
            )
        )
        .filter(pk=Given("permanence"))
    ),
    prepared=True,
)
_CARD_LOCKED = ComposedQuery(
    lambda: (
        Visitor.objects.select_for_update(no_key=True)
        .annotate(
            is_time_taken=Exists(
                Appointment.objects.standing().filter(permanence=Given("permanence"), during__overlap=Given("during"))
            )
        )
        .filter(pk=Given("card"))
    ),
    prepared=True,
)
_BOOKED = ComposedInsert(Appointment)


def create_visitor(
    *,
    ccas: Ccas,
    last_name: str,
    first_name: str = "",
    birth_date: date | None = None,
    phone: str = "",
    email: str = "",
    email_consent: bool = False,
    sms_consent: bool = False,
    interpreter_language: str = "",
    needs_wheelchair_access: bool = False,
    phone_only: bool = False,
    staff_notes: str = "",
    by: User,
) -> Visitor:
    """Register a person; `phone` is already in E.164 form (see `franceservices.phones`)."""
    return Visitor.objects.create(
        ccas=ccas,
        last_name=last_name,
        first_name=first_name,
        birth_date=birth_date,
        phone=phone,
        email=email,
        email_consent=email_consent,
        sms_consent=sms_consent,
        interpreter_language=interpreter_language,
        needs_wheelchair_access=needs_wheelchair_access,
        phone_only=phone_only,
        staff_notes=staff_notes,
        created_by=by,
    )


@transaction.atomic
def book_appointment(
    *,
    permanence_id: int,
    starts_at: datetime,
    reason: Reason,
    visitor: Visitor | int | None = None,
    subject: str = "",
    by: User,
) -> Appointment:
    """Keep `[starts_at, starts_at + reason's duration)` in a permanence, for `visitor` or for the social worker `by`.

    `visitor` is a person, whose card is followed where it was merged, or the number of a card that nobody has read yet.
    The permanence's row is locked first: bookings of one permanence queue up instead of deadlocking on the exclusion
    constraint, which remains the guarantee (see `docs/decisions/0001-course-aux-rendez-vous.md`).
    Raises TimeTaken when somebody has the time, TimeNotOffered when it cannot be had at all, UnknownPerson when the
    card is none of the space's, and Permanence.DoesNotExist outside the perimeter of `by`.
    """
    during = _span(starts_at, reason)
    # Sent together and answered in this order: the card is locked, and the time looked at, with the permanence held.
    trip = RoundTrip()
    held = _PERMANENCE_LOCKED.ask(trip, by, permanence=permanence_id, reason=reason.pk)
    card_id = visitor.current_card().pk if isinstance(visitor, Visitor) else visitor
    cards = None if card_id is None else trip.ask(_CARD_LOCKED, card=card_id, permanence=permanence_id, during=during)
    permanence = next(iter(held.instances()), None)
    if permanence is None:
        raise Permanence.DoesNotExist
    _check_time(permanence, during, reason, by, is_for_reason=permanence.is_for_reason)
    if visitor is not None:
        visitor = _card_now(cards.instances(), permanence, during, is_followed=isinstance(visitor, Visitor))
    _check_person(permanence, reason, visitor)
    if visitor is None and permanence.appointments.standing().filter(during__overlap=during).exists():
        raise TimeTaken
    # The error leaves this function's own transaction, or its savepoint in a wider one: no other is needed.
    appointment = Appointment(
        permanence=permanence,
        site=permanence.site,
        partner_id=permanence.partner_id,
        visitor=visitor,
        social_worker=None if visitor else by,
        subject=subject,
        reason=reason,
        during=during,
        booked_by=by,
    )
    with translate_violations({"appointment_time_free": TimeTaken()}, savepoint=False):
        _BOOKED.insert(appointment)
    queue_notices(appointment=appointment, kind=NotificationKind.CONFIRMATION)
    return appointment


@transaction.atomic
def book_for_new_visitor(
    *,
    permanence_id: int,
    starts_at: datetime,
    reason: Reason,
    ccas: Ccas,
    last_name: str,
    first_name: str = "",
    birth_date: date | None = None,
    phone: str = "",
    email: str = "",
    email_consent: bool = False,
    sms_consent: bool = False,
    interpreter_language: str = "",
    needs_wheelchair_access: bool = False,
    phone_only: bool = False,
    staff_notes: str = "",
    subject: str = "",
    by: User,
) -> Appointment:
    """Register a person and keep a time for her, both or neither: a refused time leaves no record behind.

    Raises what `book_appointment` raises.
    """
    visitor = create_visitor(
        ccas=ccas,
        last_name=last_name,
        first_name=first_name,
        birth_date=birth_date,
        phone=phone,
        email=email,
        email_consent=email_consent,
        sms_consent=sms_consent,
        interpreter_language=interpreter_language,
        needs_wheelchair_access=needs_wheelchair_access,
        phone_only=phone_only,
        staff_notes=staff_notes,
        by=by,
    )
    return book_appointment(
        permanence_id=permanence_id, starts_at=starts_at, reason=reason, visitor=visitor, subject=subject, by=by
    )


def time_to_book(*, permanence_id: int, starts_at: datetime, reason: Reason, by: User) -> FreeTime:
    """The time that a booking page is about, if `by` may have it at this moment; nothing is written or kept.

    Raises what `book_appointment` raises about the time.
    """
    permanence = Permanence.objects.visible_to(by).with_parties().get(pk=permanence_id)
    during = _span(starts_at, reason)
    _check_time(permanence, during, reason, by)
    if permanence.appointments.standing().filter(during__overlap=during).exists():
        raise TimeTaken
    zone = permanence.site.zone
    return FreeTime(permanence, timezone.localtime(during.lower, zone), timezone.localtime(during.upper, zone))


def _check_time(
    permanence: Permanence, during: DateTimeTZRange, reason: Reason, by: User, *, is_for_reason: bool | None = None
) -> None:
    """Raise TimeNotOffered, with the sentence to show, unless `by` may have this time of this permanence at all."""
    if by.is_partner_agent:
        raise TimeNotOffered("Les rendez-vous sont pris par l’accueil du CCAS.")
    check_fit(permanence, during, reason, is_for_reason=is_for_reason)
    if reason.audience == Audience.SOCIAL_WORKERS and not by.may_book_for_social_workers:
        raise TimeNotOffered("Ces créneaux sont réservés aux travailleurs sociaux.")


def check_fit(
    permanence: Permanence, during: DateTimeTZRange, reason: Reason, *, is_for_reason: bool | None = None
) -> None:
    """Raise TimeNotOffered, with the sentence to show, unless `during` is a time to come in which it takes `reason`.

    `is_for_reason` says whether the partner takes the reason where it was read with the permanence.
    """
    if is_for_reason is None:
        is_for_reason = reason.partners.filter(pk=permanence.partner_id).exists()
    if not permanence.is_bookable:
        raise TimeNotOffered("Cette permanence n’accepte plus de rendez-vous. Choisissez un autre créneau.")
    if during.lower <= timezone.now():
        raise TimeNotOffered("Cette heure est déjà passée. Choisissez un autre créneau.")
    if during.lower < permanence.during.lower or during.upper > permanence.during.upper:
        raise TimeNotOffered("Cette heure est en dehors de la permanence. Choisissez un autre créneau.")
    if permanence.audience != reason.audience or not is_for_reason:
        raise TimeNotOffered("Cette permanence ne traite pas ce motif. Choisissez un autre créneau.")


def _check_person(permanence: Permanence, reason: Reason, visitor: Visitor | None) -> None:
    """Raise TimeNotOffered unless the appointment is for the right kind of person, UnknownPerson unless she is known
    at the permanence's site.
    """
    if reason.audience == Audience.SOCIAL_WORKERS:
        if visitor is not None:
            raise TimeNotOffered("Ces créneaux sont pris par le travailleur social lui-même, sans usager.")
    elif visitor is None:
        raise TimeNotOffered("Choisissez l’usager qui vient à ce rendez-vous.")
    elif visitor.ccas_id != permanence.site.ccas_id:
        raise UnknownPerson


def _card_now(found: list[Visitor], permanence: Permanence, during: DateTimeTZRange, *, is_followed: bool) -> Visitor:
    """The card `found`, locked until the booking is written: a colleague may be merging it with another.

    Raises TimeTaken when somebody holds a part of `during`, UnknownPerson when there is no card, when it was anonymised
    or, unless it `is_followed` to the one that holds its person now, merged.
    """
    while True:
        card = next(iter(found), None)
        if card is None or (card.merged_into_id is not None and not is_followed):
            raise UnknownPerson
        if card.is_time_taken:
            raise TimeTaken
        if card.anonymised_at is not None:
            raise UnknownPerson("Cette fiche a été anonymisée. Créez une nouvelle fiche pour cette personne.")
        if card.merged_into_id is None:
            return card
        found = _CARD_LOCKED.instances(card=card.current_card().pk, permanence=permanence.pk, during=during)


def _span(starts_at: datetime, reason: Reason) -> DateTimeTZRange:
    return DateTimeTZRange(starts_at, starts_at + timedelta(minutes=reason.duration_minutes), "[)")


def _locked(appointment: Appointment, by: User) -> Appointment:
    """The row as it stands now, locked for this transaction; DoesNotExist outside the perimeter of `by`."""
    return Appointment.objects.visible_to(by).select_for_update(no_key=True, of=["self"]).get(pk=appointment.pk)


@transaction.atomic
def cancel_appointment(
    *, appointment: Appointment, cancelled_for: CancelledBy, reason: str = "", by: User
) -> Appointment:
    """Give an appointment up, on whose side being told; its time is free again at once.

    Raises DomainError when it is already cancelled or when the person was already received.
    """
    orphan = lock_orphan(appointment.permanence_id)
    appointment = _locked(appointment, by)
    if appointment.status != AppointmentStatus.BOOKED:
        raise DomainError(
            f"Ce rendez-vous ne peut plus être annulé : il est noté « {appointment.get_status_display()} »."
        )
    appointment.status = AppointmentStatus.CANCELLED
    appointment.cancelled_at = timezone.now()
    appointment.cancelled_by = by
    appointment.cancelled_for = cancelled_for
    appointment.cancellation_reason = reason
    appointment.to_replace_since = None
    appointment.save()
    release_if_empty(orphan, by=by)
    if cancelled_for != CancelledBy.VISITOR:  # She knows.
        queue_notices(appointment=appointment, kind=NotificationKind.CANCELLATION)
    return appointment


@transaction.atomic
def restore_appointment(*, appointment: Appointment, by: User) -> Appointment:
    """Undo a cancellation, if the time is still free and to come.

    Raises TimeTaken when somebody else has it by now, DomainError when it is past, was not cancelled, or when its
    permanence no longer takes appointments.
    """
    permanence = Permanence.objects.select_for_update(no_key=True).get(pk=appointment.permanence_id)
    appointment = _locked(appointment, by)
    if appointment.status != AppointmentStatus.CANCELLED:
        raise DomainError("Ce rendez-vous n’est pas annulé.")
    if Appointment.objects.filter(rebooked_from=appointment).exists():
        raise DomainError("Ce rendez-vous a été déplacé à une autre heure\u00a0: c’est le nouveau qu’il faut déplacer.")
    if appointment.during.lower <= timezone.now():
        raise DomainError("Cette heure est déjà passée : prenez un nouveau rendez-vous.")
    if not permanence.is_bookable:
        raise DomainError("Cette permanence n’accepte plus de rendez-vous : choisissez un autre créneau.")
    if permanence.appointments.standing().filter(during__overlap=appointment.during).exists():
        raise TimeTaken
    appointment.status = AppointmentStatus.BOOKED
    appointment.cancelled_at = appointment.cancelled_by = None
    appointment.cancelled_for = appointment.cancellation_reason = ""
    with translate_violations({"appointment_time_free": TimeTaken()}):
        appointment.save()
    queue_notices(appointment=appointment, kind=NotificationKind.CONFIRMATION)
    return appointment
