"""The page behind the link of a message: a visitor, without an account, gives her appointment up."""

import contextlib

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from bookings.cancel_links import LinkState, cancel_by_link, cancellable_until, link_state, read_token
from bookings.models import Appointment
from franceservices.errors import DomainError


# The signature in the address is the only authority here, whatever cookies come with it: who can make somebody send
# this request can send it herself. Phones that open links of messages without cookies get through.
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_by_link_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show when and where, no name and no reason, and ask; a POST cancels. Opening the page changes nothing."""
    read = read_token(token)
    appointment = None
    if read is not None:
        number, seconds = read
        with_parties = Appointment.objects.select_related("site", "partner").filter(visitor__isnull=False)
        appointment = with_parties.filter(pk=number).first()
    if appointment is None:
        return _answer(request, {"state": "unknown", "appointment": None}, status=404)
    if request.method == "POST":
        with contextlib.suppress(DomainError):  # The page says what became of the appointment meanwhile.
            cancel_by_link(appointment=appointment, seconds=seconds)
        return redirect("bookings:cancel_by_link", token)
    until = cancellable_until(appointment)
    state = link_state(appointment, seconds, until=until)
    context = {
        "state": state.value,
        "appointment": appointment,
        "until": timezone.localtime(until, appointment.site.zone),
    }
    return _answer(request, context, status=200 if state in (LinkState.OPEN, LinkState.CANCELLED) else 410)


def _answer(request: HttpRequest, context: dict[str, object], *, status: int) -> HttpResponse:
    response = render(request, "bookings/cancel_by_link.html", context, status=status)
    # The address is a key: no search engine keeps it, no other site is told of it.
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
