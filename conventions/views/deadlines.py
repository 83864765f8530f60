"""« Échéances »: what falls due for a space or a convention, and for the partner who owes it; each step taken on it."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_http_methods, require_POST

from conventions.deadline_forms import (
    LATER,
    SETTLED,
    TO_DO,
    DeadlineFilterForm,
    FulfilForm,
    WaiveForm,
    settled_first,
)
from conventions.due_dates import DueDate, When, conventions_followed, due_dates, owed_by_words, period_words
from conventions.fulfilment import fulfil, unfulfil, unwaive, waive, waive_late
from conventions.models import CommitteeMeeting, Convention, Document, ObligationDue, ObligationKind, TrainingSession
from franceservices.db import Folded, Joined
from franceservices.errors import DomainError
from franceservices.text import fold
from partners.models import Partner
from partners.permissions import AGENT_ROLES, CONVENTION_ROLES, RoleRequiredMixin, current_site_or_404, for_roles

DEADLINES_A_PAGE = 25
# What the button of the page that fulfils an occurrence offers to upload.
UPLOADED = {
    ObligationKind.INSURANCE_CERTIFICATE: "l’attestation d’assurance",
    ObligationKind.COMMITTEE: "le compte rendu",
    ObligationKind.YEARLY_REPORT: "le bilan annuel",
}


class DeadlineListView(RoleRequiredMixin, View):
    """The deadlines of the space one works in, or of one convention: to do, later, settled."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        convention = None
        if pk is not None:
            visible = Convention.objects.visible_to(request.user).select_related("site", "partner")
            convention = get_object_or_404(visible, pk=pk)
        site = convention.site if convention else current_site_or_404(request)
        today = site.today()
        followed = [convention] if convention else conventions_followed(site, today)
        form = DeadlineFilterForm(request.GET, partners=[one.partner for one in followed])
        lines = [line for line in due_dates(followed, today=today) if _is_asked(line, form)]
        later = [line for line in lines if line.when(today) == When.LATER]
        to_do = [line for line in lines if line.when(today) != When.LATER]
        settled = self.settled(followed, form)
        shown = {TO_DO: to_do, LATER: later, SETTLED: settled}[form.tab]
        page = Paginator(shown, DEADLINES_A_PAGE).get_page(request.GET.get("page"))
        context = {
            "convention": convention,
            "site": site,
            "today": today,
            "filter_form": form,
            "tabs": _tabs(request, form, {TO_DO: len(to_do), LATER: len(later), SETTLED: settled.count()}),
            "is_settled_tab": form.tab == SETTLED,
            "groups": [] if form.tab == SETTLED else _groups(page.object_list, today),
            "page_obj": page,
            "late_count": sum(line.when(today) == When.LATE for line in to_do),
            "list_url": request.path,
            "forgotten": 0 if convention else self.forgotten(site, followed),
        }
        return render(request, "conventions/deadline_list.html", context)

    def settled(self, followed: list[Convention], form: DeadlineFilterForm) -> QuerySet[ObligationDue]:
        """What was fulfilled or waived under `followed`, as the form asks."""
        found = settled_first(ObligationDue.objects.filter(obligation__convention__in=followed))
        if form.partner_slug:
            found = found.filter(obligation__convention__partner__slug=form.partner_slug)
        if form.parties:
            found = found.filter(obligation__owed_by__in=form.parties)
        return _matching(found, form.words).select_related(
            "obligation__convention__partner",
            "document",
            "committee_meeting",
            "training_session",
            "recorded_by",
            "waived_by",
        )

    def forgotten(self, site, followed: list[Convention]) -> int:
        """How much is still open under conventions that have been over for long."""
        rest = ObligationDue.objects.open().filter(obligation__convention__site=site)
        return rest.exclude(obligation__convention__in=followed).count()


class MyDutiesView(RoleRequiredMixin, View):
    """What the caisse of a partner's agent owes, the late first; nothing can be settled here."""

    roles = AGENT_ROLES

    def get(self, request: HttpRequest) -> HttpResponse:
        words = request.GET.get("q", "").replace("\x00", " ").strip()[:100]
        is_settled_tab = request.GET.get("quand") == SETTLED
        owed = ObligationDue.objects.visible_to(request.user).select_related(
            "obligation__convention__partner", "obligation__convention__site__ccas"
        )
        found = settled_first(owed) if is_settled_tab else owed.open().order_by("due_on", "pk")
        page = Paginator(_matching(found, words), DEADLINES_A_PAGE).get_page(request.GET.get("page"))
        rows = [
            {
                "due": due,
                "site": due.obligation.convention.site,
                "period": period_words(due),
                "is_late": due.is_late_on(due.obligation.convention.site.today()),
            }
            for due in page.object_list
        ]
        context = {
            "page_obj": page,
            "rows": rows,
            "query": words,
            "is_settled_tab": is_settled_tab,
            "settled_key": SETTLED,
        }
        return render(request, "conventions/my_duties.html", context)


class DeadlineFulfilView(RoleRequiredMixin, View):
    """Say when and by what an occurrence was fulfilled. `?document=` proposes a document that was just uploaded."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        occurrence = _visible_or_404(request, pk)
        form = self.form(occurrence, None, initial=self.proposed(occurrence))
        return self.answer(occurrence, form)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        occurrence = _visible_or_404(request, pk)
        form = self.form(occurrence, request.POST)
        if not form.is_valid():
            return self.answer(occurrence, form)
        try:
            fulfil(
                occurrence=occurrence,
                on=form.cleaned_data["on"],
                document=form.cleaned_data["document"],
                committee_meeting=form.cleaned_data.get("committee_meeting"),
                training_session=form.cleaned_data.get("training_session"),
                proof_note=form.cleaned_data["proof_note"],
                by=request.user,
            )
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self.answer(occurrence, form)
        messages.success(
            request,
            f"Échéance remplie\u00a0: {occurrence.obligation.label} ({period_words(occurrence)}).",
            extra_tags=reverse("conventions:deadline_unfulfil", args=[occurrence.pk]),
        )
        return redirect(_list_of(occurrence))

    def form(self, occurrence: ObligationDue, data, **kwargs) -> FulfilForm:
        convention = occurrence.obligation.convention
        documents = Document.objects.visible_to(self.request.user).kept().filter(site=convention.site)
        return FulfilForm(
            data,
            today=convention.site.today(),
            documents=documents.filter(convention=convention) | documents.filter(convention=None),
            meetings=CommitteeMeeting.objects.visible_to(self.request.user).filter(convention=convention),
            trainings=TrainingSession.objects.visible_to(self.request.user).filter(convention=convention),
            **kwargs,
        )

    def proposed(self, occurrence: ObligationDue) -> dict[str, object]:
        """The document of the address, or the committee held in the period; only what the form's choices hold."""
        proposed: dict[str, object] = {}
        named = self.request.GET.get("document", "")
        if named.isascii() and named.isdigit() and len(named) <= 18:
            proposed["document"] = int(named)
        if occurrence.obligation.kind == ObligationKind.COMMITTEE:
            held = occurrence.obligation.convention.committee_meetings.filter(
                held_on__range=(occurrence.period_starts_on, occurrence.period_ends_on)
            ).first()
            if held:
                proposed |= {"committee_meeting": held.pk, "on": held.held_on}
        return proposed

    def answer(self, occurrence: ObligationDue, form: FulfilForm) -> HttpResponse:
        convention = occurrence.obligation.convention
        upload_url = reverse("conventions:convention_document_add", args=[convention.pk])
        context = {
            "occurrence": occurrence,
            "convention": convention,
            "period": period_words(occurrence),
            "owed_by": owed_by_words(occurrence.obligation.owed_by, convention),
            "form": form,
            "list_url": _list_of(occurrence),
            "upload_url": f"{upload_url}?echeance={occurrence.pk}",
            "upload_label": UPLOADED.get(occurrence.obligation.kind, "un document"),
        }
        return render(self.request, "conventions/deadline_fulfil.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(CONVENTION_ROLES)
def deadline_waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why, then ask no more for it."""
    occurrence = _visible_or_404(request, pk)
    form = WaiveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            waive(occurrence=occurrence, reason=form.cleaned_data["reason"], by=request.user)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(
                request,
                f"Échéance dispensée\u00a0: {occurrence.obligation.label} ({period_words(occurrence)}).",
                extra_tags=reverse("conventions:deadline_unwaive", args=[occurrence.pk]),
            )
            return redirect(_list_of(occurrence))
    context = {
        "form": form,
        "convention": occurrence.obligation.convention,
        "occurrence": occurrence,
        "period": period_words(occurrence),
        "list_url": _list_of(occurrence),
    }
    return render(request, "conventions/deadline_waive.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(CONVENTION_ROLES)
def deadlines_waive_late(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why, then ask no more for all that is late under one convention."""
    visible = Convention.objects.visible_to(request.user).select_related("site", "partner")
    convention = get_object_or_404(visible, pk=pk)
    late = ObligationDue.objects.late_on(convention.site.today()).filter(obligation__convention=convention)
    list_url = reverse("conventions:convention_deadlines", args=[convention.pk])
    form = WaiveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        done = waive_late(convention=convention, reason=form.cleaned_data["reason"], by=request.user)
        messages.success(request, f"Échéances en retard dispensées\u00a0: {done}.")
        return redirect(list_url)
    context = {
        "form": form,
        "convention": convention,
        "occurrence": None,
        "late_count": late.count(),
        "list_url": list_url,
    }
    return render(request, "conventions/deadline_waive.html", context)


@require_POST
@for_roles(CONVENTION_ROLES)
def deadline_unfulfil(request: HttpRequest, pk: int) -> HttpResponse:
    """Owed again; its proofs stay where they are."""
    return _taken_back(request, pk, unfulfil, "Échéance reprise\u00a0: elle est de nouveau à remplir.")


@require_POST
@for_roles(CONVENTION_ROLES)
def deadline_unwaive(request: HttpRequest, pk: int) -> HttpResponse:
    """Asked for again."""
    return _taken_back(request, pk, unwaive, "Dispense levée\u00a0: l’échéance est de nouveau à remplir.")


def _taken_back(request: HttpRequest, pk: int, step: Callable[..., None], sentence: str) -> HttpResponse:
    occurrence = _visible_or_404(request, pk)
    try:
        step(occurrence=occurrence, by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, sentence)
    return redirect(_list_of(occurrence))


def _visible_or_404(request: HttpRequest, pk: int) -> ObligationDue:
    visible = ObligationDue.objects.visible_to(request.user).select_related(
        "obligation__convention__site", "obligation__convention__partner"
    )
    return get_object_or_404(visible, pk=pk)


def _list_of(occurrence: ObligationDue) -> str:
    return reverse("conventions:convention_deadlines", args=[occurrence.obligation.convention_id])


def _matching(occurrences: QuerySet[ObligationDue], words: str) -> QuerySet[ObligationDue]:
    """Those in whose label, partner or space each word of `words` occurs."""
    folded = fold(words).split()
    if not folded:
        return occurrences
    convention = "obligation__convention__"
    found = occurrences.alias(
        searched=Folded(
            Joined(
                "obligation__label",
                f"{convention}partner__name",
                f"{convention}partner__short_name",
                f"{convention}reference",
                f"{convention}site__name",
            )
        )
    )
    for word in folded:
        found = found.filter(searched__contains=word)
    return found


def _is_asked(line: DueDate, form: DeadlineFilterForm) -> bool:
    partner: Partner = line.convention.partner
    return (
        (not form.partner_slug or partner.slug == form.partner_slug)
        and (not form.parties or line.owed_by in form.parties)
        and line.matches(form.words)
    )


def _groups(lines: list[DueDate], today) -> list[tuple[When, list[DueDate]]]:
    """The lines of one page under their headings; they are in date order already."""
    found: dict[When, list[DueDate]] = {}
    for line in lines:
        found.setdefault(line.when(today), []).append(line)
    return list(found.items())


def _tabs(request: HttpRequest, form: DeadlineFilterForm, counts: dict[str, int]) -> list[dict[str, object]]:
    names = {TO_DO: "À faire", LATER: "Plus tard", SETTLED: "Remplies ou dispensées"}
    tabs = []
    for key, name in names.items():
        query = request.GET.copy()
        query.pop("page", None)
        query.pop("quand", None)
        if key:
            query["quand"] = key
        url = f"{request.path}?{query.urlencode()}" if query else request.path
        tabs.append({"name": name, "count": counts[key], "url": url, "is_current": form.tab == key})
    return tabs
