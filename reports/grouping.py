"""Writes groups of rows as rows of another table, by the measures of figures, without reading them here."""

from datetime import date

from django.db import connection
from django.db.models import Model, QuerySet

from .periods import Period
from .scopes import Scope

# The measures of what is kept know no moment and no question.
ANY_SCOPE = Scope(period=Period(date(2000, 1, 1), date(2000, 1, 1)), sites=())


def insert_groups(model: type[Model], rows: QuerySet, *, by: dict[str, object], sums: dict[str, object]) -> None:
    """Add one row of `model` for each group of `rows`: its columns are those of `by` and `sums`."""
    names = {f"by_{name}": expression for name, expression in by.items()}
    sum_names = {f"sum_{name}": expression for name, expression in sums.items()}
    grouped = rows.order_by().values(**names).annotate(**sum_names).values(*names, *sum_names)
    statement, parameters = grouped.query.sql_with_params()
    columns = ", ".join(connection.ops.quote_name(name) for name in [*by, *sums])
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {model._meta.db_table} ({columns}) {statement}", parameters)
