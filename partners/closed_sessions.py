"""Ending somebody's sessions from outside: what each of them holds is replaced by the sentence to tell its browser."""

from collections.abc import Callable

from allauth.account.utils import user_pk_to_url_str
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from .models import User
from .session_guards import see_other

# What is left in a session that was ended: why, in French.
WHY_ENDED = "why_ended"
# Where allauth keeps who has typed a password and has not shown the second factor yet.
HALF_SIGNED_IN = "account_login"
SUSPENDED = "Votre compte est suspendu. La personne qui administre votre espace peut le rouvrir."
NO_LONGER_VALID = "Votre session a pris fin. Connectez-vous pour continuer."

Response = Callable[[HttpRequest], HttpResponse]


def end_sessions(user: User, *, sentence: str) -> int:
    """End every session of `user`, complete or still waiting for the second factor; how many there were.

    Sessions are not indexed by person: those of the last hours are read one by one, some tens of µs each.
    """
    ended = 0
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        held = session.get_decoded()
        half = held.get(HALF_SIGNED_IN, {}).get("user_pk")
        if held.get(SESSION_KEY) == str(user.pk) or half == user_pk_to_url_str(user):
            session.session_data = Session.objects.encode({WHY_ENDED: sentence})
            session.save(update_fields=["session_data"])
            ended += 1
    return ended


class ClosedSessionMiddleware:
    """Brings whoever comes with a session that was ended, or with that of a closed account, to the sign-in page.

    A fragment of an open page takes the whole page along. Somebody who is signing in at that moment goes on doing so.
    """

    def __init__(self, get_response: Response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sentence = request.session.get(WHY_ENDED)
        if sentence is None and SESSION_KEY in request.session and not request.user.is_authenticated:
            sentence = NO_LONGER_VALID
        if sentence is None:
            return self.get_response(request)
        logout(request)
        messages.info(request, sentence)
        sign_in = reverse("login")
        return self.get_response(request) if request.path == sign_in else see_other(request, sign_in)
