"""The only way to blank what the journal says of a person; the lines themselves stay."""

from django.db import connection


def forget_in_audit(*, model: str, person_id: int) -> int:
    """Blank the personal values in every line about a person, and write a line that says so.

    `model` is the label of her card, « bookings.visitor », and `person_id` its number. Call it last in the transaction
    that anonymises: the changes made there are lines of the journal too. Returns the number of lines blanked.
    """
    with connection.cursor() as cursor:
        # A statement that begins with SELECT would not carry who does this (see pghistory's `context`).
        cursor.execute("WITH done AS (SELECT audit_forget(%s, %s) AS lines) SELECT lines FROM done", [model, person_id])
        return cursor.fetchone()[0]
