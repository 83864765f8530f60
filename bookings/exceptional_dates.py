"""A date beside the weekly grid: a partner comes once more, with the convention that it has at the site."""

from datetime import date, time

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from conventions.models import Audience, Convention
from franceservices.dates import local_interval
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.calendars import closed_days
from partners.models import Office, User

from .impact import office_taken, uses_of
from .models import Permanence, PermanenceOrigin, PermanenceRevision, ScheduleChange, ScheduleChangeKind
from .schedule_changes import OFFICE_TAKEN, lock_offices


@transaction.atomic
def add_permanence(
    *,
    convention: Convention,
    office: Office,
    day: date,
    start_time: time,
    end_time: time,
    audience: Audience,
    reason: str,
    by: User,
) -> ScheduleChange:
    """Add one date of the convention's partner in `office`; times are civil times of the site.

    Raises DomainError when the site is closed on `day`, when these hours are over or do not exist, when `day` is out
    of the convention's term, and when the office is taken (the exclusion constraint is the guarantee).
    """
    site = convention.site
    if not convention.starts_on <= day <= convention.ends_on:
        raise DomainError(f"La convention court {convention.term_sentence}\u00a0: cette date n’en fait pas partie.")
    closed = closed_days([site], day, day)[site.pk].reason(day)
    if closed:
        raise DomainError(f"L’espace est fermé ce jour-là\u00a0: {closed}.")
    try:
        during = DateTimeTZRange(*local_interval(day, start_time, end_time, site.zone), "[)")
    except ValueError as error:
        raise DomainError(str(error)) from error
    now = timezone.now()
    if during.lower <= now:
        raise DomainError("Cette heure est déjà passée. Choisissez-en une à venir.")
    lock_offices(site)
    other = uses_of(office, during).first()
    if other is not None:
        raise DomainError(f"{office_taken(other)} Choisissez un autre bureau ou une autre heure.")
    with translate_violations({"permanence_office_free": DomainError(OFFICE_TAKEN)}):
        permanence = Permanence.objects.create(
            site=site,
            partner=convention.partner,
            office=office,
            convention=convention,
            origin=PermanenceOrigin.EXCEPTIONAL,
            day=day,
            during=during,
            audience=audience,
            edited_at=now,
            edited_by=by,
        )
    change = ScheduleChange.objects.create(
        site=site,
        kind=ScheduleChangeKind.ADDITION,
        partner=convention.partner,
        office=office,
        starts_on=day,
        ends_on=day,
        reason=reason,
        made_by=by,
    )
    PermanenceRevision.objects.create(change=change, permanence=permanence)
    return change
