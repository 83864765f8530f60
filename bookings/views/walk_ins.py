"""Walk-ins of a space: the counter, the list of a day, correcting a visit, striking it out and putting it back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_http_methods, require_POST

from bookings.models import DeskVisit
from bookings.walk_in_forms import CorrectVisitForm, NoteVisitForm, VisitFilterForm
from bookings.walk_ins import (
    correct_visit,
    counter,
    note_visit,
    restore_visit,
    strike_out_visit,
    totals_of,
    visits_between,
)
from franceservices.addresses import page_that_asked
from franceservices.dates import format_time
from franceservices.db import Folded
from franceservices.errors import DomainError
from franceservices.text import fold
from partners.models import Site, User
from partners.permissions import DESK_ROLES, DeskMixin, current_site_or_404, for_roles

VISITS_A_PAGE = 25
LONGEST_SEARCH = 100


def visit_or_404(user: User, pk: int) -> DeskVisit:
    """The visit with all that its pages name; outside the user's perimeter it does not exist."""
    visits = DeskVisit.objects.visible_to(user).select_related("site", "reason", "partner", "noted_by")
    return get_object_or_404(visits, pk=pk)


def came_from(request: HttpRequest) -> str:
    """Where the counter was shown; the list of visits when the address is not one of ours."""
    return page_that_asked(request, otherwise=reverse("bookings:desk_visit_list"))


def answer(
    request: HttpRequest, site: Site, sentence: str, *, undo_url: str = "", is_refusal: bool = False
) -> HttpResponse:
    """What follows a click: the last visits and the sentence for htmx, else the page again with a message."""
    if request.htmx:
        said = {"counter": counter(site, site.today()), "said": sentence, "is_refusal": is_refusal}
        response = render(request, "bookings/_walk_in_answer.html", said)
        response["HX-Trigger"] = "walk-ins-changed"
        return response
    if is_refusal:
        messages.error(request, sentence)
    else:
        messages.success(request, sentence, extra_tags=undo_url)
    return redirect(came_from(request))


class DeskVisitListView(DeskMixin, View):
    """The visits of today, or of other days, under the counter."""

    def get(self, request: HttpRequest) -> HttpResponse:
        today = self.site.today()
        # A page without days shows today and says so in the fields; an emptied field leaves that end open.
        asked = request.GET.dict()
        if not {"du", "au"} & asked.keys():
            asked |= {"du": today.isoformat(), "au": today.isoformat()}
        form = VisitFilterForm(asked)
        form.is_valid()
        wanted = form.cleaned_data
        visits = self.filtered(wanted)
        return render(
            request,
            "bookings/desk_visit_list.html",
            {
                "form": form,
                "counter": counter(self.site, today),
                "totals": totals_of(visits),
                "page_obj": Paginator(visits, VISITS_A_PAGE).get_page(request.GET.get("page")),
                "is_today": wanted.get("du") == wanted.get("au") == today and not wanted.get("q"),
            },
        )

    def filtered(self, wanted: dict[str, object]) -> QuerySet[DeskVisit]:
        """Those that answer to every readable filter; an unreadable one is told in the form and left aside."""
        visits = visits_between(self.site, wanted.get("du"), wanted.get("au")).visible_to(self.request.user)
        words = fold(wanted.get("q", "")[:LONGEST_SEARCH]).split()
        if words:
            visits = visits.annotate(
                folded_reason=Folded("reason__label"), folded_partner=Folded("partner__short_name")
            )
        for word in words:
            visits = visits.filter(Q(folded_reason__contains=word) | Q(folded_partner__contains=word))
        return visits


@require_POST
@for_roles(DESK_ROLES)
def desk_visit_note(request: HttpRequest) -> HttpResponse:
    """One click on a reason."""
    site = current_site_or_404(request)
    form = NoteVisitForm(request.POST, site=site)
    if not form.is_valid():
        return answer(request, site, f"Passage non noté. {' '.join(form.sentences())}", is_refusal=True)
    visit = note_visit(site=site, by=request.user, **form.visit_fields())
    return answer(
        request,
        site,
        f"Passage noté\u00a0: {visit.reason.label}.",
        undo_url=reverse("bookings:desk_visit_strike_out", args=[visit.pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(DESK_ROLES)
def desk_visit_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what a click noted."""
    visit = visit_or_404(request.user, pk)
    if visit.struck_out_at is not None:
        messages.error(request, "Ce passage est annulé\u00a0: rétablissez-le avant de le corriger.")
        return redirect("bookings:desk_visit_list")
    form = CorrectVisitForm(request.POST if request.method == "POST" else None, instance=visit, site=visit.site)
    if request.method == "POST" and form.is_valid():
        try:
            correct_visit(visit=visit, by=request.user, **form.visit_fields())
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, "Passage corrigé.")
        return redirect(came_from(request))
    return render(
        request,
        "bookings/desk_visit_form.html",
        # The form has already laid what was typed over its own.
        {"form": form, "visit": visit_or_404(request.user, pk), "back_url": came_from(request)},
    )


@require_POST
@for_roles(DESK_ROLES)
def desk_visit_strike_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a visit noted by mistake; it stays in the list, and can be put back."""
    visit = visit_or_404(request.user, pk)
    strike_out_visit(visit=visit, by=request.user)
    return answer(
        request,
        visit.site,
        f"Passage de {_hour(visit)} annulé\u00a0: {visit.reason.label}.",
        undo_url=reverse("bookings:desk_visit_restore", args=[pk]),
    )


@require_POST
@for_roles(DESK_ROLES)
def desk_visit_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Put back a visit that was struck out."""
    visit = visit_or_404(request.user, pk)
    restore_visit(visit=visit, by=request.user)
    return answer(request, visit.site, f"Passage de {_hour(visit)} rétabli\u00a0: {visit.reason.label}.")


def _hour(visit: DeskVisit) -> str:
    """`9h10`, at the site."""
    return format_time(visit.occurred_at.astimezone(visit.site.zone).time())
