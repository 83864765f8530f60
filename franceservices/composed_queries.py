"""Queries that Django composes once in the life of a process: on the pages that are asked for all day long, writing a
query takes it longer than PostgreSQL needs to answer.

    IN_A_DAY = ComposedQuery(lambda: Permanence.objects.filter(day=Given("day")).values_list("pk", "during"))
    IN_A_DAY.rows(day=today)
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import get_related_populators


class Given(models.Value):
    """The place of a value in a composed query; each run names what stands there.

    Only where the value is compared as it is (`exact`, `gt`, `range`…): a lookup that rewrites its operand (`contains`)
    would rewrite the place instead.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)

    def as_sql(self, compiler: object, connection: object) -> tuple[str, list["Given"]]:
        return "%s", [self]


class IsAnyOf(models.Func):
    """`IsAnyOf("site_id", Given("sites"))`: what `site__in` is for a list that each run gives."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = models.BooleanField()
    arity = 2


@dataclass(frozen=True)
class _Wording:
    """A queryset as SQL ("" when nothing can ever be found), the values that it holds itself, what its columns are."""

    sql: str
    parameters: tuple[object, ...]
    select: list
    klass_info: dict | None
    annotations: dict[str, int]

    def counted(self) -> "_Wording":
        return replace(self, sql=f"SELECT COUNT(*) FROM ({self.sql}) AS counted") if self.sql else self

    def filled(self, given: dict[str, object]) -> tuple[str, list[object]]:
        return self.sql, [given[value.value] if isinstance(value, Given) else value for value in self.parameters]

    def instances_of(self, rows: list[tuple]) -> list[models.Model]:
        if not rows:
            return []
        fields = self.klass_info["select_fields"]
        first, last = fields[0], fields[-1] + 1
        names = [column[0].target.attname for column in self.select[first:last]]
        populators = get_related_populators(self.klass_info, self.select, DEFAULT_DB_ALIAS)
        found = []
        for row in rows:
            instance = self.klass_info["model"].from_db(DEFAULT_DB_ALIAS, names, row[first:last])
            for populator in populators:
                populator.populate(row, instance)
            for name, position in self.annotations.items():
                setattr(instance, name, row[position])
            found.append(instance)
        return found


class ComposedQuery:
    """A queryset, written as SQL on its first run and only filled in afterwards.

    Each run gives the value of each `Given` by name: a number, a text, a date, an aware moment, a range of psycopg.
    """

    def __init__(self, compose: Callable[[], models.QuerySet]) -> None:
        self._compose = compose
        self._composed: _Wording | None = None

    def rows(self, **given: object) -> list[tuple]:
        """The rows of `values_list` as PostgreSQL gives them: no field converts its value, moments are in UTC."""
        return _fetched(self._wording(), given)

    def count(self, **given: object) -> int:
        """How many rows there are."""
        rows = _fetched(self._wording().counted(), given)
        return rows[0][0] if rows else 0

    def instances(self, **given: object) -> list[models.Model]:
        """The objects of a queryset of a model, with its annotations and those that it selects as related."""
        wording = self._wording()
        return wording.instances_of(_fetched(wording, given))

    def _wording(self) -> _Wording:
        if self._composed is None:  # Two threads may both write it: they write the same.
            self._composed = self._write()
        return self._composed

    def _write(self) -> _Wording:
        compiler = self._compose().query.get_compiler(DEFAULT_DB_ALIAS)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:  # What is `visible_to` somebody who sees nothing.
            return _Wording("", (), [], None, {})
        return _Wording(sql, tuple(parameters), compiler.select, compiler.klass_info, compiler.annotation_col_map or {})


def _fetched(wording: _Wording, given: dict[str, object]) -> list[tuple]:
    if not wording.sql:
        return []
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(*wording.filled(given))
        return cursor.fetchall()


class RoundTrip:
    """Several queries in one round trip: all that were asked are sent when the first answer is read.

    trip = RoundTrip()
    permanences, visits = trip.ask(PERMANENCES, day=today), trip.ask(VISITS, day=today)
    permanences.rows()
    """

    def __init__(self) -> None:
        self._pending: list[Answer] = []

    def ask(self, query: ComposedQuery, **given: object) -> "Answer":
        """The rows, or the instances, that `query` will give."""
        return self._asked(query._wording(), given)

    def ask_count(self, query: ComposedQuery, **given: object) -> "Answer":
        """How many rows there will be."""
        return self._asked(query._wording().counted(), given)

    def _asked(self, wording: _Wording, given: dict[str, object]) -> "Answer":
        answer = Answer(self, wording, given)
        if wording.sql:
            self._pending.append(answer)
        else:
            answer.found = []
        return answer

    def go(self) -> None:
        """Send what was asked since the last trip."""
        asked, self._pending = self._pending, []
        connection = connections[DEFAULT_DB_ALIAS]
        connection.ensure_connection()
        with contextlib.ExitStack() as use:
            use.enter_context(connection.connection.pipeline())
            cursors = []
            for answer in asked:
                cursors.append(use.enter_context(connection.cursor()))
                cursors[-1].execute(*answer.wording.filled(answer.given))
            for answer, cursor in zip(asked, cursors, strict=True):
                answer.found = cursor.fetchall()


@dataclass
class Answer:
    """What one query of a `RoundTrip` gives."""

    trip: RoundTrip
    wording: _Wording
    given: dict[str, object]
    found: list[tuple] | None = None

    def rows(self) -> list[tuple]:
        """As `ComposedQuery.rows`."""
        if self.found is None:
            self.trip.go()
        return self.found

    def count(self) -> int:
        """As `ComposedQuery.count`."""
        rows = self.rows()
        return rows[0][0] if rows else 0

    def instances(self) -> list[models.Model]:
        """As `ComposedQuery.instances`."""
        return self.wording.instances_of(self.rows())
