"""People who wait for another time: the worklist, and moving one appointment."""

from datetime import date

from django.contrib import messages
from django.core import signing
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views import View
from django.views.decorators.http import require_POST

from bookings.change_forms import MoveForm
from bookings.errors import TimeNotOffered, TimeTaken
from bookings.forms import TimeFilterForm, searchable
from bookings.free_times import parse_time_key
from bookings.models import (
    Appointment,
    AppointmentStatus,
    CancelledBy,
    Permanence,
    PermanenceRevision,
    ScheduleChangeKind,
)
from bookings.next_times import NextTimes
from bookings.rebooking import put_back_to_replace, rebook, why_not_movable
from bookings.services import cancel_appointment
from franceservices.dates import format_date_weekday, format_time
from franceservices.db import Folded
from franceservices.errors import DomainError
from franceservices.text import fold
from partners.permissions import DESK_ROLES, DeskMixin, check_role, for_roles

from .appointments import appointment_or_404
from .booking_choices import Offer, by_day, parameter

ROWS_A_PAGE = 25
TIMES_A_ROW = 3
NEXT_TIMES = 5
DAYS_A_PAGE = 8
UNKNOWN_TIME = "Ce créneau n’existe pas. Choisissez-en un autre."
OUT_OF_GRID = "La grille hebdomadaire ne prévoit plus cette date."
# What a message that offers to undo a cancellation carries in its address, and for how long it is good.
PROOF, PROOF_SALT, PROOF_SECONDS = "preuve", "bookings.to_replace_put_back", 3600
CCAS_KINDS = {ScheduleChangeKind.CLOSURE, ScheduleChangeKind.OFFICE_OUTAGE}


class ToReplaceView(DeskMixin, View):
    """Everybody of the space who waits for another time, by old hour; it stays until it is empty."""

    def get(self, request: HttpRequest) -> HttpResponse:
        words = parameter(request.GET, "q")
        waiting = Appointment.objects.visible_to(request.user).to_replace().filter(site=self.site)
        page = Paginator(self.matching(waiting, words).with_parties(), ROWS_A_PAGE).get_page(request.GET.get("page"))
        appointments = list(page.object_list)
        times = NextTimes(site=self.site).shared_out(appointments, each=TIMES_A_ROW)
        causes = causes_of(appointments)
        rows = [
            {
                "appointment": found,
                "why": causes[found.pk][0],
                "side": causes[found.pk][1],
                "times": times[found.pk],
                "is_past": found.during.lower <= timezone.now(),
            }
            for found in appointments
        ]
        return render(
            request,
            "bookings/to_replace.html",
            {
                "words": words,
                "page_obj": page,
                "rows": rows,
                "total": waiting.count() if words else page.paginator.count,
            },
        )

    def matching(self, waiting: QuerySet[Appointment], words: str) -> QuerySet[Appointment]:
        found = waiting.order_by("during", "pk")
        if words:
            found = found.alias(
                folded_reason=Folded(F("reason__label")), folded_partner=Folded(F("partner__short_name"))
            )
        for word in fold(searchable(words)).split():
            clause = (
                Q(visitor__folded_name__contains=word)
                | Q(folded_reason__contains=word)
                | Q(folded_partner__contains=word)
            )
            digits = "".join(character for character in word if character.isdigit())
            if len(digits) >= 3:
                clause |= Q(visitor__phone__contains=digits.removeprefix("0"))
            found = found.filter(clause)
        return found


def causes_of(appointments: list[Appointment]) -> dict[int, tuple[str, CancelledBy]]:
    """For each appointment, by id, why its permanence holds it no longer, and on whose side; one query."""
    latest: dict[int, PermanenceRevision] = {}
    revisions = PermanenceRevision.objects.filter(
        permanence__in={found.permanence_id for found in appointments}, change__undone_at=None
    )
    for revision in revisions.select_related("change").order_by("change_id"):
        latest[revision.permanence_id] = revision
    causes = {}
    for found in appointments:
        revision = latest.get(found.permanence_id)
        if revision is None:
            causes[found.pk] = (OUT_OF_GRID, CancelledBy.CCAS)
        else:
            change = revision.change
            side = CancelledBy.CCAS if change.kind in CCAS_KINDS else CancelledBy.PARTNER
            causes[found.pk] = (f"{change.get_kind_display()}\u00a0: {change.reason}", side)
    return causes


@require_POST
@for_roles(DESK_ROLES)
def to_replace_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up an appointment of the worklist, on the side of whoever changed its date; the message offers to undo."""
    appointment = appointment_or_404(request.user, pk)
    if appointment.to_replace_since is None:
        messages.error(request, f"{appointment.who} n’attend plus une autre heure. Rien n’a été changé.")
        return redirect("bookings:to_replace")
    why, side = causes_of([appointment])[pk]
    longest = Appointment._meta.get_field("cancellation_reason").max_length
    try:
        cancelled = cancel_appointment(
            appointment=appointment, cancelled_for=side, reason=why[:longest], by=request.user
        )
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        undo = urlencode({PROOF: signing.dumps(_was_waiting(cancelled), salt=PROOF_SALT)})
        messages.success(
            request,
            f"Rendez-vous annulé pour {appointment.who}.",
            extra_tags=f"{reverse('bookings:to_replace_put_back', args=[pk])}?{undo}",
        )
    return redirect("bookings:to_replace")


def _was_waiting(cancelled: Appointment) -> list[object]:
    """What tells one cancellation of the worklist from all others: nothing in the row says where it was made."""
    return [cancelled.pk, cancelled.cancelled_at and cancelled.cancelled_at.isoformat()]


@require_POST
@for_roles(DESK_ROLES)
def to_replace_put_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo `to_replace_cancel`, with the proof that its message carried for a while."""
    appointment = appointment_or_404(request.user, pk)
    try:
        proven = signing.loads(request.GET.get(PROOF, ""), salt=PROOF_SALT, max_age=PROOF_SECONDS)
    except signing.BadSignature:
        proven = None
    if appointment.status == AppointmentStatus.CANCELLED and proven != _was_waiting(appointment):
        messages.error(request, "Cette annulation ne peut plus être défaite ici. Rien n’a été changé.")
        return redirect("bookings:to_replace")
    try:
        put_back_to_replace(appointment=appointment, by=request.user)
    except DomainError as refusal:
        messages.error(request, f"{refusal.message} Rien n’a été changé.")
    else:
        messages.success(request, f"{appointment.who} attend de nouveau une autre heure.")
    return redirect("bookings:to_replace")


class AppointmentMoveView(View):
    """The next free times for the reason of an appointment; choosing one moves it."""

    http_method_names = ["get", "head", "options", "post"]

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        check_role(request, DESK_ROLES)
        self.appointment = appointment_or_404(request.user, kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(MoveForm(appointment=self.appointment, initial={"cancelled_for": self.usual_side}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = MoveForm(request.POST, appointment=self.appointment)
        if not form.is_valid():
            return self.page(form)
        key = parse_time_key(parameter(request.POST, "creneau"))
        if key is None:
            return self.page(form, UNKNOWN_TIME, status=409)
        try:
            new = rebook(
                appointment=self.appointment,
                permanence_id=key[0],
                starts_at=key[1],
                cancelled_for=form.cleaned_data["cancelled_for"],
                why=form.cleaned_data["reason"],
                by=request.user,
            )
        except (TimeTaken, TimeNotOffered) as refusal:
            return self.page(form, refusal.message, status=409)
        except Permanence.DoesNotExist:
            return self.page(form, UNKNOWN_TIME, status=409)
        except DomainError as refusal:
            messages.error(request, refusal.message)
            return redirect("bookings:appointment_detail", pk)
        start = new.local_start
        messages.success(
            request,
            f"Rendez-vous de {new.who} déplacé au {format_date_weekday(start.date())} à {format_time(start.time())}.",
        )
        if request.POST.get("retour") == "a-replacer":
            return redirect("bookings:to_replace")
        return redirect("bookings:appointment_detail", new.pk)

    @property
    def usual_side(self) -> CancelledBy:
        """Whoever asks for a move is the visitor, unless the permanence no longer holds the appointment."""
        if self.appointment.to_replace_since is None:
            return CancelledBy.VISITOR
        return causes_of([self.appointment])[self.appointment.pk][1]

    def page(self, form: MoveForm, refusal: str = "", status: int = 200) -> HttpResponse:
        site = self.appointment.site
        times = NextTimes(site=site).same_partner_first(self.appointment)
        partners = sorted({time.permanence.partner for time in times}, key=lambda partner: partner.name)
        filter_form = TimeFilterForm(self.request.GET, partners=partners)
        filter_form.is_valid()
        day: date | None = filter_form.cleaned_data.get("jour")
        partner = filter_form.cleaned_data.get("partenaire")
        offers = [
            Offer(time)
            for time in times
            if (not partner or time.permanence.partner.slug == partner) and (not day or time.start.date() >= day)
        ]
        days = by_day(sorted(offers, key=lambda offer: (offer.time.start, offer.time.permanence.pk)))
        return render(
            self.request,
            "bookings/rebook.html",
            {
                "appointment": self.appointment,
                "why_fixed": why_not_movable(self.appointment, now=timezone.now()),
                "form": form,
                "filter_form": filter_form,
                "refusal": refusal,
                "next_offers": offers[:NEXT_TIMES],
                "days": days[:DAYS_A_PAGE],
                "later_day": days[DAYS_A_PAGE][0] if days[DAYS_A_PAGE:] else None,
                "back_to": parameter(self.request.GET, "retour") or parameter(self.request.POST, "retour"),
            },
            status=status,
        )
