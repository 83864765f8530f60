"""Renewing a convention, taking a renewal back, and the line of conventions that succeed one another."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_GET

from conventions.comparison import compare, lineage
from conventions.facts import read_facts
from conventions.models import Convention
from conventions.renewal import RenewalPlan, obstacle_to_undoing, renew, suggested_renewal, undo_renewal
from franceservices.errors import DomainError
from franceservices.form_fields import ReasonableDateField
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin, for_roles

from .amendments import convention_of, tell_answers


class RenewalForm(forms.Form):
    """The dates and the names of the successor; everything else is copied."""

    starts_on = ReasonableDateField(label="Début")
    ends_on = ReasonableDateField(label="Terme", help_text="Le dernier jour, compris.")
    title = forms.CharField(label="Intitulé", max_length=Convention._meta.get_field("title").max_length)
    reference = forms.SlugField(
        label="Référence",
        max_length=Convention._meta.get_field("reference").max_length,
        help_text="Identifiant court et stable, par exemple besancon-cpam-2028.",
        error_messages={"invalid": "Des lettres sans accent, des chiffres et des tirets seulement."},
    )

    def __init__(self, *args, convention: Convention, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.convention = convention

    def clean_reference(self) -> str:
        reference = self.cleaned_data["reference"]
        if Convention.objects.filter(reference=reference).exists():
            raise forms.ValidationError("Cette référence est déjà prise.")
        return reference

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and starts_on <= self.convention.ends_on:
            self.add_error("starts_on", f"La convention actuelle court {self.convention.term_sentence}.")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", "Le terme doit suivre le début.")
        return cleaned


class RenewView(RoleRequiredMixin, View):
    """GET shows what would be copied and asks for the dates; POST makes the draft."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        convention = convention_of(request, pk)
        plan = suggested_renewal(convention)
        initial = {name: getattr(plan, name) for name in ("starts_on", "ends_on", "title", "reference")}
        return self.page(convention, RenewalForm(convention=convention, initial=initial))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        convention = convention_of(request, pk)
        form = RenewalForm(request.POST, convention=convention)
        if not form.is_valid():
            return self.page(convention, form)
        try:
            successor, answers = renew(convention=convention, plan=RenewalPlan(**form.cleaned_data), by=request.user)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self.page(convention, form)
        messages.success(
            request,
            f"La convention {successor.reference} est créée, à l’état de projet. Relisez la désignation des parties et"
            " le préambule\u00a0: ils sont ceux de la précédente.",
            extra_tags=reverse("conventions:convention_renewal_undo", args=[successor.pk]),
        )
        tell_answers(request, answers)
        return redirect("conventions:convention_lineage", pk=successor.pk)

    def page(self, convention: Convention, form: RenewalForm) -> HttpResponse:
        facts = read_facts(convention, on=convention.ends_on)
        context = {
            "convention": convention,
            "form": form,
            "facts": facts,
            "successor": Convention.objects.filter(predecessor=convention).first(),
            "articles_count": convention.articles.count(),
            "obligations_count": convention.obligations.count(),
        }
        return render(self.request, "conventions/convention_renew.html", context)


class RenewalUndoView(RoleRequiredMixin, View):
    """GET asks, POST deletes the draft."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        convention = convention_of(request, pk)
        context = {"convention": convention, "obstacle": obstacle_to_undoing(convention)}
        return render(request, "conventions/convention_renewal_undo.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        convention = convention_of(request, pk)
        predecessor = convention.predecessor_id
        try:
            undo_renewal(convention=convention, by=request.user)
        except DomainError as refusal:
            messages.error(request, refusal.message)
            return redirect("conventions:convention_detail", pk=pk)
        messages.success(request, f"Le projet {convention.reference} est supprimé\u00a0: le renouvellement est annulé.")
        return redirect("conventions:convention_detail", pk=predecessor)


@require_GET
@for_roles(CONVENTION_ROLES)
def convention_lineage(request: HttpRequest, pk: int) -> HttpResponse:
    """The conventions that succeed one another, and what changed from the previous one to this one."""
    convention = convention_of(request, pk)
    chain = lineage(convention)
    place = next(index for index, found in enumerate(chain) if found.pk == convention.pk)
    context = {
        "convention": convention,
        "chain": chain,
        "comparison": compare(chain[place - 1], convention) if place else None,
        "can_undo": not obstacle_to_undoing(convention),
    }
    return render(request, "conventions/convention_lineage.html", context)
