"""Elimination lists: read, rehearsed, approved by another person, launched; on paper and in the journal."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from bookings.models import EliminationLine, EliminationList, EliminationState
from bookings.personal_data.documents import counts_in_words, elimination_pdf, totals
from bookings.personal_data.eliminating import MOST_ATTEMPTS
from bookings.personal_data.elimination_lists import (
    approve_elimination,
    keep_person,
    launch_elimination,
    put_back,
    rehearse_again,
    resume_elimination,
    take_approval_back,
    withdraw_elimination,
)
from bookings.personal_data.journal import journal_name, journal_of
from bookings.personal_data_forms import KeepForm, LaunchForm
from franceservices.errors import DomainError
from franceservices.pdf import pdf_response

from .personal_data import PersonalDataPage

LISTS_A_PAGE = PEOPLE_A_PAGE = 25


class EliminationListView(PersonalDataPage):
    """All lists of the CCAS, the latest first; by their number."""

    def get(self, request: HttpRequest) -> HttpResponse:
        lists = EliminationList.objects.visible_to(request.user).filter(ccas=self.site.ccas_id)
        lists = lists.select_related("proposed_by", "approved_by").annotate(people=Count("lines")).order_by("-pk")
        page = Paginator(lists, LISTS_A_PAGE).get_page(request.GET.get("page"))
        return render(request, "bookings/elimination_list.html", {"page_obj": page})


class EliminationPage(PersonalDataPage):
    """A page about one list."""

    def elimination(self, pk: int) -> EliminationList:
        lists = EliminationList.objects.visible_to(self.request.user).filter(ccas=self.site.ccas_id)
        return get_object_or_404(
            lists.select_related("ccas", "proposed_by", "approved_by", "launched_by", "withdrawn_by"), pk=pk
        )

    def line(self, pk: int, line_pk: int) -> EliminationLine:
        return get_object_or_404(self.elimination(pk).lines.select_related("visitor", "list"), pk=line_pk)


class EliminationDetailView(EliminationPage):
    """Who is in the list, what would be emptied, and the next step. Names are read here, never on the paper."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.answer(self.elimination(pk), LaunchForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Launch it: the number of the list is typed by hand."""
        elimination, form = self.elimination(pk), LaunchForm(request.POST)
        if form.is_valid():
            try:
                launch_elimination(elimination=elimination, number=form.cleaned_data["number"], by=request.user)
            except DomainError as error:
                form.add_error("number", error.message)
            else:
                messages.success(request, "L’anonymisation est lancée. Vous pouvez quitter cette page.")
                return redirect("bookings:elimination", pk)
        return self.answer(elimination, form)

    def answer(self, elimination: EliminationList, form: LaunchForm) -> HttpResponse:
        lines = list(elimination.lines.order_by("position"))
        page = Paginator(elimination.lines.select_related("visitor").order_by("position"), PEOPLE_A_PAGE).get_page(
            self.request.GET.get("page")
        )
        for line in page.object_list:
            line.told = counts_in_words(line.emptied or line.counts)
        state = elimination.state
        kept = sum(bool(line.kept_because) for line in lines)
        done = sum(line.done_at is not None for line in lines)
        context = {
            "elimination": elimination,
            "state": state,
            "page_obj": page,
            "form": form,
            "totals": totals(lines),
            "kept_count": kept,
            "done_count": done,
            "left_count": len(lines) - kept,
            "percent": 100 * done // (len(lines) - kept) if len(lines) > kept else 100,
            "may_change": state in (EliminationState.PROPOSED, EliminationState.REHEARSED),
            "may_withdraw": state in (EliminationState.PROPOSED, EliminationState.REHEARSED, EliminationState.APPROVED),
            "is_mine": elimination.proposed_by_id == self.request.user.pk,
            "is_stopped": elimination.attempts >= MOST_ATTEMPTS
            and state in (EliminationState.PROPOSED, EliminationState.LAUNCHED),
            "is_under_way": elimination.attempts < MOST_ATTEMPTS
            and state in (EliminationState.PROPOSED, EliminationState.LAUNCHED),
        }
        template = "_elimination_progress.html" if self.request.htmx else "elimination.html"
        return render(self.request, f"bookings/{template}", context)


class EliminationDocumentView(EliminationPage):
    """The list on paper: numbers of cards, dates and counts."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        elimination = self.elimination(pk)
        if elimination.rehearsed_at is None:
            raise Http404
        content = elimination_pdf(elimination, site=self.site)
        return pdf_response(content, f"liste elimination {elimination.full_number}")


class EliminationJournalView(EliminationPage):
    """What is needed to do it again after a restoration, to be kept away from the backups."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        elimination = self.elimination(pk)
        if elimination.finished_at is None:
            raise Http404
        response = JsonResponse(journal_of(elimination), json_dumps_params={"ensure_ascii": False, "indent": 1})
        response["Content-Disposition"] = f'attachment; filename="{journal_name(elimination)}"'
        return response


class EliminationStepView(EliminationPage):
    """A step of one list: POST only. `undo` names the step that takes it back, if there is one."""

    http_method_names = ["post", "options"]
    step: Callable = None
    done = ""
    undo = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            self.step(elimination=self.elimination(pk), by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, self.done, extra_tags=reverse(self.undo, args=[pk]) if self.undo else "")
        return redirect("bookings:elimination", pk)


class EliminationRehearseView(EliminationStepView):
    step = staticmethod(rehearse_again)
    done = "L’essai à blanc est demandé."


class EliminationApproveView(EliminationStepView):
    step = staticmethod(approve_elimination)
    done = "La liste est approuvée. Rien n’est encore effacé."
    undo = "bookings:elimination_unapprove"


class EliminationUnapproveView(EliminationStepView):
    step = staticmethod(take_approval_back)
    done = "L’approbation est reprise."


class EliminationResumeView(EliminationStepView):
    step = staticmethod(resume_elimination)
    done = "L’anonymisation reprend."


class EliminationWithdrawView(EliminationPage):
    """Give a list up: asked first, since it takes its number with it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return render(request, "bookings/elimination_withdraw.html", {"elimination": self.elimination(pk)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            withdraw_elimination(elimination=self.elimination(pk), by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("bookings:elimination", pk)
        messages.success(request, "La liste est abandonnée. Ses personnes pourront être proposées de nouveau.")
        return redirect("bookings:elimination_list")


class EliminationKeepView(EliminationPage):
    """Take a person out of the list, and say why."""

    def get(self, request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
        return self.answer(self.line(pk, line_pk), KeepForm())

    def post(self, request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
        line, form = self.line(pk, line_pk), KeepForm(request.POST)
        if form.is_valid():
            try:
                keep_person(line=line, because=form.cleaned_data["because"], by=request.user)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                undo = reverse("bookings:elimination_put_back", args=[pk, line_pk])
                messages.success(request, f"La fiche n°\u00a0{line.visitor_id} est gardée.", extra_tags=undo)
                return redirect("bookings:elimination", pk)
        return self.answer(line, form)

    def answer(self, line: EliminationLine, form: KeepForm) -> HttpResponse:
        return render(self.request, "bookings/elimination_keep.html", {"line": line, "form": form})


class EliminationPutBackView(EliminationPage):
    """Put a person back in the list: POST only."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
        try:
            put_back(line=self.line(pk, line_pk), by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, "La fiche est de nouveau dans la liste.")
        return redirect("bookings:elimination", pk)
