"""Gives the tests a PostgreSQL and an environment, before pytest-django reads the settings.

Loaded by `-p tests.postgres_plugin` (pyproject.toml). A DATABASE_URL that is set already wins; its user must be allowed
to create databases and extensions.
"""

import atexit
import contextlib
import fcntl
import os
import tempfile
from collections.abc import Generator, Iterator

import pytest

from franceservices import embedded_postgres

ENVIRONMENT = {
    "SECRET_KEY": "only-for-the-tests-" + "0123456789abcdef" * 4,
    "DEBUG": "False",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "LOG_LEVEL": "WARNING",
    # Plain http, and static files found where they are written: nothing is collected for the tests.
    "SECURE_COOKIES": "False",
    # Tests of other things sign managers in without setting up a key first; those of this one say so.
    "SECOND_FACTOR_ROLES": "",
    # Tests travel through days on one session; those of idle sessions say so.
    "SESSION_IDLE_SECONDS": "1000000000",
    "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
}

_resources = contextlib.ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    # A wrapper runs before every plain hook, pytest-django's included.
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # Each process has a folder of its own for uploaded documents, gone with it.
    os.environ["DOCUMENTS_ROOT"] = _resources.enter_context(tempfile.TemporaryDirectory(prefix="documents-"))
    if not os.environ.get("DATABASE_URL"):  # xdist's workers inherit the one of their parent.
        atexit.register(_resources.close)
        instance = _resources.enter_context(embedded_postgres.running("test", durable=False))
        os.environ["DATABASE_URL"] = instance.bare_url(_resources.enter_context(_own_database(instance)))
    return (yield)


def pytest_unconfigure() -> None:
    _resources.close()


@contextlib.contextmanager
def _own_database(instance: embedded_postgres.Instance) -> Iterator[str]:
    """A database name that no other session uses at this moment; the same one again when sessions do not overlap."""
    number = 1
    while True:
        name = f"franceservices_{number}"
        with (instance.folder / f"{name}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                number += 1
                continue
            yield name
            return
