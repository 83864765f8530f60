"""One person's data are emptied, on every floor, in one transaction; her rows stay and are counted as before."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from bookings.models import Visitor

from .export import cards_of
from .holders import holders
from .journal_lines import forget_in_journal

DOOR = "franceservices.forgetting"
"""The setting of the transaction by which triggers know whose data are being emptied (see the migration)."""


@contextmanager
def door_open_for(visitor: Visitor) -> Iterator[None]:
    """Let the triggers pass what empties the data of `visitor`, if an approved list names her; nothing else."""
    _set_door(str(visitor.pk))
    yield
    # On an error the transaction, or its savepoint, takes the setting back by itself.
    _set_door("")


def _set_door(card: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [DOOR, card])


def forget(visitor: Visitor) -> dict[str, int]:
    """Empty everything about the person whose current card is `visitor`, which the caller has locked.

    Call it in a transaction of its own. Returns how many rows changed, by French kind; 0 is left out. Raises
    IntegrityError, from the triggers, unless an approved list names her.
    """
    cards = cards_of(visitor)
    changed: Counter[str] = Counter()
    with door_open_for(visitor):
        # From the top floor down: the card is emptied last.
        for holder in reversed(holders()):
            changed.update(holder.forget(cards))
        changed["lignes du journal"] += forget_in_journal(visitor.pk, cards)
    return {kind: count for kind, count in sorted(changed.items()) if count}
