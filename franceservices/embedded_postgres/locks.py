"""Locks on open files, which the kernel releases when their holder dies, however it dies."""

import fcntl
import os
from pathlib import Path
from typing import IO


def open_lock(path: Path) -> IO[str]:
    return path.open("a")


def try_exclusive(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_still_at(lock: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False
