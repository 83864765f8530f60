"""Committees and trainings of a convention: listed, recorded, changed, deleted."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_http_methods

from conventions.meeting_forms import CommitteeForm, TrainingForm, committee_values, training_values
from conventions.meetings import (
    delete_committee,
    delete_training,
    people_trained,
    record_committee,
    record_training,
)
from conventions.models import CommitteeMeeting, Convention, Document, TrainingSession
from franceservices.db import Folded, Joined
from franceservices.errors import DomainError
from franceservices.text import fold
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin, for_roles

MEETINGS_A_PAGE = 25
TRAININGS_TAB = "formations"
COMMITTEE_SEARCHED = ["ccas_attendees", "partner_attendees", "attendees", "agenda", "decisions", "minutes_text"]


def _convention_or_404(request: HttpRequest, pk: int) -> Convention:
    visible = Convention.objects.visible_to(request.user).select_related("site", "partner")
    return get_object_or_404(visible, pk=pk)


class MeetingListView(RoleRequiredMixin, View):
    """The committees of a convention or, in a second tab, its trainings; the latest first."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        convention = _convention_or_404(request, pk)
        query = request.GET.get("q", "").replace("\x00", " ").strip()[:100]
        is_trainings = request.GET.get("onglet") == TRAININGS_TAB
        committees = convention.committee_meetings.select_related("minutes", "convention__partner").prefetch_related(
            "proves"
        )
        trainings = convention.training_sessions.prefetch_related("proves", "people")
        found = (
            _matching(trainings, query, ["subject", "trainer"])
            if is_trainings
            else _matching(committees, query, COMMITTEE_SEARCHED)
        )
        context = {
            "convention": convention,
            "people_count": people_trained(convention) if is_trainings else 0,
            "query": query,
            "is_trainings": is_trainings,
            "trainings_tab": TRAININGS_TAB,
            "committee_count": convention.committee_meetings.count(),
            "training_count": convention.training_sessions.count(),
            "page_obj": Paginator(found, MEETINGS_A_PAGE).get_page(request.GET.get("page")),
        }
        return render(request, "conventions/meeting_list.html", context)


class MeetingFormView(RoleRequiredMixin, View):
    """One committee or training, new (`pk` is the convention) or changed (`row`)."""

    roles = CONVENTION_ROLES
    model: type
    form_class: type
    template_name = "conventions/meeting_form.html"
    tab = ""

    def get(self, request: HttpRequest, **_kwargs) -> HttpResponse:
        convention, row = self.found()
        return self.answer(convention, row, self.form(convention, row, None))

    def post(self, request: HttpRequest, **_kwargs) -> HttpResponse:
        convention, row = self.found()
        form = self.form(convention, row, request.POST)
        if not form.is_valid():
            return self.answer(convention, row, form)
        try:
            sentence = self.record(convention, row, form)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self.answer(convention, row, form)
        messages.success(request, sentence)
        return redirect(list_address(convention, self.tab))

    def found(self) -> tuple[Convention, CommitteeMeeting | TrainingSession | None]:
        if "row" not in self.kwargs:
            return _convention_or_404(self.request, self.kwargs["pk"]), None
        row = get_object_or_404(self.model.objects.visible_to(self.request.user), pk=self.kwargs["row"])
        return _convention_or_404(self.request, row.convention_id), row

    def form(self, convention: Convention, row, data):
        documents = Document.objects.visible_to(self.request.user).kept().filter(site=convention.site)
        return self.form_class(
            data,
            convention=convention,
            row=row,
            documents=documents.filter(convention=convention) | documents.filter(convention=None),
            today=convention.site.today(),
        )

    def record(self, convention: Convention, row, form) -> str:
        raise NotImplementedError

    def answer(self, convention: Convention, row, form) -> HttpResponse:
        context = {
            "convention": convention,
            "row": row,
            "form": form,
            "is_training": self.tab == TRAININGS_TAB,
            "list_url": list_address(convention, self.tab),
        }
        return render(self.request, self.template_name, context)


class CommitteeFormView(MeetingFormView):
    model = CommitteeMeeting
    form_class = CommitteeForm

    def record(self, convention: Convention, row: CommitteeMeeting | None, form: CommitteeForm) -> str:
        record_committee(
            convention=convention,
            meeting=row,
            **committee_values(form),
            fulfils=form.cleaned_data.get("fulfils", ()),
            by=self.request.user,
        )
        return "Réunion du comité enregistrée." if row is None else "Réunion du comité modifiée."


class TrainingFormView(MeetingFormView):
    model = TrainingSession
    form_class = TrainingForm
    tab = TRAININGS_TAB

    def record(self, convention: Convention, row: TrainingSession | None, form: TrainingForm) -> str:
        record_training(
            convention=convention,
            session=row,
            **training_values(form),
            fulfils=form.cleaned_data.get("fulfils", ()),
            by=self.request.user,
        )
        return "Formation enregistrée." if row is None else "Formation modifiée."


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(CONVENTION_ROLES)
def committee_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete a committee."""
    meeting = get_object_or_404(CommitteeMeeting.objects.visible_to(request.user), pk=pk)

    def delete() -> None:
        delete_committee(meeting=meeting, by=request.user)

    return _deleted(request, meeting, "", "Réunion supprimée.", delete)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(CONVENTION_ROLES)
def training_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete a training."""
    session = get_object_or_404(TrainingSession.objects.visible_to(request.user), pk=pk)

    def delete() -> None:
        delete_training(session=session, by=request.user)

    return _deleted(request, session, TRAININGS_TAB, "Formation supprimée.", delete)


def _deleted(request: HttpRequest, row, tab: str, sentence: str, delete) -> HttpResponse:
    convention = _convention_or_404(request, row.convention_id)
    list_url = list_address(convention, tab)
    if request.method != "POST":
        context = {
            "convention": convention,
            "row": row,
            "list_url": list_url,
            "proves": row.proves.select_related("obligation"),
        }
        return render(request, "conventions/meeting_delete.html", context)
    try:
        delete()
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, sentence)
    return redirect(list_url)


def list_address(convention: Convention, tab: str) -> str:
    address = reverse("conventions:meeting_list", args=[convention.pk])
    return f"{address}?onglet={tab}" if tab else address


def _matching(rows: QuerySet, query: str, names: list[str]) -> QuerySet:
    """Those in whose `names` each word of `query` occurs."""
    words = fold(query).split()
    if words:
        rows = rows.alias(searched=Folded(Joined(*names)))
    for word in words:
        rows = rows.filter(searched__contains=word)
    return rows
