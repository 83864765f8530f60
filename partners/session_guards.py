"""What keeps a session from outliving the person in front of the screen, and an account from going without its second
factor."""

import time
from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import urlencode

from .proconnect.session import sign_out_here, two_factors_were_shown

SEEN_COOKIE = "seen"
# How often the moment is noted: not at each request.
NOTED_EVERY_SECONDS = 60
# A page that asks again by itself says so: nobody is behind it.
REFRESH_HEADER = "X-Refresh"

Response = Callable[[HttpRequest], HttpResponse]


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Every page asks for an account unless its view says otherwise; a fragment takes its whole page to the sign-in."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable) -> HttpResponse:
        if request.headers.get("HX-Request") == "true":
            return see_other(request, resolve_url(self.get_login_url(view_func)))
        return super().handle_no_permission(request, view_func)


class IdleSessionMiddleware:
    """Ends a session after `SESSION_IDLE_SECONDS` without a request by hand.

    The last moment is in a cookie signed for that session, so that reading a page writes nothing to the database. It
    guards a screen that was left open; a session that was stolen ends with `SESSION_COOKIE_AGE`.
    """

    def __init__(self, get_response: Response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if session_key is None:
            return self.get_response(request)
        now, seen_at = int(time.time()), _seen_at(request, session_key)
        if seen_at is not None and now - seen_at > settings.SESSION_IDLE_SECONDS and request.user.is_authenticated:
            return self._end(request)
        response = self.get_response(request)
        # A moment to come, after the clock was set back, would keep the session open for as long.
        if REFRESH_HEADER not in request.headers and (seen_at is None or abs(now - seen_at) >= NOTED_EVERY_SECONDS):
            # The key that the browser will come with next: signing in changes it.
            _note(response, request.session.session_key or session_key, now)
        return response

    def _end(self, request: HttpRequest) -> HttpResponse:
        is_fragment = request.headers.get("HX-Request") == "true"
        here = request.get_full_path()
        sign_out_here(request)
        messages.info(request, "Votre session s’est fermée faute d’activité. Connectez-vous pour continuer.")
        address = reverse("login")
        if request.method == "GET" and not is_fragment:
            address = f"{address}?{urlencode({REDIRECT_FIELD_NAME: here})}"
        return see_other(request, address)


def _seen_at(request: HttpRequest, session_key: str) -> int | None:
    """The last moment noted for that session, in seconds since 1970; None when there is none, or another session's."""
    noted = request.get_signed_cookie(SEEN_COOKIE, default=None, salt=_salt(session_key))
    return None if noted is None else int(noted)


def _note(response: HttpResponse, session_key: str, moment: int) -> None:
    response.set_signed_cookie(
        SEEN_COOKIE,
        str(moment),
        salt=_salt(session_key),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _salt(session_key: str) -> str:
    return f"{SEEN_COOKIE}:{session_key}"


class SecondFactorMiddleware:
    """Until they have a second factor, people of `SECOND_FACTOR_ROLES` reach only the pages where they set it up.

    A session opened by ProConnect with two factors has had its own.
    """

    def __init__(self, get_response: Response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        user = request.user
        if (
            not user.is_authenticated
            or user.role not in settings.SECOND_FACTOR_ROLES
            or request.resolver_match.url_name in OPEN_WITHOUT_SECOND_FACTOR
            or two_factors_were_shown(request)
            or is_mfa_enabled(user)
        ):
            return None
        messages.info(
            request,
            "Votre rôle demande une double authentification. Ajoutez une application ou une clé, puis continuez.",
        )
        return see_other(request, reverse("mfa_index"))


OPEN_WITHOUT_SECOND_FACTOR = frozenset(
    {
        *("login", "logout", "account_logout", "accessibility", "alive", "ready"),
        *("account_reauthenticate", "account_change_password", "mfa_index", "mfa_reauthenticate"),
        *("mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "mfa_reauthenticate_webauthn"),
    }
)


def see_other(request: HttpRequest, address: str) -> HttpResponse:
    """A redirection that a fragment's request follows with the whole page."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
