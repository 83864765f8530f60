"""Cards that may be one person's: the pairs of a CCAS, and what the desk says of them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from bookings.duplicates import LikelyPairs, forget_distinction, tell_apart
from bookings.forms import find_visitor
from bookings.models import Visitor, VisitorDistinction
from franceservices.errors import DomainError
from partners.permissions import DESK_ROLES, for_roles

from .booking_choices import parameter
from .visitors import VisitorPage

PAIRS_A_PAGE = 25


class DuplicateListView(VisitorPage):
    """The likely duplicates of the CCAS, likeliest first; with words, those that hold a person of that name."""

    def get(self, request: HttpRequest) -> HttpResponse:
        words = parameter(request.GET, "q")
        pairs = LikelyPairs(ccas=self.site.ccas, words=words)
        page = Paginator(pairs, PAIRS_A_PAGE).get_page(request.GET.get("page"))
        return render(request, "bookings/duplicate_list.html", {"words": words, "page_obj": page})


@require_POST
@for_roles(DESK_ROLES)
def visitors_tell_apart(request: HttpRequest) -> HttpResponse:
    """« Ce sont deux personnes »; the message that follows offers to take it back."""
    one, other = (_posted_card(request, name) for name in ("a", "b"))
    try:
        distinction = tell_apart(one=one, other=other, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            f"C’est noté\u00a0: {one.full_name} et {other.full_name} sont deux personnes. Ces deux fiches ne seront"
            " plus rapprochées.",
            extra_tags=reverse("bookings:distinction_forget", args=[distinction.pk]),
        )
    return redirect(_safe_return(request.POST, request))


@require_POST
@for_roles(DESK_ROLES)
def distinction_forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo « Ce sont deux personnes »."""
    distinction = get_object_or_404(VisitorDistinction.objects.visible_to(request.user).select_related("a", "b"), pk=pk)
    forget_distinction(distinction=distinction)
    messages.success(
        request,
        f"{distinction.a.full_name} et {distinction.b.full_name} sont de nouveau proposés comme doublons.",
    )
    return redirect("bookings:duplicate_list")


def _posted_card(request: HttpRequest, name: str) -> Visitor:
    card = find_visitor(Visitor.objects.visible_to(request.user).current(), request.POST.get(name, ""))
    if card is None:
        raise Http404
    return card


def _safe_return(posted: QueryDict, request: HttpRequest) -> str:
    """Where the desk came from, if that is a page of ours; else the list of likely duplicates."""
    wanted = posted.get("retour", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/usagers/")
    return wanted if is_ours else reverse("bookings:duplicate_list")
