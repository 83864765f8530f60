"""Lending an idle office once, without a convention (article 3 of the agreements: outside its days the office may be
lent to other partners or to agents of the CCAS).

A loan is a permanence like any other, so that one constraint of the database forbids two uses of one office at one
time, whatever their kind. The office's row is locked first, as the generation of the weekly dates does (see
`docs/decisions/0001-course-aux-rendez-vous.md`).
"""

from datetime import date, time

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from conventions.models import BookingMode
from franceservices.dates import format_date_weekday, format_time_range, join_fr, local_interval
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import Ccas, Office, Partner, PartnerColour, Site, User

from .availability import Span
from .errors import OfficeTaken
from .impact import office_taken, uses_of
from .models import (
    Permanence,
    PermanenceOrigin,
    PermanenceRevision,
    PermanenceStatus,
    ScheduleChange,
    ScheduleChangeKind,
)
from .occupation import merged
from .office_map import day_of, outages_of
from .schedule_changes import OFFICE_TAKEN

OWN_SERVICES = "Services du CCAS"


def own_services_of(ccas: Ccas) -> Partner:
    """The partner that stands for the CCAS itself when its own agents take an office; made when first asked for."""
    partner, _created = Partner.objects.get_or_create(
        own_ccas=ccas,
        defaults={
            "name": f"{OWN_SERVICES} ({ccas.name})"[: Partner._meta.get_field("name").max_length],
            "short_name": OWN_SERVICES,
            "slug": f"services-du-ccas-{ccas.pk}",
            "colour": PartnerColour.ARDOISE,
        },
    )
    return partner


def _check_free(office: Office, during: DateTimeTZRange) -> None:
    """Raise OfficeTaken, naming who has it, unless `office` is free over the whole of `during`."""
    other = uses_of(office, during).first()
    if other is not None:
        raise OfficeTaken(
            f"{office_taken(other)} Rien n’a été enregistré\u00a0: choisissez une autre heure ou un autre bureau."
        )


@transaction.atomic
def lend_office(
    *,
    office: Office,
    day: date,
    start_time: time,
    end_time: time,
    borrower: Partner | None,
    purpose: str,
    by: User,
) -> Permanence:
    """Lend `office` to `borrower`, or to the CCAS's own services for None, on the civil day `day`, site-local times.

    Raises OfficeTaken, naming who has the office, DomainError when the time is past, not within the opening hours or
    the office out of use, and Office.DoesNotExist outside the perimeter of `by`.
    """
    office = (
        Office.objects.visible_to(by)
        .select_for_update(no_key=True, of=["self"])
        .select_related("site__ccas")
        .get(pk=office.pk)
    )
    try:
        span = Span(*local_interval(day, start_time, end_time, office.site.zone))
    except ValueError as error:
        raise DomainError(str(error)) from error
    during = DateTimeTZRange(span.start, span.end, "[)")
    _check_may_be_lent(office, day, span)
    _check_free(office, during)
    now = timezone.now()
    if borrower is None:
        borrower = own_services_of(office.site.ccas)
    with translate_violations({"permanence_office_free": OfficeTaken(OFFICE_TAKEN)}):
        loan = Permanence.objects.create(
            site=office.site,
            partner=borrower,
            office=office,
            origin=PermanenceOrigin.LOAN,
            mode=BookingMode.WALK_IN,
            day=day,
            during=during,
            purpose=purpose,
            edited_at=now,
            edited_by=by,
        )
    change = ScheduleChange.objects.create(
        site=office.site,
        kind=ScheduleChangeKind.LOAN,
        partner=borrower,
        office=office,
        starts_on=day,
        ends_on=day,
        reason=purpose,
        made_at=now,
        made_by=by,
    )
    PermanenceRevision.objects.create(change=change, permanence=loan)
    return loan


def _check_may_be_lent(office: Office, day: date, span: Span) -> None:
    """Raise DomainError, with the sentence to show, unless `office` can be lent in `span` at all."""
    if not office.is_active:
        raise DomainError("Ce bureau est hors service\u00a0: il ne peut pas être prêté.")
    if span.end <= timezone.now():
        raise DomainError("Cette heure est déjà passée\u00a0: choisissez une demi-journée à venir.")
    outage = outages_of(office.site, day, day).get((office.pk, day))
    if outage is not None:
        raise DomainError(f"{office.full_label} est hors service le {format_date_weekday(day)}\u00a0: {outage}.")
    found = day_of(office.site, day)
    if found.closed_because:
        raise DomainError(f"L’espace est fermé le {format_date_weekday(day)}\u00a0: {found.closed_because}.")
    opening = merged(found.opening)
    if not any(window.start <= span.start and span.end <= window.end for window in opening):
        zone = office.site.zone
        told = join_fr(
            [
                format_time_range(window.start.astimezone(zone).time(), window.end.astimezone(zone).time())
                for window in opening
            ]
        )
        raise DomainError(
            f"Le bureau se prête pendant les heures d’ouverture\u00a0: {told} le {format_date_weekday(day)}."
            if told
            else f"L’espace n’ouvre pas le {format_date_weekday(day)}."
        )


def _locked_loan(loan: Permanence, by: User) -> tuple[Permanence, ScheduleChange]:
    """The loan and the decision to lend as they stand now; DoesNotExist outside the perimeter of `by`.

    Locked in the order of `schedule_changes.undo_change`: the decision, the office, the permanence.
    """
    at_desk = Permanence.objects.filter(site__in=Site.objects.visible_to(by), origin=PermanenceOrigin.LOAN)
    decision = ScheduleChange.objects.select_for_update(no_key=True).get(
        kind=ScheduleChangeKind.LOAN, pk__in=at_desk.filter(pk=loan.pk).values("revisions__change")
    )
    Office.objects.select_for_update(no_key=True).get(permanences=loan.pk)
    locked = at_desk.select_for_update(no_key=True, of=["self"]).with_parties().get(pk=loan.pk)
    if locked.during.upper <= timezone.now():
        raise DomainError("Ce prêt est terminé\u00a0: il reste dans l’historique du bureau.")
    return locked, decision


@transaction.atomic
def cancel_loan(*, loan: Permanence, reason: str = "", by: User) -> Permanence:
    """Give the office back; the loan stays in the history. Raises DomainError when it is over or cancelled already."""
    loan, decision = _locked_loan(loan, by)
    if loan.status == PermanenceStatus.CANCELLED:
        raise DomainError("Ce prêt est déjà annulé.")
    now = timezone.now()
    loan.status = PermanenceStatus.CANCELLED
    loan.cancelled_at = loan.edited_at = decision.undone_at = now
    loan.cancelled_by = loan.edited_by = decision.undone_by = by
    loan.cancellation_reason = reason
    loan.save()
    decision.save(update_fields=["undone_at", "undone_by"])
    return loan


@transaction.atomic
def restore_loan(*, loan: Permanence, by: User) -> Permanence:
    """Undo the cancellation of a loan. Raises OfficeTaken when somebody else has the office by now.

    Raises DomainError for a loan that another change of the schedule took away: that one is to be undone.
    """
    loan, decision = _locked_loan(loan, by)
    if loan.status != PermanenceStatus.CANCELLED:
        raise DomainError("Ce prêt n’est pas annulé.")
    if decision.undone_at is None:
        raise DomainError("Ce prêt a été annulé par un changement de planning\u00a0: défaites ce changement.")
    _check_free(loan.office, loan.during)
    loan.status = PermanenceStatus.PLANNED
    loan.cancelled_at = loan.cancelled_by = decision.undone_at = decision.undone_by = None
    loan.cancellation_reason = ""
    loan.edited_at, loan.edited_by = timezone.now(), by
    with translate_violations({"permanence_office_free": OfficeTaken(OFFICE_TAKEN)}):
        loan.save()
    decision.save(update_fields=["undone_at", "undone_by"])
    return loan
