"""Offices of a space: who occupies them in a week, what stands idle, and lending an idle half-day once."""

from datetime import date, time
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import TemplateView

from bookings.agenda import week_label
from bookings.loan_forms import CancelLoanForm, LoanForm
from bookings.loans import cancel_loan, lend_office, restore_loan
from bookings.models import Permanence, PermanenceOrigin, PermanenceStatus
from bookings.office_map import WEEK, WEEKS_BEFORE, office_map
from franceservices.dates import format_date_weekday, format_time_range, monday_of, parse_iso_date_or_none
from franceservices.errors import DomainError
from partners.models import Office, Partner, Site, User
from partners.permissions import DESK_ROLES, DeskMixin, for_roles

from .chosen_day import chosen_day


def map_address(day: date) -> str:
    """The map of the week of `day`."""
    return f"{reverse('bookings:office_map')}?{urlencode({'jour': day.isoformat()})}"


class OfficeMapView(DeskMixin, TemplateView):
    """Offices by half-days of the week of `?jour=`, the present week without it."""

    template_name = "bookings/office_map.html"

    def get_context_data(self, **kwargs) -> dict[str, object]:
        today = self.site.today()
        chosen = chosen_day(self.request.GET, today=today)
        monday, this_week = monday_of(chosen.day), monday_of(today)
        notices = []
        if chosen.refused:
            notices.append(f"«\u00a0{chosen.refused}\u00a0» n’est pas une date\u00a0: voici la semaine en cours.")
        return super().get_context_data(
            offices=office_map(self.site, monday, seen_by=self.request.user),
            weeks_before=WEEKS_BEFORE,
            week_label=week_label(monday),
            chosen=chosen.day,
            today=today,
            is_this_week=monday == this_week,
            notices=notices,
            previous_url=map_address(monday - WEEK),
            next_url=map_address(monday + WEEK),
            this_week_url=map_address(this_week),
            week_url=f"{reverse('bookings:agenda')}?{urlencode({'jour': monday.isoformat()})}",
            table_url=f"{reverse('bookings:agenda')}?{urlencode({'jour': monday.isoformat(), 'vue': 'tableau'})}",
            **kwargs,
        )


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(DESK_ROLES)
def office_lend(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask to whom and what for, then lend; the message that follows offers to take it back."""
    office = get_object_or_404(Office.objects.visible_to(request.user).select_related("site__ccas"), pk=pk)
    day = parse_iso_date_or_none(request.GET.get("jour", ""))
    if day is None:
        messages.error(request, "Choisissez une demi-journée libre dans la carte des bureaux.")
        return redirect("bookings:office_map")
    partners = Partner.objects.visible_to(request.user).filter(own_ccas=None)
    hours = {"start_time": _clock(request.GET.get("de", "")), "end_time": _clock(request.GET.get("a", ""))}
    form = LoanForm(request.POST if request.method == "POST" else None, partners=partners, initial=hours)
    if request.method == "POST" and form.is_valid():
        try:
            loan = lend_office(
                office=office,
                day=day,
                start_time=form.cleaned_data["start_time"],
                end_time=form.cleaned_data["end_time"],
                borrower=form.borrower_chosen,
                purpose=form.cleaned_data["purpose"],
                by=request.user,
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(
                request,
                f"{_described(loan)}\u00a0: prêté à {loan.partner.short_name}.",
                extra_tags=reverse("bookings:loan_cancel", args=[loan.pk]),
            )
            return redirect(map_address(day))
    return render(
        request, "bookings/office_lend.html", {"form": form, "office": office, "day": day, "map_url": map_address(day)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(DESK_ROLES)
def loan_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then give the office back; the message that follows offers to take it back."""
    loan = loan_or_404(request.user, pk)
    form = CancelLoanForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            cancel_loan(loan=loan, reason=form.cleaned_data["reason"], by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(
                request,
                f"{_described(loan)}\u00a0: prêt annulé, le bureau est de nouveau libre.",
                extra_tags=reverse("bookings:loan_restore", args=[pk]),
            )
        return redirect(map_address(loan.day))
    return render(
        request,
        "bookings/loan_cancel.html",
        {
            "form": form,
            "loan": loan,
            "described": _described(loan),
            "is_cancelled": loan.status == PermanenceStatus.CANCELLED,
            "map_url": map_address(loan.day),
        },
    )


@require_POST
@for_roles(DESK_ROLES)
def loan_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the cancellation of a loan, if nobody took the office meanwhile."""
    loan = loan_or_404(request.user, pk)
    try:
        restore_loan(loan=loan, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{_described(loan)}\u00a0: prêt rétabli.")
    return redirect(map_address(loan.day))


def loan_or_404(user: User, pk: int) -> Permanence:
    """The loan at a desk of `user`; any other permanence, and what is outside the perimeter, does not exist here."""
    loans = Permanence.objects.filter(site__in=Site.objects.visible_to(user), origin=PermanenceOrigin.LOAN)
    return get_object_or_404(loans.with_parties(), pk=pk)


def _clock(text: str) -> time | None:
    """The time `08:30` of an address; None for anything else."""
    hour, _, minute = text.partition(":")
    if len(text) != 5 or not (hour + minute).isascii() or not (hour + minute).isdigit():
        return None
    return time(int(hour), int(minute)) if int(hour) < 24 and int(minute) < 60 else None


def _described(loan: Permanence) -> str:
    """`Bureau 27, mardi 3 mars 2026, 10h00–12h30`."""
    label = loan.office.full_label
    hours = format_time_range(loan.local_start.time(), loan.local_end.time())
    return f"{label[:1].upper()}{label[1:]}, {format_date_weekday(loan.day)}, {hours}"
