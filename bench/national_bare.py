"""The same figures by the best SQL that we could write by hand, without Django: what PostgreSQL alone needs."""

from time import perf_counter

import psycopg

# Everything but what no sum can tell: different people and medians.
COUNTED = """
    count(*) FILTER (WHERE NOT moved.is_moved),
    count(*) FILTER (WHERE a.status = 'honoured'),
    count(*) FILTER (WHERE a.status = 'no_show'),
    count(*) FILTER (WHERE a.cancelled_for = 'visitor' AND NOT moved.is_moved),
    count(*) FILTER (WHERE a.cancelled_for = 'partner' AND NOT moved.is_moved),
    count(*) FILTER (WHERE a.cancelled_for = 'ccas' AND NOT moved.is_moved),
    count(*) FILTER (WHERE off.is_off IS FALSE AND upper(a.during) <= %(now)s),
    count(*) FILTER (WHERE off.is_off IS FALSE AND upper(a.during) > %(now)s),
    count(*) FILTER (WHERE off.is_off),
    count(*) FILTER (WHERE moved.is_moved),
    avg(extract(epoch FROM a.started_at - a.arrived_at)),
    avg(extract(epoch FROM lower(a.during) - a.booked_at)) FILTER (WHERE NOT moved.is_moved)
"""
BEFORE_PEOPLE = 12
PEOPLE = ", count(DISTINCT a.visitor_id) FILTER (WHERE a.status = 'honoured')"
MEDIANS = """,
    percentile_disc(ARRAY[0.5, 0.500000001]) WITHIN GROUP (ORDER BY extract(epoch FROM a.started_at - a.arrived_at)),
    percentile_disc(ARRAY[0.5, 0.500000001]) WITHIN GROUP (ORDER BY extract(epoch FROM lower(a.during) - a.booked_at))
        FILTER (WHERE NOT moved.is_moved)
"""
# Whether it was moved is looked up for the cancelled only, whether its permanence stands for the open ones only.
OF_APPOINTMENTS = """
    FROM bookings_appointment AS a
    CROSS JOIN LATERAL (SELECT CASE WHEN a.status = 'cancelled' THEN EXISTS (
        SELECT FROM bookings_appointment AS other WHERE other.rebooked_from_id = a.id) ELSE false END AS is_moved
        OFFSET 0) AS moved
    CROSS JOIN LATERAL (SELECT CASE WHEN a.status IN ('booked', 'arrived', 'in_progress') THEN
        a.to_replace_since IS NOT NULL OR EXISTS (
        SELECT FROM bookings_permanence AS p WHERE p.id = a.permanence_id AND p.status = 'cancelled') END AS is_off
        OFFSET 0) AS off
    WHERE ({within})
"""
VISITS = """
    SELECT count(*), sum(people), count(*) FILTER (WHERE at_computer), sum(people) FILTER (WHERE at_computer),
           count(*) FILTER (WHERE at_computer AND nature = 'support')
    FROM bookings_deskvisit AS v WHERE struck_out_at IS NULL AND ({within})
"""


def statements(
    zones: dict[str, list[int]], *, one_site: bool, of_partner: bool, people: bool, medians: bool
) -> tuple[str, str]:
    """The two statements for the spaces of `zones`, of which all are asked when `one_site` is false.

    `people` and `medians`, which no sum can tell, are counted where the figures beside tell them.

    The parameters are `site`, `partner`, `now` and, for each zone, its midnights `from_N` and `to_N` and its `sites_N`.
    """
    booked, visited = [], []
    for number in range(len(zones)):
        at = "{0}.site_id = %(site)s" if one_site else f"{{0}}.site_id = ANY(%(sites_{number})s)"
        from_, to = f"%(from_{number})s", f"%(to_{number})s"
        booked.append(
            f"{at.format('a')} AND a.during >= tstzrange({from_}, {from_} + interval '1 microsecond') "
            f"AND a.during < tstzrange({to}, {to} + interval '1 microsecond')"
        )
        visited.append(f"{at.format('v')} AND v.occurred_at >= {from_} AND v.occurred_at < {to}")
    within_booked, within_visits = " OR ".join(booked), " OR ".join(visited)
    # With the days outside of the alternatives, a partner's are looked up by the index on (partner, during).
    within_booked = (
        f"({within_booked}) AND a.during >= tstzrange(%(from)s, %(from)s + interval '1 microsecond') "
        "AND a.during < tstzrange(%(to)s, %(to)s + interval '1 microsecond')"
    )
    if of_partner:
        within_booked = f"({within_booked}) AND a.partner_id = %(partner)s"
        within_visits = f"({within_visits}) AND v.partner_id = %(partner)s"
    counted = COUNTED + (PEOPLE if people else ", NULL") + (MEDIANS if medians else "")
    return (
        f"SELECT {counted} {OF_APPOINTMENTS.format(within=within_booked)}",
        VISITS.format(within=within_visits),
    )


def read(connection: psycopg.Connection, wanted: tuple[str, str], parameters: dict[str, object]) -> tuple[float, tuple]:
    """The seconds that both take, rows fetched, and how many appointments, visits and people they counted."""
    started = perf_counter()
    booked, visits = (connection.execute(statement, parameters).fetchone() for statement in wanted)
    return perf_counter() - started, (booked[0], visits[0], booked[BEFORE_PEOPLE])
