"""What the audit's journal says of a person, blanked: her own lines, and those that a merge wrote as another's."""

from collections.abc import Collection, Sequence

from django.db import connection
from django.db.models import Max, Min

from bookings.models import Visitor, VisitorMerge
from partners.audit.forgetting import forget_in_audit
from partners.audit.tracking import TRACKED
from partners.models import AuditAction, AuditEvent

from .holders import holders

_CARD = Visitor._meta.label_lower


def forget_in_journal(card: int, cards: Collection[int]) -> int:
    """Blank all lines about the person of `cards`, whose door is open under the number `card`; how many were.

    Call it last: the changes that anonymise her are lines of the journal too, with the values that were there before.
    """
    blanked = sum(forget_in_audit(model=_CARD, person_id=number) for number in cards)
    undone = VisitorMerge.objects.exclude(undone_at=None)
    joined = list(undone.filter(merged__in=cards).exclude(kept__in=cards))
    if joined or undone.filter(kept__in=cards).exists():
        for told in (told for holder in holders() for told in holder.told if told.model._meta.label_lower in TRACKED):
            rows = list(told.rows(cards).values_list("pk", flat=True))
            blanked += _blanked(card, told.model._meta.label_lower, rows)
    for merge in joined:
        # Since the merge, the other card held her facts too: what is said of it is blanked from then on.
        blanked += _blanked(card, _CARD, [merge.kept_id], since=_last_before(merge))
    return blanked


def _last_before(merge: VisitorMerge) -> int:
    """The line by which the merge was written on the card that it kept: the last one before its own."""
    lines = AuditEvent.objects.filter(model=VisitorMerge._meta.label_lower, object_id=merge.pk)
    made = lines.filter(action=AuditAction.INSERT).aggregate(first=Min("pk"))["first"] or 0
    about_card = AuditEvent.objects.filter(model=_CARD, object_id=merge.kept_id, pk__lt=made)
    return about_card.aggregate(last=Max("pk"))["last"] or 0


def _blanked(card: int, model: str, rows: Sequence[int], *, since: int = 0) -> int:
    with connection.cursor() as cursor:
        # Not a SELECT at its beginning: pghistory gives its context to statements that write.
        cursor.execute(
            "WITH done AS (SELECT bookings_forget_in_journal(%s, %s, %s, %s) AS lines) SELECT lines FROM done",
            [card, model, list(rows), since],
        )
        return cursor.fetchone()[0]
