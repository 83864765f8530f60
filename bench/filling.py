"""The rows of a measure, written by SQL in bulk under the real constraints.

One site is measured: 50 partners in 10 offices hold permanences over next week, with 400 appointments; today is a day
like those, half over; ten more weeks are empty, to be booked. Around it, 20 sites share the past appointments.
"""

from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from bookings.models import DeskReason, Reason
from conventions.models import Convention
from franceservices.dates import monday_of
from partners.calendars import closed_days
from partners.models import Ccas, Office, OpeningHours, Partner, PartnerColour, Role, Site, SiteTimeZone, User

PARTNERS, OFFICES, SITES, RECEPTIONISTS = 50, 10, 20, 8
WEEKS_TO_BOOK = 10
APPOINTMENTS_A_PERMANENCE = 8
MEASURED = "mesure-1"

# Morning and afternoon of one office on each day of a series: which partner sits there rotates with the day.
PERMANENCES = """
INSERT INTO bookings_permanence (site_id, partner_id, office_id, origin, day, during, audience, mode, status,
                                 cancellation_reason, purpose)
SELECT site.id, (%(partners)s::bigint[])[1 + (days.number * 10 + office.number - 1) %% 50], office.id, 'weekly',
       days.day,
       tstzrange((days.day + half.starts) AT TIME ZONE site.time_zone,
                 (days.day + half.ends) AT TIME ZONE site.time_zone),
       'public', 'appointment', 'planned', '', ''
FROM partners_site AS site
JOIN (SELECT id, site_id, row_number() OVER (PARTITION BY site_id ORDER BY id) AS number
      FROM partners_office) AS office ON office.site_id = site.id
CROSS JOIN unnest(%(days)s::date[]) WITH ORDINALITY AS dated(day, position)
CROSS JOIN LATERAL (SELECT dated.day, dated.position - 1 AS number) AS days
CROSS JOIN (VALUES (time '08:30', time '12:30'), (time '13:30', time '16:30')) AS half(starts, ends)
WHERE site.slug = %(site)s
"""

# Five appointments of half an hour in a morning, three in an afternoon, with gaps between.
WEEK = """
INSERT INTO bookings_appointment (permanence_id, site_id, partner_id, visitor_id, subject, reason_id, during, status,
                                  booked_at, booked_by_id, cancelled_for, cancellation_reason)
SELECT permanence.id, permanence.site_id, permanence.partner_id,
       (%(visitors)s::bigint[])[1 + (permanence.id * 7 + place) %% cardinality(%(visitors)s::bigint[])], '',
       (%(reasons)s::bigint[])[1 + (permanence.id + place) %% cardinality(%(reasons)s::bigint[])],
       tstzrange(lower(permanence.during) + place * interval '30 minutes',
                 lower(permanence.during) + (place + 1) * interval '30 minutes'),
       'booked', now() - interval '3 days', %(user)s, '', ''
FROM bookings_permanence AS permanence
CROSS JOIN unnest(CASE WHEN upper(permanence.during) - lower(permanence.during) > interval '3 hours'
                       THEN ARRAY[0, 1, 2, 4, 5] ELSE ARRAY[0, 1, 3] END) AS place
JOIN partners_site AS site ON site.id = permanence.site_id
WHERE site.slug = %(site)s AND permanence.day = ANY(%(days)s::date[])
"""

# Of today's 80: 30 received, 4 absent, 4 with an agent, 4 waiting, 6 given up, 32 to come.
TODAY = """
UPDATE bookings_appointment AS appointment SET
    status = CASE WHEN n <= 30 THEN 'honoured' WHEN n <= 34 THEN 'no_show' WHEN n <= 38 THEN 'in_progress'
                  WHEN n <= 42 THEN 'arrived' ELSE 'cancelled' END,
    arrived_at = CASE WHEN n BETWEEN 35 AND 42 THEN now() END,
    arrived_by_id = CASE WHEN n BETWEEN 35 AND 42 THEN %(user)s::bigint END,
    started_at = CASE WHEN n BETWEEN 35 AND 38 THEN now() END,
    started_by_id = CASE WHEN n BETWEEN 35 AND 38 THEN %(user)s::bigint END,
    finished_at = CASE WHEN n <= 30 THEN now() END,
    finished_by_id = CASE WHEN n <= 30 THEN %(user)s::bigint END,
    absent_at = CASE WHEN n BETWEEN 31 AND 34 THEN now() END,
    absent_by_id = CASE WHEN n BETWEEN 31 AND 34 THEN %(user)s::bigint END,
    cancelled_at = CASE WHEN n > 42 THEN now() END,
    cancelled_by_id = CASE WHEN n > 42 THEN %(user)s::bigint END,
    cancelled_for = CASE WHEN n > 42 THEN 'visitor' ELSE '' END
FROM (SELECT appointment.id, row_number() OVER (ORDER BY appointment.during, appointment.id) AS n
      FROM bookings_appointment AS appointment
      JOIN bookings_permanence AS permanence ON permanence.id = appointment.permanence_id
      JOIN partners_site AS site ON site.id = appointment.site_id
      WHERE site.slug = %(site)s AND permanence.day = %(day)s) AS ordered
WHERE ordered.id = appointment.id AND n <= 48
"""

VISITORS = """
INSERT INTO bookings_visitor (ccas_id, last_name, first_name, phone, email, interpreter_language,
                              needs_wheelchair_access, phone_only, staff_notes, email_consent, sms_consent, created_at)
SELECT %(ccas)s, initcap(syllables[1 + n %% 12] || syllables[1 + n / 12 %% 12] || syllables[1 + n / 144 %% 12]),
       initcap(syllables[1 + n / 7 %% 12] || syllables[1 + n / 84 %% 12]), '', '', '',
       n %% 40 = 0, false, '', false, false, now()
FROM generate_series(1, %(number)s) AS n,
     (SELECT ARRAY['am', 'ra', 'ni', 'bon', 'not', 'cis', 'sé', 'du', 'rand', 'le', 'fè', 'vre'] AS syllables) AS made
"""

# The past: mornings of four hours without a gap, spread over sites, offices and days before today.
PAST_PERMANENCES = """
INSERT INTO bookings_permanence (site_id, partner_id, office_id, origin, day, during, audience, mode, status,
                                 cancellation_reason, purpose)
SELECT site.id, (%(partners)s::bigint[])[1 + n %% 50], office.id, 'weekly', made.day,
       tstzrange((made.day + time '08:30') AT TIME ZONE site.time_zone,
                 (made.day + time '12:30') AT TIME ZONE site.time_zone),
       'public', 'appointment', 'planned', '', ''
FROM generate_series(0, %(number)s - 1) AS n
JOIN (SELECT id, time_zone, row_number() OVER (ORDER BY id) - 1 AS number FROM partners_site) AS site
  ON site.number = n %% %(sites)s
JOIN (SELECT id, site_id, row_number() OVER (PARTITION BY site_id ORDER BY id) - 1 AS number FROM partners_office)
  AS office ON office.site_id = site.id AND office.number = n / %(sites)s %% %(offices)s
CROSS JOIN LATERAL (SELECT %(today)s::date - 1 - n / (%(sites)s * %(offices)s) AS day) AS made
"""

PAST_APPOINTMENTS = """
INSERT INTO bookings_appointment (permanence_id, site_id, partner_id, visitor_id, subject, reason_id, during, status,
                                  booked_at, booked_by_id, finished_at, finished_by_id, absent_at, absent_by_id,
                                  cancelled_at, cancelled_by_id, cancelled_for, cancellation_reason)
SELECT permanence.id, permanence.site_id, permanence.partner_id,
       %(visitor)s + (permanence.id * 8 + place) %% %(visitors)s, '',
       (%(reasons)s::bigint[])[1 + (permanence.id + place) %% cardinality(%(reasons)s::bigint[])],
       tstzrange(kept.starts, kept.starts + interval '30 minutes'),
       CASE luck WHEN 0 THEN 'no_show' WHEN 1 THEN 'cancelled' ELSE 'honoured' END,
       kept.starts - interval '7 days', %(user)s,
       CASE WHEN luck > 1 THEN kept.starts END, CASE WHEN luck > 1 THEN %(user)s::bigint END,
       CASE WHEN luck = 0 THEN kept.starts END, CASE WHEN luck = 0 THEN %(user)s::bigint END,
       CASE WHEN luck = 1 THEN kept.starts END, CASE WHEN luck = 1 THEN %(user)s::bigint END,
       CASE WHEN luck = 1 THEN 'visitor' ELSE '' END, ''
FROM bookings_permanence AS permanence
CROSS JOIN generate_series(0, 7) AS place
CROSS JOIN LATERAL (SELECT lower(permanence.during) + place * interval '30 minutes' AS starts,
                           (permanence.id * 8 + place) %% 16 AS luck) AS kept
WHERE permanence.day < %(today)s
ORDER BY permanence.during
"""


def zone_of_mid_morning(now: datetime) -> str:
    """The zone of a municipality where `now` is nearest to half past ten: a desk at work, at any hour of ours."""
    half_past_ten = 10 * 60 + 30

    def distance(zone: SiteTimeZone) -> int:
        local = timezone.localtime(now, Site(time_zone=zone).zone)
        return abs(local.hour * 60 + local.minute - half_past_ten)

    return min(SiteTimeZone, key=distance)


def is_filled() -> bool:
    return Site.objects.filter(slug=MEASURED).exists()


@transaction.atomic
def fill(*, appointments: int) -> None:
    """Write `appointments` rows in all, at least those of the measured week and of today, into an empty database."""
    ccas, site = _places(zone_of_mid_morning(datetime.now(UTC)))
    partners = _partners(site)
    reasons = _reasons(partners)
    user = _receptionists(ccas, site)[0]
    week = [measured_monday(site) + timedelta(days=offset) for offset in range(5)]
    to_book = [week[0] + timedelta(days=offset) for offset in range(7, 7 * (1 + WEEKS_TO_BOOK)) if offset % 7 < 5]
    past = max(0, appointments - 480) // APPOINTMENTS_A_PERMANENCE
    number_of_visitors = max(1000, appointments // 5)
    with connection.cursor() as cursor:
        cursor.execute(VISITORS, {"ccas": ccas.pk, "number": number_of_visitors})
        cursor.execute("SELECT min(id) FROM bookings_visitor")
        first_visitor = cursor.fetchone()[0]
        shared = {
            "site": MEASURED,
            "partners": [partner.pk for partner in partners],
            "reasons": [reason.pk for reason in reasons],
            "user": user.pk,
            "today": site.today(),
            "sites": SITES,
            "offices": OFFICES,
        }
        cursor.execute(PAST_PERMANENCES, shared | {"number": past})
        cursor.execute(PAST_APPOINTMENTS, shared | {"visitor": first_visitor, "visitors": number_of_visitors})
        for days in ([site.today()], week, to_book):
            cursor.execute(PERMANENCES, shared | {"days": days})
        visitors = list(range(first_visitor, first_visitor + 1000))
        cursor.execute(WEEK, shared | {"days": [site.today(), *week], "visitors": visitors})
        cursor.execute(TODAY, shared | {"day": site.today()})


def measured_monday(site: Site) -> date:
    """The Monday of the first whole week to come without a public holiday."""
    monday = monday_of(site.today()) + timedelta(days=7)
    while any(
        closed_days([site], monday, monday + timedelta(days=6))[site.pk].reason(monday + timedelta(days=offset))
        for offset in range(5)
    ):
        monday += timedelta(days=7)
    return monday


def _places(time_zone: str) -> tuple[Ccas, Site]:
    ccas = Ccas.objects.create(name="CCAS de la mesure", short_name="CCAS", insee_code="25056", city="Besançon")
    sites = Site.objects.bulk_create(
        Site(
            ccas=ccas,
            name=f"Espace France Services {number}",
            short_name=f"Espace {number}",
            slug=f"mesure-{number}",
            city="Besançon",
            insee_code="25056",
            time_zone=time_zone,
        )
        for number in range(1, SITES + 1)
    )
    Office.objects.bulk_create(
        Office(site=site, label=str(number)) for site in sites for number in range(1, OFFICES + 1)
    )
    OpeningHours.objects.bulk_create(
        OpeningHours(site=sites[0], weekday=weekday, start_time=start, end_time=end, starts_on="2020-01-01")
        for weekday in range(1, 6)
        for start, end in (("08:30", "12:30"), ("13:30", "17:00"))
    )
    return ccas, sites[0]


def _partners(site: Site) -> list[Partner]:
    colours = PartnerColour.values
    partners = Partner.objects.bulk_create(
        Partner(
            name=f"Caisse mesurée {number:02}",
            short_name=f"Caisse {number}",
            slug=f"caisse-{number}",
            colour=colours[number % len(colours)],
        )
        for number in range(1, PARTNERS + 1)
    )
    Convention.objects.bulk_create(
        Convention(
            site=site,
            partner=partner,
            reference=f"mesure-{partner.slug}",
            title="Convention de partenariat",
            starts_on="2020-01-01",
            ends_on="2099-12-31",
        )
        for partner in partners
    )
    return partners


def _reasons(partners: list[Partner]) -> list[Reason]:
    """Nine reasons of half an hour, and the first, which is measured; all partners take each."""
    reasons = Reason.objects.bulk_create(
        Reason(label=f"Démarche {number}", slug=f"demarche-{number}", duration_minutes=30) for number in range(1, 11)
    )
    through = Reason.partners.through
    through.objects.bulk_create(
        through(reason_id=reason.pk, partner_id=partner.pk) for reason in reasons for partner in partners
    )
    DeskReason.objects.bulk_create(
        DeskReason(label=f"Passage {number}", slug=f"passage-{number}", position=number) for number in range(1, 10)
    )
    return reasons


def _receptionists(ccas: Ccas, site: Site) -> list[User]:
    users = User.objects.bulk_create(
        User(email=f"accueil{number}@exemple.fr", last_name=f"Accueil {number}", role=Role.RECEPTION, ccas=ccas)
        for number in range(1, RECEPTIONISTS + 1)
    )
    site.users.set(users)
    return users
