"""Signing in by ProConnect when all is well: what is asked, who comes in, what is remembered, how one leaves."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client
from django.urls import reverse

from partners.models import Establishment, ProConnectLink, Role, User
from partners.proconnect.accounts import release
from tests.factories import PASSWORD, SiteFactory, UserFactory, staff_of
from tests.partners.conftest import CCAS_SIRET, PARTNER_SIRET, come_back, go
from tests.proconnect_provider import REMOVED, signed_by_curve

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of_now() -> str:
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))


def asked_in(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


# --- the button and what it asks --------------------------------------------------------------------------------------
def test_the_button_is_there_only_where_proconnect_is_set_up(client, town, settings):
    assert "S’identifier avec ProConnect" in client.get(reverse("login")).content.decode()
    settings.PROCONNECT_ISSUER = ""
    assert "ProConnect" not in client.get(reverse("login")).content.decode()
    assert client.post(reverse("proconnect_start")).status_code == 404
    assert client.get(reverse("proconnect_answer")).status_code == 404
    assert client.get(reverse("proconnect_signed_out")).status_code == 404


def test_what_is_asked_is_long_random_and_new_each_time(client, town):
    first, second = asked_in(go(client)), asked_in(go(client))
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 32
        assert first[name] != second[name]
    assert first["state"] != first["nonce"]
    assert first["response_type"] == "code"
    assert first["code_challenge_method"] == "S256"
    assert first["redirect_uri"] == "http://testserver/connexion/proconnect/retour/"
    assert set(first["scope"].split()) == {"openid", "email", "siret"}
    wanted = json.loads(first["claims"])["id_token"]["acr"]
    assert wanted == {"essential": True, "values": ["eidas1", "eidas1-mfa", "eidas2", "eidas3"]}


def test_without_pkce_over_there_it_is_not_sent(client, town):
    """ProConnect refuses parameters that it does not know."""
    town.provider.discovery_changes = {"code_challenge_methods_supported": REMOVED}
    assert "code_challenge" not in asked_in(go(client))
    assert come_back(client, town.provider)["Location"] == reverse("home")


def test_going_there_is_a_post_with_a_token(town):
    assert Client().get(reverse("proconnect_start")).status_code == 405
    assert Client(enforce_csrf_checks=True).post(reverse("proconnect_start")).status_code == 403


def test_the_page_that_leads_out_keeps_the_policy_closed(client, town):
    response = client.post(reverse("proconnect_start"))
    assert "form-action 'self'" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]
    assert f'<meta http-equiv="refresh" content="0; url={town.provider.issuer}/authorize?' in response.content.decode()


# --- who comes in -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("signer", ["rsa", "curve"])
def test_staff_and_agents_come_in_by_the_address_the_first_time(town, signer):
    if signer == "curve":
        town.provider.sign_id_token = town.provider.sign_userinfo = signed_by_curve
    for user in (town.staff, town.agent):
        client = Client()
        town.person_of(user, email=user.email.upper())
        assert come_back(client, town.provider)["Location"] == reverse("home")
        assert client.session[SESSION_KEY] == str(user.pk)
        link = user.proconnect_links.get()
        assert (link.issuer, link.sub, link.released_at) == (town.provider.issuer, f"sub-{user.pk}", None)
    home = "bookings:my_schedule"
    assert client.get(reverse("home"))["Location"] == reverse(home)
    assert client.get(reverse(home)).status_code == 200


def test_afterwards_only_the_sub_counts(client, town):
    come_back(client, town.provider)
    client.post(reverse("logout"))
    town.person_of(town.staff, email="nadia.nouveau-nom@exemple.fr")
    come_back(client, town.provider)
    assert client.session[SESSION_KEY] == str(town.staff.pk)
    assert ProConnectLink.objects.count() == 1
    client.post(reverse("logout"))
    # Even when that address is somebody else's account here.
    UserFactory(email="nadia.nouveau-nom@exemple.fr", ccas=town.staff.ccas)
    come_back(client, town.provider)
    assert client.session[SESSION_KEY] == str(town.staff.pk)


@pytest.mark.django_db(transaction=True)
def test_the_first_time_is_told_to_the_owner_and_written_down(client, town, caplog):
    caplog.set_level("INFO", logger="partners.proconnect")
    come_back(client, town.provider)
    assert [message.to for message in mail.outbox] == [[town.staff.email]]
    assert "une identité ProConnect l’a ouvert pour la première fois" in mail.outbox[0].body
    assert [record.getMessage() for record in caplog.records if record.name.startswith("partners.proconnect")] == [
        f"ProConnect: account {town.staff.pk} is linked"
    ]
    client.post(reverse("logout"))
    come_back(client, town.provider)
    assert len(mail.outbox) == 1


def test_the_services_of_the_ccas_work_where_it_does(client, town):
    town.agent.partner.own_ccas = town.staff.ccas
    town.agent.partner.save()
    town.person_of(town.agent, siret=CCAS_SIRET)
    come_back(client, town.provider)
    assert client.session[SESSION_KEY] == str(town.agent.pk)


def test_two_bodies_may_share_an_establishment(client, town):
    Establishment.objects.create(siret=CCAS_SIRET, partner=town.agent.partner)
    town.person_of(town.agent, siret=CCAS_SIRET)
    come_back(client, town.provider)
    assert client.session[SESSION_KEY] == str(town.agent.pk)


def test_one_is_led_where_one_wanted_to_go(client, town):
    wanted = f"{reverse('bookings:today')}?jour=2026-03-02"
    assert come_back(client, town.provider, wanted)["Location"] == wanted


@pytest.mark.parametrize("wanted", ["https://ailleurs.exemple/", "//ailleurs.exemple/", "javascript:alert(1)", "\\\\x"])
def test_one_is_led_nowhere_else(client, town, wanted):
    assert come_back(client, town.provider, wanted)["Location"] == reverse("home")


def test_whoever_is_signed_in_already_stays_so(client, town):
    address = town.provider.visit(go(client)).removeprefix("http://testserver")
    client.force_login(town.agent)
    assert client.get(address)["Location"] == reverse("home")
    assert client.session[SESSION_KEY] == str(town.agent.pk)
    assert client.post(reverse("proconnect_start"))["Location"] == reverse("home")


def test_a_new_key_of_the_provider_is_found_at_once(client, town):
    town.provider.keys = ("ec-1",)
    town.provider.sign_id_token = town.provider.sign_userinfo = signed_by_curve
    come_back(client, town.provider)
    client.post(reverse("logout"))
    town.provider.keys = ("rsa-1",)
    town.provider.sign_id_token = town.provider.sign_userinfo = type(town.provider).sign_id_token
    come_back(client, town.provider)
    assert SESSION_KEY in client.session


def test_addresses_and_keys_are_read_once_an_hour(client, town):
    for _ in range(3):
        come_back(client, town.provider)
        client.logout()
    assert town.provider.asked.count("discovery") == 1
    assert town.provider.asked.count("jwks") == 1


# --- a second factor --------------------------------------------------------------------------------------------------
@pytest.fixture
def manager(town, settings) -> User:
    settings.SECOND_FACTOR_ROLES = ["manager", "administrator"]
    manager = staff_of(SiteFactory(ccas=town.staff.ccas), role=Role.MANAGER, email="helene@exemple.fr")
    town.person_of(manager)
    return manager


@pytest.mark.parametrize("acr", ["eidas1-mfa", "eidas2", "eidas3"])
def test_two_factors_over_there_are_enough(client, town, manager, acr):
    town.person_of(manager, acr=acr)
    TOTP.activate(manager, SECRET)
    assert come_back(client, town.provider)["Location"] == reverse("home")
    assert client.get(reverse("bookings:today")).status_code == 200


def test_with_one_factor_ours_is_asked_for_before_anything_opens(client, town, manager):
    TOTP.activate(manager, SECRET)
    assert come_back(client, town.provider)["Location"] == reverse("mfa_authenticate")
    assert SESSION_KEY not in client.session
    assert client.get(reverse("bookings:today")).status_code == 302
    # Whoever stops here has linked nothing.
    assert not ProConnectLink.objects.exists()
    assert client.post(reverse("mfa_authenticate"), {"code": code_of_now()}).status_code == 302
    assert client.session[SESSION_KEY] == str(manager.pk)
    assert manager.proconnect_links.live().exists()
    assert client.get(reverse("bookings:today")).status_code == 200


def test_with_one_factor_and_none_of_ours_one_sets_it_up_first(client, town, manager):
    manager.set_unusable_password()
    manager.save()
    come_back(client, town.provider)
    assert client.get(reverse("bookings:today"))["Location"] == reverse("mfa_index")
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert client.post(reverse("mfa_activate_totp"), {"code": code}).status_code == 302
    assert client.get(reverse("bookings:today")).status_code == 200


def test_the_factors_of_one_session_are_not_those_of_the_next(client, town, manager):
    """Two factors by ProConnect, then a password in the same browser: the second factor is asked for again."""
    town.person_of(manager, acr="eidas2")
    come_back(client, town.provider)
    client.post(reverse("logout"))
    client.post(reverse("login"), {"login": manager.email, "password": PASSWORD})
    assert client.get(reverse("bookings:today"))["Location"] == reverse("mfa_index")


def test_another_account_inherits_nothing_of_the_session(client, town, manager):
    town.person_of(manager, acr="eidas2")
    come_back(client, town.provider)
    other = staff_of(SiteFactory(ccas=manager.ccas), role=Role.MANAGER)
    session = client.session
    session[SESSION_KEY] = str(other.pk)
    session["_auth_user_hash"] = other.get_session_auth_hash()
    session.save()
    assert client.get(reverse("bookings:today"))["Location"] == reverse("mfa_index")


def test_an_own_factor_is_asked_of_everybody_who_has_one(client, town):
    TOTP.activate(town.staff, SECRET)
    assert come_back(client, town.provider)["Location"] == reverse("mfa_authenticate")
    assert Authenticator.objects.filter(user=town.staff).exists()


# --- the guards hold --------------------------------------------------------------------------------------------------
def test_an_idle_session_ends_and_offers_to_leave_proconnect_too(client, town, settings):
    settings.SESSION_IDLE_SECONDS = 3600
    with time_machine.travel("2026-03-02 08:00:00Z", tick=False) as clock:
        come_back(client, town.provider)
        assert client.get(reverse("bookings:today")).status_code == 200
        clock.shift(3700)
        ended = client.get(reverse("bookings:today"))
        assert ended["Location"].startswith(reverse("login"))
        assert SESSION_KEY not in client.session
        page = client.get(ended["Location"]).content.decode()
        assert "faute d’activité" in page
        assert "Se déconnecter de ProConnect" in page
        leaving = client.post(reverse("logout"))
    assert town.provider.visit(leaving.context["address"])
    assert town.provider.sign_outs[0]["sub"] == f"sub-{town.staff.pk}"


def test_a_suspended_account_is_out_at_its_next_request(client, town):
    come_back(client, town.provider)
    assert client.get(reverse("bookings:today")).status_code == 200
    User.objects.filter(pk=town.staff.pk).update(is_active=False)
    assert client.get(reverse("bookings:today"))["Location"].startswith(reverse("login"))


# --- leaving ----------------------------------------------------------------------------------------------------------
def test_leaving_closes_both_sessions_and_says_so(client, town):
    come_back(client, town.provider)
    cookies = " ".join(morsel.OutputString() for morsel in client.cookies.values())
    id_token = client.session["proconnect"]["id_token"]
    assert id_token not in cookies
    assert id_token not in client.get(reverse("bookings:today")).content.decode()
    response = client.post(reverse("logout"))
    assert SESSION_KEY not in client.session
    asked = asked_in(response.context["address"])
    assert asked["id_token_hint"] == id_token
    assert len(asked["state"]) >= 32
    back = town.provider.visit(response.context["address"])
    assert town.provider.sign_outs == [town.provider.sign_outs[0]]
    page = client.get(back.removeprefix("http://testserver"), follow=True)
    assert "ici et de ProConnect" in page.content.decode()
    # The same return does not say it twice.
    again = client.get(back.removeprefix("http://testserver"), follow=True)
    assert "ici et de ProConnect" not in again.content.decode()


def test_leaving_from_the_admin_is_the_same(client, town):
    User.objects.filter(pk=town.staff.pk).update(role=Role.ADMINISTRATOR)
    come_back(client, town.provider)
    assert client.get(reverse("admin:index")).status_code == 200
    response = client.post(reverse("admin:logout"))
    assert SESSION_KEY not in client.session
    assert "id_token_hint=" in response.context["address"]


@pytest.mark.parametrize("query", ["", "?state=", f"?state={'x' * 64}"])
def test_a_return_from_leaving_that_was_not_asked_for_says_nothing(client, town, query):
    come_back(client, town.provider)
    client.post(reverse("logout"))
    page = client.get(f"{reverse('proconnect_signed_out')}{query}", follow=True)
    assert "ici et de ProConnect" not in page.content.decode()


def test_leaving_when_proconnect_is_down_leaves_here_and_warns(client, town, settings):
    come_back(client, town.provider)
    town.provider.closed = {"discovery"}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    response = client.post(reverse("logout"), follow=True)
    assert SESSION_KEY not in client.session
    assert "fermez le navigateur" in response.content.decode()


def test_whoever_came_by_password_leaves_as_before(client, town):
    client.post(reverse("login"), {"login": town.staff.email, "password": PASSWORD})
    assert client.post(reverse("logout"))["Location"] == reverse("login")


# --- letting go -------------------------------------------------------------------------------------------------------
@pytest.fixture
def chief(town) -> User:
    return UserFactory(role=Role.ADMINISTRATOR, ccas=town.staff.ccas, first_name="Hélène", last_name="Vuillemin")


def test_a_released_account_takes_its_next_identity_and_the_rows_tell_both(client, town, chief):
    come_back(client, town.provider)
    own = Client()
    own.force_login(chief)
    assert "Lié le" in own.get(reverse("accounts:account_detail", args=[town.staff.pk])).content.decode()
    address = reverse("accounts:proconnect_release", args=[town.staff.pk])
    assert "Détacher ce compte de ProConnect" in own.get(address).content.decode()
    assert "détaché de ProConnect" in own.post(address, follow=True).content.decode()
    assert "n’est lié à aucune identité" in own.post(address).content.decode()
    # The session of the old identity is over.
    assert client.get(reverse("bookings:today"))["Location"].startswith(reverse("login"))
    town.person_of(town.staff, sub="sub-du-nouvel-employeur")
    come_back(client, town.provider)
    assert client.session[SESSION_KEY] == str(town.staff.pk)
    rows = town.staff.proconnect_links.order_by("linked_at").values_list("sub", "released_by")
    assert list(rows) == [(f"sub-{town.staff.pk}", chief.pk), ("sub-du-nouvel-employeur", None)]


def test_only_an_administrator_of_the_same_ccas_releases(client, town):
    come_back(Client(), town.provider)
    address = reverse("accounts:proconnect_release", args=[town.staff.pk])
    for other in (
        UserFactory(role=Role.MANAGER, ccas=town.staff.ccas),
        UserFactory(role=Role.ADMINISTRATOR),
        town.agent,
    ):
        client.force_login(other)
        assert client.post(address).status_code == 404
    with pytest.raises(User.DoesNotExist):
        release(account=town.staff, by=other)
    assert town.staff.proconnect_links.live().exists()


def test_an_administrator_keeps_the_list_of_establishments(client, town, chief):
    client.force_login(chief)
    for name, pk in (("ccas", town.staff.ccas_id), ("partner", town.agent.partner_id)):
        page = client.get(reverse(f"admin:partners_{name}_change", args=[pk])).content.decode()
        assert (CCAS_SIRET if name == "ccas" else PARTNER_SIRET) in page
