"""The occurrences of a convention's obligations, kept as its term and its obligations say."""

from dataclasses import dataclass

from django.db import transaction

from .duties import Occurrence, occurrences
from .models import Convention, Obligation, ObligationDue


@dataclass(frozen=True)
class Refreshed:
    """How many occurrences were made, moved and removed."""

    created: int
    changed: int
    removed: int


@transaction.atomic
def refresh_occurrences(*, convention: Convention) -> Refreshed:
    """Make the occurrences of `convention` what its obligations and its term, as stored, ask for.

    Doing it again changes nothing. One that is fulfilled or waived is history: it is neither changed nor removed, and
    nothing is asked again for days that it covers. Open ones that are asked no more go. Call it in the transaction that
    wrote the term or the obligations.
    """
    # One at a time for each convention; its row as it is now gives the term.
    convention = Convention.objects.select_for_update(no_key=True).get(pk=convention.pk)
    stored: dict[int, list[ObligationDue]] = {}
    rows = ObligationDue.objects.filter(obligation__convention=convention).order_by("pk")
    # Locked: what somebody fulfils at this moment is history once she is done.
    for due in rows.select_for_update(of=["self"]):
        stored.setdefault(due.obligation_id, []).append(due)
    created, changed, removed = [], [], []
    for obligation in convention.obligations.order_by("pk"):
        _compare(obligation, convention, stored.get(obligation.pk, []), created, changed, removed)
    ObligationDue.objects.filter(pk__in=[due.pk for due in removed]).delete()
    ObligationDue.objects.bulk_update(changed, ["period_ends_on", "due_on"])
    ObligationDue.objects.bulk_create(created)
    return Refreshed(created=len(created), changed=len(changed), removed=len(removed))


def _compare(
    obligation: Obligation,
    convention: Convention,
    stored: list[ObligationDue],
    created: list[ObligationDue],
    changed: list[ObligationDue],
    removed: list[ObligationDue],
) -> None:
    settled = [due for due in stored if due.is_settled]
    open_by_start = {due.period_starts_on: due for due in stored if not due.is_settled}
    for wanted in occurrences(
        frequency=obligation.frequency,
        due_moment=obligation.due_moment,
        starts_on=convention.starts_on,
        ends_on=convention.ends_on,
    ):
        if any(_overlap(wanted, due) for due in settled):
            continue
        due = open_by_start.pop(wanted.period_starts_on, None)
        if due is None:
            created.append(
                ObligationDue(
                    obligation=obligation,
                    period_starts_on=wanted.period_starts_on,
                    period_ends_on=wanted.period_ends_on,
                    due_on=wanted.due_on,
                )
            )
        elif (due.period_ends_on, due.due_on) != (wanted.period_ends_on, wanted.due_on):
            due.period_ends_on, due.due_on = wanted.period_ends_on, wanted.due_on
            changed.append(due)
    removed += open_by_start.values()


def _overlap(wanted: Occurrence, due: ObligationDue) -> bool:
    return wanted.period_starts_on <= due.period_ends_on and due.period_starts_on <= wanted.period_ends_on
