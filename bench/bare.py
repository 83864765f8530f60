"""The same rows by bare SQL, without Django: what PostgreSQL alone needs."""

from time import perf_counter

import psycopg

AVAILABILITY = (
    """
    SELECT permanence.id, permanence.during, site.time_zone, partner.name, office.label
    FROM bookings_permanence AS permanence
    JOIN partners_site AS site ON site.id = permanence.site_id
    JOIN partners_partner AS partner ON partner.id = permanence.partner_id
    JOIN partners_office AS office ON office.id = permanence.office_id
    JOIN bookings_reason_partners AS takes ON takes.partner_id = partner.id AND takes.reason_id = %(reason)s
    WHERE permanence.site_id = %(site)s AND permanence.day BETWEEN %(monday)s AND %(monday)s::date + 6
      AND permanence.status = 'planned' AND permanence.mode = 'appointment' AND permanence.orphaned_at IS NULL
    """,
    """
    SELECT appointment.permanence_id, appointment.during
    FROM bookings_appointment AS appointment
    JOIN bookings_permanence AS permanence ON permanence.id = appointment.permanence_id
    WHERE permanence.site_id = %(site)s AND permanence.day BETWEEN %(monday)s AND %(monday)s::date + 6
      AND appointment.status <> 'cancelled'
    """,
)
APPOINTMENTS = """
    SELECT appointment.id, appointment.during, appointment.status, visitor.first_name, visitor.last_name, reason.label,
           permanence.id, permanence.during, partner.short_name, partner.colour, office.label
    FROM bookings_permanence AS permanence
    JOIN partners_partner AS partner ON partner.id = permanence.partner_id
    JOIN partners_office AS office ON office.id = permanence.office_id
    LEFT JOIN bookings_appointment AS appointment ON appointment.permanence_id = permanence.id
    LEFT JOIN bookings_visitor AS visitor ON visitor.id = appointment.visitor_id
    LEFT JOIN bookings_reason AS reason ON reason.id = appointment.reason_id
    WHERE permanence.site_id = %(site)s
"""
BOARD = (APPOINTMENTS + " AND permanence.day = %(today)s",)
WEEK = (APPOINTMENTS + " AND permanence.day BETWEEN %(monday)s AND %(monday)s::date + 6",)
ONE_ROW = ("SELECT label FROM bookings_reason WHERE id = %(reason)s",)
STATEMENTS = {"one_row": ONE_ROW, "availability": AVAILABILITY, "board": BOARD, "week": WEEK}

KEEP = "SELECT id FROM bookings_permanence WHERE id = %(permanence)s FOR NO KEY UPDATE"
BOOK = """
    INSERT INTO bookings_appointment (permanence_id, site_id, partner_id, visitor_id, subject, reason_id, during,
                                      status, booked_at, booked_by_id, cancelled_for, cancellation_reason)
    SELECT id, site_id, partner_id, %(visitor)s, '', %(reason)s,
           tstzrange(%(starts_at)s, %(starts_at)s + interval '30 minutes'), 'booked', now(),
           (SELECT min(id) FROM partners_user), '', ''
    FROM bookings_permanence WHERE id = %(permanence)s
"""


def read(connection: psycopg.Connection, name: str, parameters: dict[str, object]) -> float:
    """The seconds that the statements of `name` take, rows fetched."""
    started = perf_counter()
    for statement in STATEMENTS[name]:
        connection.execute(statement, parameters).fetchall()
    return perf_counter() - started


def book(connection: psycopg.Connection, parameters: dict[str, object]) -> None:
    """One booking as the application guards it: the permanence's row, then the insertion."""
    with connection.transaction():
        connection.execute(KEEP, parameters)
        connection.execute(BOOK, parameters)
