"""ProConnect set up on a local provider, with a CCAS, a partner, and one person of each."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.contrib.auth import SESSION_KEY
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from partners.models import Establishment, ProConnectLink, User
from tests import proconnect_provider
from tests.factories import SiteFactory, UserFactory, staff_of
from tests.proconnect_provider import CLIENT_ID, CLIENT_SECRET, Provider

CCAS_SIRET, PARTNER_SIRET, UNKNOWN_SIRET = "26250056400014", "77567189400019", "13002526500013"


@pytest.fixture
def provider(settings) -> Iterator[Provider]:
    with proconnect_provider.running() as running:
        settings.PROCONNECT_ISSUER = running.issuer
        settings.PROCONNECT_CLIENT_ID = CLIENT_ID
        settings.PROCONNECT_CLIENT_SECRET = CLIENT_SECRET
        settings.PROCONNECT_TIMEOUT = 5
        yield running


@dataclass
class Town:
    """Two people with accounts made beforehand, whom the provider knows as `person_of` says."""

    provider: Provider
    staff: User
    agent: User

    def person_of(self, user: User, **changes: object) -> None:
        """Let `user` be the one who signs in over there."""
        siret = PARTNER_SIRET if user.partner_id else CCAS_SIRET
        person = {"sub": f"sub-{user.pk}", "email": user.email, "siret": siret, "acr": "eidas1"}
        self.provider.person = {**person, **changes}


@pytest.fixture
def town(db, provider: Provider) -> Town:
    staff = staff_of(SiteFactory(), email="nadia@exemple.fr")
    agent = UserFactory(agent=True, email="sophie@caisse.exemple.fr")
    Establishment.objects.create(siret=CCAS_SIRET, ccas=staff.ccas, name="siège")
    Establishment.objects.create(siret=PARTNER_SIRET, partner=agent.partner)
    built = Town(provider, staff, agent)
    built.person_of(staff)
    return built


def go(client: Client, next_path: str = "") -> str:
    """Click on the button; where the page leads."""
    response = client.post(reverse("proconnect_start"), {"next": next_path})
    assert response.status_code == 200, response["Location"]
    return response.context["address"]


def come_back(client: Client, provider: Provider, next_path: str = "") -> HttpResponse:
    """Click on the button, go through the provider, and come back with its answer."""
    address = provider.visit(go(client, next_path))
    assert address.startswith("http://testserver/")
    return client.get(address.removeprefix("http://testserver"))


def assert_refused(client: Client, response: HttpResponse, caplog, reason: str, words: str) -> None:
    """Nobody is signed in, nothing is linked, the log has the reason and nobody's data, the page has a sentence."""
    assert response.status_code == 302, reason
    assert response["Location"].startswith(reverse("login"))
    assert SESSION_KEY not in client.session
    assert not ProConnectLink.objects.live().exists()
    lines = [record for record in caplog.records if record.name.startswith("partners.proconnect")]
    assert [record.getMessage() for record in lines] == [f"ProConnect: nobody signed in, reason={reason}"]
    assert lines[0].levelno == logging.WARNING
    assert lines[0].exc_info is None
    page = client.get(response["Location"])
    assert words in page.content.decode().replace("&#x27;", "’")
    assert "Mot de passe" in page.content.decode()
    assert client.get(reverse("bookings:today")).status_code == 302
