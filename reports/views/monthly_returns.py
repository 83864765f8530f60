"""Monthly returns: what is to establish, what was, its differences with the rows of today, and its sending."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_POST, require_safe

from conventions.models import Convention
from franceservices.errors import DomainError
from franceservices.pdf import pdf_response
from partners.models import Partner, Site
from partners.permissions import AGENT_ROLES, CONVENTION_ROLES, RoleRequiredMixin, current_site_or_404, for_roles
from reports.establishing import correct_return, duty_of, establish_return
from reports.models import MonthlyReturn
from reports.periods import Period
from reports.return_content import about, content_gaps, return_figures
from reports.return_documents import return_file_name, return_pdf
from reports.return_forms import CorrectionForm, EstablishForm, ReturnFilterForm, SendForm
from reports.return_lists import found_months, months_of_partners, with_sending
from reports.return_sending import contacts_to_write_to, send_return

RETURNS_A_PAGE = 25
READERS = CONVENTION_ROLES | AGENT_ROLES


def rows_query(monthly_period: Period, site: Site, partner: Partner) -> str:
    """The question of the statistics pages about one partner at one space in one month."""
    asked = {
        "du": monthly_period.first.isoformat(),
        "au": monthly_period.last.isoformat(),
        "espace": site.slug,
        "partenaire": partner.slug,
        "comparer": "non",
    }
    return f"?{urlencode(asked)}"


class MonthlyReturnListView(RoleRequiredMixin, View):
    """The months of the partners of a space; for a partner's agent, the returns about her caisse."""

    roles = READERS

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_partner_agent:
            return self.of_caisse(request)
        site = current_site_or_404(request)
        form = ReturnFilterForm(request.GET)
        form.is_valid()
        wanted = {name: str(form.cleaned_data.get(name) or "") for name in ("q", "etat")}
        lines = found_months(months_of_partners(site), words=wanted["q"], state=wanted["etat"])
        context = {
            "site": site,
            "filter_form": form,
            "is_filtered": any(wanted.values()),
            "page_obj": Paginator(lines, RETURNS_A_PAGE).get_page(request.GET.get("page")),
        }
        return render(request, "reports/monthly_return_list.html", context)

    def of_caisse(self, request: HttpRequest) -> HttpResponse:
        returns = with_sending(MonthlyReturn.objects.visible_to(request.user).standing()).with_parties()
        page = Paginator(returns.order_by("-month", "site__name", "pk"), RETURNS_A_PAGE)
        return render(request, "reports/my_monthly_returns.html", {"page_obj": page.get_page(request.GET.get("page"))})


class MonthlyReturnEstablishView(RoleRequiredMixin, View):
    """The figures of a month as they are now, each with a way to its rows; then, confirmed, the return."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, site: str, partner: str, year: int, month: int) -> HttpResponse:
        self.read(site, partner, year, month)
        found = MonthlyReturn.objects.standing().filter(
            site=self.subject.site, partner=self.subject.partner, month=self.subject.period.first
        )
        if established := found.first():
            return redirect("reports:monthly_return", established.pk)
        return self.page(EstablishForm(initial={"expected_digest": self.told["digest"]}))

    def post(self, request: HttpRequest, site: str, partner: str, year: int, month: int) -> HttpResponse:
        self.read(site, partner, year, month)
        form = EstablishForm(request.POST)
        if form.is_valid():
            try:
                made = establish_return(
                    site=self.subject.site,
                    partner=self.subject.partner,
                    period=self.subject.period,
                    by=request.user,
                    **form.cleaned_data,
                )
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, f"Le relevé n° {made.label} est établi. Il reste à l’envoyer.")
                return redirect("reports:monthly_return", made.pk)
        form.data = form.data.copy()
        form.data["expected_digest"] = self.told["digest"]
        return self.page(form)

    def read(self, site: str, partner: str, year: int, month: int) -> None:
        """The month that the address names; 404 where it names none, or one of a partner that never was bound."""
        if not (1 <= month <= 12 and 2000 <= year <= 2100):
            raise Http404
        found_site = get_object_or_404(Site.objects.visible_to(self.request.user).select_related("ccas"), slug=site)
        found_partner = get_object_or_404(Partner, slug=partner)
        if not Convention.objects.filter(site=found_site, partner=found_partner).exists():
            raise Http404
        self.subject = about(site=found_site, partner=found_partner, period=Period.of_month(year, month))
        self.told = return_figures(self.subject)

    def page(self, form: EstablishForm) -> HttpResponse:
        subject = self.subject
        context = {
            "subject": subject,
            "content": self.told,
            "form": form,
            "duty": duty_of(subject),
            "is_over": subject.site.today() > subject.period.last,
            "rows_query": rows_query(subject.period, subject.site, subject.partner),
        }
        return render(self.request, "reports/monthly_return_establish.html", context)


def _return(request: HttpRequest, pk: int) -> MonthlyReturn:
    return get_object_or_404(MonthlyReturn.objects.visible_to(request.user).with_parties(), pk=pk)


@require_safe
@for_roles(CONVENTION_ROLES)
def monthly_return_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One return as it was established, what has changed since, its versions and its sendings."""
    return _return_page(request, _return(request, pk))


def _return_page(request: HttpRequest, monthly_return: MonthlyReturn, form: SendForm | None = None) -> HttpResponse:
    contacts = contacts_to_write_to(monthly_return)
    versions = MonthlyReturn.objects.filter(
        site=monthly_return.site, partner=monthly_return.partner, month=monthly_return.month
    )
    context = {
        "monthly_return": monthly_return,
        "content": monthly_return.content,
        "gaps": [] if monthly_return.is_corrected else _gaps_since(monthly_return),
        "versions": versions.order_by("-version"),
        "dispatches": monthly_return.dispatches.select_related("asked_by"),
        "send_form": form or SendForm(contacts=contacts, initial={"contacts": contacts if len(contacts) == 1 else []}),
        "contacts": contacts,
        "rows_query": rows_query(monthly_return.period, monthly_return.site, monthly_return.partner),
    }
    return render(request, "reports/monthly_return.html", context)


def _gaps_since(monthly_return: MonthlyReturn):
    """What the rows of today say otherwise."""
    subject = about(site=monthly_return.site, partner=monthly_return.partner, period=monthly_return.period)
    return content_gaps(monthly_return.content, return_figures(subject))


@require_safe
@for_roles(READERS)
def monthly_return_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The return as its PDF, for the CCAS and for the caisse that it is about."""
    monthly_return = _return(request, pk)
    content = return_pdf(monthly_return, printed_on=monthly_return.site.today())
    return pdf_response(content, return_file_name(monthly_return))


@require_POST
@for_roles(CONVENTION_ROLES)
def monthly_return_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the return to be sent to the chosen contacts."""
    monthly_return = _return(request, pk)
    form = SendForm(request.POST, contacts=contacts_to_write_to(monthly_return))
    if not form.is_valid():
        return _return_page(request, monthly_return, form)
    try:
        made = send_return(monthly_return=monthly_return, contacts=form.cleaned_data["contacts"], by=request.user)
    except DomainError as error:
        form.add_error(None, error.message)
        return _return_page(request, monthly_return, form)
    messages.success(
        request,
        f"L’envoi est demandé à {', '.join(found.recipient for found in made)}. Son résultat s’inscrit ci-dessous.",
    )
    return redirect("reports:monthly_return", pk)


class MonthlyReturnCorrectView(RoleRequiredMixin, View):
    """What has changed since a return was established; then, with a reason, the version that replaces it."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.read(pk)
        if self.monthly_return.is_corrected:
            messages.error(request, f"Le relevé n° {self.monthly_return.label} est déjà corrigé.")
            return redirect("reports:monthly_return", pk)
        initial = {"expected_digest": self.told["digest"], "comment": self.monthly_return.content["comment"]}
        return self.page(CorrectionForm(initial=initial))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.read(pk)
        form = CorrectionForm(request.POST)
        if form.is_valid():
            try:
                made = correct_return(monthly_return=self.monthly_return, by=request.user, **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(
                    request, f"Le relevé n° {made.label} remplace le n° {self.monthly_return.label}, qui est gardé."
                )
                return redirect("reports:monthly_return", made.pk)
        form.data = form.data.copy()
        form.data["expected_digest"] = self.told["digest"]
        return self.page(form)

    def read(self, pk: int) -> None:
        self.monthly_return = _return(self.request, pk)
        found = self.monthly_return
        self.told = return_figures(about(site=found.site, partner=found.partner, period=found.period))

    def page(self, form: CorrectionForm) -> HttpResponse:
        found = self.monthly_return
        context = {
            "monthly_return": found,
            "content": self.told,
            "gaps": content_gaps(found.content, self.told),
            "form": form,
            "rows_query": rows_query(found.period, found.site, found.partner),
            "back_url": reverse("reports:monthly_return", args=[found.pk]),
        }
        return render(self.request, "reports/monthly_return_correct.html", context)
