"""What a session remembers of ProConnect: the proof to show when leaving, and whether two factors were asked for.

It stays on our side (sessions are rows of the database): no script and no cookie holds it.
"""

from django.contrib.auth import logout
from django.http import HttpRequest

_SIGNED_IN_KEY = "proconnect"
_LEFT_OPEN_KEY = "proconnect_left_open"


def remember_sign_in(request: HttpRequest, *, account_id: int, id_token: str, has_two_factors: bool) -> None:
    """Note it for that account alone: another one that signs in by the same browser inherits nothing."""
    request.session.pop(_LEFT_OPEN_KEY, None)
    request.session[_SIGNED_IN_KEY] = {"account": account_id, "id_token": id_token, "two_factors": has_two_factors}


def two_factors_were_shown(request: HttpRequest) -> bool:
    """Whether the person who is signed in came by ProConnect with two factors."""
    noted = _of_this_account(request)
    return noted is not None and noted["two_factors"] is True


def id_token_in_hand(request: HttpRequest) -> str:
    """What to show the provider so that it closes its own session; empty when there is none to close."""
    noted = _of_this_account(request)
    return noted["id_token"] if noted is not None else request.session.get(_LEFT_OPEN_KEY, "")


def leave_open(request: HttpRequest, *, id_token: str) -> None:
    """Nobody is signed in here, but somebody still is over there: the sign-in page offers to close that."""
    request.session[_LEFT_OPEN_KEY] = id_token


def is_left_open(request: HttpRequest) -> bool:
    return _LEFT_OPEN_KEY in request.session


def sign_out_here(request: HttpRequest) -> None:
    """Close our session; the provider's, if there is one, is noted as left open."""
    id_token = id_token_in_hand(request)
    logout(request)
    if id_token:
        leave_open(request, id_token=id_token)


def _of_this_account(request: HttpRequest) -> dict | None:
    noted = request.session.get(_SIGNED_IN_KEY)
    if noted is None or not request.user.is_authenticated or noted["account"] != request.user.pk:
        return None
    return noted
