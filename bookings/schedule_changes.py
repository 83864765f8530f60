"""The writers of changed dates: what a person decided, carried out as a whole, and undone as a whole.

Locks are taken in one order by everybody: the offices of the site, then the permanences, then the appointments, each
by id. Generation takes the offices too, a booking takes its permanence: neither can slip in between.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from conventions.models import Convention
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import Closure, Office, Site, User

from .errors import SituationChanged
from .impact import Decision, Impact, Touched, impact_of, office_taken, uses_of
from .models import (
    Appointment,
    AppointmentStatus,
    CancelledBy,
    Permanence,
    PermanenceRevision,
    PermanenceStatus,
    ScheduleChange,
    ScheduleChangeKind,
)
from .rebooking import rebook
from .services import cancel_appointment

OFFICE_TAKEN = "Le bureau vient d’être pris par une autre permanence. Rien n’a été enregistré."


class Settlement(models.TextChoices):
    """What becomes of an appointment whose permanence no longer holds it."""

    REBOOK = "rebook", "Proposer la prochaine heure libre"
    LATER = "later", "À replacer plus tard"
    CANCEL = "cancel", "Annuler et prévenir"


@dataclass(frozen=True)
class Settled:
    """The choice for one appointment; `time` is the permanence's id and the moment to which it moves."""

    choice: Settlement
    time: tuple[int, datetime] | None = None


def lock_offices(site: Site) -> None:
    """Hold all offices of `site` for this transaction: no other change of its dates runs at the same time."""
    Office.objects.filter(site=site).hold()


def lock_permanences(pks: Iterable[int]) -> None:
    """Hold these permanences for this transaction: nobody books in them meanwhile."""
    list(Permanence.objects.select_for_update(no_key=True).filter(pk__in=set(pks)).order_by("pk").values_list("pk"))


@transaction.atomic
def carry_out(
    *, decision: Decision, settled: Mapping[int, Settled], signature: str | None = None, by: User
) -> ScheduleChange:
    """Write `decision`, change its permanences, do for each appointment that leaves what was chosen: all or nothing.

    `settled` holds the choice for each of these appointments, by id; `signature` is the impact's that was confirmed.
    Raises SituationChanged when another set of dates or people is touched by now, DomainError where it cannot be done
    at all, and what `rebook` and `cancel_appointment` raise. Nothing is written then.
    """
    lock_offices(decision.site)
    scope = list(decision.scope(timezone.now()).values_list("pk", flat=True))
    lock_permanences([*scope, *(choice.time[0] for choice in settled.values() if choice.time)])
    list(
        Appointment.objects.select_for_update(no_key=True)
        .filter(permanence__in=scope, status=AppointmentStatus.BOOKED)
        .order_by("pk")
        .values_list("pk")
    )
    impact = impact_of(decision, proposes=False)
    if signature is not None and impact.signature != signature:
        raise SituationChanged
    if any(appointment.pk not in settled for appointment in impact.leaving):
        raise SituationChanged
    if impact.obstacles:
        raise DomainError(" ".join(impact.obstacles))
    change = _record(decision, impact, by)
    _settle_appointments(impact, settled, decision, by)
    return change


def _record(decision: Decision, impact: Impact, by: User) -> ScheduleChange:
    """Write the change, what each permanence was before, and what it is now."""
    change = ScheduleChange.objects.create(
        site=decision.site,
        kind=decision.kind,
        partner=decision.partner,
        office=decision.office,
        starts_on=decision.starts_on,
        ends_on=decision.ends_on,
        reason=decision.reason,
        made_by=by,
    )
    PermanenceRevision.objects.bulk_create(revision_of(change, one.permanence) for one in impact.touched)
    cancel_permanences(
        [one.permanence.pk for one in impact.touched if one.is_cancelled], change=change, now=change.made_at
    )
    for one in impact.touched:
        if not one.is_cancelled:
            _adjust(one, change)
    if decision.kind == ScheduleChangeKind.CLOSURE:
        Closure.objects.create(
            site=decision.site, starts_on=decision.starts_on, ends_on=decision.ends_on, reason=decision.reason
        )
    return change


def revision_of(change: ScheduleChange, permanence: Permanence) -> PermanenceRevision:
    """What `permanence` is before `change` touches it."""
    return PermanenceRevision(
        change=change,
        permanence=permanence,
        during_before=permanence.during,
        office_before_id=permanence.office_id,
        status_before=permanence.status,
    )


def cancel_permanences(pks: Iterable[int], *, change: ScheduleChange, now: datetime) -> None:
    """Cancel these dates for the reason and in the name of the author of `change`."""
    Permanence.objects.filter(pk__in=pks).update(
        status=PermanenceStatus.CANCELLED,
        cancelled_at=now,
        cancelled_by=change.made_by,
        cancellation_reason=change.reason,
        edited_at=now,
        edited_by=change.made_by,
    )


def _adjust(one: Touched, change: ScheduleChange) -> None:
    permanence = one.permanence
    permanence.during, permanence.office = one.during, one.office
    permanence.edited_at, permanence.edited_by = change.made_at, change.made_by
    with translate_violations({"permanence_office_free": DomainError(OFFICE_TAKEN)}):
        permanence.save(update_fields=["during", "office", "edited_at", "edited_by"])


def _settle_appointments(impact: Impact, settled: Mapping[int, Settled], decision: Decision, by: User) -> None:
    now = timezone.now()
    for appointment in impact.leaving:
        chosen = settled[appointment.pk]
        if chosen.choice == Settlement.REBOOK and chosen.time is not None:
            permanence_id, starts_at = chosen.time
            rebook(
                appointment=appointment,
                permanence_id=permanence_id,
                starts_at=starts_at,
                cancelled_for=decision.side,
                why=decision.reason,
                by=by,
            )
        elif chosen.choice == Settlement.CANCEL:
            cancel_appointment(appointment=appointment, cancelled_for=decision.side, reason=decision.reason, by=by)
        elif appointment.to_replace_since is None:
            Appointment.objects.filter(pk=appointment.pk).update(to_replace_since=now)
    # A date that gets its hours back holds again those who were waiting for another time.
    for one in impact.touched:
        Appointment.objects.filter(pk__in=[found.pk for found in one.staying if not one.permanence.orphaned_at]).update(
            to_replace_since=None
        )


@transaction.atomic
def signal_absence(*, starts_on: date, ends_on: date, reason: str, by: User) -> list[ScheduleChange]:
    """An agent says that her caisse will not come: one change for each site that it sits at, all or none.

    Everybody booked is to be replaced by the desk, which alone knows the people. Raises DomainError when nothing of
    her caisse is planned in the period, at any site.
    """
    changes = []
    for site in sites_of_absence(starts_on=starts_on, ends_on=ends_on, by=by):
        decision = absence_of(site=site, starts_on=starts_on, ends_on=ends_on, reason=reason, by=by)
        lock_offices(site)
        lock_permanences(decision.scope(timezone.now()).values_list("pk", flat=True))
        leaving = impact_of(decision, proposes=False).leaving
        settled = {appointment.pk: Settled(Settlement.LATER) for appointment in leaving}
        changes.append(carry_out(decision=decision, settled=settled, by=by))
    if not changes:
        raise DomainError("Aucune permanence de votre organisme n’est prévue à ces dates. Vérifiez-les.")
    return changes


def absence_of(*, site: Site, starts_on: date, ends_on: date, reason: str, by: User) -> Decision:
    """The absence at `site` of the caisse of the agent `by`."""
    return Decision(
        kind=ScheduleChangeKind.ABSENCE,
        site=site,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        side=CancelledBy.PARTNER,
        partner=by.partner,
    )


def sites_of_absence(*, starts_on: date, ends_on: date, by: User) -> list[Site]:
    """Where the caisse of `by` is expected in the period: it has a convention, or a date beside any convention."""
    conventions = Convention.objects.filter(
        partner=by.partner, starts_on__lte=ends_on, ends_on__gte=starts_on, allocations__slots__isnull=False
    )
    dates = Permanence.objects.filter(partner=by.partner).standing().on_days(starts_on, ends_on)
    return list(
        Site.objects.filter(
            Q(pk__in=conventions.values("site")) | Q(pk__in=dates.values("site")), is_active=True
        ).order_by("pk")
    )


@transaction.atomic
def undo_change(*, change: ScheduleChange, by: User) -> int:
    """Give every date that `change` touched, and that is not over, what it was before; returns how many.

    Appointments that were moved or cancelled stay so; those still to be replaced are held again where they were.
    Raises DomainError, with nothing changed, where something else has the office or the time by now, where a later
    change was laid over it, and when all its dates are over.
    """
    change = (
        ScheduleChange.objects.visible_to(by)
        .select_for_update(no_key=True, of=["self"])
        .select_related("site")
        .get(pk=change.pk)
    )
    if change.kind == ScheduleChangeKind.LOAN:
        raise DomainError("Un prêt se retire depuis la page des bureaux.")
    if change.undone_at is not None:
        raise DomainError("Ce changement est déjà défait.")
    now = timezone.now()
    lock_offices(change.site)
    lock_permanences(change.revisions.values_list("permanence_id", flat=True))
    revisions = [
        revision
        for revision in change.revisions.select_related(
            "permanence__site", "permanence__partner", "permanence__office", "office_before"
        ).order_by("permanence_id")
        if revision.permanence.during.upper > now or (revision.during_before and revision.during_before.upper > now)
    ]
    if not revisions and change.ends_on < change.site.today():
        raise DomainError("Ces dates sont passées\u00a0: ce changement ne peut plus être défait.")
    _check_latest(change, revisions)
    for revision in revisions:
        _restore(revision, now=now, by=by)
    if change.kind == ScheduleChangeKind.CLOSURE:
        _reopen(change)
    change.undone_at, change.undone_by = now, by
    change.save(update_fields=["undone_at", "undone_by"])
    _forget_edits(revisions)
    return len(revisions)


def _check_latest(change: ScheduleChange, revisions: list[PermanenceRevision]) -> None:
    later = (
        ScheduleChange.objects.standing()
        .filter(pk__gt=change.pk, revisions__permanence__in=[revision.permanence_id for revision in revisions])
        .first()
    )
    if later is not None:
        raise DomainError(
            f"Un changement plus récent porte sur les mêmes dates\u00a0: «\u00a0{later}\u00a0». Défaites-le d’abord."
        )


def _restore(revision: PermanenceRevision, *, now: datetime, by: User) -> None:
    """Bring one date back to what it was; refuse where this would take the place of something or somebody else."""
    permanence = revision.permanence
    if revision.during_before is None:
        _withdraw(permanence, now=now, by=by)
        return
    people = [
        found
        for found in permanence.appointments.standing()
        if not (
            revision.during_before.lower <= found.during.lower and found.during.upper <= revision.during_before.upper
        )
    ]
    if any(found.to_replace_since is None for found in people):
        raise DomainError(
            f"Des rendez-vous sont pris dans le nouvel horaire ({permanence})\u00a0: déplacez-les d’abord."
            " Rien n’a été changé."
        )
    if revision.status_before != PermanenceStatus.CANCELLED:
        other = uses_of(revision.office_before, revision.during_before).exclude(pk=permanence.pk).first()
        if other is not None:
            raise DomainError(f"{office_taken(other)} Rien n’a été changé.")
    permanence.during, permanence.office = revision.during_before, revision.office_before
    permanence.status = revision.status_before
    permanence.cancelled_at = permanence.cancelled_by = None
    permanence.cancellation_reason = ""
    with translate_violations({"permanence_office_free": DomainError(OFFICE_TAKEN)}):
        permanence.save()
    if permanence.orphaned_at is None:
        permanence.appointments.filter(
            status=AppointmentStatus.BOOKED,
            during__contained_by=permanence.during,
        ).update(to_replace_since=None)


def _withdraw(permanence: Permanence, *, now: datetime, by: User) -> None:
    """Take back a date that the change had added."""
    if permanence.appointments.standing().exists():
        raise DomainError(
            f"Des rendez-vous sont pris dans cette permanence ({permanence})\u00a0: annulez la date depuis l’agenda,"
            " la page demandera que faire de chacun. Rien n’a été changé."
        )
    if permanence.status != PermanenceStatus.CANCELLED:
        permanence.status = PermanenceStatus.CANCELLED
        permanence.cancelled_at, permanence.cancelled_by = now, by
        permanence.cancellation_reason = "Permanence exceptionnelle retirée"
        permanence.save()


def _reopen(change: ScheduleChange) -> None:
    """Remove the closure that the change wrote; past days stay closed, and one already removed is not missed."""
    written = Closure.objects.filter(
        site=change.site, starts_on=change.starts_on, ends_on=change.ends_on, reason=change.reason
    ).last()
    if written is None:
        return
    today = change.site.today()
    if written.starts_on < today:
        written.ends_on = today - timedelta(days=1)
        written.save(update_fields=["ends_on"])
    else:
        written.delete()


def _forget_edits(revisions: list[PermanenceRevision]) -> None:
    """A date that no change holds any more is again the grid's affair."""
    pks = {revision.permanence_id for revision in revisions if revision.during_before is not None}
    still_held = PermanenceRevision.objects.filter(permanence__in=pks, change__undone_at=None)
    Permanence.objects.filter(pk__in=pks - set(still_held.values_list("permanence_id", flat=True))).exclude(
        status=PermanenceStatus.CANCELLED
    ).update(edited_at=None, edited_by=None)
