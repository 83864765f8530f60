"""ProConnect in Chromium: through the provider and the sign-in of an employer, which are other sites, and out again."""

from collections.abc import Iterator

import pytest
from django.shortcuts import redirect
from playwright.sync_api import Page, expect

from partners.models import Establishment
from partners.proconnect import views
from tests import proconnect_provider
from tests.browser.conftest import Besancon
from tests.proconnect_provider import CLIENT_ID, CLIENT_SECRET, Provider

pytestmark = pytest.mark.browser
SIRET = "26250056400014"


@pytest.fixture
def provider(besancon: Besancon, live_server, settings) -> Iterator[Provider]:
    with proconnect_provider.running() as running:
        settings.PROCONNECT_ISSUER = running.issuer
        settings.PROCONNECT_CLIENT_ID = CLIENT_ID
        settings.PROCONNECT_CLIENT_SECRET = CLIENT_SECRET
        running.redirect_uri = f"{live_server.url}/connexion/proconnect/retour/"
        running.post_logout_redirect_uri = f"{live_server.url}/connexion/proconnect/fin/"
        running.goes_by_employer = True
        Establishment.objects.create(siret=SIRET, ccas=besancon.site.ccas)
        yield running


def test_in_by_one_click_and_out_of_both(page: Page, besancon, provider, live_server, check_accessibility):
    page.set_default_timeout(10_000)
    spoken: list[str] = []
    page.on("console", lambda message: spoken.append(message.text))
    provider.person = {"sub": "sub-nadia", "email": besancon.receptionist.email, "siret": SIRET, "acr": "eidas1"}
    page.goto(f"{live_server.url}/agenda/")
    check_accessibility()
    page.get_by_role("button", name="S’identifier avec ProConnect").click()
    page.wait_for_url(f"{live_server.url}/agenda/")
    expect(page.get_by_text("Nadia Roussel").first).to_be_attached()
    assert provider.asked.count("employer") == 1
    page.locator("summary", has_text="Nadia Roussel").click()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_text("Vous êtes déconnecté, ici et de ProConnect.")).to_be_visible()
    assert provider.sign_outs[0]["sub"] == "sub-nadia"
    assert provider.asked.count("employer") == 2
    # The way back leads to nothing that was open.
    page.go_back()
    page.goto(f"{live_server.url}/agenda/")
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
    assert [text for text in spoken if "Content Security Policy" in text] == []


def test_whoever_is_unknown_is_told_whom_to_ask(page: Page, besancon, provider, live_server, check_accessibility):
    page.set_default_timeout(10_000)
    provider.person = {"sub": "x", "email": "inconnue@exemple.fr", "siret": SIRET, "acr": "eidas1"}
    page.goto(f"{live_server.url}/")
    page.get_by_role("button", name="S’identifier avec ProConnect").click()
    expect(page.get_by_text("Aucun compte n’est ouvert ici")).to_be_visible()
    check_accessibility()
    page.get_by_role("button", name="Se déconnecter de ProConnect").click()
    expect(page.get_by_text("Vous êtes déconnecté, ici et de ProConnect.")).to_be_visible()


def test_a_redirection_after_the_form_would_be_stopped(page: Page, besancon, provider, live_server, monkeypatch):
    """The control: why a page leads out, and not a redirection."""
    monkeypatch.setattr(views, "lead_out", lambda _request, address: redirect(address))
    page.set_default_timeout(10_000)
    provider.person = {"sub": "sub-nadia", "email": besancon.receptionist.email, "siret": SIRET, "acr": "eidas1"}
    page.goto(f"{live_server.url}/")
    with page.expect_console_message(lambda message: "form-action" in message.text):
        page.get_by_role("button", name="S’identifier avec ProConnect").click()
    assert "authorize" not in provider.asked
