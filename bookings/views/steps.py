"""Noting and undoing the steps of an appointment, and the list of those that have no outcome yet."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from bookings.desk_steps import last_step, note_step, undo_step, unsettled
from bookings.models import Appointment
from bookings.steps import STEP_BY_PATH
from franceservices.addresses import own_path
from franceservices.errors import DomainError
from partners.permissions import AGENT_ROLES, DESK_ROLES, DeskMixin, for_roles

from .booking_choices import parameter

PAGE_SIZE = 25


def _back(request: HttpRequest) -> HttpResponse:
    """To the page that asked; a fragment of it where htmx follows."""
    return redirect(own_path(request.POST.get("next"), request, otherwise=reverse("home")))


def _own_appointment(request: HttpRequest, pk: int) -> Appointment:
    return get_object_or_404(Appointment.objects.visible_to(request.user), pk=pk)


@for_roles(DESK_ROLES | AGENT_ROLES)
@require_POST
def appointment_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Note one step; what cannot be noted any more is said, and the page shows how things stand."""
    if step not in STEP_BY_PATH:
        raise Http404
    try:
        noted = note_step(appointment=_own_appointment(request, pk), step=STEP_BY_PATH[step], by=request.user)
        if not request.htmx:
            messages.success(
                request,
                f"{noted.who} : {noted.get_status_display().lower()}.",
                extra_tags=reverse("bookings:appointment_step_undo", args=[noted.pk]),
            )
    except DomainError as refusal:
        messages.warning(request, refusal.message)
    return _back(request)


@for_roles(DESK_ROLES | AGENT_ROLES)
@require_POST
def appointment_step_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the last step back."""
    appointment = _own_appointment(request, pk)
    try:
        undo_step(appointment=appointment, by=request.user)
    except DomainError as refusal:
        messages.warning(request, refusal.message)
    return _back(request)


class UnsettledListView(DeskMixin, TemplateView):
    """Appointments whose time is over and of which nobody said what became: received or absent, in one click."""

    template_name = "bookings/unsettled_list.html"

    def get_context_data(self, **kwargs) -> dict[str, object]:
        words = parameter(self.request.GET, "q")
        found = unsettled(site=self.site, user=self.request.user)
        if words:
            found = found.matching(words)
        page = Paginator(found, PAGE_SIZE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            page_obj=page,
            words=words,
            lines=[(appointment, last_step(appointment)) for appointment in page],
            here_all=self.request.path,
            here=f"{reverse('bookings:unsettled_list')}?{urlencode({'q': words})}" if words else self.request.path,
            **kwargs,
        )
