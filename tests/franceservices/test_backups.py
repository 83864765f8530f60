"""A backup is worth what its restoration gives back."""

import os
import subprocess
import sys
import tarfile
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from franceservices.backups import BackupError, back_up, unpack
from tests.factories import ConventionFactory, FeeTermsFactory, PartnerFactory, VisitorFactory, slot_of


@pytest.fixture
def activity(transactional_db, settings, tmp_path):
    """Some rows of every floor, and two documents."""
    settings.DOCUMENTS_ROOT = tmp_path / "documents"
    convention = FeeTermsFactory().convention
    slot_of(convention, 2, "08:30", "12:00")
    ConventionFactory()
    VisitorFactory.create_batch(3)
    for name, content in (("ab/cdef", b"%PDF-1.7 one"), ("cd/0123", bytes(range(256)) * 9000)):
        path = settings.DOCUMENTS_ROOT / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    return convention


@pytest.fixture
def empty_database(transactional_db):
    """The name of a new database on the same server, dropped afterwards."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with psycopg.connect(**server(), autocommit=True) as session:
        session.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        session.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        yield name
        session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def server(database: str = "postgres") -> dict[str, object]:
    """How to reach the tests' server, whatever the database."""
    parameters = connection.get_connection_params()
    return {name: parameters[name] for name in ("host", "port", "user", "password") if parameters.get(name)} | {
        "dbname": database
    }


def all_rows(database: str) -> dict[str, list[str]]:
    """Every row of every table of `database`, as text, in order."""
    with psycopg.connect(**server(database)) as session:
        tables = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: [
                row
                for (row,) in session.execute(
                    sql.SQL('SELECT t::text FROM {} t ORDER BY t::text COLLATE "C"').format(sql.Identifier(name))
                )
            ]
            for (name,) in tables
        }


def restored(backup: Path, database: str, documents: Path) -> subprocess.CompletedProcess:
    """`manage.py restore` by another process, for `database`."""
    parts = server(database)
    url = f"postgres://{parts.get('user', '')}@/{database}?host={parts['host']}" + (
        f"&port={parts['port']}" if "port" in parts else ""
    )
    if not str(parts["host"]).startswith("/"):
        password = f":{parts['password']}" if "password" in parts else ""
        url = f"postgres://{parts.get('user', '')}{password}@{parts['host']}:{parts.get('port', 5432)}/{database}"
    return subprocess.run(
        [sys.executable, "manage.py", "restore", str(backup)],
        cwd=django_settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url, "DOCUMENTS_ROOT": str(documents)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_restoration_gives_back_each_row_and_each_document(activity, empty_database, settings, tmp_path):
    backup = tmp_path / "sauvegarde.tar"
    call_command("backup", str(backup), stdout=StringIO())
    assert backup.stat().st_mode & 0o777 == 0o600
    PartnerFactory(name="Arrivée après")
    found = restored(backup, empty_database, tmp_path / "elsewhere")
    assert found.returncode == 0, found.stderr
    before, after = all_rows(connection.settings_dict["NAME"]), all_rows(empty_database)
    # What was made after the backup, and the line of the journal that says so.
    for table in ("partners_partner", "partners_auditevent"):
        late = [row for row in before[table] if "Arrivée après" in row]
        assert len(late) == 1
        before[table].remove(late[0])
    assert after == before
    assert len(after["bookings_visitor"]) == 3
    for path in settings.DOCUMENTS_ROOT.rglob("*"):
        if path.is_file():
            copy = tmp_path / "elsewhere" / path.relative_to(settings.DOCUMENTS_ROOT)
            assert copy.read_bytes() == path.read_bytes()
            assert copy.stat().st_mode & 0o777 == 0o600

    again = restored(backup, empty_database, tmp_path / "third")
    assert again.returncode == 1
    assert "La base n’est pas vide" in again.stderr


def test_a_damaged_backup_is_refused(activity, tmp_path):
    backup = tmp_path / "sauvegarde.tar"
    back_up(backup, tell=lambda line: None)
    whole = backup.read_bytes()
    with tarfile.open(backup) as archive:
        member = archive.getmember("documents/cd/0123")
        middle = member.offset_data + member.size // 2
    damaged = tmp_path / "abimee.tar"
    damaged.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    (tmp_path / "one").mkdir()
    with pytest.raises(BackupError, match="cd/0123 de la sauvegarde est abîmé"):
        unpack(damaged, tmp_path / "one")
    cut = tmp_path / "coupee.tar"
    cut.write_bytes(whole[: len(whole) // 2])
    (tmp_path / "two").mkdir()
    with pytest.raises(BackupError, match="lisible"):
        unpack(cut, tmp_path / "two")


def test_a_backup_never_replaces_another_and_leaves_nothing_half_done(activity, tmp_path, settings):
    backup = tmp_path / "sauvegarde.tar"
    backup.write_bytes(b"la precedente")
    with pytest.raises(BackupError, match="existe déjà"):
        back_up(backup, tell=lambda line: None)
    assert backup.read_bytes() == b"la precedente"
    backup.unlink()
    settings.PG_BIN = str(tmp_path)
    (tmp_path / "pg_dump").write_text("#!/bin/sh\necho 'disque plein' >&2; exit 1\n")
    (tmp_path / "pg_dump").chmod(0o700)
    with pytest.raises(BackupError, match="disque plein"):
        back_up(backup, tell=lambda line: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["documents", "pg_dump"]
