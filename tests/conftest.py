"""What holds for all tests: the database is dropped in the end, whoever still holds it."""

from collections.abc import Iterator

import pytest
from django.db import connection


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-inputs",
        type=int,
        default=0,
        help="inputs for each form, page and path of tests/fuzzing, other ones each time; a few, the same, without it",
    )
    parser.addoption("--fuzz-only", default="", help="regular expression of the routes that tests/fuzzing tries")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """pytest-django's own; before it drops the database, sessions that a thread of a test left open are closed.

    Tests with real transactions empty all tables behind them, which the audit's refuses; its own tests forbid it again.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE partners_auditevent DISABLE TRIGGER audit_is_never_emptied")
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
