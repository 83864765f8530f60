"""What a server must be told before it starts; nothing of the demonstration is on by itself."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

TOLD = {
    "SECRET_KEY": "une-cle-longue-et-tiree-au-hasard-0123456789-abcdefghij-klmnopq",
    "DATABASE_URL": "postgres://guichet@localhost/guichet",
    "ALLOWED_HOSTS": "guichet.exemple.fr",
}


def checked(**environment: str) -> subprocess.CompletedProcess:
    """`manage.py check --deploy` with this environment and nothing else."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_production_server_starts_without_a_warning():
    made = checked(**TOLD)
    assert (made.returncode, made.stderr) == (0, "")


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL"])
def test_it_refuses_to_start_without(name):
    for environment in ({key: told for key, told in TOLD.items() if key != name}, TOLD | {name: ""}):
        refused = checked(**environment)
        assert refused.returncode != 0
        assert "ImproperlyConfigured" in refused.stderr
        assert name in refused.stderr


def test_no_other_database_will_do():
    assert "PostgreSQL" in checked(**TOLD | {"DATABASE_URL": "sqlite:///base.sqlite3"}).stderr
