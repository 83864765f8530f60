"""The request that a browser carries to the provider, and who comes back with its answer.

Authorization code flow with `state`, `nonce`, and PKCE (S256) where the provider takes it. What was asked waits in the
session, on our side, and serves once.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.http import HttpRequest
from django.urls import reverse

from .configuration import Configuration
from .provider import Provider, provider
from .refusals import AGAIN, PROVIDER_ERRORS, PROVIDER_REFUSED, UNREACHABLE, UNVERIFIABLE, Refusal
from .tokens import id_token_claims, userinfo_claims
from .transport import Unreachable, ask

PENDING_KEY = "proconnect_pending"
# Somebody may have to set up a second factor over there first.
LONGEST_ABSENCE_SECONDS = 1800
# 48 random bytes are 64 characters; ProConnect asks for 32 at least.
RANDOM_BYTES = 48
# The address finds the account at the first sign-in, the SIRET is checked at each. Names are typed by administrators.
SCOPES = "openid email siret"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who came, as the provider vouches for it. `acr`, `siret` and `email` are empty when it does not say.

    `email_is_denied`: it says that the address is not verified (ProConnect itself says nothing of it).
    """

    sub: str
    acr: str
    siret: str
    email: str
    email_is_denied: bool
    id_token: str


def answer_address(request: HttpRequest) -> str:
    """The redirect URI, to be declared to the provider letter by letter."""
    return request.build_absolute_uri(reverse("proconnect_answer"))


def authorization_address(request: HttpRequest, *, configured: Configuration, next_path: str) -> str:
    """Where the browser goes to ask; what was asked is noted in the session. Raises Refusal."""
    known = provider(configured)
    state, nonce, verifier = (secrets.token_urlsafe(RANDOM_BYTES) for _ in range(3))
    wanted = {"essential": True, "values": list(configured.accepted_acr)}
    asked = {
        "response_type": "code",
        "client_id": configured.client_id,
        "redirect_uri": answer_address(request),
        "scope": SCOPES,
        "state": state,
        "nonce": nonce,
        "claims": json.dumps({"id_token": {"acr": wanted}}, separators=(",", ":")),
    }
    # ProConnect answers 400 to any parameter that it does not know.
    if known.has_pkce:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    request.session[PENDING_KEY] = {
        "state": state,
        "nonce": nonce,
        "verifier": verifier if known.has_pkce else "",
        "next": next_path,
        "at": int(time.time()),
    }
    separator = "&" if "?" in known.authorization_endpoint else "?"
    return f"{known.authorization_endpoint}{separator}{urlencode(asked, quote_via=quote)}"


def take_pending(request: HttpRequest) -> dict | None:
    """What this browser asked for, forgotten as it is read: an answer serves once."""
    return request.session.pop(PENDING_KEY, None)


def identify(request: HttpRequest, pending: dict | None, *, configured: Configuration) -> Identity:
    """Who came back with the answer to `pending`. Raises Refusal."""
    code = _code(request, pending, configured)
    known = provider(configured)
    if known.names_itself and "iss" not in request.GET:
        raise Refusal("answer_of_another", UNVERIFIABLE)
    access_token, id_token = _tokens(request, pending, code, configured, known)
    claims = id_token_claims(
        id_token, nonce=pending["nonce"], access_token=access_token, configured=configured, known=known
    )
    told = userinfo_claims(
        _userinfo(access_token, configured, known), sub=claims["sub"], configured=configured, known=known
    )
    return Identity(
        sub=claims["sub"],
        acr=_text(claims.get("acr")),
        siret=_text(told.get("siret")),
        email=_text(told.get("email")),
        email_is_denied=told.get("email_verified", True) is not True,
        id_token=id_token,
    )


def _code(request: HttpRequest, pending: dict | None, configured: Configuration) -> str:
    """The code that the browser brought, if it is the answer to what was asked."""
    if pending is None:
        raise Refusal("not_asked", AGAIN)
    state = request.GET.get("state", "")
    if not state:
        raise Refusal("state_missing", AGAIN)
    if not hmac.compare_digest(state.encode(), pending["state"].encode()):
        raise Refusal("wrong_state", AGAIN)
    if not 0 <= time.time() - pending["at"] <= LONGEST_ABSENCE_SECONDS:
        raise Refusal("asked_too_long_ago", AGAIN)
    if request.GET.get("iss", configured.issuer) != configured.issuer:
        raise Refusal("answer_of_another", UNVERIFIABLE)
    error = request.GET.get("error")
    if error is not None:
        name = error if error in PROVIDER_ERRORS else "other"
        raise Refusal(f"provider_said_{name}", PROVIDER_ERRORS.get(error, PROVIDER_REFUSED))
    code = request.GET.get("code", "")
    if not code:
        raise Refusal("code_missing", UNVERIFIABLE)
    return code


def _tokens(
    request: HttpRequest, pending: dict, code: str, configured: Configuration, known: Provider
) -> tuple[str, str]:
    """The access token and the ID token that the code buys."""
    form = {
        "grant_type": "authorization_code",
        "client_id": configured.client_id,
        "client_secret": configured.client_secret,
        "redirect_uri": answer_address(request),
        "code": code,
        **({"code_verifier": pending["verifier"]} if pending["verifier"] else {}),
    }
    try:
        answer = ask(known.token_endpoint, timeout_seconds=configured.timeout_seconds, form=urlencode(form).encode())
    except Unreachable as error:
        raise Refusal("token_unreachable", UNREACHABLE) from error
    if answer.status >= 500:
        raise Refusal("token_unreachable", UNREACHABLE)
    if answer.status != 200:
        raise Refusal("code_refused", PROVIDER_REFUSED)
    try:
        given = json.loads(answer.body)
    except ValueError as error:
        raise Refusal("token_unreadable", UNVERIFIABLE) from error
    given = given if isinstance(given, dict) else {}
    access_token, id_token = _text(given.get("access_token")), _text(given.get("id_token"))
    if not access_token or not id_token or _text(given.get("token_type")).lower() != "bearer":
        raise Refusal("token_unreadable", UNVERIFIABLE)
    return access_token, id_token


def _userinfo(access_token: str, configured: Configuration, known: Provider) -> str:
    """The userinfo as a JWT; JSON that nobody signed is refused, whatever it says."""
    try:
        answer = ask(
            known.userinfo_endpoint,
            timeout_seconds=configured.timeout_seconds,
            headers={"Authorization": f"Bearer {access_token}", "Accept": "application/jwt"},
        )
    except Unreachable as error:
        raise Refusal("userinfo_unreachable", UNREACHABLE) from error
    if answer.status != 200:
        raise Refusal("userinfo_unreachable", UNREACHABLE)
    if answer.media_type != "application/jwt":
        raise Refusal("userinfo_not_signed", UNVERIFIABLE)
    return answer.body.decode("ascii", "replace").strip()


def _text(claim: object) -> str:
    """A claim that is words; empty when it is anything else."""
    return claim if isinstance(claim, str) and claim.isprintable() else ""
