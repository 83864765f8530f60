"""The conventions as the staff reads them: list, one of them, its PDF. They are written in the admin."""

from django import forms
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET
from django.views.generic import DetailView, ListView

from franceservices.pdf import pdf_response
from partners.models import Partner, Site
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin, for_roles

from .deadlines import enforceable_on, last_day_of_notice
from .documents import convention_pdf as pdf_of
from .facts import read_facts
from .models import Convention, ConventionStatus
from .pricing import explain_fee_of
from .search import having_status, matching
from .texts import filled_articles_of, opening_lines, term_sentence
from .timeline import Milestone, ribbon
from .weekly_table import week_table


class ConventionFilterForm(forms.Form):
    """The words and the choices above the list; what is not among the choices filters nothing."""

    q = forms.CharField(label="Rechercher", required=False, max_length=200)
    statut = forms.ChoiceField(
        label="Statut", required=False, choices=[("", "Tous les statuts"), *ConventionStatus.choices]
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
        if chosen.get("statut"):
            conventions = having_status(conventions, ConventionStatus(chosen["statut"]))
        if chosen.get("partenaire"):
            conventions = conventions.filter(partner=chosen["partenaire"])
        if chosen.get("espace"):
            conventions = conventions.filter(site=chosen["espace"])
        return conventions


class ConventionListView(RoleRequiredMixin, ListView):
    """The conventions of the reader's CCAS, the most recent first."""

    roles = CONVENTION_ROLES
    template_name = "conventions/convention_list.html"
    paginate_by = 25

    def get_queryset(self) -> QuerySet[Convention]:
        visible = Convention.objects.visible_to(self.request.user)
        self.filter_form = ConventionFilterForm(self.request.GET, conventions=visible)
        return self.filter_form.filtered(visible.with_parties().annotate(annual_amount=F("fee_terms__annual_amount")))

    def paginate_queryset(self, queryset, page_size):
        """Like Django's, but a page that is not there shows the nearest one instead of an error."""
        paginator = self.get_paginator(queryset, page_size)
        page = paginator.get_page(self.request.GET.get(self.page_kwarg))
        return paginator, page, page.object_list, page.has_other_pages()

    def get_context_data(self, **kwargs) -> dict[str, object]:
        return super().get_context_data(
            filter_form=self.filter_form,
            is_filtered=any(self.filter_form.cleaned_data.values()),
            **kwargs,
        )


class ConventionDetailView(RoleRequiredMixin, DetailView):
    """One convention: where it stands, its dates, its grid, its fee, its texts."""

    roles = CONVENTION_ROLES
    template_name = "conventions/convention_detail.html"

    def get_queryset(self) -> QuerySet[Convention]:
        return Convention.objects.visible_to(self.request.user).with_parties().select_related("predecessor__partner")

    def get_context_data(self, **kwargs) -> dict[str, object]:
        convention = self.object
        facts = read_facts(convention)
        articles = filled_articles_of(facts)
        return super().get_context_data(
            facts=facts,
            milestones=milestones(convention),
            findings=findings(convention),
            table=week_table(convention, facts.slots),
            opening_lines=opening_lines(facts.opening_hours),
            fee=explain_fee_of(facts),
            duration=term_sentence(convention),
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


def milestones(convention: Convention) -> list[Milestone]:
    """The ribbon: the dates that the rows hold or should hold, with today at the site among them."""
    deliberation = convention.deliberation
    published_on = deliberation.published_on if deliberation else None
    transmitted_on = deliberation.transmitted_on if deliberation else None
    steps = [
        ("Délibération", deliberation.session_on if deliberation else None),
        ("Transmission", transmitted_on),
        ("Exécutoire", enforceable_on(published_on=published_on, transmitted_on=transmitted_on)),
        ("Signature", convention.signed_on),
        ("Effet", convention.starts_on),
    ]
    notice = last_day_of_notice(ends_on=convention.ends_on, notice_months=convention.notice_months)
    if notice:
        steps.append(("Préavis, dernier jour", notice))
    steps.append(("Terme", convention.ends_on))
    return ribbon(steps, today=convention.site.today())


def findings(convention: Convention) -> list[str]:
    """What a careful reader would remark; it warns and never blocks."""
    deliberation, signed_on = convention.deliberation, convention.signed_on
    remarks = []
    if deliberation is None:
        remarks.append("Aucune délibération n’est rattachée à cette convention.")
    elif signed_on:
        enforceable = enforceable_on(published_on=deliberation.published_on, transmitted_on=deliberation.transmitted_on)
        if signed_on < deliberation.session_on:
            remarks.append("Elle a été signée avant la séance qui l’a approuvée.")
        elif enforceable and signed_on < enforceable:
            remarks.append("Elle a été signée avant que la délibération soit exécutoire.")
    if not signed_on and convention.starts_on <= convention.site.today():
        remarks.append("Elle a pris effet, mais sa date de signature n’est pas renseignée.")
    return remarks
