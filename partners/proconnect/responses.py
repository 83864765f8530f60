"""What the browser is answered: a refusal with its sentence, or a page that leads out."""

import logging

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from .refusals import Refusal
from .session import leave_open

logger = logging.getLogger(__name__)


def refuse(request: HttpRequest, refusal: Refusal, *, id_token: str = "", next_path: str = "") -> HttpResponse:
    """Back to the sign-in page, where the form for a password is; the log has the reason and nothing of the person.

    With an `id_token`, the identity was good and the account was not: that page offers to change it over there.
    """
    logger.warning("ProConnect: nobody signed in, reason=%s", refusal.reason)
    messages.error(request, refusal.message)
    if id_token:
        leave_open(request, id_token=id_token)
    address = reverse("login")
    return redirect(f"{address}?{urlencode({REDIRECT_FIELD_NAME: next_path})}" if next_path else address)


def lead_out(request: HttpRequest, address: str) -> HttpResponse:
    """A page that takes the browser to the provider by itself.

    Not a redirection: browsers hold every redirection after a form to the page's `form-action`, and the provider leads
    on to the sign-in of each employer, whose addresses nobody can list.
    """
    return render(request, "account/proconnect_leave.html", {"address": address})
