"""Appointments of a space: the list, the slip on screen and on paper, cancelling and taking it back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views import View
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bookings.documents import slip_of, slip_pdf
from bookings.forms import AppointmentFilterForm, CancelForm, cancellation_sides
from bookings.models import Appointment, AppointmentStatus
from bookings.rebooking import why_not_movable
from bookings.services import cancel_appointment, restore_appointment
from franceservices.dates import day_bounds, format_date_weekday, format_time
from franceservices.errors import DomainError
from franceservices.pdf import pdf_response
from partners.models import Partner, User
from partners.permissions import DESK_ROLES, DeskMixin, for_roles

APPOINTMENTS_A_PAGE = 25
LONGEST_SEARCH = 100


def appointment_or_404(user: User, pk: int) -> Appointment:
    """The appointment with all that its pages name; outside the user's perimeter it does not exist."""
    appointments = Appointment.objects.visible_to(user).with_parties()
    named = appointments.select_related("site__ccas", "booked_by", "cancelled_by", "rebooked_from__site")
    return get_object_or_404(named, pk=pk)


class AppointmentListView(DeskMixin, View):
    """The appointments of the space, today and to come unless other days are asked for."""

    def get(self, request: HttpRequest) -> HttpResponse:
        today = self.site.today()
        # A visit without `du` starts today and says so in the field; an emptied field means no first day.
        asked = request.GET if "du" in request.GET else {**request.GET.dict(), "du": today.isoformat()}
        partners = Partner.objects.filter(permanences__site=self.site).distinct()
        form = AppointmentFilterForm(asked, partners=partners)
        form.is_valid()
        rows = self.filtered(form.cleaned_data).with_parties()
        return render(
            request,
            "bookings/appointment_list.html",
            {
                "form": form,
                "page_obj": Paginator(rows, APPOINTMENTS_A_PAGE).get_page(request.GET.get("page")),
                "is_filtered": bool({"q", "partenaire", "etat", "au"} & {name for name, text in asked.items() if text}),
            },
        )

    def filtered(self, wanted: dict[str, object]) -> QuerySet[Appointment]:
        """Those that answer to every readable filter; an unreadable one is told in the form and left aside."""
        found = Appointment.objects.visible_to(self.request.user).filter(site=self.site)
        if wanted.get("du"):
            found = found.filter(during__startswith__gte=day_bounds(wanted["du"], self.site.zone)[0])
        if wanted.get("au"):
            found = found.filter(during__startswith__lt=day_bounds(wanted["au"], self.site.zone)[1])
        if wanted.get("partenaire"):
            found = found.filter(partner__slug=wanted["partenaire"])
        if wanted.get("etat"):
            found = found.filter(status=wanted["etat"])
        return found.matching(wanted.get("q", "")[:LONGEST_SEARCH])


class AppointmentDetailView(DeskMixin, View):
    """The slip on screen, with what can be done next."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        appointment = appointment_or_404(request.user, pk)
        replaced_by = Appointment.objects.filter(rebooked_from=appointment).select_related("site").first()
        return render(
            request,
            "bookings/appointment_detail.html",
            {
                "appointment": appointment,
                "slip": slip_of(appointment),
                "cancelled_for": dict(cancellation_sides(appointment)).get(appointment.cancelled_for, ""),
                "may_cancel": appointment.status == AppointmentStatus.BOOKED,
                "may_move": not why_not_movable(appointment, now=timezone.now()),
                "may_restore": not appointment.is_standing
                and replaced_by is None
                and appointment.local_start > appointment.site.now(),
                "replaces": appointment.rebooked_from,
                "replaced_by": replaced_by,
                "is_past": appointment.local_start <= appointment.site.now(),
                "notifications": appointment.notifications.select_related("site").order_by("queued_at", "pk"),
            },
        )


@require_GET
@for_roles(DESK_ROLES)
def appointment_slip(request: HttpRequest, pk: int) -> HttpResponse:
    """The slip as a PDF."""
    appointment = appointment_or_404(request.user, pk)
    site = appointment.site
    content = slip_pdf(slip_of(appointment), organisation=site.ccas.name, printed_on=site.today())
    return pdf_response(content, f"rendez-vous {appointment.local_start:%Y-%m-%d} {appointment.who}")


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(DESK_ROLES)
def appointment_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask on whose side, then cancel; the message that follows offers to take it back."""
    appointment = appointment_or_404(request.user, pk)
    form = CancelForm(request.POST if request.method == "POST" else None, appointment=appointment)
    if request.method == "POST" and form.is_valid():
        try:
            cancel_appointment(
                appointment=appointment,
                cancelled_for=form.cleaned_data["cancelled_for"],
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(
                request,
                f"Rendez-vous annulé pour {appointment.who}. Son créneau est de nouveau libre.",
                extra_tags=reverse("bookings:appointment_restore", args=[pk]),
            )
        return redirect("bookings:appointment_detail", pk)
    return render(request, "bookings/appointment_cancel.html", {"appointment": appointment, "form": form})


@require_POST
@for_roles(DESK_ROLES)
def appointment_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a cancellation, if nobody took the time meanwhile."""
    appointment = appointment_or_404(request.user, pk)
    try:
        restore_appointment(appointment=appointment, by=request.user)
    except DomainError as error:
        messages.error(request, f"{error.message} Rien n’a été changé.")
    else:
        start = appointment.local_start
        messages.success(
            request,
            f"Rendez-vous rétabli pour {appointment.who}, {format_date_weekday(start.date())} "
            f"à {format_time(start.time())}.",
        )
    return redirect("bookings:appointment_detail", pk)
