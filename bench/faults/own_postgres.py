"""A PostgreSQL of its own for a fault: it can be stopped, killed with -9 and started again at the same address."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from franceservices.embedded_postgres.cluster import Cluster
from franceservices.embedded_postgres.instance import Instance

START_SECONDS = 120
STOP_SECONDS = 60
SETTINGS = ("max_connections=200", "timezone=UTC", "log_timezone=UTC")


class OwnPostgres:
    """One server on a fresh, durable cluster; its socket stays where it is from one start to the next."""

    def __init__(self, cluster: Cluster, socket_folder: Path) -> None:
        self.cluster = cluster
        self.instance = Instance(cluster.name, cluster.folder, socket_folder, cluster.binaries)
        self.process: subprocess.Popen | None = None

    def url(self, database: str) -> str:
        return self.instance.url(database)

    def start(self) -> float:
        """Start it and wait until it answers; the seconds that recovery took."""
        began = time.monotonic()
        with self.cluster.log.open("ab") as log:
            self.process = self.cluster.spawn(
                [
                    *(self.cluster.binaries / "postgres", "-D", self.cluster.data, "-h", ""),
                    *("-k", self.instance.socket_folder, "-p", "5432"),
                    *(f"--{setting}" for setting in SETTINGS),
                ],
                output=log,
            )
        while not self.cluster.answering():
            if self.process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise RuntimeError(self.cluster.log.read_text(errors="replace")[-2000:])
            time.sleep(0.02)
        return time.monotonic() - began

    def stop_fast(self) -> None:
        """What `systemctl restart` does: sessions are cut, what was committed is written."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(STOP_SECONDS)

    def kill(self) -> int:
        """SIGKILL to the server and each of its processes, with nothing written in between; how many there were."""
        # Each process of PostgreSQL leads a group of its own: the parent first, or it would start the others again.
        family = [self.process.pid, *_children_of(self.process.pid)]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        deadline = time.monotonic() + STOP_SECONDS
        while any(_lives(pid) for pid in family):
            if time.monotonic() > deadline:
                raise RuntimeError("a process of PostgreSQL does not end")
            time.sleep(0.01)
        return len(family)


@contextlib.contextmanager
def own_postgres(name: str) -> Iterator[OwnPostgres]:
    """A fresh server, whose data is deleted in the end."""
    cluster = Cluster(name, durable=True)
    with cluster.start_lock():
        cluster.stop()
        if cluster.data.exists():
            shutil.rmtree(cluster.data)
        cluster.initialize()
        socket_folder = Path(tempfile.mkdtemp(prefix="fs-pg-", dir="/tmp"))
        cluster.give(socket_folder)
        server = OwnPostgres(cluster, socket_folder)
        try:
            server.start()
            yield server
        finally:
            if server.process is not None and server.process.poll() is None:
                server.kill()
            shutil.rmtree(socket_folder, ignore_errors=True)
            cluster.delete()


def _children_of(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # proc(5): the parent is field 4; the name, which may hold spaces, ends with the last parenthesis.
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(path.parent.name))
    return found


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
