"""Run by `bench.national` on its database: fills it, makes the sums, and times the figures beside bare SQL.

The last line is one JSON object. Expects DATABASE_URL and SECRET_KEY, as any process of the application.
"""

import argparse
import json
import os
import statistics
from dataclasses import replace
from datetime import UTC, date, datetime
from time import perf_counter
from typing import NamedTuple
from zoneinfo import ZoneInfo

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "franceservices.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from bench import national_bare, national_filling  # noqa: E402
from bookings.models import Appointment, ChangedMoment, DeskVisit  # noqa: E402
from partners.models import Partner, Site, User  # noqa: E402
from reports import figures, summing  # noqa: E402
from reports.figures import appointments, desk_visits, summed  # noqa: E402
from reports.models import MonthlyAppointments, MonthlyVisits  # noqa: E402
from reports.periods import Period  # noqa: E402
from reports.scopes import Scope  # noqa: E402

WANTED = [*appointments.FIGURES, *desk_visits.FIGURES]
TITLES = {
    "site_month": "un espace, un mois",
    "site_year": "un espace, un an",
    "partner_month": "un partenaire, un mois, tous les espaces",
    "national_year": "tout le pays, un an",
    "national_year_changed": "tout le pays, un an, changements d’une minute non sommés",
}
MOST_SITE_DAYS_REPEATED = 100_000
# What a minute of a busy hour changes: about ten appointments a second over 2 800 spaces.
CHANGES_A_MINUTE_AND_SITE = 600 / 2800


class Bare(NamedTuple):
    """What bare SQL took, and the appointments, visits and people that it counted."""

    seconds: float
    counted: tuple[int, int, int | None]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sites", type=int, required=True)
    parser.add_argument("--years", type=int, required=True)
    parser.add_argument("--visits", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    options = parser.parse_args()
    call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'")  # For bare SQL as for our figures.
    year = datetime.now(UTC).year - 1
    seconds = {}
    if not Site.objects.exists():
        started = perf_counter()
        national_filling.fill(
            sites=options.sites,
            first=date(year - options.years + 1, 1, 1),
            last=date(year, 12, 31),
            visits_a_day=options.visits,
        )
        vacuum()
        seconds["fill"] = round(perf_counter() - started, 1)
    started = perf_counter()
    summing.keep_sums()
    seconds["sum"] = round(perf_counter() - started, 1)
    vacuum()
    facts = rows_and_size() | {"seconds": seconds}
    print(json.dumps(facts, ensure_ascii=False), flush=True)
    asked = questions(year)
    for name in asked:
        facts[name], bare = timed(name, asked[name], rounds=options.rounds)
    facts["page_seconds"] = statistics_page(year, rounds=options.rounds)
    print(f"page « Statistiques », tout le pays, un an : {facts['page_seconds']:.2f} s", flush=True)
    facts["changed"] = change_a_minute(options.sites, year)
    # What is changed are notes: bare SQL counts what it counted.
    name = "national_year_changed"
    facts[name], _bare = timed(name, asked["national_year"], rounds=options.rounds, known=bare)
    facts["changed_page_seconds"] = statistics_page(year, rounds=options.rounds)
    print(f"de même, changements non sommés : {facts['changed_page_seconds']:.2f} s", flush=True)
    facts["sum_again_seconds"] = clocked(summing.keep_sums)
    facts["booking"] = cost_of_a_booking(rounds=max(20, options.rounds * 10))
    print(json.dumps(facts, ensure_ascii=False))


def vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def rows_and_size() -> dict[str, object]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        (size,) = cursor.fetchone()
    models = (Site, Appointment, DeskVisit, MonthlyAppointments, MonthlyVisits)
    return {"rows": {model._meta.model_name: model.objects.count() for model in models}, "database": size}


def questions(year: int) -> dict[str, Scope]:
    sites = tuple(Site.objects.order_by("pk"))
    site = sites[len(sites) // 2]
    return {
        "site_month": Scope(period=Period.of_month(year, 10), sites=(site,)),
        "site_year": Scope(period=Period.of_year(year), sites=(site,)),
        "partner_month": Scope(
            period=Period.of_month(year, 10), sites=sites, partner=Partner.objects.order_by("pk").first()
        ),
        "national_year": Scope(period=Period.of_year(year), sites=sites),
    }


def timed(name: str, scope: Scope, *, rounds: int, known: Bare | None = None) -> tuple[dict[str, object], Bare]:
    """Medians of `rounds`, in turn: our figures, the bare SQL of the same rows, and our figures without sums.

    `known` is what bare SQL said of the same rows already. Rows by the million are read once, by bare SQL alone.
    """
    reads_sums = appointments.SOURCE.reads_sums(scope)
    found = figures.values(WANTED, scope)
    people, lead = appointments.DISTINCT_PEOPLE.slug, appointments.LEAD_MEDIAN.slug
    wanted = [figure for figure in WANTED if found[figure.slug] is not None]
    zones = scope.sites_by_zone()
    statements = national_bare.statements(
        zones,
        one_site=len(scope.sites) == 1,
        of_partner=scope.partner is not None,
        people=found[people] is not None,
        medians=found[lead] is not None,
    )
    parameters = bare_parameters(scope, zones)
    is_heavy = scope.site_days > MOST_SITE_DAYS_REPEATED
    ours, bare, unsummed = [], [], []
    counted = known.counted if known else None
    # The first time warms both.
    for turn in range(rounds + 1):
        spent = clocked(lambda: figures.values(WANTED, replace(scope)))
        by_sql = known.seconds if known else None
        if by_sql is None and (turn == rounds or not is_heavy):
            by_sql, counted = national_bare.read(connection.connection, statements, parameters)
        if turn:
            ours.append(spent)
            if by_sql is not None:
                bare.append(by_sql)
            if not is_heavy:
                unsummed.append(without_sums(wanted, scope) if reads_sums else spent)
    told = (found["rendez-vous-pris"], found["passages"], found[people])
    # Of a year just changed, different people are not always told.
    if told[:2] != counted[:2] or (told[2] is not None and told[2] != counted[2]):
        raise SystemExit(f"{name}: {counted} by bare SQL, {found} by figures")
    result = {
        "milliseconds": round(statistics.median(ours) * 1000, 1),
        "bare_milliseconds": round(statistics.median(bare) * 1000, 1),
        "from_rows_milliseconds": round(statistics.median(unsummed) * 1000, 1) if unsummed else None,
        "appointments": found["rendez-vous-pris"],
        "visits": found["passages"],
        "people": found[people],
        "reads_sums": reads_sums,
    }
    result["ratio"] = round(statistics.median(ours) / statistics.median(bare), 5)
    print(
        f"{TITLES[name]:58}{result['appointments']:>10} rdv{result['milliseconds']:>10} ms"
        f"   SQL nu {result['bare_milliseconds']:>10} ms   × {result['ratio']:<7}"
        f"   sans sommes {result['from_rows_milliseconds'] or '–':>10} ms",
        flush=True,
    )
    return result, Bare(statistics.median(bare), counted)


def bare_parameters(scope: Scope, zones: dict[str, list[int]]) -> dict[str, object]:
    found = {"site": scope.sites[0].pk, "partner": scope.partner.pk if scope.partner else None, "now": scope.now}
    for number, (zone, site_ids) in enumerate(zones.items()):
        from_, to = scope.period.moments(ZoneInfo(zone))
        found |= {f"from_{number}": from_, f"to_{number}": to, f"sites_{number}": site_ids}
    starts_at, ends_at = scope.bounds()
    return found | {"from": starts_at, "to": ends_at}


def clocked(work) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def without_sums(wanted: list, scope: Scope) -> float:
    """The seconds that the same figures take from the rows."""
    reads_sums, summed.SummedSource.reads_sums = summed.SummedSource.reads_sums, lambda _source, _scope: False
    try:
        return clocked(lambda: figures.values(wanted, scope))
    finally:
        summed.SummedSource.reads_sums = reads_sums


def change_a_minute(sites: int, year: int) -> int:
    """Notes of many spaces of the last month, written as the desks do: one row a transaction."""
    wanted = max(1, int(sites * CHANGES_A_MINUTE_AND_SITE))
    last_month = Scope(period=Period.of_month(year, 12), sites=tuple(Site.objects.order_by("pk")))
    rows = appointments.HELD.rows(last_month).order_by("permanence_id").values_list("pk", flat=True)
    step = max(1, rows.count() // wanted)
    for pk in list(rows[::step])[:wanted]:
        Appointment.objects.filter(pk=pk).update(subject="noté")
    return ChangedMoment.objects.count()


BOOK = """
INSERT INTO bookings_appointment (permanence_id, site_id, partner_id, visitor_id, subject, reason_id, during, status,
                                  booked_at, booked_by_id, cancelled_for, cancellation_reason)
SELECT permanence_id, site_id, partner_id, visitor_id, '', reason_id,
       tstzrange(upper(during) + interval '7 hours', upper(during) + interval '8 hours'), 'booked', now(),
       booked_by_id, '', ''
FROM bookings_appointment WHERE id = %s
"""


def cost_of_a_booking(*, rounds: int) -> dict[str, float]:
    """The median milliseconds of the INSERT of one appointment, with the triggers and without, all taken back."""
    row = Appointment.objects.filter(status="honoured", visitor__isnull=False).first()
    spent = {"ENABLE": [], "DISABLE": []}
    with transaction.atomic(), connection.cursor() as cursor:
        for _ in range(rounds):
            for state, seconds in spent.items():
                cursor.execute(f"ALTER TABLE bookings_appointment {state} TRIGGER USER")
                with transaction.atomic():
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                    started = perf_counter()
                    cursor.execute(BOOK, [row.pk])
                    seconds.append(perf_counter() - started)
                    transaction.set_rollback(True)
        transaction.set_rollback(True)
    return {
        "with_triggers_milliseconds": round(statistics.median(spent["ENABLE"]) * 1000, 3),
        "without_milliseconds": round(statistics.median(spent["DISABLE"]) * 1000, 3),
    }


def statistics_page(year: int, *, rounds: int) -> float:
    client = Client()
    client.force_login(User.objects.get(is_superuser=True))
    address = f"{reverse('reports:statistics')}?du={year}-01-01&au={year}-12-31&espace=tous"
    spent = []
    for _ in range(rounds + 1):
        started = perf_counter()
        answer = client.get(address)
        spent.append(perf_counter() - started)
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}")
    return statistics.median(spent[1:])


if __name__ == "__main__":
    main()
