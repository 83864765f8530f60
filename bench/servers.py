"""What a measure runs against: databases of its own, and gunicorn in front of each."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from franceservices import embedded_postgres

CHECKOUT = Path(__file__).resolve().parent.parent
WORKERS, THREADS = 2, 4
READY_SECONDS = 60
ENVIRONMENT = {
    "SECRET_KEY": "only-for-the-measures-" + "0123456789abcdef" * 4,
    "DEBUG": "False",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "LOG_LEVEL": "WARNING",
    "SECURE_COOKIES": "False",
    # Nothing is collected: no page is measured with its style sheets.
    "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
    "EMAIL_URL": "dummymail://",
    "CONN_MAX_AGE": "600",
}


@contextlib.contextmanager
def server_url() -> Iterator[str]:
    """The DATABASE_URL of the `postgres` database of the server to use: the environment's, or a private one."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield urlsplit(given)._replace(path="/postgres").geturl()
        return
    with embedded_postgres.running("bench", durable=True) as instance:
        yield instance.bare_url("postgres")


@contextlib.contextmanager
def own_database(server: str, name: str, *, keep: bool) -> Iterator[str]:
    """The DATABASE_URL of the database `name`, made if missing, dropped in the end unless `keep`."""
    with psycopg.connect(server, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        if not keep:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def prepared(database: str, *, appointments: int) -> dict:
    """Fill the database; what `bench.prepare` says of it. Raises RuntimeError with its message."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.prepare", "--appointments", str(appointments)],
        cwd=CHECKOUT,
        env=environment(database),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


@contextlib.contextmanager
def gunicorn(database: str) -> Iterator[int]:
    """The port of the application in front of `database`, ready to answer; as `make demo` runs it, without a log."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    command = [
        *(sys.executable, "-m", "gunicorn", "bench.wsgi", "--bind", f"127.0.0.1:{port}", "--no-control-socket"),
        *("--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "60", "--log-level", "warning"),
    ]
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment(database)) as process:
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()


def environment(database: str) -> dict[str, str]:
    return os.environ | ENVIRONMENT | {"DATABASE_URL": database}


def _wait_for(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("gunicorn ended at once")
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("gunicorn does not answer")
