"""The two addresses that a supervisor asks."""

import pytest
from django.db import OperationalError, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from franceservices import health


@pytest.fixture(autouse=True)
def forget_the_schema():
    health._seen_current.clear()
    yield
    health._seen_current.clear()


@pytest.mark.django_db
def test_a_server_with_all_it_needs_is_ready(client, settings, tmp_path):
    settings.DOCUMENTS_ROOT = tmp_path / "documents"
    response = client.get("/sante/pret/")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "missing": []})
    assert "no-store" in response.headers["Cache-Control"]


def test_it_is_alive_without_a_database(client, django_assert_num_queries):
    # No database mark: a query would fail the test.
    assert client.get("/sante/").json() == {"status": "ok"}


@pytest.mark.django_db
def test_a_migration_that_is_missing_makes_it_not_ready(client, settings, tmp_path):
    settings.DOCUMENTS_ROOT = tmp_path
    last = MigrationLoader(connection).graph.leaf_nodes("conventions")[0]
    MigrationRecorder(connection).record_unapplied(*last)
    response = client.get("/sante/pret/")
    assert (response.status_code, response.json()["missing"]) == (503, ["migrations"])


@pytest.mark.django_db
def test_a_database_that_does_not_answer_makes_it_not_ready(client, settings, tmp_path, monkeypatch):
    settings.DOCUMENTS_ROOT = tmp_path

    def refuse(*args, **kwargs):
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as cut:
        cut.setattr(connections["default"], "cursor", refuse)
        cut.setattr(connections["default"], "close", lambda: None)
        response = client.get("/sante/pret/")
    assert (response.status_code, response.json()["missing"]) == (503, ["database"])


@pytest.mark.django_db
def test_documents_that_cannot_be_stored_make_it_not_ready(client, settings, tmp_path):
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    settings.DOCUMENTS_ROOT = blocked / "documents"
    assert client.get("/sante/pret/").json()["missing"] == ["documents"]
