"""Races with real threads and real connections, for the tests of what must happen exactly once."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.db import connection, connections
from django.db.models import Model, QuerySet

from franceservices.composed_queries import ComposedQuery
from franceservices.errors import DomainError


@dataclass
class Outcome:
    """What one round gave: how many went through, the sentences of those refused, and what should not happen."""

    done: int = 0
    refusals: list[str] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    slowest_seconds: float = 0.0


def race(actions: Sequence[Callable[[], object]], *, refused_by: type[DomainError] = DomainError) -> Outcome:
    """One round: a thread for each of `actions`, each on its own open connection, let go at the same moment."""
    gate, outcome, guard = threading.Barrier(len(actions)), Outcome(), threading.Lock()

    def client(action: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            gate.wait()
            began = time.monotonic()
            try:
                action()
                refusal = None
            except refused_by as error:
                refusal = error.message
            took = time.monotonic() - began
            with guard:
                outcome.slowest_seconds = max(outcome.slowest_seconds, took)
                if refusal is None:
                    outcome.done += 1
                else:
                    outcome.refusals.append(refusal)
        except BaseException as fault:  # noqa: BLE001  (whatever a thread met is told to the test)
            outcome.faults.append(fault)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        list(pool.map(client, actions))
    return outcome


def deadlocks() -> int:
    """How many deadlocks PostgreSQL has reported in this database since its statistics were reset."""
    with connection.cursor() as cursor:
        # Sessions publish their counts as they end; force ours and read a fresh snapshot.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def overlapping_pairs(spans: Sequence) -> int:
    """How many pairs of these ranges have time in common."""
    ordered = sorted(spans, key=lambda span: span.lower)
    return sum(earlier.upper > later.lower for index, earlier in enumerate(ordered) for later in ordered[index + 1 :])


@contextmanager
def without_guards(monkeypatch: pytest.MonkeyPatch, model: type[Model], name: str) -> Iterator[None]:
    """Neither row locks nor the constraint `name` of `model`, so that a control shows what they prevent.

    The rows of `model` are deleted at the end: what doubled would not let the constraint come back.
    """
    monkeypatch.setattr(QuerySet, "select_for_update", lambda queryset, **options: queryset.all())
    monkeypatch.setattr(ComposedQuery, "_wording", ComposedQuery._write)  # Composed anew, without the lock.
    constraint = next(constraint for constraint in model._meta.constraints if constraint.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        model.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(model, constraint)
