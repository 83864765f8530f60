"""The budget of the partnerships: a year at a time, its lines written, copied and deleted here."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views import View
from django.views.decorators.http import require_http_methods

from conventions.budget import budget_xlsx, budget_years, copy_budget_lines, lines_to_copy, read_budget
from conventions.budget_forms import BudgetLineForm
from conventions.models import BudgetLine
from franceservices.dates import NEWEST_YEAR
from franceservices.errors import DomainError
from franceservices.money import format_euros
from franceservices.xlsx import xlsx_response
from partners.models import Ccas
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin, for_roles

FIRST_YEAR = 2000
LINES_A_PAGE = 25


def _ccas(request: HttpRequest) -> Ccas:
    """The CCAS whose budget is read: that of the space where the person works, else her own."""
    site = request.get_current_site()
    ccas = site.ccas if site else request.user.ccas
    if ccas is None:
        raise Http404
    return ccas


def _this_year(request: HttpRequest) -> int:
    site = request.get_current_site()
    return (site.today() if site else timezone.localdate()).year


def _asked_year(request: HttpRequest) -> int:
    """The year of the address; this year where it names none within reach."""
    asked = request.GET.get("annee", "")
    if asked.isascii() and asked.isdecimal() and len(asked) == 4 and FIRST_YEAR <= int(asked) <= NEWEST_YEAR:
        return int(asked)
    return _this_year(request)


def _budget_url(year: int) -> str:
    return f"{reverse('conventions:budget')}?annee={year}"


class BudgetView(RoleRequiredMixin, View):
    """Planned, contractual, issued and received of one year; the same as a workbook."""

    roles = CONVENTION_ROLES
    as_workbook = False

    def get(self, request: HttpRequest) -> HttpResponse:
        ccas, year = _ccas(request), _asked_year(request)
        budget = read_budget(ccas, year)
        if self.as_workbook:
            return xlsx_response(budget_xlsx(budget), f"budget-{year}")
        words = request.GET.get("q", "").strip()[:200]
        return render(
            request,
            "conventions/budget.html",
            {
                "ccas": ccas,
                "budget": budget,
                "years": sorted({year, *budget_years(ccas, this_year=_this_year(request))}, reverse=True),
                "copyable": len(lines_to_copy(ccas, year)),
                "page_obj": Paginator(budget.lines_matching(words), LINES_A_PAGE).get_page(request.GET.get("page")),
                "query": words,
            },
        )


class BudgetLineFormView(RoleRequiredMixin, View):
    """One budget line, new or changed."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        ccas, line = self._read(request, pk)
        initial = {} if line else {"year": _asked_year(request)}
        return self._page(BudgetLineForm(ccas=ccas, instance=line, initial=initial), line)

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        ccas, line = self._read(request, pk)
        form = BudgetLineForm(request.POST, ccas=ccas, instance=line)
        if not form.is_valid():
            return self._page(form, line)
        saved = form.save()
        messages.success(request, f"La ligne «\u00a0{saved.label}\u00a0» est enregistrée.")
        return redirect(_budget_url(saved.year))

    def _read(self, request: HttpRequest, pk: int | None) -> tuple[Ccas, BudgetLine | None]:
        ccas = _ccas(request)
        return ccas, _line(ccas, pk) if pk else None

    def _page(self, form: BudgetLineForm, line: BudgetLine | None) -> HttpResponse:
        year = line.year if line else _asked_year(self.request)
        return render(
            self.request,
            "conventions/budget_line_form.html",
            {"form": form, "line": line, "back_url": _budget_url(year)},
        )


def _line(ccas: Ccas, pk: int) -> BudgetLine:
    return get_object_or_404(BudgetLine.objects.filter(ccas=ccas).select_related("partner"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(CONVENTION_ROLES)
def budget_line_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete a line."""
    line = _line(_ccas(request), pk)
    if request.method == "POST":
        line.delete()
        messages.success(request, f"La ligne «\u00a0{line.label}\u00a0» ({format_euros(line.amount)}) est supprimée.")
        return redirect(_budget_url(line.year))
    return render(request, "conventions/budget_line_delete.html", {"line": line, "back_url": _budget_url(line.year)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(CONVENTION_ROLES)
def budget_copy(request: HttpRequest, year: int) -> HttpResponse:
    """Show the lines of the year before that this one lacks, then take them."""
    ccas = _ccas(request)
    if not FIRST_YEAR <= year <= NEWEST_YEAR:
        raise Http404
    if request.method == "POST":
        try:
            copied = copy_budget_lines(ccas=ccas, year=year, by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            count = len(copied)
            messages.success(
                request, f"{count} ligne{'s' if count > 1 else ''} de {year - 1} reprise{'s' if count > 1 else ''}."
            )
        return redirect(_budget_url(year))
    lines = lines_to_copy(ccas, year)
    return render(
        request,
        "conventions/budget_copy.html",
        {
            "year": year,
            "previous": year - 1,
            "lines": lines,
            "total": sum(line.amount for line in lines),
            "back_url": _budget_url(year),
        },
    )
