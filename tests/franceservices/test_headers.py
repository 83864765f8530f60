"""What each kind of answer says to the browser: what it may run, keep, tell elsewhere and be shown in."""

import datetime as dt

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from bookings.shared_links import create_planning_link
from conventions.views import ConventionListView
from partners.models import Role
from tests.factories import ConventionFactory, SiteFactory, staff_of

pytestmark = pytest.mark.django_db


class Kinds:
    """One space with a convention, and a client signed in as its administrator."""

    def __init__(self) -> None:
        self.site = SiteFactory()
        today = self.site.today()
        self.convention = ConventionFactory(
            site=self.site, starts_on=today - dt.timedelta(days=30), ends_on=today + dt.timedelta(days=300)
        )
        self.user = staff_of(self.site, role=Role.ADMINISTRATOR)
        self.client = Client(raise_request_exception=False)
        self.client.force_login(self.user)
        self.monkeypatch: pytest.MonkeyPatch | None = None

    def page(self) -> HttpResponse:
        return self.client.get(reverse("bookings:today"))

    def fragment(self) -> HttpResponse:
        return self.client.get(reverse("bookings:today"), headers={"HX-Request": "true"})

    def download(self) -> HttpResponse:
        return self.client.get(reverse("reports:figures_file", args=["csv"]))

    def redirection(self) -> HttpResponse:
        return self.client.get("/")

    def sign_in(self) -> HttpResponse:
        return Client().get("/connexion/")

    def admin(self) -> HttpResponse:
        return self.client.get("/admin/")

    def admin_list(self) -> HttpResponse:
        return self.client.get("/admin/conventions/convention/")

    def secret_link(self) -> HttpResponse:
        _link, token = create_planning_link(
            site=self.site,
            partner=self.convention.partner,
            recipient="CPAM",
            last_day=self.site.today() + dt.timedelta(days=7),
            by=self.user,
        )
        return Client().get(reverse("bookings:shared_planning", args=[token]))

    def bad_request(self) -> HttpResponse:
        return self.client.get("/", headers={"Host": "ailleurs.exemple"})

    def forgotten_token(self) -> HttpResponse:
        client = Client(enforce_csrf_checks=True)
        return client.post("/connexion/", {"login": "a@exemple.fr"})

    def nothing_there(self) -> HttpResponse:
        return self.client.get("/rien/")

    def fault(self) -> HttpResponse:
        return self._raising(RuntimeError("panne"))

    def outage(self) -> HttpResponse:
        return self._raising(OperationalError("the connection is closed"))

    def _raising(self, error: Exception) -> HttpResponse:
        def broken(*args, **kwargs):
            raise error

        self.monkeypatch.setattr(ConventionListView, "get", broken)
        return self.client.get(reverse("conventions:convention_list"))


STATUSES = {
    "page": 200,
    "fragment": 200,
    "download": 200,
    "redirection": 302,
    "sign_in": 200,
    "admin": 200,
    "admin_list": 200,
    "secret_link": 200,
    "bad_request": 400,
    "forgotten_token": 403,
    "nothing_there": 404,
    "fault": 500,
    "outage": 503,
}


@pytest.fixture
def kinds(monkeypatch, settings) -> Kinds:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    made = Kinds()
    made.monkeypatch = monkeypatch
    return made


@pytest.mark.parametrize("kind", STATUSES)
def test_every_kind_of_answer_is_closed_in(kinds, kind):
    response = getattr(kinds, kind)()
    assert response.status_code == STATUSES[kind]
    headers = response.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy or "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "object-src 'none'" in policy or "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy or "sandbox" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "no-store" in headers["Cache-Control"]
    assert len(headers["X-Request-ID"]) == 12


def test_a_download_is_saved_under_a_name(kinds):
    disposition = kinds.download().headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert ".csv" in disposition


def test_a_secret_link_tells_its_address_to_nobody(kinds):
    assert kinds.secret_link().headers["Referrer-Policy"] == "no-referrer"


def test_over_tls_the_browser_is_told_to_stay_there(kinds):
    response = kinds.client.get(reverse("bookings:today"), secure=True)
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Strict-Transport-Security" not in kinds.page().headers


@pytest.mark.parametrize("kind", ["bad_request", "forgotten_token", "nothing_there", "fault", "outage"])
def test_an_error_page_is_in_french_and_quotes_the_request(kinds, kind):
    response = getattr(kinds, kind)()
    text = response.content.decode()
    assert '<html lang="fr">' in text
    assert f"Erreur {response.status_code}" in text
    assert response.headers["X-Request-ID"] in text
    assert "Traceback" not in text
    assert "panne" not in text


def test_an_outage_says_when_to_come_back(kinds):
    response = kinds.outage()
    assert response.headers["Retry-After"] == "5"
    assert "interrompu un instant" in response.content.decode()


def test_a_full_disk_is_said(kinds):
    response = kinds._raising(OSError(28, "No space left on device"))
    assert response.status_code == 503
    assert "stockage du serveur est plein" in response.content.decode()
