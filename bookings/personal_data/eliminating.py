"""What the worker does with a list: try it out and write nothing, or empty the data of each person in a transaction.

A list that is launched has lost its worker when nobody holds its lock: the sweep of each minute gives it to another,
which goes on with the people who are left.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from bookings.models import EliminationBasis, EliminationLine, EliminationList, EliminationState, Visitor
from franceservices.sole_runner import sole_runner

from .export import cards_of
from .forgetting import forget
from .journal import write_journal
from .queueing import ELIMINATE, REHEARSE, defer_elimination, defer_rehearsal
from .retention import hindrances_of, last_contacts
from .technical_accounts import Part, technical_account
from .traces import names_of, traces_of

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 5
LOST_AFTER = timedelta(minutes=2)


def rehearse(list_id: int) -> None:
    """Do everything that the list announces, count it, find who is still named elsewhere, and take it all back."""
    with sole_runner(f"bookings.elimination:{list_id}") as is_ours:
        elimination = EliminationList.objects.filter(pk=list_id).select_related("ccas").first() if is_ours else None
        if elimination is None or elimination.state != EliminationState.PROPOSED:
            return
        EliminationList.objects.filter(pk=list_id).update(attempts=F("attempts") + 1)
        lines, traces = _tried(elimination)
        _write_rehearsal(elimination, lines, traces)


def _tried(elimination: EliminationList) -> tuple[list[EliminationLine], list[dict[str, object]]]:
    """The lines with what they would empty or why they would not, and the traces left; nothing is kept of the try."""
    with transaction.atomic():
        # The door opens for approved lists only, and this one is approved only as long as the try lasts.
        EliminationList.objects.filter(pk=elimination.pk).update(
            rehearsed_at=timezone.now(),
            approved_at=timezone.now(),
            approved_by=technical_account(elimination.ccas, Part.APPROVING),
        )
        lines = list(elimination.lines.filter(kept_because="").select_related("visitor", "list"))
        names = {line.visitor_id: names_of(line.visitor) for line in lines}
        for line in lines:
            _forget_or_keep(line)
        gone = {line.visitor_id: names[line.visitor_id] for line in lines if line.done_at is not None}
        traces = traces_of(gone)
        transaction.set_rollback(True)
    return lines, traces


@transaction.atomic
def _write_rehearsal(
    elimination: EliminationList, lines: Iterable[EliminationLine], traces: list[dict[str, object]]
) -> None:
    locked = EliminationList.objects.select_for_update(no_key=True).get(pk=elimination.pk)
    if locked.state != EliminationState.PROPOSED:
        return
    for line in lines:
        # A person whom somebody took out of the list meanwhile stays out.
        EliminationLine.objects.filter(pk=line.pk, kept_because="").update(
            counts=line.emptied, kept_because=line.kept_because
        )
    locked.rehearsed_at, locked.traces, locked.attempts = timezone.now(), traces, 0
    locked.save(update_fields=["rehearsed_at", "traces", "attempts"])


def eliminate(list_id: int) -> None:
    """Empty the data of the people of a launched list who are left; each is done for good or not at all."""
    with sole_runner(f"bookings.elimination:{list_id}") as is_ours:
        elimination = _claimed(list_id) if is_ours else None
        if elimination is None:
            return
        pending = elimination.lines.filter(done_at=None, kept_because="").order_by("position")
        for line_id in list(pending.values_list("pk", flat=True)):
            forget_line(line_id)
        # Written before the list is over: whoever takes over writes it again, the same.
        write_journal(elimination)
        EliminationList.objects.filter(pk=list_id, finished_at=None).update(finished_at=timezone.now())
        logger.info("elimination list %s carried out", elimination.pk)


@transaction.atomic
def _claimed(list_id: int) -> EliminationList | None:
    elimination = EliminationList.objects.select_for_update(no_key=True).filter(pk=list_id).first()
    if elimination is None or elimination.state != EliminationState.LAUNCHED or elimination.attempts >= MOST_ATTEMPTS:
        return None
    elimination.attempts += 1
    elimination.save(update_fields=["attempts"])
    return elimination


@transaction.atomic
def forget_line(line_id: int, *, again: bool = False) -> EliminationLine:
    """One person of a list, in one transaction. `again` is after a restoration: it was approved and done once, and
    nothing that the older data say keeps her now.
    """
    line = EliminationLine.objects.select_for_update(no_key=True, of=["self"]).select_related("list").get(pk=line_id)
    if line.done_at is None and not line.kept_because:
        _forget_or_keep(line, again=again)
        line.save(update_fields=["done_at", "emptied", "kept_because"])
    return line


def _forget_or_keep(line: EliminationLine, *, again: bool = False) -> None:
    """Empty her data and note it on the line, unsaved; or note why not."""
    # Locked like a merge does, then read: what a colleague wrote while we waited is seen.
    list(
        Visitor.objects.filter(pk__in=cards_of(line.visitor))
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk", flat=True)
    )
    visitor = line.visitor = Visitor.objects.get(pk=line.visitor_id)
    why = _why_kept(line, visitor, again=again)
    if why:
        line.kept_because = why[:200]
        return
    line.emptied, line.done_at = forget(visitor), timezone.now()


def _why_kept(line: EliminationLine, visitor: Visitor, *, again: bool) -> str:
    if visitor.anonymised_at is not None:
        return "Déjà anonymisée."
    if visitor.merged_into_id is not None:
        return "Sa fiche a été fusionnée avec une autre depuis la proposition."
    if again:
        return ""
    kept = hindrances_of(visitor)
    if kept:
        return f"À la date de l’élimination\u00a0: {', '.join(kept)}."
    is_by_term = line.list.basis == EliminationBasis.RETENTION
    if is_by_term and last_contacts([visitor])[visitor.pk] > line.list.proposed_at:
        return "Un contact a eu lieu depuis la proposition."
    return ""


@transaction.atomic
def sweep_eliminations() -> int:
    """Ask again for the lists whose job was lost with its worker; return how many. Safe to run at any moment."""
    waiting = ProcrastinateJob.objects.filter(task_name__in=[ELIMINATE, REHEARSE], status="todo")
    with_a_job = set(waiting.values_list("args__list_id", flat=True))
    lists = EliminationList.objects.open().filter(attempts__lt=MOST_ATTEMPTS).exclude(pk__in=with_a_job)
    launched = lists.filter(launched_at__isnull=False)
    to_rehearse = lists.filter(Q(attempts__gt=0) | Q(proposed_at__lte=timezone.now() - LOST_AFTER), rehearsed_at=None)
    lost = 0
    for found, defer in ((launched, defer_elimination), (to_rehearse, defer_rehearsal)):
        for list_id in found.values_list("pk", flat=True):
            defer(list_id)
            lost += 1
    return lost
