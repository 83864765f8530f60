"""Yearly reports: begun for a convention and a period, written, established, printed by the worker."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conventions.models import Convention
from franceservices.db import Folded
from franceservices.errors import DomainError
from franceservices.text import fold
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin, for_roles
from reports.annual_content import report_content
from reports.annual_documents import report_title
from reports.annual_reports import (
    begin_report,
    discard_report,
    duty_of,
    establish_report,
    report_periods,
    write_report,
)
from reports.long_works import ask_for
from reports.models import AnnualReport, WorkKind
from reports.return_forms import ReportPeriodForm, ReportSearchForm, ReportTextForm

REPORTS_A_PAGE = 25


@require_safe
@for_roles(CONVENTION_ROLES)
def annual_report_list(request: HttpRequest) -> HttpResponse:
    """The reports of the reader's CCAS, the latest period first, and the conventions that one can be begun for."""
    form = ReportSearchForm(request.GET)
    form.is_valid()
    reports = AnnualReport.objects.visible_to(request.user).with_parties()
    words = fold(str(form.cleaned_data.get("q") or "").replace("\x00", " ")).split()
    for word in words:
        reports = reports.alias(
            partner_name=Folded(F("convention__partner__name")),
            short_name=Folded(F("convention__partner__short_name")),
            reference=Folded(F("convention__reference")),
        ).filter(
            Q(partner_name__contains=word)
            | Q(short_name__contains=word)
            | Q(reference__contains=word)
            | _numbered(word)
        )
    conventions = Convention.objects.visible_to(request.user).select_related("site", "partner")
    context = {
        "filter_form": form,
        "is_filtered": bool(words),
        "page_obj": Paginator(reports, REPORTS_A_PAGE).get_page(request.GET.get("page")),
        "conventions": conventions,
    }
    return render(request, "reports/annual_report_list.html", context)


def _numbered(word: str) -> Q:
    """`2026-001`, `2026` or `1`."""
    year, _, number = word.rpartition("-")
    if year.isascii() and year.isdigit() and number.isascii() and number.isdigit() and len(word) < 10:
        return Q(year=int(year), number=int(number))
    if word.isascii() and word.isdigit() and len(word) < 6:
        return Q(number=int(word)) | Q(year=int(word))
    return Q(pk__in=[])


class AnnualReportBeginView(RoleRequiredMixin, View):
    """Choose the period of a new report of one convention."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        convention, periods = self.read(pk)
        over = [period for period in periods if period.last < convention.site.today()]
        usual = (over or periods or [None])[0]
        initial = {"periode": f"{usual.first.isoformat()}_{usual.last.isoformat()}"} if usual else {}
        return self.page(convention, ReportPeriodForm(convention=convention, periods=periods, initial=initial))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        convention, periods = self.read(pk)
        form = ReportPeriodForm(request.POST, convention=convention, periods=periods)
        if form.is_valid():
            try:
                report = begin_report(convention=convention, period=form.period, by=request.user)
            except DomainError as error:
                form.add_error("periode", error.message)
            else:
                return redirect("reports:annual_report", report.pk)
        return self.page(convention, form)

    def read(self, pk: int):
        convention = get_object_or_404(Convention.objects.visible_to(self.request.user).with_parties(), pk=pk)
        return convention, report_periods(convention, today=convention.site.today())

    def page(self, convention: Convention, form: ReportPeriodForm) -> HttpResponse:
        reports = AnnualReport.objects.filter(convention=convention).with_parties()
        return render(
            self.request,
            "reports/annual_report_begin.html",
            {"convention": convention, "form": form, "reports": reports},
        )


def _report(request: HttpRequest, pk: int) -> AnnualReport:
    return get_object_or_404(AnnualReport.objects.visible_to(request.user).with_parties(), pk=pk)


def _content(report: AnnualReport) -> dict[str, object]:
    """What the report says: as established, or the figures of now for a draft."""
    if report.is_issued:
        return report.content
    return report_content(report.convention, report.period, difficulties=report.difficulties, comments=report.comments)


class AnnualReportView(RoleRequiredMixin, View):
    """One report: the words of a draft to write, and what it says."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        report = _report(request, pk)
        initial = {"difficulties": report.difficulties, "comments": report.comments}
        return self.page(report, ReportTextForm(initial=initial))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        report = _report(request, pk)
        form = ReportTextForm(request.POST)
        if form.is_valid():
            try:
                write_report(report=report, by=request.user, **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, "Les textes du projet sont enregistrés.")
                return redirect("reports:annual_report", pk)
        return self.page(report, form)

    def page(self, report: AnnualReport, form: ReportTextForm) -> HttpResponse:
        context = {
            "report": report,
            "title": report_title(report),
            "content": _content(report),
            "form": form,
            "duty": None if report.is_issued else duty_of(report),
            "is_over": report.convention.site.today() > report.ends_on,
        }
        return render(self.request, "reports/annual_report.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(CONVENTION_ROLES)
def annual_report_establish(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then establish the report with the figures of now."""
    report = _report(request, pk)
    if request.method == "POST":
        try:
            report = establish_report(report=report, by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"Le bilan n° {report.label} est établi. Ses chiffres ne bougent plus.")
        return redirect("reports:annual_report", pk)
    if report.is_issued:
        return redirect("reports:annual_report", pk)
    standing = AnnualReport.objects.issued().filter(
        convention=report.convention, starts_on=report.starts_on, ends_on=report.ends_on, is_replaced=False
    )
    context = {"report": report, "duty": duty_of(report), "standing": standing.first()}
    return render(request, "reports/annual_report_establish.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(CONVENTION_ROLES)
def annual_report_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete a draft with its words."""
    report = _report(request, pk)
    if request.method == "POST":
        try:
            discard_report(report=report, by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("reports:annual_report", pk)
        messages.success(request, "Le projet de bilan est supprimé.")
        return redirect("reports:annual_report_list")
    if report.is_issued:
        return redirect("reports:annual_report", pk)
    return render(request, "reports/annual_report_discard.html", {"report": report})


@require_POST
@for_roles(CONVENTION_ROLES)
def annual_report_print(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the worker for the PDF; the page of the work shows how far it is."""
    report = _report(request, pk)
    try:
        work = ask_for(
            kind=WorkKind.ANNUAL_REPORT,
            title=f"{report_title(report)}, {report.convention.partner.short_name}, {report.period.label}",
            parameters={"report": report.pk},
            by=request.user,
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("reports:annual_report", pk)
    return redirect("reports:work", work.pk)
