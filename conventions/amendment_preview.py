"""What an avenant would do, told by doing it in a transaction that is rolled back: always true, nothing kept.

The floors above answer as they will when it is put in force (see `grid.py`). Waiting for rooms that somebody else holds
is cut short: a page is not worth a queue.
"""

from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from franceservices.errors import DomainError
from partners.models import User

from .amendments import put_in_force
from .grid import DisplacedPeople, grid_changed
from .models import Amendment

LOCK_TIMEOUT = "2s"


@dataclass(frozen=True)
class GridEffect:
    """What one floor above would do: a sentence, what would be left to do by hand, and who would have to be moved."""

    summary: str
    details: tuple[str, ...]
    displaced: DisplacedPeople


@dataclass(frozen=True)
class AmendmentPreview:
    """What putting an avenant in force would do to dates and people; `refusal` says why it would be refused."""

    effects: tuple[GridEffect, ...]
    refusal: str = ""

    @property
    def displaced_count(self) -> int:
        return sum(effect.displaced.count for effect in self.effects)

    @property
    def hidden_count(self) -> int:
        """How many of the displaced people the reader may not see by name."""
        return sum(effect.displaced.count - len(effect.displaced.lines) for effect in self.effects)


def preview_of(*, amendment: Amendment, reader: User) -> AmendmentPreview:
    """What would follow if `reader` put `amendment` in force now; nothing is kept.

    What was waiting to be done already, whatever the avenant, is not told again.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            waiting = _told(grid_changed(convention=amendment.convention), reader)
            effects = _told(put_in_force(amendment=amendment, by=reader), reader)
            transaction.set_rollback(True)
    except DomainError as refusal:
        return AmendmentPreview((), refusal.message)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return AmendmentPreview(
            (), "Quelqu’un modifie le planning de cet espace en ce moment. Rechargez la page dans un instant."
        )
    return AmendmentPreview(tuple(_new_in(now, before) for now, before in zip(effects, waiting, strict=True)))


def _told(answers, reader: User) -> list[GridEffect]:
    return [
        GridEffect(answer.summary(), tuple(answer.details()), answer.displaced(reader=reader)) for answer in answers
    ]


def _new_in(now: GridEffect, before: GridEffect) -> GridEffect:
    already = set(before.displaced.lines)
    return GridEffect(
        summary=now.summary,
        details=tuple(line for line in now.details if line not in before.details),
        displaced=DisplacedPeople(
            count=max(0, now.displaced.count - before.displaced.count),
            lines=tuple(line for line in now.displaced.lines if line not in already),
        ),
    )
