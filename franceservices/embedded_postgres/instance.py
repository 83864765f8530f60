"""A server that runs, as seen by who wants a database on it."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

SUPERUSER = "franceservices"


class EmbeddedPostgresError(RuntimeError):
    """The instance could not be started, stopped or asked; the message is in French, for the person at the terminal."""


@dataclass(frozen=True)
class Instance:
    """A running instance: `socket_folder` is where it listens, `folder` where it keeps its state."""

    name: str
    folder: Path
    socket_folder: Path
    binaries: Path

    def url(self, database: str) -> str:
        """The DATABASE_URL of `database`, created if missing.

        The host is a query parameter: the only form that libpq and django-environ both read as a socket folder.
        """
        check_name(database)
        exists = f"SELECT 1 FROM pg_database WHERE datname = '{database}'"
        if self.query(exists) != "1":
            try:
                self.query(f'CREATE DATABASE "{database}"')
            except EmbeddedPostgresError:
                if self.query(exists) != "1":  # Otherwise another process created it in the meantime.
                    raise
        return self.bare_url(database)

    def bare_url(self, database: str) -> str:
        """The same URL, without a look at whether `database` exists."""
        return f"postgres://{SUPERUSER}@/{database}?host={quote(str(self.socket_folder), safe='/')}"

    def query(self, sql: str, *, database: str = "postgres") -> str:
        """What psql prints for `sql`, unaligned and without headers. Raises EmbeddedPostgresError with its message."""
        answer = subprocess.run(
            [
                *(
                    self.binaries / "psql",
                    "--no-psqlrc",
                    "--no-password",
                    "--tuples-only",
                    "--no-align",
                ),
                *(
                    "--set=ON_ERROR_STOP=1",
                    "-h",
                    self.socket_folder,
                    "-U",
                    SUPERUSER,
                    "-d",
                    database,
                    "-c",
                    sql,
                ),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
        if answer.returncode:
            raise EmbeddedPostgresError(answer.stderr.strip())
        return answer.stdout.strip()


def environment() -> dict[str, str]:
    """Nothing of the caller's PG* variables; the cluster takes its character classes from this locale.

    With the plain C locale pg_trgm would take accented letters for separators.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def check_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,40}", name):
        raise ValueError(f"not a plain lower-case name: {name!r}")
