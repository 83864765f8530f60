"""What a server must be told before it starts; nothing of the demonstration is on by itself."""

import os
import re
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


PROCONNECT = {
    "PROCONNECT_ISSUER": "https://proconnect.exemple.fr/api/v2",
    "PROCONNECT_CLIENT_ID": "un-identifiant",
    "PROCONNECT_CLIENT_SECRET": "un-secret",
}


@pytest.mark.parametrize(
    "change",
    [
        {"PROCONNECT_CLIENT_ID": ""},
        {"PROCONNECT_CLIENT_SECRET": ""},
        {"PROCONNECT_ACCEPTED_ACR": ""},
        {"PROCONNECT_ISSUER": "http://proconnect.exemple.fr/api/v2"},
    ],
)
def test_proconnect_is_set_up_whole_or_not_at_all(change):
    refused = checked(**TOLD | PROCONNECT | change)
    assert refused.returncode != 0
    assert "ImproperlyConfigured: PROCONNECT_ISSUER" in refused.stderr


def test_a_server_with_proconnect_starts_without_a_warning():
    made = checked(**TOLD | PROCONNECT)
    assert (made.returncode, made.stderr) == (0, "")


def test_the_demonstration_in_service_is_seen():
    assert checked(**TOLD).returncode == 0
    made = checked(**TOLD | {"DEMO": "True"})
    assert made.returncode != 0
    assert "franceservices.W001" in made.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_a_key_that_stands_in_the_sources_is_seen(name):
    made = checked(**TOLD | {name: "only-for-the-tests-" + "0123456789abcdef" * 4})
    assert made.returncode != 0
    assert f"{name} est une clé d’essai" in made.stderr


def test_the_documented_environment_starts_without_a_warning():
    """The variables of the installation guide, with values in place of its examples."""
    guide = (settings.BASE_DIR / "docs" / "deploy" / "README.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^ *([A-Z][A-Z_]+)=(\S*)", guide, re.MULTILINE))
    assert {"SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"} <= set(documented)
    made = checked(**documented | TOLD)
    assert (made.returncode, made.stderr) == (0, "")
