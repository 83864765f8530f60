"""What a convention owes and the statements that claim it: issued, corrected, followed until they are paid."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from conventions.billing import read_billing
from conventions.fee_years import PERIOD_SLUGS, read_fee
from conventions.issuing import (
    clear_payment,
    clear_revenue_order,
    correct_statement,
    issue_statement,
    record_payment,
    record_revenue_order,
    replaced_days,
)
from conventions.models import Convention, FeeStatement, StatementPeriod
from conventions.statement_content import statement_content
from conventions.statement_documents import statement_pdf, statement_xlsx, statements_xlsx
from conventions.statement_forms import CorrectionForm, IssueForm, PaymentForm, RevenueOrderForm, StatementFilterForm
from conventions.statement_search import StatementState, in_state, matching_statements, state_of
from franceservices.dates import format_date_long, parse_iso_date_or_none
from franceservices.errors import DomainError
from franceservices.money import format_euros
from franceservices.pdf import pdf_response
from franceservices.xlsx import xlsx_response
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin, for_roles

STATEMENTS_A_PAGE = 25


def _convention(request: HttpRequest, pk: int) -> Convention:
    return get_object_or_404(Convention.objects.visible_to(request.user).with_parties(), pk=pk)


def _statement(request: HttpRequest, pk: int) -> FeeStatement:
    visible = FeeStatement.objects.visible_to(request.user).with_parties().select_related("issued_by")
    return get_object_or_404(visible, pk=pk)


@require_GET
@for_roles(CONVENTION_ROLES)
def convention_fee(request: HttpRequest, pk: int) -> HttpResponse:
    """What one convention owes by civil year and between anniversaries, beside what was issued."""
    convention = _convention(request, pk)
    return render(request, "conventions/convention_fee.html", {"convention": convention, "fee": read_fee(convention)})


class StatementIssueView(RoleRequiredMixin, View):
    """The statement as it would be issued, with its steps; then, confirmed, issued."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int, period: str, year: str) -> HttpResponse:
        self._read(pk, period, year)
        form = IssueForm(initial={"issued_on": self.convention.site.today(), "expected_amount": self.owed})
        return self._page(form)

    def post(self, request: HttpRequest, pk: int, period: str, year: str) -> HttpResponse:
        self._read(pk, period, year)
        form = IssueForm(request.POST)
        if form.is_valid():
            try:
                statement = issue_statement(
                    convention=self.convention,
                    period=self.kind,
                    starts_on=self.starts_on,
                    ends_on=self.ends_on,
                    issued_on=form.cleaned_data["issued_on"],
                    expected_amount=form.cleaned_data["expected_amount"],
                    by=request.user,
                )
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, f"L’état liquidatif n° {statement.label} est émis.")
                return redirect("conventions:statement_detail", statement.pk)
        return self._page(form)

    def _read(self, pk: int, period: str, year: str) -> None:
        """The convention and the year that the address names; 404 where it names none."""
        self.convention = _convention(self.request, pk)
        kind = next((kind for kind, slug in PERIOD_SLUGS.items() if slug == period), None)
        if kind is None:
            raise Http404
        self.kind, self.billing = kind, read_billing(self.convention)
        starts_on = parse_iso_date_or_none(year)
        found = next((days for days in self.billing.years(kind) if days[0] == starts_on), None)
        if found is None:
            raise Http404
        self.starts_on, self.ends_on = found
        self.owed = self.billing.owed(*found)

    def _page(self, form: IssueForm) -> HttpResponse:
        # What is shown is what would be issued; after a refusal the amount to expect is the one now on the page.
        if form.is_bound:
            form.data = form.data.copy()
            form.data["expected_amount"] = str(self.owed)
        content = statement_content(
            self.billing,
            kind=self.kind,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            year=self.convention.site.today().year,
        )
        return render(
            self.request,
            "conventions/statement_issue.html",
            {"convention": self.convention, "content": content, "amount": self.owed, "form": form},
        )


class StatementListView(RoleRequiredMixin, View):
    """The statements of the reader's CCAS, the last number first; the same list as a workbook."""

    roles = CONVENTION_ROLES
    as_workbook = False

    def get(self, request: HttpRequest) -> HttpResponse:
        visible = FeeStatement.objects.visible_to(request.user)
        years = list(visible.order_by("-year").values_list("year", flat=True).distinct())
        form = StatementFilterForm(request.GET, years=years)
        form.is_valid()
        found = self.filtered(visible, form.cleaned_data).with_parties()
        if self.as_workbook:
            return xlsx_response(statements_xlsx(found), "etats-liquidatifs")
        page = Paginator(found, STATEMENTS_A_PAGE).get_page(request.GET.get("page"))
        return render(
            request,
            "conventions/statement_list.html",
            {
                "filter_form": form,
                "is_filtered": any(form.cleaned_data.values()),
                "page_obj": page,
                "rows": [(statement, state_of(statement)) for statement in page.object_list],
                "total": found.filter(is_corrected=False).aggregate(total=Sum("amount"))["total"],
            },
        )

    def filtered(self, statements: QuerySet[FeeStatement], wanted: dict[str, object]) -> QuerySet[FeeStatement]:
        """Those that answer to every readable filter."""
        found = matching_statements(statements, str(wanted.get("q") or ""))
        if wanted.get("annee"):
            found = found.filter(year=wanted["annee"])
        if wanted.get("etat"):
            found = in_state(found, StatementState(wanted["etat"]))
        return found


@require_GET
@for_roles(CONVENTION_ROLES)
def statement_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One statement as it was issued, and what came back from the finance system."""
    return _statement_page(request, _statement(request, pk))


def _statement_page(
    request: HttpRequest,
    statement: FeeStatement,
    *,
    order_form: RevenueOrderForm | None = None,
    payment_form: PaymentForm | None = None,
) -> HttpResponse:
    today = statement.convention.site.today()
    owed = None
    if not statement.is_corrected:
        billing = read_billing(statement.convention)
        days = replaced_days(billing, statement)
        owed = billing.owed(days.starts_on, days.ends_on)
    return render(
        request,
        "conventions/statement_detail.html",
        {
            "statement": statement,
            "content": statement.content,
            "state": state_of(statement),
            "owed_now": owed,
            "gap": None if owed is None else owed - statement.amount,
            "order_form": order_form
            or RevenueOrderForm(
                initial={
                    "number": statement.revenue_order_number,
                    "on": statement.revenue_order_on or max(today, statement.issued_on),
                }
            ),
            "payment_form": payment_form
            or PaymentForm(
                initial={
                    "on": statement.paid_on or today,
                    "amount": statement.amount if statement.paid_amount is None else statement.paid_amount,
                }
            ),
        },
    )


@require_GET
@for_roles(CONVENTION_ROLES)
def statement_pdf_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The statement as its PDF."""
    statement = _statement(request, pk)
    content = statement_pdf(statement, printed_on=statement.convention.site.today())
    return pdf_response(content, f"etat-liquidatif-{statement.label}")


@require_GET
@for_roles(CONVENTION_ROLES)
def statement_xlsx_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The statement as a workbook."""
    statement = _statement(request, pk)
    return xlsx_response(statement_xlsx(statement), f"etat-liquidatif-{statement.label}")


@require_POST
@for_roles(CONVENTION_ROLES)
def statement_order(request: HttpRequest, pk: int) -> HttpResponse:
    """Write back the *titre*."""
    statement = _statement(request, pk)
    form = RevenueOrderForm(request.POST)
    if form.is_valid():
        try:
            record_revenue_order(statement=statement, by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(
                request,
                f"Le titre n° {form.cleaned_data['number']} est noté.",
                extra_tags=""
                if statement.revenue_order_on
                else reverse("conventions:statement_order_clear", args=[pk]),
            )
            return redirect("conventions:statement_detail", pk)
    return _statement_page(request, statement, order_form=form)


@require_POST
@for_roles(CONVENTION_ROLES)
def statement_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Write back the payment."""
    statement = _statement(request, pk)
    form = PaymentForm(request.POST)
    if form.is_valid():
        try:
            record_payment(statement=statement, by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(
                request,
                f"Le paiement de {format_euros(form.cleaned_data['amount'])} est noté.",
                extra_tags="" if statement.paid_on else reverse("conventions:statement_payment_clear", args=[pk]),
            )
            return redirect("conventions:statement_detail", pk)
    return _statement_page(request, statement, payment_form=form)


_CLEARINGS = {
    "titre": (
        clear_revenue_order,
        "Retirer le titre\u00a0?",
        "Le titre est retiré.",
    ),
    "paiement": (
        clear_payment,
        "Retirer le paiement\u00a0?",
        "Le paiement est retiré.",
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(CONVENTION_ROLES)
def statement_clear(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Ask, then take back a *titre* or a payment that was typed by mistake."""
    statement = _statement(request, pk)
    clear, question, done = _CLEARINGS[what]
    if request.method == "POST":
        try:
            clear(statement=statement, by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, done)
        return redirect("conventions:statement_detail", pk)
    if what == "titre":
        described = f"titre n° {statement.revenue_order_number}" if statement.revenue_order_on else ""
        day = statement.revenue_order_on
    else:
        described = f"paiement de {format_euros(statement.paid_amount)}" if statement.paid_on else ""
        day = statement.paid_on
    if not described:
        raise Http404
    return render(
        request,
        "conventions/statement_clear.html",
        {"statement": statement, "question": question, "described": f"{described} du {format_date_long(day)}"},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(CONVENTION_ROLES)
def statement_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """The old amount, the new one and their difference; then, with a reason, the statement that replaces the old."""
    statement = _statement(request, pk)
    if statement.is_corrected:
        messages.error(request, f"L’état n° {statement.label} est déjà corrigé.")
        return redirect("conventions:statement_detail", pk)
    convention = _convention(request, statement.convention_id)
    billing = read_billing(convention)
    days = replaced_days(billing, statement)
    owed = billing.owed(days.starts_on, days.ends_on)
    form = CorrectionForm(request.POST or None, initial={"issued_on": convention.site.today(), "expected_amount": owed})
    if request.method == "POST" and form.is_valid():
        try:
            new = correct_statement(statement=statement, by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"L’état n° {new.label} remplace l’état n° {statement.label}.")
            return redirect("conventions:statement_detail", new.pk)
    if form.is_bound:
        form.data = form.data.copy()
        form.data["expected_amount"] = str(owed)
    content = statement_content(
        billing,
        kind=StatementPeriod(statement.period),
        starts_on=days.starts_on,
        ends_on=days.ends_on,
        year=convention.site.today().year,
    )
    return render(
        request,
        "conventions/statement_correct.html",
        {
            "statement": statement,
            "convention": convention,
            "content": content,
            "amount": owed,
            "difference": owed - statement.amount,
            "form": form,
        },
    )
