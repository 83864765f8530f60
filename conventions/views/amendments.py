"""The avenants of a convention: prepared, shown before and after, put in force, taken back."""

from datetime import date

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views import View
from django.views.decorators.http import require_GET
from django.views.generic import ListView

from conventions.agreed_terms import Terms
from conventions.amendment_documents import amendment_pdf as pdf_of
from conventions.amendment_forms import (
    AmendmentForm,
    SlotLineFormSet,
    lines_of,
    sent_lines,
    shown_lines,
    shown_values,
    typed_lines,
    typed_terms,
)
from conventions.amendment_preview import preview_of
from conventions.amendment_sides import read_sides
from conventions.amendments import (
    FROZEN,
    next_number,
    obstacle_to_revoking,
    save_draft,
    terms_before,
)
from conventions.grid import GridAnswer
from conventions.models import Amendment, Convention, FeeStatement
from conventions.terms import ONE_DAY, ConventionHistory, read_history
from conventions.terms_json import terms_from_json
from franceservices.dates import parse_iso_date_or_none
from franceservices.errors import DomainError
from franceservices.money import NO_BREAK_SPACE
from franceservices.pdf import pdf_response
from partners.models import Office
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin, check_role, for_roles


def convention_of(request: HttpRequest, pk: int) -> Convention:
    """The convention, if the reader may see it."""
    return get_object_or_404(Convention.objects.visible_to(request.user).with_parties(), pk=pk)


def amendment_of(convention: Convention, number: int) -> Amendment:
    """The avenant of that number; it knows its convention with its parties."""
    found = get_object_or_404(
        Amendment.objects.select_related("deliberation", "created_by", "in_force_by"),
        convention=convention,
        number=number,
    )
    found.convention = convention
    return found


def amendment_url(name: str, amendment: Amendment) -> str:
    """The address of a page of `amendment`."""
    return reverse(f"conventions:{name}", args=[amendment.convention_id, amendment.number])


def tell_answers(request: HttpRequest, answers: list[GridAnswer]) -> None:
    """Say what the floors above did, and where what is left is done."""
    for answer in answers:
        details = answer.details()
        told = " ".join([answer.summary(), *details])
        step = answer.next_step()
        if step is not None:
            label, address = step
            told = format_html('{} <a href="{}">{}</a>', told, address, label)
        messages.add_message(request, messages.WARNING if details else messages.INFO, told)


class AmendmentListView(RoleRequiredMixin, ListView):
    """The avenants of one convention, the most recent first."""

    roles = CONVENTION_ROLES
    template_name = "conventions/amendment_list.html"
    context_object_name = "amendments"
    paginate_by = 25

    def get_queryset(self) -> QuerySet[Amendment]:
        self.convention = convention_of(self.request, self.kwargs["pk"])
        self.query = self.request.GET.get("q", "").strip()
        found = self.convention.amendments.select_related("in_force_by").order_by("-number")
        for word in self.query.split():
            found = found.filter(
                Q(subject__icontains=word)
                | Q(reason__icontains=word)
                | (Q(number=int(word)) if word.isascii() and word.isdigit() and len(word) < 5 else Q())
            )
        return found

    def paginate_queryset(self, queryset, page_size):
        """Like Django's, but a page that is not there shows the nearest one instead of an error."""
        paginator = self.get_paginator(queryset, page_size)
        page = paginator.get_page(self.request.GET.get(self.page_kwarg))
        return paginator, page, page.object_list, page.has_other_pages()

    def get_context_data(self, **kwargs) -> dict[str, object]:
        return super().get_context_data(
            convention=self.convention, query=self.query, today=self.convention.site.today(), **kwargs
        )


class AmendmentFormView(RoleRequiredMixin, View):
    """Preparing an avenant, or changing a draft: buttons that add or remove a line keep all that was typed."""

    roles = CONVENTION_ROLES

    def setup(self, request: HttpRequest, *args, **kwargs) -> None:
        super().setup(request, *args, **kwargs)
        self.amendment: Amendment | None = None

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        check_role(request, self.roles)
        self.convention = convention_of(request, kwargs["pk"])
        if "number" in kwargs:
            self.amendment = amendment_of(self.convention, kwargs["number"])
            if not self.amendment.is_draft:
                messages.error(request, FROZEN)
                return redirect(amendment_url("amendment_detail", self.amendment))
        self.history = read_history(self.convention)
        in_use = Q(pk__in=self.history.offices)
        offices = Office.objects.filter(Q(site=self.convention.site_id, is_active=True) | in_use).order_by(
            "label", "pk"
        )
        self.offices = {office.pk: office for office in offices}
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, **kwargs) -> HttpResponse:
        amendment = self.amendment
        if amendment is not None:
            effective_on, terms = amendment.effective_on, terms_from_json(amendment.proposed)
            text = {
                "number": amendment.number,
                "subject": amendment.subject,
                "reason": amendment.reason,
                "deliberation": amendment.deliberation_id,
            }
        else:
            effective_on = parse_iso_date_or_none(request.GET.get("effet")) or usual_effect(self.history)
            terms = terms_before(self.history, effective_on)
            text = {"number": next_number(self.convention)}
        initial = {**shown_values(terms, offices=self.offices), **text, "effective_on": effective_on}
        return self.page(self.form(initial=initial), shown_lines(lines_of(terms), offices=self.offices))

    def post(self, request: HttpRequest, **kwargs) -> HttpResponse:
        if "add_line" in request.POST or "remove_line" in request.POST:
            return self.with_other_lines()
        form, lines = self.form(request.POST), sent_lines(request.POST, offices=self.offices)
        if not (form.is_valid() & lines.is_valid()):
            return self.page(form, lines)
        before = terms_before(self.history, form.cleaned_data["effective_on"])
        return self.save(form, lines, typed_terms(form, lines, before=before))

    def save(self, form: AmendmentForm, lines: SlotLineFormSet, terms: Terms) -> HttpResponse:
        try:
            amendment = save_draft(
                convention=self.convention,
                amendment=self.amendment,
                text=form.text(),
                terms=terms,
                by=self.request.user,
            )
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self.page(form, lines)
        messages.success(
            self.request,
            f"Le projet d’avenant n°{NO_BREAK_SPACE}{amendment.number} est enregistré. Rien ne change tant qu’il n’est"
            " pas mis en vigueur.",
        )
        return redirect(amendment_url("amendment_detail", amendment))

    def with_other_lines(self) -> HttpResponse:
        """The page as it was sent, one line more or one less; nothing is checked yet."""
        sent = self.request.POST
        lines = typed_lines(sent)
        removed = sent.get("remove_line", "")
        if removed.isascii() and removed.isdigit() and int(removed) < len(lines):
            del lines[int(removed)]
        if "add_line" in sent:
            lines.append({})
        shown = shown_lines(lines, offices=self.offices)
        if "add_line" in sent:
            # Who works by keyboard goes on in the line she asked for, not at the top of the page.
            shown.forms[-1].fields["office"].widget.attrs["autofocus"] = True
        return self.page(self.form(initial=sent.dict()), shown)

    def form(self, *args, **kwargs) -> AmendmentForm:
        return AmendmentForm(*args, convention=self.convention, offices=self.offices, user=self.request.user, **kwargs)

    def page(self, form: AmendmentForm, lines: SlotLineFormSet) -> HttpResponse:
        context = {"convention": self.convention, "amendment": self.amendment, "form": form, "lines": lines}
        return render(self.request, "conventions/amendment_form.html", context)


def usual_effect(history: ConventionHistory) -> date:
    """The first day of the next month, after the last avenant and within the term."""
    convention = history.convention
    today = convention.site.today()
    first = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    earliest = max([convention.starts_on, *(found.effective_on for found in history.amendments)]) + ONE_DAY
    return min(max(first, earliest), convention.ends_on + ONE_DAY)


@require_GET
@for_roles(CONVENTION_ROLES)
def amendment_detail(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Before and after side by side, what it does to the fee, to the dates and to the people who are booked."""
    convention = convention_of(request, pk)
    amendment = amendment_of(convention, number)
    sides = read_sides(amendment, convention)
    return render(
        request,
        "conventions/amendment_detail.html",
        {
            "convention": convention,
            "amendment": amendment,
            "sides": sides,
            "columns": [
                ("Avant", sides.facts_before, sides.week_before, sides.fee_before, sides.minutes_before),
                ("Après", sides.facts_after, sides.week_after, sides.fee_after, sides.minutes_after),
            ],
            "preview": preview_of(amendment=amendment, reader=request.user) if amendment.is_draft else None,
            "statements": _statements_after(amendment) if amendment.is_draft else [],
            "obstacle_to_revoking": "" if amendment.is_draft else obstacle_to_revoking(amendment),
            "today": convention.site.today(),
        },
    )


def _statements_after(amendment: Amendment) -> QuerySet[FeeStatement]:
    """The statements already issued for days on which `amendment` would hold."""
    return FeeStatement.objects.standing().filter(convention=amendment.convention, ends_on__gte=amendment.effective_on)


@require_GET
@for_roles(CONVENTION_ROLES)
def amendment_pdf(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The avenant as it would be signed."""
    amendment = amendment_of(convention_of(request, pk), number)
    return pdf_response(pdf_of(amendment), f"avenant-{amendment.number}-{amendment.convention.reference}")
