"""Requests of people about their data: noted by the desk, listed and answered by who oversees the CCAS."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from bookings.models import DataRequest, DataRequestKind, Visitor
from bookings.personal_data.data_requests import (
    answer_request,
    put_request_back,
    record_request,
    reopen_request,
    withdraw_request,
)
from bookings.personal_data.documents import export_pdf
from bookings.personal_data.export import PersonalExport, export_of
from bookings.personal_data.register import register_of
from bookings.personal_data_forms import AnswerForm, DataRequestForm
from franceservices.errors import DomainError
from franceservices.pdf import pdf_response
from franceservices.text import safe_filename
from partners.permissions import CONVENTION_ROLES

from .booking_choices import parameter
from .personal_data import PersonalDataPage
from .visitors import VisitorPage

REQUESTS_A_PAGE = 25
EFFECTS = {
    DataRequestKind.ACCESS: "Remettez à la personne le fichier PDF de ses données, depuis sa fiche.",
    DataRequestKind.RECTIFICATION: "Corrigez d’abord la fiche, puis répondez ici.",
    DataRequestKind.NO_MESSAGES: (
        "Acceptée, plus aucun courriel ni SMS ne part, même pour un rendez-vous déjà pris. Les accords notés sur la"
        " fiche"
        " sont retirés."
    ),
    DataRequestKind.NO_LINKED_EXPORT: (
        "Acceptée, les exports de lignes ne portent plus son numéro de fiche. Ses rendez-vous restent comptés, sans"
        " pouvoir être rapprochés entre eux."
    ),
    DataRequestKind.NO_KEEPING: (
        "Acceptée, une liste d’élimination d’elle seule est proposée, qu’une autre personne doit approuver. Ce qui"
        " est en"
        " cours (rendez-vous, dossier, droits ouverts, alerte) l’empêche."
    ),
}


class DataRequestListView(PersonalDataPage):
    """Those that wait for an answer, the nearest term first; or all of them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        shows_all, words = request.GET.get("liste") == "toutes", parameter(request.GET, "q")
        requests = DataRequest.objects.visible_to(request.user).filter(visitor__ccas=self.site.ccas_id)
        opened = requests.open()
        found = (requests if shows_all else opened).select_related("visitor", "site", "recorded_by")
        if words:
            found = found.filter(visitor__in=Visitor.objects.matching(words))
        page = Paginator(found, REQUESTS_A_PAGE).get_page(request.GET.get("page"))
        today = self.site.today()
        for row in page.object_list:
            row.is_late = row.is_late_on(today)
        context = {"page_obj": page, "shows_all": shows_all, "words": words, "open_count": opened.count()}
        return render(request, "bookings/data_request_list.html", context)


class DataRequestCreateView(VisitorPage):
    """Note a request; the whole desk may."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.answer(self.visitor_or_404(pk), DataRequestForm(today=self.site.today()))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        visitor = self.visitor_or_404(pk)
        form = DataRequestForm(request.POST, today=self.site.today())
        if form.is_valid():
            try:
                noted = record_request(site=self.site, visitor=visitor, by=request.user, **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(
                    request,
                    "Demande notée\u00a0: un responsable y répondra dans le mois.",
                    extra_tags=reverse("bookings:data_request_withdraw", args=[noted.pk]),
                )
                return redirect("bookings:visitor_detail", noted.visitor_id)
        return self.answer(visitor, form)

    def answer(self, visitor: Visitor, form: DataRequestForm) -> HttpResponse:
        return render(self.request, "bookings/data_request_form.html", {"visitor": visitor, "form": form})


def request_or_404(page: PersonalDataPage, pk: int) -> DataRequest:
    found = DataRequest.objects.visible_to(page.request.user).filter(visitor__ccas=page.site.ccas_id)
    return get_object_or_404(
        found.select_related("visitor", "site", "recorded_by", "answered_by", "withdrawn_by"), pk=pk
    )


class DataRequestDetailView(PersonalDataPage):
    """One request, and its answer."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.answer(request_or_404(self, pk), AnswerForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked, form = request_or_404(self, pk), AnswerForm(request.POST)
        if form.is_valid():
            try:
                answer_request(request=asked, by=request.user, **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                undo = reverse("bookings:data_request_reopen", args=[pk])
                messages.success(request, "Réponse enregistrée.", extra_tags=undo)
                return redirect("bookings:data_request", pk)
        return self.answer(asked, form)

    def answer(self, asked: DataRequest, form: AnswerForm) -> HttpResponse:
        context = {
            "asked": asked,
            "form": form,
            "effect": EFFECTS[DataRequestKind(asked.kind)],
            "is_late": asked.is_late_on(self.site.today()),
        }
        return render(self.request, "bookings/data_request.html", context)


class DataRequestStepView(PersonalDataPage):
    """A step that takes the request back or puts it back: POST only."""

    http_method_names = ["post", "options"]
    step: Callable = None
    done = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = request_or_404(self, pk)
        try:
            self.step(request=asked, by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, self.done)
        return redirect("bookings:data_request", pk)


class DataRequestReopenView(DataRequestStepView):
    step = staticmethod(reopen_request)
    done = "La réponse est reprise\u00a0: la demande attend de nouveau."


class DataRequestPutBackView(DataRequestStepView):
    step = staticmethod(put_request_back)
    done = "La demande est remise."


class DataRequestWithdrawView(VisitorPage):
    """A request noted by mistake, or given up: the desk that noted it may."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = DataRequest.objects.visible_to(request.user).filter(visitor__ccas=self.site.ccas_id)
        asked = get_object_or_404(found, pk=pk)
        try:
            withdraw_request(request=asked, by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, "La demande est retirée.")
        return redirect("bookings:visitor_detail", asked.visitor_id)


class PersonExportView(VisitorPage):
    """Everything that is kept about a person, as a file that machines read; for who answers her request."""

    roles = CONVENTION_ROLES

    def export(self) -> PersonalExport:
        card = self.visitor_or_404(self.kwargs["pk"]).current_card()
        return export_of(card, zone=self.site.zone)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        export = self.export()
        response = JsonResponse(export.as_json(), json_dumps_params={"ensure_ascii": False, "indent": 1})
        response["Content-Disposition"] = f'attachment; filename="{safe_filename(_file_name(export))}.json"'
        response["Cache-Control"] = "no-store"
        return response


class PersonExportDocumentView(PersonExportView):
    """The same on paper, for the person herself."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        export = self.export()
        content = export_pdf(export, register_of(self.site.ccas), site=self.site)
        response = pdf_response(content, _file_name(export))
        response["Cache-Control"] = "no-store"
        return response


def _file_name(export: PersonalExport) -> str:
    """By the number of the card: names of files travel."""
    return f"donnees personnelles fiche {export.visitor.pk}"
