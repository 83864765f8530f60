"""`python -m bench.faults.load [--minutes 10] [--clients 50]`: a mixed load while PostgreSQL is restarted twice.

Receptionists look at the day, search, book, move and mark steps; others read the week of all offices, free times and
lists. A third of the way PostgreSQL is restarted as a service is (fast shutdown), at two thirds it is killed with -9.
The promise: no time is booked twice, no acknowledged booking is lost, no page but one in French that says when to try
again, all is back by itself. Prints the error rate, p50 and p99 of each kind of request, last of all one JSON line;
exits with 1 when a promise is broken. Runs its own PostgreSQL.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import psycopg

from bench.faults.desk import Client, Desk, desk_on, recovery
from bench.faults.own_postgres import OwnPostgres, own_postgres

AWAY_SECONDS = 3.0
RECOVERY_SECONDS, MESSAGES_SECONDS = 60, 240
# What each does next, and how often beside the others; then they think, as people do. Of eight sessions the last two
# are a manager's and a partner's agent's.
RECEPTIONIST = {
    **{"board": 6, "booking": 5, "search": 4, "move": 2, "step": 3},
    **{"week": 3, "times": 3, "visitor": 2, "list": 2},
}
MANAGER = {"conventions": 3, "figures": 2, "week": 1}
AGENT = {"schedule": 1}
SESSIONS = 8
PEOPLE = [*[RECEPTIONIST] * (SESSIONS - 2), MANAGER, AGENT]
OF_TODAY = """
SELECT appointment.id FROM bookings_appointment AS appointment
JOIN bookings_permanence AS permanence ON permanence.id = appointment.permanence_id
JOIN partners_site AS site ON site.id = appointment.site_id
WHERE site.slug = 'mesure-1' AND permanence.day = %(day)s AND appointment.status IN ('booked', 'arrived')
"""
OTHER_ROLES = """
UPDATE partners_user SET role = 'manager' WHERE id = %(manager)s;
DELETE FROM partners_user_sites WHERE user_id = %(agent)s;
UPDATE partners_user SET role = 'partner_agent', ccas_id = NULL, partner_id = (SELECT min(id) FROM partners_partner)
WHERE id = %(agent)s;
"""
THINKING_SECONDS = (0.5, 2.0)
MUST_BE_NONE = (
    *("lost", "cancellations_lost", "from_nowhere", "double"),
    *("without_message", "message_without_job", "unworthy_pages"),
)
TITLES = {
    "board": "Aujourd’hui",
    "booking": "rendez-vous pris",
    "search": "recherche d’un usager",
    "move": "rendez-vous annulé puis repris ailleurs",
    "step": "étape notée",
    "week": "agenda de la semaine",
    "times": "heures libres",
    "visitor": "fiche d’un usager",
    "list": "liste des rendez-vous",
    "conventions": "conventions",
    "figures": "statistiques du mois",
    "schedule": "planning d’un agent",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.faults.load")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=50)
    options = parser.parse_args()
    os.environ["SECOND_FACTOR_ROLES"] = ""
    with (
        own_postgres("faults-load") as server,
        tempfile.TemporaryDirectory() as name,
        desk_on(server.url("faults"), appointments=10_000, folder=Path(name)) as desk,
    ):
        give_roles(desk)
        report = play(server, desk, seconds=options.minutes * 60, clients=options.clients)
    must_be_none = (
        "lost",
        "cancellations_lost",
        "from_nowhere",
        "double",
        "without_message",
        "message_without_job",
        "unworthy_pages",
    )
    broken = [name for name in must_be_none if report[name]]
    if None in report["recovery_seconds"].values():
        broken.append("recovery")
    if report["messages_seconds"] is None:
        broken.append("messages")
    print(f"\n{'':42}{'demandes':>10}{'erreurs':>10}{'p50':>10}{'p99':>10}")
    for kind, told in report["kinds"].items():
        print(
            f"{TITLES[kind]:42}{told['requests']:>10}{told['errors']:>10}{told['p50_ms']:>7} ms{told['p99_ms']:>7} ms"
        )
    print(
        f"\n{report['acknowledged']} rendez-vous confirmés, {report['lost']} perdus, {report['double']} doublés ;"
        f" {report['error_rate']} % d’erreurs ; pages revenues {report['recovery_seconds']} s après la base"
    )
    for page in desk.ledger.unworthy[:5]:
        print(f"page indigne : {page}")
    print(json.dumps(report | {"broken": broken}))
    return 1 if broken else 0


def give_roles(desk: Desk) -> None:
    """Make a manager and a partner's agent of the last two people of the measures, whose sessions stay; find the
    appointments of the day, whose steps are noted."""
    with psycopg.connect(desk.database, autocommit=True) as connection:
        people = [
            pk
            for (pk,) in connection.execute(
                "SELECT user_id FROM partners_user_sites JOIN partners_site ON partners_site.id = site_id"
                " WHERE slug = 'mesure-1' ORDER BY user_id"
            )
        ]
        desk.facts["of_today"] = [pk for (pk,) in connection.execute(OF_TODAY, {"day": desk.facts["today"]})]
        for statement in filter(str.strip, OTHER_ROLES.split(";")):
            connection.execute(statement, {"manager": people[SESSIONS - 2], "agent": people[SESSIONS - 1]})


def play(server: OwnPostgres, desk: Desk, *, seconds: float, clients: int) -> dict:
    stop = threading.Event()
    threads = [threading.Thread(target=work, args=(desk, number, stop)) for number in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    recoveries: dict[str, float | None] = {}
    try:
        for name, halt in (("fast", server.stop_fast), ("killed", server.kill)):
            time.sleep(seconds / 3)
            halt()
            time.sleep(AWAY_SECONDS)
            server.start()
            back = time.monotonic()
            while recovery(desk.ledger, back) is None and time.monotonic() - back < RECOVERY_SECONDS:
                time.sleep(0.2)
            recoveries[name] = recovery(desk.ledger, back)
        time.sleep(max(0.0, began + seconds - time.monotonic()))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    lasted = time.monotonic() - began
    waited = desk.wait_for_messages(MESSAGES_SECONDS)
    lines = desk.ledger.lines
    errors = sum(is_error(status) for _moment, _kind, status, _seconds in lines)
    return {
        **desk.verdict(),
        "unworthy_pages": len(desk.ledger.unworthy),
        "clients": clients,
        "seconds": round(lasted),
        "requests": len(lines),
        "errors": errors,
        "error_rate": round(100 * errors / max(1, len(lines)), 2),
        "recovery_seconds": recoveries,
        "messages": desk.messages(),
        "messages_seconds": None if waited is None else round(waited, 1),
        "worker_restarts": desk.worker.restarts,
        "kinds": kinds_of(lines),
        "answers": dict(sorted(desk.ledger.answers.items())),
    }


def is_error(status: int) -> bool:
    return status == 0 or status >= 500


def kinds_of(lines: list[tuple[float, str, int, float]]) -> dict[str, dict[str, int]]:
    """Requests, errors, p50 and p99 in milliseconds of each kind; errors are counted apart from the times."""
    served, failed = defaultdict(list), defaultdict(int)
    for _moment, kind, status, seconds in lines:
        if is_error(status):
            failed[kind] += 1
        else:
            served[kind].append(seconds * 1000)
    return {
        kind: {
            "requests": len(served[kind]) + failed[kind],
            "errors": failed[kind],
            "p50_ms": round(statistics.median(served[kind])) if served[kind] else 0,
            "p99_ms": round(sorted(served[kind])[int(len(served[kind]) * 0.99)]) if served[kind] else 0,
        }
        for kind in TITLES
    }


def work(desk: Desk, number: int, stop: threading.Event) -> None:
    """One person at a screen until told to stop."""
    dice = random.Random(number)
    client = desk.client(number)
    mine: list[int] = []
    reads: dict[str, Callable[[], str]] = {
        "board": lambda: desk.facts["pages"]["board"],
        "week": lambda: desk.facts["pages"]["week"],
        "times": lambda: desk.facts["pages"]["times"],
        "search": lambda: f"/usagers/?q={dice.choice(['ni', 'am', 'durand', 'bon', 'rani'])}",
        "visitor": lambda: f"/usagers/{dice.choice(desk.facts['visitors'])}/",
        "conventions": lambda: "/conventions/",
        "figures": lambda: "/statistiques/",
        "schedule": lambda: "/mon-planning/",
        "list": lambda: f"/rendez-vous/?page={dice.randrange(1, 5)}",
    }
    weights = PEOPLE[number % SESSIONS]
    while not stop.wait(dice.uniform(*THINKING_SECONDS)):
        kind = dice.choices(list(weights), weights=list(weights.values()))[0]
        if kind in reads:
            desk.ledger.note(kind, client.get(reads[kind]()))
        elif kind == "booking":
            book(desk, client, mine)
        elif kind == "move" and mine:
            move(desk, client, mine)
        elif kind == "step":
            # Several people click on the same lines: a step that was noted already is refused with a sentence.
            target = dice.choice(desk.facts["of_today"])
            action = dice.choice(["etape/arrive", "defaire"])
            desk.ledger.note(kind, client.post(f"/rendez-vous/{target}/{action}/", {}))
    client.close()


def book(desk: Desk, client: Client, mine: list[int]) -> None:
    wanted = desk.next_time()
    if wanted is None:
        return
    told = desk.book(client, *wanted)
    if told.status == 302 and told.location.startswith("/rendez-vous/"):
        mine.append(int(told.location.split("/")[2]))


def move(desk: Desk, client: Client, mine: list[int]) -> None:
    """Cancel one's own booking and take another time: from then on the first is not counted as to be kept."""
    pk = mine.pop(0)
    with desk.ledger.guard:
        # Until the answer comes nobody knows whether it is kept.
        desk.ledger.unanswered.append(desk.ledger.acknowledged.pop(pk))
    told = client.post(f"/rendez-vous/{pk}/annuler/", {"cancelled_for": "visitor", "reason": ""})
    desk.ledger.note("move", told)
    if told.status == 302:
        with desk.ledger.guard:
            desk.ledger.cancelled.append(pk)
    book(desk, client, mine)


if __name__ == "__main__":
    sys.exit(main())
