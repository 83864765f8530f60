"""`python -m bench.faults.disk_full`: documents, then the database, on disks that fill up.

They are tmpfs mounts, so root is needed. The promise: somebody whose document or booking finds no room reads a sentence
in French, no half file is left, no row points to nothing, and all goes on once there is room. Prints what was seen,
last of all one JSON line; exits with 1 when a promise is broken.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg

from bench import servers
from bench.faults.desk import Desk, desk_on
from bench.faults.own_postgres import OwnPostgres, own_postgres

DOCUMENTS_MEBIBYTES, TABLES_MEBIBYTES = 4, 64
UPLOADS = 6
MEBIBYTE = 1024 * 1024
FULL = "stockage du serveur est plein"


def main() -> int:
    if os.geteuid() != 0:
        sys.exit("Il faut être root pour monter un disque trop petit.")
    with contextlib.ExitStack() as use:
        documents = use.enter_context(small_disk(DOCUMENTS_MEBIBYTES))
        os.environ |= {"DOCUMENTS_ROOT": str(documents), "SECOND_FACTOR_ROLES": ""}
        server = use.enter_context(own_postgres("faults-full"))
        tables = use.enter_context(small_disk(TABLES_MEBIBYTES))
        logs = Path(use.enter_context(tempfile.TemporaryDirectory()))
        desk = use.enter_context(desk_on(server.url("faults"), appointments=500, folder=logs))
        report = {"documents": fill_documents(desk, documents), "database": fill_tables(desk, server, tables)}
    broken = [
        f"{place}: {name}"
        for place, told in report.items()
        for name, is_kept in told["promises"].items()
        if not is_kept
    ]
    print(json.dumps(report | {"broken": broken}))
    return 1 if broken else 0


@contextlib.contextmanager
def small_disk(mebibytes: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fs-disque-") as name:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", name], check=True)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


def fill_documents(desk: Desk, disk: Path) -> dict:
    """Put files of a mebibyte on a disk of four, make it larger, put one more."""
    with psycopg.connect(desk.database, autocommit=True) as connection:
        # The people of the measures are receptionists; documents are a manager's.
        connection.execute("UPDATE partners_user SET role = 'manager'")
    client = desk.client(0)
    content = b"%PDF-1.4\n" + b"%" + b"x" * (MEBIBYTE - 64) + b"\nstartxref\n9\n%%EOF\n"
    fields = {"kind": "other", "title": "Bail", "valid_from": "", "valid_until": ""}

    def put(number: int) -> str:
        told = client.upload("/documents/deposer/", fields, name=f"bail-{number}.pdf", content=content)
        return "stored" if told.status == 302 else "refused" if FULL in told.body else f"{told.status}"

    before = Counter(put(number) for number in range(UPLOADS))
    files = [path for path in disk.rglob("*") if path.is_file()]
    with psycopg.connect(desk.database, autocommit=True) as connection:
        rows = connection.execute("SELECT count(*) FROM conventions_document").fetchone()[0]
    half_files = sum(path.stat().st_size != len(content) for path in files)
    subprocess.run(["mount", "-o", f"remount,size={2 * DOCUMENTS_MEBIBYTES}m", str(disk)], check=True)
    after = put(UPLOADS)
    checked = subprocess.run(
        [sys.executable, "manage.py", "check_documents"],
        cwd=servers.CHECKOUT,
        env=servers.environment(desk.database),
        capture_output=True,
        text=True,
        check=False,
    )
    print(
        f"documents : {dict(before)} sur {DOCUMENTS_MEBIBYTES} Mo, {len(files)} fichiers et {rows} lignes ;"
        f" {after} après"
    )
    with psycopg.connect(desk.database, autocommit=True) as connection:
        connection.execute("UPDATE partners_user SET role = 'reception'")
    return {
        "answers": dict(before),
        "files": len(files),
        "rows": rows,
        "promises": {
            "only_stored_or_told": set(before) == {"stored", "refused"},
            "no_half_file": half_files == 0 and len(files) == rows == before["stored"],
            "goes_on": after == "stored",
            "check_documents": checked.returncode == 0,
        },
    }


def fill_tables(desk: Desk, server: OwnPostgres, disk: Path) -> dict:
    """Move the appointments to a small disk, leave no room on it, book, make room, book."""
    place = disk / "tables"
    place.mkdir()
    disk.chmod(0o755)
    server.cluster.give(place)
    place.chmod(0o700)
    with psycopg.connect(desk.database, autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        connection.execute("ALTER TABLE bookings_appointment SET TABLESPACE small")
    room = disk / "filler"
    free = os.statvfs(disk)
    room.write_bytes(b"\0" * (free.f_bavail * free.f_frsize))
    client = desk.client(1)
    full: Counter[str] = Counter()
    for _ in range(200):
        told = desk.book(client, *desk.next_time())
        full["booked" if told.status == 302 else "told" if FULL in told.body else str(told.status)] += 1
        if full["told"] >= 5:
            break
    room.unlink()
    after = [desk.book(client, *desk.next_time()).status for _ in range(5)]
    found = desk.verdict()
    print(f"base : {dict(full)} sur un disque plein, puis {after} une fois la place revenue ; {found}")
    return {
        "answers": dict(full),
        **found,
        "promises": {
            "only_booked_or_told": set(full) <= {"booked", "told"} and full["told"] > 0,
            "nothing_lost": found["lost"] == found["from_nowhere"] == found["double"] == 0,
            "nothing_half_done": found["without_message"] == found["message_without_job"] == 0,
            "goes_on": after == [302] * 5,
        },
    }


if __name__ == "__main__":
    sys.exit(main())
