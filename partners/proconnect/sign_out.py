"""Leaving the provider as well, so that the next person at this screen does not come in by one click."""

import hmac
import secrets
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from .configuration import Configuration
from .provider import provider
from .sign_in import RANDOM_BYTES

_STATE_KEY = "proconnect_sign_out"


def return_address(request: HttpRequest) -> str:
    """The post-logout redirect URI, to be declared to the provider letter by letter."""
    return request.build_absolute_uri(reverse("proconnect_signed_out"))


def way_out(configured: Configuration) -> str:
    """The address where the provider closes its sessions; empty when it has none. Raises Refusal."""
    return provider(configured).end_session_endpoint


def sign_out_address(request: HttpRequest, door: str, *, id_token: str) -> str:
    """Where the browser goes to close the session of `id_token`; the state of that question is noted."""
    state = secrets.token_urlsafe(RANDOM_BYTES)
    request.session[_STATE_KEY] = state
    asked = {"id_token_hint": id_token, "state": state, "post_logout_redirect_uri": return_address(request)}
    return f"{door}{'&' if '?' in door else '?'}{urlencode(asked)}"


def is_answer(request: HttpRequest) -> bool:
    """Whether this is the return from a sign-out that this browser asked for; it serves once."""
    asked = request.session.pop(_STATE_KEY, "")
    return bool(asked) and hmac.compare_digest(request.GET.get("state", "").encode(), asked.encode())
