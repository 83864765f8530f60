"""The pages of ProConnect: going there, coming back, leaving, and being back from leaving."""

import logging

from allauth.account.utils import perform_login
from allauth.core.ratelimit import consume_or_429
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth import logout as close_session
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from franceservices.addresses import own_path

from .accounts import admitted_account, has_two_factors
from .configuration import Configuration, configuration
from .refusals import Refusal
from .responses import lead_out, refuse
from .session import id_token_in_hand
from .sign_in import Identity, authorization_address, identify, take_pending
from .sign_out import is_answer, sign_out_address, way_out
from .stages import CARRIED

logger = logging.getLogger(__name__)


def _configured() -> Configuration:
    found = configuration()
    if found is None:
        raise Http404
    return found


@login_not_required
@never_cache
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Towards ProConnect; what is asked is noted in the session."""
    configured = _configured()
    next_path = own_path(request.POST.get(REDIRECT_FIELD_NAME), request, otherwise="")
    if request.user.is_authenticated:
        return redirect(next_path or "home")
    limited = consume_or_429(request, action="login")
    if limited is not None:
        return limited
    try:
        address = authorization_address(request, configured=configured, next_path=next_path)
    except Refusal as refusal:
        return refuse(request, refusal, next_path=next_path)
    return lead_out(request, address)


@login_not_required
@never_cache
@require_GET
def answer(request: HttpRequest) -> HttpResponse:
    """Back from ProConnect: signs in, or says why not.

    A GET that writes, because the protocol has it so: `state`, which serves once, stands for the CSRF token. Nothing is
    asked of the provider for a browser that was not sent there, and how often one is sent is limited.
    """
    configured = _configured()
    pending = take_pending(request)
    if request.user.is_authenticated:
        return redirect("home")
    next_path = pending["next"] if pending is not None else ""
    try:
        identity = identify(request, pending, configured=configured)
    except Refusal as refusal:
        return refuse(request, refusal, next_path=next_path)
    return _admit(request, identity, configured=configured, next_path=next_path)


def _admit(request: HttpRequest, identity: Identity, *, configured: Configuration, next_path: str) -> HttpResponse:
    try:
        account = admitted_account(identity, configured=configured)
    except Refusal as refusal:
        return refuse(request, refusal, id_token=identity.id_token, next_path=next_path)
    carried = {
        "issuer": configured.issuer,
        "sub": identity.sub,
        "id_token": identity.id_token,
        "has_two_factors": has_two_factors(identity, configured=configured),
    }
    return perform_login(request, account, redirect_url=next_path or None, signal_kwargs={CARRIED: carried})


@method_decorator(login_not_required, name="dispatch")
class SignOutView(LogoutView):
    """Out of here, and out of ProConnect for whoever came by it, or left a session open there."""

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        configured, id_token = configuration(), id_token_in_hand(request)
        if configured is None or not id_token:
            return super().post(request, *args, **kwargs)
        try:
            door = way_out(configured)
        except Refusal as refusal:
            logger.warning("ProConnect: signed out here only, reason=%s", refusal.reason)
            door = ""
        close_session(request)
        if not door:
            messages.warning(
                request,
                "Vous êtes déconnecté d’ici, mais ProConnect n’a pas répondu\u00a0: votre session y est peut-être"
                " encore ouverte. Sur un poste partagé, fermez le navigateur.",
            )
            return redirect("login")
        return lead_out(request, sign_out_address(request, door, id_token=id_token))


@login_not_required
@never_cache
@require_GET
def signed_out(request: HttpRequest) -> HttpResponse:
    """Back from leaving ProConnect."""
    _configured()
    if is_answer(request):
        messages.info(request, "Vous êtes déconnecté, ici et de ProConnect.")
    else:
        logger.warning("ProConnect: a return from signing out that nobody asked for")
    return redirect(reverse("login"))
