"""A second factor: set up, asked for, recovered from, and required of those who oversee a CCAS."""

import re

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client
from django.urls import reverse

from partners.models import Role
from tests.factories import PASSWORD, SiteFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return staff_of(SiteFactory(), email="nadia@exemple.fr")


def sign_in(client: Client, user) -> str:
    """Where the form sends her."""
    response = client.post(reverse("login"), {"login": user.email, "password": PASSWORD})
    assert response.status_code == 302
    return response["Location"]


def code_of(secret: str) -> str:
    """What the application shows now."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def confirm(client: Client) -> None:
    """Type the password once more, as pages that touch the account's safety ask."""
    assert "/compte/confirmer/" in client.get(reverse("mfa_activate_totp"))["Location"]
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302


def set_up(client: Client) -> str:
    """Add an application to the account that is signed in, who confirms that it is still she; its secret."""
    confirm(client)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    response = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert response.status_code == 302, response.context["form"].errors
    return secret


def test_with_an_application_the_password_alone_opens_nothing(client, user):
    sign_in(client, user)
    with time_machine.travel("2026-03-02 08:00:00Z", tick=False) as clock:
        secret = set_up(client)
        stranger = Client()
        assert sign_in(stranger, user) == reverse("mfa_authenticate")
        assert SESSION_KEY not in stranger.session
        assert stranger.get(reverse("bookings:today")).status_code == 302
        refused = stranger.post(reverse("mfa_authenticate"), {"code": "000000"})
        assert refused.context["form"].errors
        clock.shift(30)
        assert stranger.post(reverse("mfa_authenticate"), {"code": code_of(secret)}).status_code == 302
        assert SESSION_KEY in stranger.session


def test_the_same_code_does_not_serve_twice(client, user):
    sign_in(client, user)
    with time_machine.travel("2026-03-02 08:00:00Z", tick=False) as clock:
        secret = set_up(client)
        clock.shift(30)
        for expected in (302, 200):
            stranger = Client()
            sign_in(stranger, user)
            assert stranger.post(reverse("mfa_authenticate"), {"code": code_of(secret)}).status_code == expected


def test_recovery_codes_open_once_each(client, user):
    sign_in(client, user)
    set_up(client)
    shown = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    codes = re.findall(r"<li><code>(\w+)</code></li>", shown)
    assert len(codes) == 10
    for expected in (302, 200):
        stranger = Client()
        sign_in(stranger, user)
        assert stranger.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == expected
    assert codes[0] not in client.get(reverse("mfa_view_recovery_codes")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_secret_is_not_readable_in_the_database_and_its_owner_is_told(client, user):
    sign_in(client, user)
    secret = set_up(client)
    stored = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP).data["secret"]
    assert secret not in stored
    assert mail.outbox[-1].to == [user.email]
    assert "Votre compte vient de changer" in mail.outbox[-1].body


def test_taking_it_away_asks_who_is_there(client, user):
    sign_in(client, user)
    set_up(client)
    with time_machine.travel("2035-01-01 08:00:00Z", tick=False):
        client.force_login(user)
        response = client.get(reverse("mfa_deactivate_totp"))
    assert "confirmer" in response["Location"]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_whoever_oversees_a_ccas_does_nothing_without_it(client, settings, role):
    settings.SECOND_FACTOR_ROLES = ["manager", "administrator"]
    user = UserFactory(role=role, ccas=SiteFactory().ccas)
    sign_in(client, user)
    for name in ("home", "bookings:today", "conventions:convention_list", "admin:index", "mfa_deactivate_totp"):
        assert client.get(reverse(name))["Location"] == reverse("mfa_index")
    assert client.post(reverse("site_switch"), {"site": 1})["Location"] == reverse("mfa_index")
    fragment = client.get(reverse("bookings:today"), headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (204, reverse("mfa_index"))
    assert "demande une double authentification" in client.get(reverse("mfa_index")).content.decode()
    set_up(client)
    assert client.get(reverse("bookings:today")).status_code == 200


def test_a_receptionist_is_free_to_do_without(client, settings, user):
    settings.SECOND_FACTOR_ROLES = ["manager", "administrator"]
    sign_in(client, user)
    assert client.get(reverse("bookings:today")).status_code == 200


@pytest.mark.parametrize("name", ["account_signup", "account_email", "account_set_password"])
def test_nobody_makes_an_account_or_changes_its_address_by_himself(client, name):
    assert client.get(reverse(name)).status_code == 404


def test_every_page_of_one_s_own_account_answers(client, user):
    sign_in(client, user)
    set_up(client)
    for name in (
        *("mfa_index", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_list_webauthn"),
        *("mfa_add_webauthn", "mfa_deactivate_totp", "account_change_password", "mfa_download_recovery_codes"),
        *("account_reauthenticate", "mfa_reauthenticate"),
    ):
        response = client.get(reverse(name))
        assert response.status_code == 200, name
