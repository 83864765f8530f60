"""Run by `bench.desk` for each database: migrates, fills, counts the queries of each page, says what to ask for.

The last line is one JSON object. Expects DATABASE_URL and SECRET_KEY, as any process of the application.
"""

import argparse
import json
import os
from datetime import datetime, timedelta
from itertools import pairwise
from time import perf_counter

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "franceservices.settings")
settings.ROOT_URLCONF = "bench.urls"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from bench import filling  # noqa: E402
from bookings.free_times import free_times  # noqa: E402
from bookings.models import Appointment, Permanence, Reason, Visitor  # noqa: E402
from franceservices.dates import day_bounds  # noqa: E402
from partners.models import Site, User  # noqa: E402

# Asked for without a session: a bare view reads none.
ANONYMOUS = frozenset({"one_row", "availability"})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--appointments", type=int, required=True)
    options = parser.parse_args()
    started = perf_counter()
    call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        if not filling.is_filled():
            filling.fill(appointments=options.appointments)
        cursor.execute("VACUUM (ANALYZE)")
    facts = what_to_ask()
    facts["seconds"] = round(perf_counter() - started, 1)
    print(json.dumps(facts))


def what_to_ask() -> dict[str, object]:
    site = Site.objects.get(slug=filling.MEASURED)
    reason = Reason.objects.get(slug="demarche-1")
    users = list(User.objects.filter(sites=site).order_by("pk"))
    clients = [Client() for _ in users]
    for client, user in zip(clients, users, strict=True):
        client.force_login(user)
    monday = filling.measured_monday(site)
    week_starts = day_bounds(monday, site.zone)[0]
    to_book = free_times(
        reason=reason,
        sites=[site],
        user=users[0],
        first_moment=week_starts + timedelta(days=7),
        days=7 * filling.WEEKS_TO_BOOK,
    )
    pages = {
        "one_row": f"/bench/one-row/{reason.pk}/",
        "session_user": "/bench/session-user/",
        "availability": (
            f"/bench/availability/{reason.pk}/{site.pk}/{site.ccas_id}/{week_starts:%Y-%m-%dT%H:%M:%S}Z/"
            f"?fuseau={site.time_zone}"
        ),
        "times": f"{reverse('bookings:book')}?motif={reason.slug}&jour={monday.isoformat()}",
        "board": reverse("bookings:today"),
        "board_refresh": reverse("bookings:today"),
        "week": f"{reverse('bookings:agenda')}?jour={monday.isoformat()}",
    }
    booking = f"{reverse('bookings:book')}?motif={reason.slug}"
    visitors = list(Visitor.objects.values_list("pk", flat=True)[:400])
    queries = {
        name: queries_of(Client() if name in ANONYMOUS else clients[0], name, path) for name, path in pages.items()
    }
    keys = [time.key for time in to_book]
    with CaptureQueriesContext(connection) as captured:
        response = clients[0].post(booking, {"creneau": keys.pop(), "who": visitors[0], "subject": ""})
    if response.status_code != 302:
        raise SystemExit(f"booking answered {response.status_code}")
    queries["booking"] = statements(captured)
    return {
        "pages": pages,
        "anonymous": sorted(ANONYMOUS),
        "booking": booking,
        "keys": keys,
        "visitors": visitors,
        "sessions": [client.cookies["sessionid"].value for client in clients],
        "queries": queries,
        "site": site.pk,
        "reason": reason.pk,
        "zone": site.time_zone,
        "monday": monday.isoformat(),
        "today": site.today().isoformat(),
        "week_starts": week_starts.isoformat(),
        "rows": {
            "appointments": Appointment.objects.count(),
            "permanences": Permanence.objects.count(),
            "visitors": Visitor.objects.count(),
            "week": Appointment.objects.filter(site=site, permanence__day__range=week(monday)).count(),
            "today": Appointment.objects.filter(site=site, permanence__day=site.today()).count(),
        },
        "database": database_size(),
    }


def week(monday: datetime) -> tuple[datetime, datetime]:
    return monday, monday + timedelta(days=6)


def queries_of(client: Client, name: str, path: str) -> int:
    """How many queries the page costs once what lives in the process is warm."""
    headers = {"HX-Request": "true"} if name == "board_refresh" else {}
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path, headers=headers)
        if response.status_code != 200:
            raise SystemExit(f"{path} answered {response.status_code}")
        counts.append(statements(captured))
    if any(first != second for first, second in pairwise(counts[1:])):
        raise SystemExit(f"{path}: {counts} queries")
    return counts[-1]


def statements(captured: CaptureQueriesContext) -> int:
    return len(captured)


def database_size() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        return cursor.fetchone()[0]


if __name__ == "__main__":
    main()
