"""One process at a time on one thing, until it is done or dies: PostgreSQL frees the lock of a dead session."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def sole_runner(what: str) -> Iterator[bool]:
    """Whether this session is the only one at work on `what`; true for nobody else until the block ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [what])
        is_ours = cursor.fetchone()[0]
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [what])
