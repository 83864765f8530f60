"""The insertion of a row that Django writes as SQL once in the life of a process, like `composed_queries`.

BOOKED = ComposedInsert(Appointment)
BOOKED.insert(appointment)
"""

from functools import cached_property

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.sql import InsertQuery

from .composed_queries import of_one_size, prepared_cursor


class ComposedInsert:
    """What `instance.save(force_insert=True)` does for a model without parents: every column is given, the key comes
    back. No signal is sent, and violated constraints are those of the database, as ever.
    """

    def __init__(self, model: type[models.Model]) -> None:
        self._model = model

    def insert(self, instance: models.Model) -> None:
        """Write the new row; `instance` then is that row, with its key."""
        connection = connections[DEFAULT_DB_ALIAS]
        values = [
            field.get_db_prep_save(field.pre_save(instance, add=True), connection=connection) for field in self._fields
        ]
        # Whoever wraps statements, as the audit does, writes one before them: only Django's own cursor takes two.
        with connection.cursor() if connection.execute_wrappers else prepared_cursor() as cursor:
            cursor.execute(self._sql, of_one_size(values))
            (instance.pk,) = cursor.fetchone()
        instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS

    @cached_property
    def _fields(self) -> list[models.Field]:
        return [field for field in self._model._meta.concrete_fields if not (field.primary_key or field.generated)]

    @cached_property
    def _sql(self) -> str:
        query = InsertQuery(self._model)
        query.insert_values(self._fields, [self._model()])
        compiler = query.get_compiler(DEFAULT_DB_ALIAS)
        compiler.returning_fields = [self._model._meta.pk]
        ((sql, parameters),) = compiler.as_sql()
        if len(parameters) != len(self._fields):
            raise TypeError(f"{self._model._meta.label} leaves a column to the database: save it instead.")
        return sql
