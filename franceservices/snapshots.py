"""Several queries about one instant."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from django.db import connection, transaction

Made = TypeVar("Made")

# What was read of the snapshot under way, by what it answers.
_known: ContextVar[dict | None] = ContextVar("known", default=None)


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Queries of the block see the database at one instant, and write nothing.

    Within a transaction that is under way, where that can no longer be asked for, each sees it at its own instant.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        forgetting = _known.set({})
        try:
            yield
        finally:
            _known.reset(forgetting)


def once_in_a_snapshot(key: Hashable, make: Callable[[], Made]) -> Made:
    """What `make` reads, read once in each snapshot; each time where there is none."""
    known = _known.get()
    if known is None:
        return make()
    if key not in known:
        known[key] = make()
    return known[key]
