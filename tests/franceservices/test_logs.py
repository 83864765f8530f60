"""What the logs say of a fault, and what they keep to themselves."""

import json
import logging

import pytest
from django.db import IntegrityError, connection
from django.http import HttpResponse
from django.test import RequestFactory

from franceservices.logs import JsonFormatter
from franceservices.requests import RequestMiddleware
from partners.views import SignInView
from tests.factories import PASSWORD, PartnerFactory, UserFactory


def told_about(error: BaseException, message: str = "Internal Server Error: /usagers/") -> dict:
    """The object that a fault becomes in the logs."""
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, message, (), (type(error), error, None))
    return json.loads(JsonFormatter().format(record))


@pytest.mark.django_db
def test_the_row_that_the_database_quotes_is_left_out():
    PartnerFactory(name="Caisse des Secrets", slug="secrets")
    with pytest.raises(IntegrityError) as caught, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO partners_partner (name, short_name, slug, siren, address, colour, is_fictional)"
            " SELECT name, short_name, 'other', siren, address, colour, is_fictional FROM partners_partner"
        )
    assert "Caisse des Secrets" in str(caught.value)
    told = told_about(caught.value)
    assert "Caisse des Secrets" not in json.dumps(told, ensure_ascii=False)
    assert any("duplicate key" in line or "unicité" in line for line in told["error"])
    assert any("test_logs.py" in line for line in told["error"])


def test_an_ordinary_error_keeps_its_sentence_and_its_cause():
    try:
        try:
            raise KeyError("motif")
        except KeyError as cause:
            raise ValueError("Motif inconnu") from cause
    except ValueError as error:
        lines = told_about(error)["error"]
    assert lines[0] == "builtins.ValueError: Motif inconnu"
    assert "builtins.KeyError: 'motif'" in lines


def test_the_secret_of_a_link_does_not_enter_the_logs():
    secret = "Zk3" * 15
    told = told_about(ValueError("x"), message=f"Not Found: /planning/{secret}/agenda.ics")
    assert told["message"] == "Not Found: /planning/…/agenda.ics"


def test_lines_of_a_request_carry_its_number_and_the_answer_too(rf: RequestFactory):
    seen = []

    def view(request):
        record = logging.LogRecord("franceservices", logging.INFO, __file__, 1, "vu", (), None)
        seen.append(json.loads(JsonFormatter().format(record)))
        return HttpResponse()

    response = RequestMiddleware(view)(rf.get("/", headers={"X-Request-ID": "typed-by-a-stranger"}))
    assert seen[0]["request"] == response.headers["X-Request-ID"]
    assert len(response.headers["X-Request-ID"]) == 12
    assert "camera=()" in response.headers["Permissions-Policy"]
    outside = logging.LogRecord("franceservices", logging.INFO, __file__, 1, "hors requête", (), None)
    assert "request" not in json.loads(JsonFormatter().format(outside))


@pytest.mark.django_db
def test_the_page_after_a_fault_shows_the_number_that_the_logs_hold(client, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise RuntimeError("panne")

    monkeypatch.setattr(SignInView, "form_invalid", broken)
    UserFactory(email="camille@exemple.fr")
    client.raise_request_exception = False
    response = client.post("/connexion/", {"login": "camille@exemple.fr", "password": PASSWORD + "x"})
    assert response.status_code == 500
    assert response.headers["X-Request-ID"] in response.content.decode()
    assert any(record.name == "django.request" and record.exc_info for record in caplog.records)
