"""The conventions as the staff reads them: list, one of them, its PDF. They are written in the admin."""

from dataclasses import dataclass

from django import forms
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET
from django.views.generic import DetailView, ListView

from conventions.denunciation import is_denounceable
from conventions.documents import convention_pdf as pdf_of
from conventions.facts import facts_on
from conventions.history import clause_readings, steps_of
from conventions.models import Convention
from conventions.pricing import explain_fee_of
from conventions.remark_links import remark_lines
from conventions.remarks import remarks_on
from conventions.search import having_stage, matching, with_stage_facts
from conventions.stages import RUNNING, Stage
from conventions.terms import amounts_as_amended, read_history
from conventions.texts import filled_articles_of, opening_lines, term_sentence
from conventions.timeline import chronology, ribbon
from conventions.weekly_table import week_table
from franceservices.pdf import pdf_response
from partners.models import Partner, Site
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin, for_roles

# What most readers look for: in force, amended or denounced, it binds the parties today.
RUNNING_CHOICE = "en-cours"


class ConventionFilterForm(forms.Form):
    """The words and the choices above the list; what is not among the choices filters nothing."""

    q = forms.CharField(label="Rechercher", required=False, max_length=200)
    etape = forms.ChoiceField(
        label="Étape",
        required=False,
        choices=[("", "Toutes les étapes"), (RUNNING_CHOICE, "En cours"), *Stage.choices()],
    )
    partenaire = forms.ModelChoiceField(
        label="Partenaire", required=False, queryset=Partner.objects.none(), empty_label="Tous les partenaires"
    )
    espace = forms.ModelChoiceField(
        label="Espace", required=False, queryset=Site.objects.none(), empty_label="Tous les espaces"
    )

    def __init__(self, *args, conventions: QuerySet[Convention], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs["type"] = "search"
        self.fields["partenaire"].queryset = Partner.objects.filter(conventions__in=conventions).distinct()
        self.fields["espace"].queryset = Site.objects.filter(conventions__in=conventions).distinct()

    def filtered(self, conventions: QuerySet[Convention]) -> QuerySet[Convention]:
        self.is_valid()
        chosen = self.cleaned_data
        conventions = matching(conventions, chosen.get("q") or "")
        if chosen.get("etape"):
            stages = RUNNING if chosen["etape"] == RUNNING_CHOICE else [Stage(chosen["etape"])]
            conventions = having_stage(conventions, *stages)
        if chosen.get("partenaire"):
            conventions = conventions.filter(partner=chosen["partenaire"])
        if chosen.get("espace"):
            conventions = conventions.filter(site=chosen["espace"])
        return conventions


@dataclass(frozen=True)
class ConventionLine:
    """One line of the list, and how many remarks its page still has to settle."""

    convention: Convention
    finding_count: int


class ConventionListView(RoleRequiredMixin, ListView):
    """The conventions of the reader's CCAS, the most recent first."""

    roles = CONVENTION_ROLES
    template_name = "conventions/convention_list.html"
    paginate_by = 25

    def get_queryset(self) -> QuerySet[Convention]:
        visible = Convention.objects.visible_to(self.request.user)
        self.filter_form = ConventionFilterForm(self.request.GET, conventions=visible)
        return self.filter_form.filtered(
            with_stage_facts(visible).annotate(annual_amount=F("fee_terms__annual_amount"))
        )

    def paginate_queryset(self, queryset, page_size):
        """Like Django's, but a page that is not there shows the nearest one instead of an error."""
        paginator = self.get_paginator(queryset, page_size)
        page = paginator.get_page(self.request.GET.get(self.page_kwarg))
        return paginator, page, page.object_list, page.has_other_pages()

    def get_context_data(self, **kwargs) -> dict[str, object]:
        context = super().get_context_data(**kwargs)
        amended = amounts_as_amended(context["page_obj"])
        for convention in context["page_obj"]:
            convention.annual_amount = amended.get(convention.pk, convention.annual_amount)
        remarks = remarks_on(context["page_obj"])
        lines = [
            ConventionLine(convention, sum(remark.acknowledgement is None for remark in remarks[convention.pk]))
            for convention in context["page_obj"]
        ]
        return context | {
            "lines": lines,
            "filter_form": self.filter_form,
            "is_filtered": any(self.filter_form.cleaned_data.values()),
        }


class ConventionDetailView(RoleRequiredMixin, DetailView):
    """One convention: where it stands, its dates, its grid, its fee, its texts."""

    roles = CONVENTION_ROLES
    template_name = "conventions/convention_detail.html"

    def get_queryset(self) -> QuerySet[Convention]:
        visible = with_stage_facts(Convention.objects.visible_to(self.request.user))
        return visible.select_related("predecessor__partner")

    def get_context_data(self, **kwargs) -> dict[str, object]:
        convention = self.object
        history = read_history(convention)
        facts = facts_on(history)
        remarks = remark_lines(
            remarks_on([convention], histories={convention.pk: history})[convention.pk], user=self.request.user
        )
        articles = filled_articles_of(facts)
        today = convention.site.today()
        steps = steps_of(convention, today=today)
        coming = history.next_after(facts.on)
        if coming is not None and coming.effective_on > convention.ends_on:
            # Denounced before it applied: it will change nothing.
            coming = None
        return super().get_context_data(
            facts=facts,
            milestones=ribbon(steps, today=today),
            chronology=chronology(steps, today=today),
            open_remarks=[line for line in remarks if line.remark.acknowledgement is None],
            settled_remarks=[line for line in remarks if line.remark.acknowledgement is not None],
            clause_readings=clause_readings(convention, today=today),
            coming_amendment=coming,
            is_denounceable=is_denounceable(convention, today),
            table=week_table(convention, facts.slots),
            opening_lines=opening_lines(facts.opening_hours),
            fee=explain_fee_of(facts),
            duration=term_sentence(convention),
            successor=getattr(convention, "successor", None),
            obligations=convention.obligations.all(),
            articles=articles,
            missing=list(dict.fromkeys(name for article in articles for name in article.missing)),
            **kwargs,
        )


@require_GET
@for_roles(CONVENTION_ROLES)
def convention_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The convention as it would be signed, from its rows as they are now."""
    convention = get_object_or_404(Convention.objects.visible_to(request.user).with_parties(), pk=pk)
    return pdf_response(pdf_of(convention), f"convention-{convention.reference}")
