"""The agenda of a partner's agent in her own calendar: the feed, and the page where she asks for its address."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views import View
from django.views.decorators.http import require_http_methods, require_safe

from bookings.calendar_feed import calendar_feed as feed_of
from bookings.models import SharedLink, SharedLinkKind
from bookings.models.shared_link import SharedLinkQuerySet
from bookings.shared_link_forms import CalendarLinkForm
from bookings.shared_links import create_calendar_link, find_shared_link, revoke_shared_link, sites_of
from franceservices.errors import DomainError
from franceservices.secret_links import behind_secret, not_stored, secret_address
from partners.models import User
from partners.permissions import AGENT_ROLES, RoleRequiredMixin, for_roles

from .shared_links import dead_link

logger = logging.getLogger(__name__)


def own_feeds(user: User) -> SharedLinkQuerySet:
    """The addresses that an agent made for her own devices."""
    return SharedLink.objects.revocable_by(user).filter(kind=SharedLinkKind.CALENDAR).select_related("site", "partner")


class MyCalendarView(RoleRequiredMixin, View):
    """Her addresses that still open, and a form for one more; a new one is told once, in the answer to the form."""

    roles = AGENT_ROLES

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(self.form(None))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.answer(form)
        link, token = create_calendar_link(site=form.site_chosen, device=form.cleaned_data["device"], by=request.user)
        address = secret_address(request, "bookings:calendar_feed", token)
        return self.answer(self.form(None), created=link, address=address)

    def form(self, data) -> CalendarLinkForm:
        return CalendarLinkForm(data, sites=sites_of(self.request.user.partner))

    def answer(self, form: CalendarLinkForm, *, created: SharedLink | None = None, address: str = "") -> HttpResponse:
        context = {
            "form": form,
            "created": created,
            "address": address,
            # Calendars take the address up by themselves under this scheme.
            "subscription": f"webcal://{address.partition('://')[2]}" if address else "",
            "links": own_feeds(self.request.user).valid_at(timezone.now()),
        }
        return not_stored(render(self.request, "bookings/my_calendar.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(AGENT_ROLES)
def my_calendar_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then close one of her addresses."""
    link = get_object_or_404(own_feeds(request.user), pk=pk)
    if request.method != "POST":
        return render(request, "bookings/my_calendar_revoke.html", {"link": link})
    try:
        revoke_shared_link(link=link, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Adresse révoquée\u00a0: l’appareil qui s’en servait ne reçoit plus l’agenda.")
    return redirect("bookings:my_calendar")


@login_not_required
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar of one partner at one site, for the device that holds the secret; nothing is written."""
    now = timezone.now()
    link = find_shared_link(token, kind=SharedLinkKind.CALENDAR, at=now)
    if link is None:
        return dead_link()
    logger.info("shared link %s: agenda read", link.pk)
    response = HttpResponse(feed_of(link, now=now), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="agenda.ics"'
    return behind_secret(response)
