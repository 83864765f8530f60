"""Every way of not coming in by ProConnect: nobody is signed in, a reason in the log, a sentence on the page."""

import time
from collections.abc import Callable

import pytest
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.urls import reverse

from partners.models import Establishment, ProConnectLink, User
from partners.proconnect import sign_in
from partners.proconnect.accounts import link
from partners.proconnect.refusals import Refusal
from tests import proconnect_provider as forge
from tests.factories import UserFactory
from tests.partners.conftest import (
    CCAS_SIRET,
    PARTNER_SIRET,
    UNKNOWN_SIRET,
    Town,
    assert_refused,
    come_back,
    go,
)
from tests.proconnect_provider import CLIENT_ID, REMOVED, Provider

UNVERIFIABLE = "n’a pas pu être vérifiée"
AGAIN = "n’a pas été demandée d’ici"
DOWN = "ne répond pas en ce moment"
LEVEL = "ne garantit pas assez votre identité"


def id_token(**changes: object) -> Callable[[Town], None]:
    return lambda town: town.provider.id_token_changes.update(changes)


def userinfo(**changes: object) -> Callable[[Town], None]:
    return lambda town: town.provider.userinfo_changes.update(changes)


def person(**changes: object) -> Callable[[Town], None]:
    return lambda town: town.person_of(town.staff, **changes)


def signing(what: str, signer: forge.Signer) -> Callable[[Town], None]:
    return lambda town: setattr(town.provider, f"sign_{what}", signer)


def provider(**attributes: object) -> Callable[[Town], None]:
    def spoil(town: Town) -> None:
        for name, value in attributes.items():
            setattr(town.provider, name, value)

    return spoil


def suspended(town: Town) -> None:
    User.objects.filter(pk=town.staff.pk).update(is_active=False)


def in_seconds(seconds: int) -> int:
    return int(time.time()) + seconds


REFUSALS = {
    # What the browser brings back.
    "another provider answers": (
        provider(answer_changes={"iss": "https://autre.exemple"}),
        "answer_of_another",
        UNVERIFIABLE,
    ),
    "nobody says who answers": (provider(answer_changes={"iss": REMOVED}), "answer_of_another", UNVERIFIABLE),
    "no state": (provider(answer_changes={"state": REMOVED}), "state_missing", AGAIN),
    "wrong state": (provider(answer_changes={"state": "x" * 64}), "wrong_state", AGAIN),
    "no code": (provider(answer_changes={"code": REMOVED}), "code_missing", UNVERIFIABLE),
    "a code of nobody's": (provider(answer_changes={"code": "abc"}), "code_refused", "a refusé la demande"),
    "access denied": (
        provider(answer_changes={"error": "access_denied"}),
        "provider_said_access_denied",
        "abandonnée ou refusée",
    ),
    "login required": (
        provider(answer_changes={"error": "login_required"}),
        "provider_said_login_required",
        "vous vous identifiiez de nouveau",
    ),
    "provider overloaded": (
        provider(answer_changes={"error": "temporarily_unavailable"}),
        "provider_said_temporarily_unavailable",
        DOWN,
    ),
    "an error of another kind": (
        provider(answer_changes={"error": "Nadia@exemple.fr\nINFO forged", "error_description": "<b>x</b>"}),
        "provider_said_other",
        "a refusé la demande",
    ),
    # The ID token.
    "wrong nonce": (id_token(nonce="x" * 64), "id_token_wrong_nonce", UNVERIFIABLE),
    "no nonce": (id_token(nonce=REMOVED), "id_token_claim_missing", UNVERIFIABLE),
    "wrong audience": (id_token(aud="un-autre-service"), "id_token_wrong_audience", UNVERIFIABLE),
    "no audience": (id_token(aud=REMOVED), "id_token_claim_missing", UNVERIFIABLE),
    "several audiences, no party": (id_token(aud=[CLIENT_ID, "autre"]), "id_token_wrong_party", UNVERIFIABLE),
    "another party": (id_token(aud=[CLIENT_ID, "autre"], azp="autre"), "id_token_wrong_party", UNVERIFIABLE),
    "another party alone": (id_token(azp="autre"), "id_token_wrong_party", UNVERIFIABLE),
    "wrong issuer": (id_token(iss="https://autre.exemple/api/v2"), "id_token_wrong_issuer", UNVERIFIABLE),
    "no issuer": (id_token(iss=REMOVED), "id_token_claim_missing", UNVERIFIABLE),
    "expired": (id_token(exp=in_seconds(-3600), iat=in_seconds(-3660)), "id_token_expired", UNVERIFIABLE),
    "without an end": (id_token(exp=REMOVED), "id_token_claim_missing", UNVERIFIABLE),
    "of tomorrow": (id_token(iat=in_seconds(86_400), exp=in_seconds(86_460)), "id_token_not_yet_valid", UNVERIFIABLE),
    "without a beginning": (id_token(iat=REMOVED), "id_token_claim_missing", UNVERIFIABLE),
    "without a person": (id_token(sub=REMOVED), "id_token_claim_missing", UNVERIFIABLE),
    "a person who is a number": (id_token(sub=12), "id_token_malformed", UNVERIFIABLE),
    "a person of one null character": (id_token(sub="\0"), "id_token_malformed", UNVERIFIABLE),
    "of another access token": (id_token(at_hash="x" * 22), "id_token_of_another_access_token", UNVERIFIABLE),
    "unsigned": (signing("id_token", forge.unsigned), "id_token_wrong_algorithm", UNVERIFIABLE),
    "signed by another": (
        signing("id_token", forge.signed_by_somebody_else),
        "id_token_wrong_signature",
        UNVERIFIABLE,
    ),
    "signed by an unpublished key": (
        signing("id_token", forge.signed_by_unpublished_key),
        "id_token_unknown_key",
        UNVERIFIABLE,
    ),
    "signed by a key that it brings": (
        signing("id_token", forge.signed_by_key_in_header),
        "id_token_wrong_signature",
        UNVERIFIABLE,
    ),
    "HS256 with the public key": (
        signing("id_token", forge.signed_with_public_key_as_secret),
        "id_token_wrong_algorithm",
        UNVERIFIABLE,
    ),
    "HS256 with our own secret": (
        signing("id_token", forge.signed_with_client_secret),
        "id_token_wrong_algorithm",
        UNVERIFIABLE,
    ),
    "altered after signing": (
        signing("id_token", forge.altered_after_signing),
        "id_token_wrong_signature",
        UNVERIFIABLE,
    ),
    "not a token": (signing("id_token", forge.not_a_token), "id_token_malformed", UNVERIFIABLE),
    "a key too short": (signing("id_token", forge.signed_by_weak_key), "id_token_malformed", UNVERIFIABLE),
    "no ID token": (provider(token_changes={"id_token": REMOVED}), "token_unreadable", UNVERIFIABLE),
    "no access token": (provider(token_changes={"access_token": REMOVED}), "token_unreadable", UNVERIFIABLE),
    "a token of another type": (provider(token_changes={"token_type": "mac"}), "token_unreadable", UNVERIFIABLE),
    # The userinfo.
    "userinfo as JSON": (provider(userinfo_type="application/json"), "userinfo_not_signed", UNVERIFIABLE),
    "userinfo signed, said to be text": (provider(userinfo_type="text/plain"), "userinfo_not_signed", UNVERIFIABLE),
    "userinfo of another": (userinfo(sub="sub-de-quelqu-un"), "userinfo_of_another", UNVERIFIABLE),
    "userinfo unsigned": (signing("userinfo", forge.unsigned), "userinfo_wrong_algorithm", UNVERIFIABLE),
    "userinfo signed by another": (
        signing("userinfo", forge.signed_by_somebody_else),
        "userinfo_wrong_signature",
        UNVERIFIABLE,
    ),
    "userinfo by HS256": (
        signing("userinfo", forge.signed_with_public_key_as_secret),
        "userinfo_wrong_algorithm",
        UNVERIFIABLE,
    ),
    "userinfo for another service": (userinfo(aud="autre"), "userinfo_wrong_audience", UNVERIFIABLE),
    "userinfo of another provider": (userinfo(iss="https://autre.exemple"), "userinfo_wrong_issuer", UNVERIFIABLE),
    "userinfo of nobody's issuer": (userinfo(iss=REMOVED), "userinfo_claim_missing", UNVERIFIABLE),
    "userinfo for nobody": (userinfo(aud=REMOVED), "userinfo_claim_missing", UNVERIFIABLE),
    "userinfo expired": (userinfo(exp=in_seconds(-3600)), "userinfo_expired", UNVERIFIABLE),
    # The person.
    "no level": (id_token(acr=REMOVED), "acr_missing", LEVEL),
    "a level too low": (person(acr="eidas0"), "acr_not_accepted", LEVEL),
    "a level that is a list": (id_token(acr=["eidas2"]), "acr_missing", LEVEL),
    "a level nearly right": (person(acr="eidas1 "), "acr_not_accepted", LEVEL),
    "no establishment": (userinfo(siret=REMOVED), "siret_missing", "dans quel établissement vous travaillez"),
    "unknown establishment": (person(siret=UNKNOWN_SIRET), "siret_unknown", "d’inscrire son SIRET"),
    "the SIREN alone": (person(siret=CCAS_SIRET[:9]), "siret_unknown", "d’inscrire son SIRET"),
    "establishment of another body": (
        person(siret=PARTNER_SIRET),
        "siret_of_another",
        "n’est pas celui de votre compte",
    ),
    "no account": (person(email="inconnue@exemple.fr"), "account_unknown", "Demandez à la personne qui administre"),
    "no address": (userinfo(email=REMOVED), "email_not_verified", "pas d’adresse électronique vérifiée"),
    "address not verified": (userinfo(email_verified=False), "email_not_verified", "pas d’adresse"),
    "address verified in words": (userinfo(email_verified="false"), "email_not_verified", "pas d’adresse"),
    # The Kelvin sign becomes a k in lower case.
    "address that only looks alike": (person(email="\u212aate@exemple.fr"), "email_not_verified", "pas d’adresse"),
    "suspended": (suspended, "account_suspended", "Ce compte est suspendu"),
    # The provider itself.
    "token door closed": (provider(closed={"token"}), "token_unreachable", DOWN),
    "userinfo door closed": (provider(closed={"userinfo"}), "userinfo_unreachable", DOWN),
    "keys door closed": (provider(closed={"jwks"}), "keys_unreachable", DOWN),
    "no key published": (provider(keys=()), "id_token_unknown_key", UNVERIFIABLE),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_nobody_comes_in(client, town, caplog, case):
    UserFactory(email="kate@exemple.fr", ccas=town.staff.ccas)
    spoil, reason, words = REFUSALS[case]
    spoil(town)
    assert_refused(client, come_back(client, town.provider), caplog, reason, words)
    for private in (town.staff.email, "sub-", CCAS_SIRET, UNKNOWN_SIRET, "kate", "INFO forged"):
        assert private not in caplog.text


# --- the state --------------------------------------------------------------------------------------------------------
def answered(client, running: Provider) -> str:
    """The path that the provider sends back to."""
    return running.visit(go(client)).removeprefix("http://testserver")


def test_an_answer_that_nobody_asked_for(client, town, caplog):
    response = client.get(reverse("proconnect_answer"), {"code": "x", "state": "y" * 64})
    assert_refused(client, response, caplog, "not_asked", AGAIN)
    assert "token" not in town.provider.asked


def test_an_answer_brought_by_another_browser(client, town, caplog, django_user_model):
    """Somebody else's answer, in a link: the browser that opens it asked for nothing."""
    path = answered(type(client)(), town.provider)
    assert_refused(client, client.get(path), caplog, "not_asked", AGAIN)


def test_an_answer_serves_once(client, town, caplog):
    path = answered(client, town.provider)
    client.get(path)
    assert SESSION_KEY in client.session
    client.logout()
    ProConnectLink.objects.all().delete()
    caplog.clear()
    assert_refused(client, client.get(path), caplog, "not_asked", AGAIN)


def test_a_refused_answer_serves_no_more(client, town, caplog):
    path = answered(client, town.provider)
    town.provider.closed = {"token"}
    client.get(path)
    town.provider.closed = set()
    caplog.clear()
    assert_refused(client, client.get(path), caplog, "not_asked", AGAIN)


def test_the_answer_to_an_older_question(client, town, caplog):
    path = answered(client, town.provider)
    go(client)
    assert_refused(client, client.get(path), caplog, "wrong_state", AGAIN)


def test_an_answer_that_comes_too_late(client, town, caplog, monkeypatch):
    path = answered(client, town.provider)
    monkeypatch.setattr(sign_in, "LONGEST_ABSENCE_SECONDS", -1)
    assert_refused(client, client.get(path), caplog, "asked_too_long_ago", AGAIN)


def test_a_code_stolen_on_its_way_is_worth_nothing_without_the_verifier(client, town, caplog):
    """Another browser of ours asks for itself, then brings a code that was given to the first."""
    thief = type(client)()
    stolen = town.provider.visit(go(client)).split("code=")[1].split("&")[0]
    own = answered(thief, town.provider)
    code = own.split("code=")[1].split("&")[0]
    assert_refused(thief, thief.get(own.replace(code, stolen)), caplog, "code_refused", "a refusé la demande")


# --- accounts ---------------------------------------------------------------------------------------------------------
def test_a_second_identity_for_the_same_account(client, town, caplog):
    come_back(client, town.provider)
    client.logout()
    town.person_of(town.staff, sub="sub-de-quelqu-un-d-autre")
    caplog.clear()
    response = come_back(client, town.provider)
    assert [record.getMessage() for record in caplog.records] == [
        "ProConnect: nobody signed in, reason=account_of_another_sub"
    ]
    assert SESSION_KEY not in client.session
    assert ProConnectLink.objects.get().sub == f"sub-{town.staff.pk}"
    assert "lié à une autre identité" in client.get(response["Location"]).content.decode()


def test_two_identities_at_once_for_one_account(town):
    """Both passed the look at the account: the link itself decides."""
    assert link(account=town.staff, issuer="https://p.exemple", sub="premier")
    assert not link(account=town.staff, issuer="https://p.exemple", sub="premier")
    with pytest.raises(Refusal, match="lié à une autre identité"):
        link(account=town.staff, issuer="https://p.exemple", sub="second")
    with pytest.raises(Refusal, match="lié à une autre identité"):
        link(account=town.agent, issuer="https://p.exemple", sub="premier")
    # What another provider calls « premier » is somebody else.
    assert link(account=town.agent, issuer="https://autre.exemple", sub="premier")


def test_an_account_suspended_while_its_second_factor_is_typed_links_nothing(town):
    User.objects.filter(pk=town.staff.pk).update(is_active=False)
    with pytest.raises(Refusal, match="suspendu"):
        link(account=town.staff, issuer="https://p.exemple", sub="premier")
    assert not ProConnectLink.objects.exists()


@pytest.mark.parametrize("change", ["establishment", "suspension", "level"])
def test_whoever_is_known_is_looked_at_again_each_time(client, town, caplog, change):
    come_back(client, town.provider)
    client.logout()
    caplog.clear()
    if change == "establishment":
        Establishment.objects.filter(ccas=town.staff.ccas).delete()
    elif change == "suspension":
        suspended(town)
    else:
        town.person_of(town.staff, acr="eidas0")
    come_back(client, town.provider)
    reason = {"establishment": "siret_unknown", "suspension": "account_suspended", "level": "acr_not_accepted"}[change]
    assert f"reason={reason}" in caplog.text
    assert SESSION_KEY not in client.session


def test_an_agent_of_another_partner_does_not_come_in_by_this_one(client, town, caplog):
    other = UserFactory(agent=True, email="autre@caisse.exemple.fr")
    town.person_of(other, siret=PARTNER_SIRET)
    assert_refused(client, come_back(client, town.provider), caplog, "siret_of_another", "n’est pas celui")


def test_the_technical_account_comes_in_by_its_password_only(client, town, caplog):
    technical = User.objects.create_superuser("technique@exemple.fr", "x")
    town.person_of(technical)
    assert_refused(client, come_back(client, town.provider), caplog, "siret_of_another", "n’est pas celui")


def test_whoever_is_refused_may_leave_proconnect_and_take_another_account(client, town):
    town.person_of(town.staff, email="inconnue@exemple.fr")
    page = client.get(come_back(client, town.provider)["Location"]).content.decode()
    assert "Se déconnecter de ProConnect" in page
    leaving = client.post(reverse("logout"))
    back = town.provider.visit(leaving.context["address"])
    assert len(town.provider.sign_outs) == 1
    page = client.get(back.removeprefix("http://testserver"), follow=True).content.decode()
    assert "Se déconnecter de ProConnect" not in page


# --- the provider -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["closed", "slow", "gone", "redirecting"])
def test_when_the_provider_is_down_the_password_remains(client, town, caplog, settings, how):
    settings.PROCONNECT_TIMEOUT = 0.3
    if how == "gone":
        settings.PROCONNECT_ISSUER = "http://127.0.0.1:9/api/v2"
    elif how == "redirecting":
        settings.PROCONNECT_ISSUER = f"{town.provider.issuer}/ailleurs"
        town.provider.goes_elsewhere = True
    else:
        setattr(town.provider, how, {"discovery"})
    began = time.monotonic()
    response = client.post(reverse("proconnect_start"), {"next": reverse("bookings:today")})
    assert time.monotonic() - began < 3
    assert response["Location"] == f"{reverse('login')}?next=%2Faujourdhui%2F"
    assert_refused(client, response, caplog, "discovery_unreachable", DOWN)


@pytest.mark.parametrize("door", ["token", "userinfo", "jwks"])
def test_a_door_that_lets_one_wait(client, town, caplog, settings, door):
    path = answered(client, town.provider)
    settings.PROCONNECT_TIMEOUT = 0.3
    town.provider.slow = {door}
    name = "keys" if door == "jwks" else door
    assert_refused(client, client.get(path), caplog, f"{name}_unreachable", DOWN)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://autre.exemple"},
        {"token_endpoint": "http://ailleurs.exemple/token"},
        {"userinfo_endpoint": REMOVED},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "http://["},
        {"authorization_endpoint": 3},
    ],
)
def test_a_discovery_that_names_another_or_is_not_safe(client, town, caplog, changes):
    town.provider.discovery_changes = changes
    response = client.post(reverse("proconnect_start"))
    assert_refused(client, response, caplog, "discovery_of_another", UNVERIFIABLE)
    # What was wrong is not remembered.
    town.provider.discovery_changes = {}
    assert client.post(reverse("proconnect_start")).status_code == 200


def test_an_unknown_key_makes_the_set_be_read_again_but_not_at_each_try(client, town):
    town.provider.sign_id_token = forge.signed_by_unpublished_key
    for _ in range(3):
        come_back(client, town.provider)
    assert town.provider.asked.count("jwks") == 2


def test_too_many_tries_from_one_place_are_told_to_wait(client, town, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    cache.clear()
    for _ in range(2):
        assert client.post(reverse("proconnect_start")).status_code == 200
    assert client.post(reverse("proconnect_start")).status_code == 429
    # Without leave to go there, nothing that comes back makes us ask the provider.
    client.get(reverse("proconnect_answer"), {"code": "x", "state": "y" * 64})
    assert town.provider.asked == ["discovery"]
