"""Queries that Django composes once in the life of a process: on the pages that are asked for all day long, writing a
query takes it longer than PostgreSQL needs to answer.

    IN_A_DAY = ComposedQuery(lambda: Permanence.objects.filter(day=Given("day")).values_list("pk", "during"))
    IN_A_DAY.rows(day=today)
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models.query import RelatedPopulator, get_related_populators
from psycopg import sql as written
from psycopg.types.numeric import Int8


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
    is_prepared: bool = False

    def counted(self) -> "_Wording":
        return replace(self, sql=f"SELECT COUNT(*) FROM ({self.sql}) AS counted") if self.sql else self

    def filled(self, given: dict[str, object]) -> tuple[str, list[object]]:
        values = [given[value.value] if isinstance(value, Given) else value for value in self.parameters]
        return self.sql, of_one_size(values) if self.is_prepared else values

    def prepared(self) -> "_Wording":
        """With the values that never change written out: PostgreSQL then sees which partial index answers."""
        connection = connections[DEFAULT_DB_ALIAS]
        places = ["%s" if isinstance(value, Given) else _literal(value, connection) for value in self.parameters]
        parts = self.sql.split("%s")
        sql = parts[0] + "".join(place + part for place, part in zip(places, parts[1:], strict=True))
        given = tuple(value for value in self.parameters if isinstance(value, Given))
        return replace(self, sql=sql, parameters=given, is_prepared=True)

    def cursor(self) -> CursorWrapper:
        return prepared_cursor() if self.is_prepared else connections[DEFAULT_DB_ALIAS].cursor()

    def instances_of(self, rows: list[tuple]) -> list[models.Model]:
        if not rows:
            return []
        fields = self.klass_info["select_fields"]
        first, last = fields[0], fields[-1] + 1
        found = []
        for row in rows:
            instance = self.klass_info["model"].from_db(DEFAULT_DB_ALIAS, self._names, row[first:last])
            for populator in self._populators:
                populator.populate(row, instance)
            for name, position in self.annotations.items():
                setattr(instance, name, row[position])
            found.append(instance)
        return found

    @cached_property
    def _names(self) -> list[str]:
        fields = self.klass_info["select_fields"]
        return [column[0].target.attname for column in self.select[fields[0] : fields[-1] + 1]]

    @cached_property
    def _populators(self) -> list[RelatedPopulator]:
        """What makes the objects of the related models that were selected too."""
        return get_related_populators(self.klass_info, self.select, DEFAULT_DB_ALIAS)


class ComposedQuery:
    """A queryset, written as SQL on its first run and only filled in afterwards.

    Each run gives the value of each `Given` by name: a number, a text, a date, an aware moment, a range of psycopg.
    With `prepared`, PostgreSQL plans it once a connection too, whatever the values: for rows found by their keys.
    """

    def __init__(self, compose: Callable[[], models.QuerySet], *, prepared: bool = False) -> None:
        self._compose = compose
        self._is_prepared = prepared
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
        wording = _Wording(
            sql, tuple(parameters), compiler.select, compiler.klass_info, compiler.annotation_col_map or {}
        )
        return wording.prepared() if self._is_prepared else wording


def _fetched(wording: _Wording, given: dict[str, object]) -> list[tuple]:
    if not wording.sql:
        return []
    with wording.cursor() as cursor:
        cursor.execute(*wording.filled(given))
        return cursor.fetchall()


def prepared_cursor() -> CursorWrapper:
    """A cursor that hands values over beside the text, which PostgreSQL may then prepare (`prepare_threshold`); where
    queries are logged, Django's own, whose log tells the values.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.queries_logged:
        return connection.cursor()
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    return connection.make_cursor(ServerBindingCursor(connection.connection))


def of_one_size(values: list[object]) -> list[object]:
    """With small and large numbers of one type: a statement is prepared for each list of types that it meets."""
    return [Int8(value) if type(value) is int else value for value in values]


def _literal(value: object, connection: BaseDatabaseWrapper) -> str:
    connection.ensure_connection()
    return written.Literal(value).as_string(connection.connection).replace("%", "%%")


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
            use.enter_context(_unwrapped(connection))
            use.enter_context(connection.connection.pipeline())
            cursors = []
            for answer in asked:
                cursors.append(use.enter_context(answer.wording.cursor()))
                cursors[-1].execute(*answer.wording.filled(answer.given))
            for answer, cursor in zip(asked, cursors, strict=True):
                answer.found = cursor.fetchall()


@contextlib.contextmanager
def _unwrapped(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without the wrappers of statements: the audit's, which says who writes, would wait for each answer in turn."""
    wrappers, connection.execute_wrappers = connection.execute_wrappers, []
    try:
        yield
    finally:
        connection.execute_wrappers = wrappers


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
