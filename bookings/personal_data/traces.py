"""Where texts still name a person: every column of every table that holds text, whatever its floor.

What is found is for a human to read: it may be a namesake, or a note about a relative.
"""

import re
from collections.abc import Collection, Mapping

from django.apps import apps
from django.db import connection
from psycopg import sql

from bookings.models import Visitor
from franceservices.text import fold

MOST_FOUND = 200
# Names of colleagues and namesakes stand there rightly; the machinery of sessions and jobs holds no text of ours.
_LEFT_ASIDE = {
    ("bookings_visitor", "last_name"),
    ("bookings_visitor", "first_name"),
    ("bookings_visitor", "phone"),
    ("bookings_visitor", "email"),
    ("casefiles_slipline", "content"),
}
_TABLES_LEFT_ASIDE = {
    *("partners_user", "django_session"),
    # By far the longest: what it says of her is blanked by her number, what it says of others repeats their rows.
    "partners_auditevent",
}


def names_of(visitor: Visitor) -> list[str]:
    """Regular expressions that find this person in folded text: both orders of her name, her phone, her e-mail."""
    last, first = (re.escape(fold(name)) for name in (visitor.last_name, visitor.first_name))
    found = [rf"{last}[ ,]+{first}", rf"{first}[ ,]+{last}"] if last and first else []
    if visitor.email:
        found.append(re.escape(fold(visitor.email)))
    digits = re.sub(r"\D", "", visitor.phone)
    if digits:
        national = "0" + digits[2:] if visitor.phone.startswith("+33") else digits
        found.append(r"[ .-]?".join(national))
        found.append(rf"\+?{digits}")
    return found


def text_columns() -> list[tuple[str, str]]:
    """Table and column of all text, JSON and arrays of the application's schema, computed columns left aside."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT columns.table_name, columns.column_name
            FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
                AND (data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'ARRAY')
                    OR udt_name = 'citext')
            ORDER BY 1, 2
        """)
        return cursor.fetchall()


def traces_of(names: Mapping[int, Collection[str]]) -> list[dict[str, object]]:
    """The rows that name somebody of `names` (patterns by the number of the card), MOST_FOUND at most: one query a
    column, each a dict of `card`, `where` in French, `row` (its key) and `column`.
    """
    everybody = [pattern for patterns in names.values() for pattern in patterns]
    if not everybody:
        return []
    # Read as a whole word: « Mme Marie Ali » does not name « Marie Alix ».
    wanted = rf"(?:^|[^[:alnum:]])(?:{'|'.join(everybody)})(?![[:alnum:]])"
    models = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    found: list[dict[str, object]] = []
    for table, column in text_columns():
        if table in _TABLES_LEFT_ASIDE or (table, column) in _LEFT_ASIDE or table not in models:
            continue
        key = models[table]._meta.pk.column
        for row, text in _matching(table, column, key, wanted):
            field = next(field for field in models[table]._meta.concrete_fields if field.column == column)
            found += [
                {
                    "card": card,
                    "where": str(models[table]._meta.verbose_name),
                    "column": str(field.verbose_name),
                    "row": str(row),
                }
                for card, patterns in names.items()
                if any(re.search(rf"(?<!\w)(?:{pattern})(?!\w)", text) for pattern in patterns)
            ]
            if len(found) >= MOST_FOUND:
                return found[:MOST_FOUND]
    return found


def _matching(table: str, column: str, key: str, wanted: str) -> list[tuple[object, str]]:
    query = sql.SQL(
        "SELECT {key}, franceservices_fold({column}::text) FROM {table}"
        " WHERE franceservices_fold({column}::text) ~ %s ORDER BY {key} LIMIT {limit}"
    ).format(
        key=sql.Identifier(key),
        column=sql.Identifier(column),
        table=sql.Identifier(table),
        limit=sql.Literal(MOST_FOUND),
    )
    with connection.cursor() as cursor:
        # As text: pghistory, which gives each statement its context, reads no composed one.
        cursor.execute(query.as_string(cursor.connection), [wanted])
        return cursor.fetchall()
