"""Where the provider's doors are and which keys it signs with, as it publishes them.

Both documents are kept in the cache for an hour. A signature by a key that is not in the set makes the set be read once
more, at most once a minute: so keys may change at any time, and a forger cannot make us ask at each try.
"""

import hashlib
import json
from dataclasses import dataclass

import jwt
from django.core.cache import cache

from .configuration import Configuration
from .refusals import UNREACHABLE, UNVERIFIABLE, Refusal
from .transport import Unreachable, ask, is_secure

KEPT_SECONDS = 3600
KEYS_ASKED_AGAIN_SECONDS = 60
# What a provider may sign with: never a secret that we share with it, never nothing.
ALGORITHMS = ("RS256", "ES256")
_DOORS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Provider:
    """The addresses of one provider; `end_session_endpoint` is empty when it has none.

    `has_pkce`: it takes an S256 challenge. `names_itself`: its answers by the browser carry `iss` (RFC 9207).
    """

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    has_pkce: bool
    names_itself: bool


def provider(configured: Configuration) -> Provider:
    """Raises Refusal when it does not answer, or answers in the name of another."""
    address = f"{configured.issuer.rstrip('/')}/.well-known/openid-configuration"
    published = _document(configured, address, kind="discovery")
    if published.get("issuer") != configured.issuer or not all(is_secure(published.get(door)) for door in _DOORS):
        cache.delete(_cache_key(configured, "discovery"))
        raise Refusal("discovery_of_another", UNVERIFIABLE)
    way_out = published.get("end_session_endpoint")
    challenges = published.get("code_challenge_methods_supported")
    return Provider(
        **{door: published[door] for door in _DOORS},
        end_session_endpoint=way_out if is_secure(way_out) else "",
        has_pkce=isinstance(challenges, list) and "S256" in challenges,
        names_itself=published.get("authorization_response_iss_parameter_supported") is True,
    )


def signing_key(configured: Configuration, known: Provider, *, key_id: str | None, algorithm: str) -> jwt.PyJWK | None:
    """The provider's key of that id, made for that algorithm; without an id, its only one for it. Raises Refusal."""
    found = _key_among(_document(configured, known.jwks_uri, kind="keys"), key_id, algorithm)
    if found is None and cache.add(_cache_key(configured, "keys-asked"), 1, KEYS_ASKED_AGAIN_SECONDS):
        found = _key_among(_document(configured, known.jwks_uri, kind="keys", is_fresh=True), key_id, algorithm)
    return found


def _key_among(published: dict, key_id: str | None, algorithm: str) -> jwt.PyJWK | None:
    try:
        keys = jwt.PyJWKSet.from_dict(published).keys
    except jwt.PyJWTError:
        return None
    fitting = [
        key
        for key in keys
        if key.algorithm_name == algorithm
        and algorithm in ALGORITHMS
        and key.public_key_use in (None, "sig")
        and key_id in (None, key.key_id)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _document(configured: Configuration, address: str, *, kind: str, is_fresh: bool = False) -> dict:
    """The JSON object published at `address`, from the cache unless it must be fresh. Raises Refusal."""
    name = _cache_key(configured, kind)
    known = None if is_fresh else cache.get(name)
    if known is not None:
        return json.loads(known)
    try:
        answer = ask(address, timeout_seconds=configured.timeout_seconds, headers={"Accept": "application/json"})
    except Unreachable as error:
        raise Refusal(f"{kind}_unreachable", UNREACHABLE) from error
    if answer.status != 200:
        raise Refusal(f"{kind}_unreachable", UNREACHABLE)
    try:
        published = json.loads(answer.body)
    except ValueError as error:
        raise Refusal(f"{kind}_unreadable", UNVERIFIABLE) from error
    if not isinstance(published, dict):
        raise Refusal(f"{kind}_unreadable", UNVERIFIABLE)
    cache.set(name, json.dumps(published), KEPT_SECONDS)
    return published


def _cache_key(configured: Configuration, kind: str) -> str:
    return f"proconnect:{kind}:{hashlib.sha256(configured.issuer.encode()).hexdigest()}"
