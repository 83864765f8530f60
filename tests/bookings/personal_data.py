"""People with everything that may be kept of them, and what of it stands anywhere in the database."""

import datetime as dt

from django.db import connection

from bookings.models import EliminationList, Visitor
from bookings.personal_data.eliminating import eliminate, rehearse
from bookings.personal_data.elimination_lists import approve_elimination, launch_elimination, propose_elimination
from partners.models import User

SECRETS = {
    "last_name": "Zzyvonne-Quidam",
    "first_name": "Philomènexx",
    "phone": "+33639981234",
    "email": "philomenexx@personne.example",
    "interpreter_language": "volapük-du-nord",
    "staff_notes": "Notesecrete de l’accueil",
    "birth_date": dt.date(1931, 7, 19),
}
WORDS = [
    *("zzyvonne", "quidam", "philomenexx", "philomènexx", "639981234", "personne.example", "volapük", "notesecrete"),
    *("1931-07-19", "19/07/1931", "19 juillet 1931", "motsecret"),
]
"""What must be found nowhere once she is anonymised; free texts about her hold « motsecret »."""


def words_left() -> list[str]:
    """Each place of the database where one of WORDS stands: every column of every table, whatever its type."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT table_schema, table_name, column_name FROM information_schema.columns
            JOIN information_schema.tables USING (table_schema, table_name)
            WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'
        """)
        columns = cursor.fetchall()
        assert len(columns) > 500
        pattern = "|".join(word.replace(".", r"\.") for word in WORDS)
        found = []
        for schema, table, column in columns:
            cursor.execute(
                f'SELECT "{column}"::text FROM "{schema}"."{table}" WHERE lower("{column}"::text) ~ %s', [pattern]
            )
            found += [f"{table}.{column}: {text[:200]}" for (text,) in cursor.fetchall()]
    return found


def approved_list(visitor: Visitor, *, by: User, approver: User) -> EliminationList:
    """A list that somebody proposed for the whole CCAS of `visitor`, rehearsed, and approved by another person."""
    elimination = propose_elimination(ccas=visitor.ccas, by=by)
    rehearse(elimination.pk)
    return approve_elimination(elimination=elimination, by=approver)


def eliminated(visitor: Visitor, *, by: User, approver: User) -> EliminationList:
    """The same, carried out."""
    elimination = approved_list(visitor, by=by, approver=approver)
    launch_elimination(elimination=elimination, number=elimination.full_number, by=by)
    eliminate(elimination.pk)
    elimination.refresh_from_db()
    return elimination
