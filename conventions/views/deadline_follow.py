"""How a person follows the deadlines without coming to the page: her own calendar, and a weekly e-mail."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views import View
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conventions.deadline_feed import create_feed, deadline_calendar, find_feed, revoke_feed
from conventions.deadline_forms import FeedForm
from conventions.models import DeadlineFeed, DigestRefusal
from conventions.weekly_digest import accept_digest, refuse_digest
from franceservices.errors import DomainError
from franceservices.secret_links import behind_secret, not_stored, secret_address
from partners.permissions import CONVENTION_ROLES, DeskMixin, for_roles

logger = logging.getLogger(__name__)


class DeadlineFollowView(DeskMixin, View):
    """Her addresses and her choice; a new address is told once, in the answer to the form."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(FeedForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = FeedForm(request.POST)
        if not form.is_valid():
            return self.answer(form)
        feed, token = create_feed(site=self.site, device=form.cleaned_data["device"], by=request.user)
        address = secret_address(request, "conventions:deadline_feed", token)
        return self.answer(FeedForm(), created=feed, address=address)

    def answer(self, form: FeedForm, *, created: DeadlineFeed | None = None, address: str = "") -> HttpResponse:
        context = {
            "form": form,
            "site": self.site,
            "created": created,
            "address": address,
            # Calendars take the address up by themselves under this scheme.
            "subscription": f"webcal://{address.partition('://')[2]}" if address else "",
            "feeds": DeadlineFeed.objects.own_of(self.request.user).filter(revoked_at=None).select_related("site"),
            "gets_digest": not DigestRefusal.objects.filter(user=self.request.user).exists(),
        }
        return not_stored(render(self.request, "conventions/deadline_follow.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(CONVENTION_ROLES)
def deadline_feed_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then close one of her addresses."""
    feed = get_object_or_404(DeadlineFeed.objects.own_of(request.user).select_related("site"), pk=pk)
    if request.method != "POST":
        return render(request, "conventions/deadline_feed_revoke.html", {"feed": feed})
    try:
        revoke_feed(feed=feed, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Adresse révoquée\u00a0: l’appareil qui s’en servait ne reçoit plus les échéances.")
    return redirect("conventions:deadline_follow")


@require_POST
@for_roles(CONVENTION_ROLES)
def digest_refuse(request: HttpRequest) -> HttpResponse:
    """No weekly e-mail any more; the message offers to have it again."""
    refuse_digest(by=request.user)
    messages.success(
        request, "Vous ne recevrez plus le récapitulatif du lundi.", extra_tags=reverse("conventions:digest_accept")
    )
    return redirect("conventions:deadline_follow")


@require_POST
@for_roles(CONVENTION_ROLES)
def digest_accept(request: HttpRequest) -> HttpResponse:
    """The weekly e-mail again."""
    accept_digest(by=request.user)
    messages.success(
        request, "Vous recevrez le récapitulatif chaque lundi.", extra_tags=reverse("conventions:digest_refuse")
    )
    return redirect("conventions:deadline_follow")


@login_not_required
@require_safe
def deadline_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The deadlines of one space, for the device that holds the secret; nothing is written."""
    feed = find_feed(token)
    if feed is None:
        # One answer for all, so that trying addresses teaches nothing.
        return behind_secret(HttpResponse(render_to_string("conventions/deadline_feed_dead.html"), status=404))
    logger.info("deadline feed %s read", feed.pk)
    response = HttpResponse(deadline_calendar(feed, now=timezone.now()), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="echeances.ics"'
    return behind_secret(response)
