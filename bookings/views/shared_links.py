"""Addresses that open a planning without an account: handed out and revoked by the desk, read by whoever has one."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views import View
from django.views.decorators.http import require_http_methods, require_safe

from bookings.agenda import week_label
from bookings.models import SharedLink, SharedLinkKind
from bookings.models.shared_link import SharedLinkQuerySet
from bookings.shared_link_forms import PlanningLinkForm
from bookings.shared_links import create_planning_link, find_shared_link, partners_to_share_with, revoke_shared_link
from bookings.shared_planning import shared_week
from franceservices.db import Folded, Joined
from franceservices.errors import DomainError
from franceservices.secret_links import behind_secret, not_stored, secret_address
from franceservices.text import fold
from partners.permissions import DESK_ROLES, DeskMixin, for_roles

from .chosen_day import chosen_day
from .schedule import by_day

LINKS_A_PAGE = 25
LONGEST_SEARCH = 100

logger = logging.getLogger(__name__)


def dead_link() -> HttpResponse:
    """One answer for a link that is unknown, revoked or over, so that trying addresses teaches nothing."""
    return behind_secret(HttpResponse(render_to_string("bookings/shared_link_dead.html"), status=404))


class SharedLinkListView(DeskMixin, View):
    """The addresses of the space, the newest first, and a form for one more.

    The address is in the answer to the form and nowhere else: neither the session nor a redirection carries it.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(self.form(None))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.answer(form)
        try:
            link, token = create_planning_link(
                site=self.site,
                partner=form.partner_chosen,
                recipient=form.cleaned_data["recipient"],
                last_day=form.cleaned_data["last_day"],
                by=request.user,
            )
        except DomainError as error:
            form.add_error(None, error.message)
            return self.answer(form)
        address = secret_address(request, "bookings:shared_planning", token)
        return self.answer(self.form(None), created=link, address=address)

    def form(self, data) -> PlanningLinkForm:
        return PlanningLinkForm(data, partners=partners_to_share_with(self.site), today=self.site.today())

    def answer(self, form: PlanningLinkForm, *, created: SharedLink | None = None, address: str = "") -> HttpResponse:
        query = self.request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
        rows = self.found(query).select_related("site", "partner", "created_by", "revoked_by")
        context = {
            "form": form,
            "query": query,
            "created": created,
            "address": address,
            "page_obj": Paginator(rows, LINKS_A_PAGE).get_page(self.request.GET.get("page")),
        }
        return not_stored(render(self.request, "bookings/shared_link_list.html", context))

    def found(self, query: str) -> SharedLinkQuerySet:
        """The links of the space in whose partner or recipient each word of `query` occurs."""
        links = SharedLink.objects.visible_to(self.request.user).filter(site=self.site).order_by("-created_at", "-pk")
        words = fold(query).split()
        if words:
            links = links.alias(folded=Folded(Joined("partner__name", "partner__short_name", "recipient")))
        for word in words:
            links = links.filter(folded__contains=word)
        return links


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(DESK_ROLES)
def shared_link_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then close the address; it cannot be opened again, a new one is handed out instead."""
    links = SharedLink.objects.revocable_by(request.user).select_related("site", "partner")
    link = get_object_or_404(links, pk=pk)
    if request.method != "POST":
        return render(request, "bookings/shared_link_revoke.html", {"link": link})
    try:
        revoke_shared_link(link=link, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            f"Lien révoqué\u00a0: l’adresse remise à {link.recipient or link.partner.short_name} ne s’ouvre plus.",
        )
    return redirect("bookings:shared_link_list")


@login_not_required
@require_safe
def shared_planning(request: HttpRequest, token: str) -> HttpResponse:
    """The week of one partner at one site, for whoever holds the secret; nothing is written, no session is opened.

    The template is rendered without the request: whatever cookies come with it, the page is the same. That somebody
    read it is logged under the link's number, never with its secret.
    """
    now = timezone.now()
    link = find_shared_link(token, kind=SharedLinkKind.PLANNING, at=now)
    if link is None:
        return dead_link()
    logger.info("shared link %s: planning read", link.pk)
    chosen = chosen_day(request.GET, today=link.site.today())
    week = shared_week(link, asked=chosen.day, now=now)
    context = {
        "link": link,
        "site": link.site,
        "partner": link.partner,
        "refused": chosen.refused,
        "week_label": week_label(week.monday),
        "days": by_day(week.rows),
        "total": sum(len(row.appointments) for row in week.rows),
        "later": week.later,
        "now": now,
        "printed_on": link.site.today(),
        "previous": week.previous,
        "next": week.next,
    }
    return behind_secret(HttpResponse(render_to_string("bookings/shared_planning.html", context)))
