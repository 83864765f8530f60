"""The rows of a whole country, written by SQL in bulk, and all constraints checked.

Each space opens on the days from Monday to Friday: two offices hold a permanence in the morning and one in the
afternoon, of a partner that depends on the weekday, with about thirty appointments in all, and a number of walk-ins.
What became of each depends on its number, so that the same options make the same rows.
"""

from datetime import date
from itertools import groupby
from operator import itemgetter

from django.db import connection, transaction

from bookings.models import DeskReason, Reason
from partners.models import Ccas, Office, Partner, PartnerColour, Role, Site, SiteTimeZone, User

# Somebody comes about ten times a year to a space.
OFFICES, VISITORS = 2, 600
PARTNERS = (
    *("CAF", "CPAM", "France Travail", "DGFiP", "Carsat", "MSA"),
    *("Point-justice", "Mission locale", "CGSS", "Adil", "La Poste", "Préfecture"),
)
REASONS = 12
OVERSEAS = [zone for zone in SiteTimeZone.values if zone != SiteTimeZone.PARIS]
# Of so many spaces one is overseas, each in its zone.
ONE_OVERSEAS_OF = 25
LOADED = ("bookings_permanence", "bookings_appointment", "bookings_deskvisit", "bookings_visitor")

VISITORS_SQL = """
INSERT INTO bookings_visitor (ccas_id, last_name, first_name, phone, email, interpreter_language,
                              needs_wheelchair_access, phone_only, staff_notes, email_consent, sms_consent, created_at)
SELECT site.ccas_id, 'Usager ' || n, 'Prénom', '', '', '', false, false, '', false, false, now()
FROM partners_site AS site CROSS JOIN generate_series(1, %(visitors)s) AS n ORDER BY site.id, n
"""
PERMANENCES = """
INSERT INTO bookings_permanence (site_id, partner_id, office_id, origin, day, during, audience, mode, status,
                                 cancellation_reason, purpose)
SELECT site.id,
       (%(partners)s::bigint[])[1 + (site.number * 5 + extract(isodow FROM day)::int * 4 + office.number * 2
                                     + half.number) %% cardinality(%(partners)s::bigint[])],
       office.id, 'weekly', day,
       tstzrange((day + half.starts) AT TIME ZONE site.time_zone, (day + half.ends) AT TIME ZONE site.time_zone),
       'public', 'appointment', 'planned', '', ''
FROM (SELECT id, time_zone, row_number() OVER (ORDER BY id) - 1 AS number FROM partners_site) AS site
JOIN (SELECT id, site_id, row_number() OVER (PARTITION BY site_id ORDER BY id) - 1 AS number FROM partners_office)
  AS office ON office.site_id = site.id
CROSS JOIN (SELECT moment::date AS day FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS moment
            WHERE extract(isodow FROM moment) < 6) AS days
CROSS JOIN (VALUES (0, time '08:30', time '12:30'), (1, time '13:30', time '17:30')) AS half(number, starts, ends)
ORDER BY day, site.id
"""
# Of a thousand: 780 received, 80 absent, 90 excused, 20 given up by the partner and 10 by the CCAS, 10 moved to the
# next half-hour, 10 of which nobody noted what became. One in twenty is a social worker's.
APPOINTMENTS = """
INSERT INTO bookings_appointment (id, permanence_id, site_id, partner_id, visitor_id, social_worker_id, subject,
                                  reason_id, during, status, booked_at, booked_by_id, arrived_at, arrived_by_id,
                                  started_at, started_by_id, finished_at, finished_by_id, absent_at, absent_by_id,
                                  cancelled_at, cancelled_by_id, cancelled_for, cancellation_reason, rebooked_from_id)
SELECT kept.id, permanence.id, permanence.site_id, permanence.partner_id,
       CASE WHEN kept.id %% 20 > 0 THEN %(visitor)s + site.number * %(visitors)s
            + (hashint8(kept.id) & 2147483647) %% %(visitors)s END,
       CASE WHEN kept.id %% 20 = 0 THEN %(user)s::bigint END, '',
       (%(reasons)s::bigint[])[1 + (permanence.partner_id + kept.id * 17 %% 4) %% cardinality(%(reasons)s::bigint[])],
       tstzrange(kept.starts, kept.starts + interval '30 minutes'),
       CASE WHEN luck < 780 THEN 'honoured' WHEN luck < 860 THEN 'no_show' WHEN luck < 990 THEN 'cancelled'
            ELSE 'booked' END,
       kept.starts - (1 + kept.id %% 21) * interval '1 day' - (kept.id %% 600) * interval '1 minute', %(user)s,
       CASE WHEN luck < 780 THEN kept.starts - (luck %% 11) * interval '61 seconds' END,
       CASE WHEN luck < 780 THEN %(user)s::bigint END,
       CASE WHEN luck < 780 THEN kept.starts + (luck %% 7) * interval '47 seconds' END,
       CASE WHEN luck < 780 THEN %(user)s::bigint END,
       CASE WHEN luck < 780 THEN kept.starts + interval '25 minutes' END,
       CASE WHEN luck < 780 THEN %(user)s::bigint END,
       CASE WHEN luck BETWEEN 780 AND 859 THEN kept.starts END,
       CASE WHEN luck BETWEEN 780 AND 859 THEN %(user)s::bigint END,
       CASE WHEN luck BETWEEN 860 AND 989 THEN kept.starts - interval '1 day' END,
       CASE WHEN luck BETWEEN 860 AND 989 THEN %(user)s::bigint END,
       CASE WHEN luck BETWEEN 860 AND 949 OR luck BETWEEN 980 AND 989 THEN 'visitor'
            WHEN luck BETWEEN 950 AND 969 THEN 'partner' WHEN luck BETWEEN 970 AND 979 THEN 'ccas' ELSE '' END, '',
       CASE WHEN place > 0 AND (kept.id - 1) * 7919 %% 1000 BETWEEN 980 AND 989 AND (kept.id - 1) %% 16 < 15
            THEN kept.id - 1 END
FROM bookings_permanence AS permanence
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM partners_site) AS site
  ON site.id = permanence.site_id
CROSS JOIN generate_series(0, 7) AS place
CROSS JOIN LATERAL (SELECT permanence.id * 8 + place AS id,
                           lower(permanence.during) + place * interval '30 minutes' AS starts) AS kept
CROSS JOIN LATERAL (SELECT kept.id * 7919 %% 1000 AS luck) AS drawn
WHERE kept.id %% 16 < 15
"""
VISITS = """
INSERT INTO bookings_deskvisit (site_id, occurred_at, reason_id, partner_id, people, nature, channel, duration,
                                at_computer, noted_at, noted_by_id)
SELECT site.id, kept.moment, (%(desk_reasons)s::bigint[])[1 + luck %% cardinality(%(desk_reasons)s::bigint[])],
       CASE WHEN luck %% 3 > 0 THEN (%(partners)s::bigint[])[1 + luck %% cardinality(%(partners)s::bigint[])] END,
       1 + (luck %% 5 = 0)::int, (ARRAY['information', 'support', 'referral'])[1 + luck / 7 %% 3],
       (ARRAY['on_site', 'on_site', 'phone', 'email'])[1 + luck / 3 %% 4],
       (ARRAY['under_5', 'from_5_to_15', 'from_15_to_30', 'over_30'])[1 + luck / 11 %% 4],
       luck %% 6 = 0, kept.moment, %(user)s
FROM (SELECT id, time_zone, row_number() OVER (ORDER BY id) - 1 AS number FROM partners_site) AS site
CROSS JOIN (SELECT moment::date AS day FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS moment
            WHERE extract(isodow FROM moment) < 6) AS days
CROSS JOIN generate_series(1, %(visits)s) AS n
CROSS JOIN LATERAL (SELECT ((site.number * 31 + (day - date '2000-01-01') * 17 + n * 7919) %% 9973)::int AS luck,
                           (day + time '08:30' + n * interval '29 minutes') AT TIME ZONE site.time_zone AS moment)
  AS kept
ORDER BY day, site.id
"""
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = ANY(%(tables)s::regclass[]) AND contype IN ('f', 'x', 'c')
ORDER BY conrelid, contype, conname
"""
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(%(tables)s::regclass[]) AND NOT indisunique AND NOT indisexclusion
"""


def fill(*, sites: int, first: date, last: date, visits_a_day: int) -> None:
    """Write all rows of the days `[first, last]` into an empty database.

    Indexes and constraints are taken away meanwhile and made again: the database checks all rows at once.
    """
    user = _places(sites)
    reasons = Reason.objects.bulk_create(
        Reason(label=f"Démarche {number}", slug=f"demarche-{number}", duration_minutes=30) for number in range(REASONS)
    )
    desk_reasons = DeskReason.objects.bulk_create(
        DeskReason(label=f"Passage {number}", slug=f"passage-{number}", position=number) for number in range(REASONS)
    )
    shared = {
        "partners": list(Partner.objects.order_by("pk").values_list("pk", flat=True)),
        "reasons": [reason.pk for reason in reasons],
        "desk_reasons": [reason.pk for reason in desk_reasons],
        "user": user.pk,
        "first": first,
        "last": last,
        "visitors": VISITORS,
        "visits": visits_a_day,
    }
    tables = {"tables": list(LOADED)}
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '128MB'")
        cursor.execute(CONSTRAINTS, tables)
        constraints = cursor.fetchall()
        cursor.execute(INDEXES, tables)
        indexes = cursor.fetchall()
        with transaction.atomic():
            for table, name, _definition in constraints:
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            for name, _definition in indexes:
                cursor.execute(f"DROP INDEX {name}")
            for table in LOADED:
                # No sum of these rows is kept yet, so that none need be told that they came.
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            # What is written into a table emptied in the same transaction needs no journal where wal_level is minimal.
            cursor.execute(f"TRUNCATE {', '.join(LOADED)} CASCADE")
            cursor.execute(VISITORS_SQL, shared)
            cursor.execute("SELECT min(id) FROM bookings_visitor")
            (shared["visitor"],) = cursor.fetchone()
            for statement in (PERMANENCES, APPOINTMENTS, VISITS):
                _say(statement.split(maxsplit=3)[2])
                cursor.execute(statement, shared)
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('bookings_appointment', 'id'), max(id)) FROM bookings_appointment"
            )
        for name, definition in indexes:
            _say(name)
            cursor.execute(definition)
        cursor.execute("ANALYZE")
        for table, of_table in groupby(constraints, key=itemgetter(0)):
            _say(f"{table}, contraintes")
            # In one statement, so that conditions of a row are checked in one reading.
            added = ", ".join(f'ADD CONSTRAINT "{name}" {definition}' for _table, name, definition in of_table)
            cursor.execute(f"ALTER TABLE {table} {added}")
        for table in LOADED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _say(what: str) -> None:
    print(f"  {what}", flush=True)


def _places(number_of_sites: int) -> User:
    """The spaces, one CCAS each, with their offices and the partners; somebody who may see them all."""
    numbers = range(1, number_of_sites + 1)
    municipalities = Ccas.objects.bulk_create(
        Ccas(name=f"CCAS {number}", short_name=f"CCAS {number}", insee_code="25056", city=f"Commune {number}")
        for number in numbers
    )
    sites = Site.objects.bulk_create(
        Site(
            ccas=ccas,
            name=f"Espace France Services {number}",
            short_name=f"Espace {number}",
            slug=f"espace-{number}",
            city=ccas.city,
            insee_code="25056",
            time_zone=(
                OVERSEAS[number // ONE_OVERSEAS_OF % len(OVERSEAS)]
                if number % ONE_OVERSEAS_OF == 0
                else SiteTimeZone.PARIS
            ),
        )
        for number, ccas in zip(numbers, municipalities, strict=True)
    )
    Office.objects.bulk_create(
        Office(site=site, label=str(number)) for site in sites for number in range(1, OFFICES + 1)
    )
    colours = PartnerColour.values
    Partner.objects.bulk_create(
        Partner(name=name, short_name=name, slug=f"partenaire-{number}", colour=colours[number % len(colours)])
        for number, name in enumerate(PARTNERS)
    )
    return User.objects.create(email="pays@exemple.fr", last_name="Pays", role=Role.ADMINISTRATOR, is_superuser=True)
