"""What the real pages write to the real log: a sign-in that fails, a booking, and a fault with a name in the form."""

import datetime as dt
import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.db import IntegrityError
from django.urls import reverse

from bookings.forms import VisitorForm
from bookings.generation import generate_permanences
from franceservices.logs import JsonFormatter
from tests.factories import (
    PASSWORD,
    ConventionFactory,
    PartnerFactory,
    ReasonFactory,
    SiteFactory,
    VisitorFactory,
    slot_of,
    staff_of,
)

pytestmark = pytest.mark.django_db

NAMED = ("Quatrepoint", "Zéphyrine", "zephyrine@courriel.example", "0635300142", "quatrepoint", "un-autre-mot-de-passe")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that the application and its libraries say, down to INFO, as it is written in service."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield written
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


@pytest.fixture
def desk(client):
    site = SiteFactory()
    user = staff_of(site)
    client.force_login(user)
    return site, user


def read(log: io.StringIO) -> list[dict]:
    """The lines, each of which must be an object of JSON that names nobody."""
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = log.getvalue()
    assert [word for word in NAMED if word.casefold() in told.casefold()] == []
    return lines


def test_a_sign_in_that_fails(client, log):
    client.post("/connexion/", {"login": "zephyrine@courriel.example", "password": "un-autre-mot-de-passe"})
    assert PASSWORD not in log.getvalue()
    read(log)


def test_a_search_a_card_and_a_booking(client, desk, log):
    site, _user = desk
    partner = PartnerFactory()
    today = site.today()
    convention = ConventionFactory(
        site=site, partner=partner, starts_on=today - dt.timedelta(days=30), ends_on=today + dt.timedelta(days=400)
    )
    for weekday in range(1, 6):
        slot_of(convention, weekday, "09:00", "12:00")
    generate_permanences(conventions=[convention])
    reason = ReasonFactory(partners=[partner])
    permanence = site.permanences.filter(day__gt=today).order_by("during").first()
    visitor = VisitorFactory(ccas=site.ccas, last_name="Quatrepoint", first_name="Zéphyrine", phone="0635300142")
    client.get(reverse("bookings:visitor_list"), {"q": "Quatrepoint"})
    client.get("/usagers/Quatrepoint/")
    key = f"{permanence.pk}-{permanence.during.lower:%Y%m%dT%H%M%S}"
    answer = client.post(
        f"{reverse('bookings:book')}?motif={reason.slug}", {"creneau": key, "who": str(visitor.pk), "subject": ""}
    )
    assert answer.status_code == 302
    read(log)


def test_a_fault_with_a_name_in_the_form(client, desk, log, monkeypatch):
    def broken(form):
        raise IntegrityError(f"null value\nDETAIL:  Failing row contains ({form.data['last_name']})")

    monkeypatch.setattr(VisitorForm, "clean", broken)
    client.raise_request_exception = False
    answer = client.post(
        reverse("bookings:visitor_create"),
        {"last_name": "Quatrepoint", "first_name": "Zéphyrine", "email": "zephyrine@courriel.example"},
    )
    assert answer.status_code == 500
    lines = read(log)
    assert any(line["level"] == "ERROR" and line["request"] == answer.headers["X-Request-ID"] for line in lines)
