"""The triggers that write the journal, as operations for migrations.

All call one function of the database, `audit_record()`, made by a migration of `partners`; what differs between tables
is said by the trigger's arguments. The function runs with the rights of its owner: the application's role reads the
journal and writes nothing in it (see `docs/exploitation.md`).
"""

from django.db import migrations

TRIGGER = "audit_record"


def track(
    table: str,
    label: str,
    *,
    page_label: str = "",
    page: str = "id",
    site: str = "",
    ccas: str = "",
    person: str = "",
    personal: str = "",
    masked: str = "",
    left_out: str = "",
    once: str = "",
) -> migrations.RunSQL:
    """An operation that has every insert, update and delete of `table` recorded under `label`.

    `personal`, `masked`, `left_out` and `once` are names of columns, joined by commas; the others are as
    `tracking.reach` gives them.
    Written again with other arguments, it replaces the trigger.
    """
    arguments = (label, left_out, masked, once, personal, page_label or label, page, site, ccas, person)
    quoted = ", ".join("'" + argument.replace("'", "''") + "'" for argument in arguments)
    return migrations.RunSQL(
        f"DROP TRIGGER IF EXISTS {TRIGGER} ON {table}; CREATE TRIGGER {TRIGGER} AFTER INSERT OR UPDATE OR DELETE"
        f" ON {table} FOR EACH ROW EXECUTE FUNCTION audit_record({quoted});",
        f"DROP TRIGGER {TRIGGER} ON {table};",
    )
