"""A desk under strain: its database, gunicorn and a worker, and clients who note every answer they get."""

import contextlib
import http.client
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from bench import servers
from bench.wire import CSRF

TIMEOUT = 60
BOUNDARY = "faults-boundary-51c9"
UNAVAILABLE = "interrompu un instant"
# Every card has an address and a consent, and messages leave at any hour: each booking must have its message.
WRITTEN_TO = """
UPDATE bookings_visitor SET email = 'usager' || id || '@courriel.example', email_consent = true;
INSERT INTO bookings_messagesettings (site_id, reminder_hours, names_reason, quiet_from, quiet_until, cancel_hours,
                                      signature)
SELECT id, 48, false, '00:00', '00:00', 24, '' FROM partners_site
ON CONFLICT (site_id) DO UPDATE SET quiet_from = '00:00', quiet_until = '00:00';
"""
OVERLAPS = """
SELECT count(*) FROM bookings_appointment AS one JOIN bookings_appointment AS other
  ON one.permanence_id = other.permanence_id AND one.id < other.id AND one.during && other.during
WHERE one.status <> 'cancelled' AND other.status <> 'cancelled'
"""
WITHOUT_MESSAGE = """
SELECT count(*) FROM bookings_appointment AS booked
WHERE booked.id > %(last)s AND booked.visitor_id IS NOT NULL AND NOT EXISTS
      (SELECT FROM bookings_notification AS told WHERE told.appointment_id = booked.id)
"""
WITHOUT_JOB = """
SELECT count(*) FROM bookings_notification AS told
WHERE told.status = 'queued' AND NOT EXISTS
      (SELECT FROM procrastinate_jobs AS job
       WHERE job.args ->> 'notification_id' = told.id::text AND job.status IN ('todo', 'doing'))
"""


@dataclass(frozen=True, slots=True)
class Told:
    """One answer: 0 stands for no answer at all, `why` then says what the client met."""

    status: int
    location: str = ""
    body: str = ""
    retry_after: str = ""
    why: str = ""
    seconds: float = 0.0


@dataclass
class Ledger:
    """What all clients saw, written by several threads."""

    answers: Counter = field(default_factory=Counter)
    # (moment, kind, status, seconds), moments as `time.monotonic`
    lines: list[tuple[float, str, int, float]] = field(default_factory=list)
    acknowledged: dict[int, tuple[str, int]] = field(default_factory=dict)
    cancelled: list[int] = field(default_factory=list)
    unanswered: list[tuple[str, int]] = field(default_factory=list)
    unworthy: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, told: Told) -> None:
        """Count the answer; keep what a person should never be shown."""
        with self.guard:
            self.answers[f"{kind} {told.status or told.why}"] += 1
            self.lines.append((time.monotonic(), kind, told.status, told.seconds))
            if told.status >= 500 and not (
                told.status == 503 and UNAVAILABLE in told.body and told.retry_after and "Traceback" not in told.body
            ):
                self.unworthy.append(f"{kind}: {told.status} {told.body[:200]}")


class Client:
    """One person's browser at 127.0.0.1:`port`; a connection that breaks is opened again for the next request."""

    def __init__(self, port: int, session: str) -> None:
        self.port = port
        self.headers = {"Cookie": f"sessionid={session}; csrftoken={CSRF}", "X-CSRFToken": CSRF, "Host": "127.0.0.1"}
        self.connection: http.client.HTTPConnection | None = None

    def get(self, path: str, *, htmx: bool = False) -> Told:
        return self._ask("GET", path, None, {"HX-Request": "true"} if htmx else {})

    def post(self, path: str, fields: dict[str, str]) -> Told:
        return self._ask("POST", path, urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})

    def upload(self, path: str, fields: dict[str, str], *, name: str, content: bytes) -> Told:
        """A form with one file, in its field `file`; the page that comes back is kept in `body`."""
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field_name}"\r\n\r\n{value}\r\n'
            for field_name, value in fields.items()
        ]
        parts.append(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        )
        body = "".join(parts).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self._ask("POST", path, body, headers, keep=True)

    def _ask(
        self, method: str, path: str, body: str | bytes | None, headers: dict[str, str], *, keep: bool = False
    ) -> Told:
        began = time.monotonic()
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
            self.connection.request(method, path, body, self.headers | headers)
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Told(0, why=type(error).__name__, seconds=time.monotonic() - began)
        return Told(
            answer.status,
            answer.headers.get("Location", ""),
            # Otherwise only what went wrong is read as text.
            content.decode(errors="replace") if keep or answer.status >= 500 else "",
            answer.headers.get("Retry-After", ""),
            seconds=time.monotonic() - began,
        )

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


@dataclass
class Desk:
    """What a script needs of the application that runs: where it answers, what can be booked, and its database."""

    database: str
    port: int
    facts: dict
    last_appointment: int
    worker: "KeptWorker"
    ledger: Ledger = field(default_factory=Ledger)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def client(self, number: int) -> Client:
        return Client(self.port, self.facts["sessions"][number % len(self.facts["sessions"])])

    def next_time(self) -> tuple[str, int] | None:
        """A free time's key and somebody for it; None when the ten weeks are full."""
        with self.guard:
            if not self.facts["keys"]:
                return None
            key = self.facts["keys"].pop()
            return key, self.facts["visitors"][len(self.facts["keys"]) % len(self.facts["visitors"])]

    def book(self, client: Client, key: str, visitor: int) -> Told:
        """Book that time for that person and note what came of it."""
        told = client.post(self.facts["booking"], {"creneau": key, "who": str(visitor), "subject": ""})
        self.ledger.note("booking", told)
        with self.ledger.guard:
            if told.status == 302 and told.location.startswith("/rendez-vous/"):
                self.ledger.acknowledged[int(told.location.split("/")[2])] = (key, visitor)
            elif told.status in (0, 503):
                self.ledger.unanswered.append((key, visitor))
        return told

    def verdict(self) -> dict[str, int]:
        """What the database says of the promises; each number but the first two must be 0."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            rows = connection.execute(
                "SELECT id, permanence_id, visitor_id, lower(during) AT TIME ZONE 'UTC' FROM bookings_appointment"
                " WHERE id > %s AND status <> 'cancelled'",
                [self.last_appointment],
            ).fetchall()
            kept = {pk: (f"{permanence}-{starts:%Y%m%dT%H%M%S}", visitor) for pk, permanence, visitor, starts in rows}
            uncertain = {tuple(one) for one in self.ledger.unanswered}
            return {
                "acknowledged": len(self.ledger.acknowledged),
                "kept_unacknowledged": sum(
                    pk not in self.ledger.acknowledged and told in uncertain for pk, told in kept.items()
                ),
                "lost": sum(kept.get(pk) != told for pk, told in self.ledger.acknowledged.items()),
                "from_nowhere": sum(
                    pk not in self.ledger.acknowledged and told not in uncertain for pk, told in kept.items()
                ),
                "cancellations_lost": sum(pk in kept for pk in self.ledger.cancelled),
                "double": connection.execute(OVERLAPS).fetchone()[0],
                "without_message": connection.execute(WITHOUT_MESSAGE, {"last": self.last_appointment}).fetchone()[0],
                "message_without_job": connection.execute(WITHOUT_JOB).fetchone()[0],
            }

    def messages(self) -> dict[str, int]:
        """How many messages are in each state."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return dict(
                connection.execute("SELECT status, count(*) FROM bookings_notification GROUP BY status").fetchall()
            )

    def wait_for_messages(self, seconds: float) -> float | None:
        """The seconds until no message that is due waits any more; None when some still do after `seconds`."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            with psycopg.connect(self.database, autocommit=True) as connection:
                due = connection.execute(
                    "SELECT count(*) FROM bookings_notification"
                    " WHERE status IN ('queued', 'sending') AND due_at < now()"
                ).fetchone()[0]
            if not due:
                return time.monotonic() - began
            time.sleep(1)
        return None


@contextlib.contextmanager
def desk_on(database: str, *, appointments: int, folder: Path) -> Iterator[Desk]:
    """The desk of `bench.prepare` on `database`, with gunicorn and a worker as systemd keeps it: started again if it
    ends."""
    facts = servers.prepared(database, appointments=appointments)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(WRITTEN_TO)
        last = connection.execute("SELECT coalesce(max(id), 0) FROM bookings_appointment").fetchone()[0]
    with servers.gunicorn(database) as port, kept_worker(database, folder / "worker.log") as worker:
        yield Desk(database, port, facts, last, worker)


@dataclass
class KeptWorker:
    """A worker, and how many times it had to be started again."""

    process: subprocess.Popen
    restarts: int = 0


@contextlib.contextmanager
def kept_worker(database: str, log: Path) -> Iterator[KeptWorker]:
    stop = threading.Event()

    def started() -> subprocess.Popen:
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "manage.py", "procrastinate", "worker", "--concurrency", "2"],
                cwd=servers.CHECKOUT,
                env=servers.environment(database),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    kept = KeptWorker(started())

    def keep() -> None:
        # docs/deploy/franceservices-worker.service: Restart=always, RestartSec=2.
        while not stop.wait(2):
            if kept.process.poll() is not None:
                kept.restarts += 1
                kept.process = started()

    keeper = threading.Thread(target=keep)
    keeper.start()
    try:
        yield kept
    finally:
        stop.set()
        keeper.join()
        kept.process.terminate()
        try:
            kept.process.wait(30)
        except subprocess.TimeoutExpired:
            kept.process.kill()
            kept.process.wait()


def recovery(ledger: Ledger, since: float) -> float | None:
    """The seconds from `since` (`time.monotonic`) to the first answer below 500 that came after it; None if none."""
    after = [moment - since for moment, _kind, status, _seconds in ledger.lines if moment > since and 0 < status < 500]
    return round(min(after), 2) if after else None
