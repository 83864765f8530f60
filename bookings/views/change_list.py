"""The decisions about dates: the list with the hours of the month, one decision, and undoing it."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_POST

from bookings.hours import hours_of
from bookings.impact import hours_between
from bookings.models import Permanence, PermanenceRevision, PermanenceStatus, ScheduleChange, ScheduleChangeKind
from bookings.schedule_changes import undo_change
from franceservices.dates import MONTHS, NEWEST_YEAR, OLDEST_YEAR, parse_iso_date_or_none
from franceservices.db import Folded
from franceservices.errors import DomainError
from franceservices.text import fold
from partners.models import Role
from partners.permissions import AGENT_ROLES, DESK_ROLES, DeskMixin, for_roles

from .booking_choices import parameter

CHANGES_A_PAGE = 25
DATES_A_PAGE = 100


def month_of(text: str, *, today: date) -> date:
    """The first day of the month `2026-03`; that of `today` for anything else."""
    return parse_iso_date_or_none(f"{text}-01") or today.replace(day=1)


def shifted(month: date, by: int) -> date | None:
    """The first day of the month `by` months later; None out of the years that pages know."""
    year, index = divmod(month.year * 12 + month.month - 1 + by, 12)
    return date(year, index + 1, 1) if OLDEST_YEAR <= year <= NEWEST_YEAR else None


class ScheduleChangeListView(DeskMixin, View):
    """The decisions about the dates of the space, the newest first, and what the hours of a month became."""

    def get(self, request: HttpRequest) -> HttpResponse:
        words = parameter(request.GET, "q")
        today = self.site.today()
        month = month_of(parameter(request.GET, "mois"), today=today)
        following = shifted(month, 1)
        dates = Permanence.objects.filter(site=self.site, day__gte=month, day__lt=following or date.max)
        rows = self.matching(words).annotate(dates=Count("revisions")).order_by("-made_at", "-pk")
        return render(
            request,
            "bookings/change_list.html",
            {
                "words": words,
                "page_obj": Paginator(rows, CHANGES_A_PAGE).get_page(request.GET.get("page")),
                "today": today,
                "month_name": f"{MONTHS[month.month - 1]} {month.year}",
                "hours": hours_of(dates),
                "previous_month": _month_url(shifted(month, -1)),
                "next_month": _month_url(following),
            },
        )

    def matching(self, words: str) -> QuerySet[ScheduleChange]:
        """Those in which each word occurs: nature, reason, partner, office or author, whatever the accents."""
        found = (
            ScheduleChange.objects.visible_to(self.request.user)
            .filter(site=self.site)
            .select_related("site", "partner", "office", "made_by", "undone_by")
        )
        author = Concat("made_by__first_name", Value(" "), "made_by__last_name")
        found = found.alias(
            folded_reason=Folded(F("reason")),
            folded_partner=Folded(F("partner__short_name")),
            folded_office=Folded(F("office__label")),
            folded_author=Folded(author),
        )
        for word in fold(words).split():
            kinds = [kind.value for kind in ScheduleChangeKind if word in fold(kind.label)]
            found = found.filter(
                Q(kind__in=kinds)
                | Q(folded_reason__contains=word)
                | Q(folded_partner__contains=word)
                | Q(folded_office__contains=word)
                | Q(folded_author__contains=word)
            )
        return found


def _month_url(month: date | None) -> str:
    return f"{reverse('bookings:schedule_change_list')}?mois={month:%Y-%m}" if month else ""


class ScheduleChangeDetailView(DeskMixin, View):
    """One decision: why, by whom, and each date before and after."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        visible = ScheduleChange.objects.visible_to(request.user).select_related(
            "site", "partner", "office", "made_by", "undone_by"
        )
        change = get_object_or_404(visible, pk=pk)
        revisions = change.revisions.select_related(
            "permanence__site", "permanence__partner", "permanence__office", "office_before"
        ).order_by("permanence__during", "pk")
        page = Paginator(revisions, DATES_A_PAGE).get_page(request.GET.get("page"))
        return render(
            request,
            "bookings/change_detail.html",
            {
                "change": change,
                "page_obj": page,
                "rows": [(revision, _before(revision), _now(revision.permanence)) for revision in page],
                "may_undo": _may_undo(change),
            },
        )


def _before(revision: PermanenceRevision) -> str:
    if revision.during_before is None:
        return "n’existait pas"
    return f"{hours_between(revision.during_before, revision.permanence.site)}, {revision.office_before.full_label}"


def _now(permanence: Permanence) -> str:
    if permanence.status == PermanenceStatus.CANCELLED:
        return "annulée"
    return f"{hours_between(permanence.during, permanence.site)}, {permanence.office.full_label}"


def _may_undo(change: ScheduleChange) -> bool:
    return change.undone_at is None and change.ends_on >= change.site.today() and change.kind != ScheduleChangeKind.LOAN


@require_POST
@for_roles(DESK_ROLES | AGENT_ROLES)
def schedule_change_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a decision as a whole; an agent takes back only the absences that her own caisse signalled."""
    change = get_object_or_404(ScheduleChange.objects.visible_to(request.user).select_related("made_by"), pk=pk)
    is_agent = request.user.role == Role.PARTNER_AGENT
    if is_agent and (change.kind != ScheduleChangeKind.ABSENCE or change.made_by.partner_id != request.user.partner_id):
        raise Http404
    try:
        restored = undo_change(change=change, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        dates = f"{restored} date{'s' if restored > 1 else ''} rétablie{'s' if restored > 1 else ''}"
        messages.success(
            request,
            f"Changement défait\u00a0: {dates}. Les rendez-vous déjà déplacés ou annulés le restent.",
        )
    if is_agent:
        return redirect("bookings:my_absence")
    return redirect("bookings:schedule_change_detail", pk)
