"""The rights of the role that the application signs in to PostgreSQL with: all rows, but the journal only to read.

The tables belong to another role, the one that runs the migrations: an owner could take the triggers away.
"""

from django.db import connection, transaction
from psycopg import sql

JOURNAL = "partners_auditevent"
ROWS = sql.SQL("SELECT, INSERT, UPDATE, DELETE")
# Called by the application itself; they write in the journal with the rights of their owner, and only add to it.
CALLED = (
    "audit_note_reading(text, bigint, bigint, bigint, bigint, bigint, text, text, integer)",
    "audit_forget(text, bigint)",
)
KEPT_BACK = ("audit_purge(timestamptz)", "audit_record()", "audit_reach(text, jsonb)")


class RoleRefused(Exception):
    """A sentence in French that says why nothing was granted."""


@transaction.atomic
def grant_application_role(name: str) -> None:
    """Give the role `name`, which must exist, what the application needs; again after each migration.

    Raises RoleRefused, and changes nothing, when the journal would not be out of its reach.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [name])
        found = cursor.fetchone()
        if found is None:
            raise RoleRefused(
                f"Le rôle « {name} » n’existe pas. Créez-le d’abord\u00a0: CREATE ROLE … LOGIN PASSWORD …"
            )
        if found[0]:
            raise RoleRefused(f"Le rôle « {name} » est superutilisateur\u00a0: rien ne lui est interdit.")
        for statement in _statements(name):
            cursor.execute(statement)
        cursor.execute(
            "SELECT privilege FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) privilege"
            " WHERE has_table_privilege(%s, %s, privilege)",
            [name, JOURNAL],
        )
        left = [row[0] for row in cursor.fetchall()]
    if left:
        raise RoleRefused(
            f"Le rôle « {name} » garde sur le journal\u00a0: {', '.join(left)}. Il en est propriétaire, ou membre d’un"
            " rôle qui l’est."
        )


def _statements(name: str) -> list[sql.Composed]:
    role, database = sql.Identifier(name), sql.Identifier(connection.settings_dict["NAME"])
    journal, schema = sql.Identifier(JOURNAL), sql.SQL("IN SCHEMA public")
    called, kept = (sql.SQL(", ").join(map(sql.SQL, functions)) for functions in (CALLED, KEPT_BACK))
    return [
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, role),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role),
        sql.SQL("GRANT {} ON ALL TABLES {} TO {}").format(ROWS, schema, role),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES {} TO {}").format(schema, role),
        # Tables that a later migration makes.
        sql.SQL("ALTER DEFAULT PRIVILEGES {} GRANT {} ON TABLES TO {}").format(schema, ROWS, role),
        sql.SQL("ALTER DEFAULT PRIVILEGES {} GRANT USAGE, SELECT ON SEQUENCES TO {}").format(schema, role),
        sql.SQL("REVOKE ALL ON {} FROM PUBLIC, {}").format(journal, role),
        sql.SQL("GRANT SELECT ON {} TO {}").format(journal, role),
        sql.SQL("REVOKE ALL ON SEQUENCE {} FROM {}").format(sql.Identifier(f"{JOURNAL}_id_seq"), role),
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}").format(role),
        # A restoration makes functions that everybody may call.
        sql.SQL("REVOKE EXECUTE ON FUNCTION {}, {} FROM PUBLIC, {}").format(called, kept, role),
        sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(called, role),
    ]
