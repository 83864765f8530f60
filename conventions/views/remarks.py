"""« Cohérence »: the remarks about all conventions, and saying of one of them why it may stay."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_GET, require_POST

from conventions.finding_kinds import FindingKind
from conventions.models import Convention, FindingAcknowledgement
from conventions.remark_links import remark_lines
from conventions.remarks import Remark, acknowledge, remark_on, remarks_on, take_back
from conventions.search import with_stage_facts
from franceservices.errors import DomainError
from partners.models import Partner, Site
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin, for_roles

REMARKS_A_PAGE = 25
OPEN, ACKNOWLEDGED, ALL = "", "actees", "toutes"
FROM_LIST = "liste"


class RemarkFilterForm(forms.Form):
    """The words and the choices above the list; what is not among the choices filters nothing."""

    q = forms.CharField(label="Rechercher", required=False, max_length=200)
    nature = forms.ChoiceField(
        label="Nature", required=False, choices=[("", "Toutes les natures"), *FindingKind.choices()]
    )
    partenaire = forms.ModelChoiceField(
        label="Partenaire", required=False, queryset=Partner.objects.none(), empty_label="Tous les partenaires"
    )
    espace = forms.ModelChoiceField(
        label="Espace", required=False, queryset=Site.objects.none(), empty_label="Tous les espaces"
    )
    etat = forms.ChoiceField(
        label="État",
        required=False,
        choices=[(OPEN, "À traiter"), (ACKNOWLEDGED, "Acte pris"), (ALL, "Toutes")],
    )

    def __init__(self, *args, conventions: QuerySet[Convention], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs["type"] = "search"
        self.fields["partenaire"].queryset = Partner.objects.filter(conventions__in=conventions).distinct()
        self.fields["espace"].queryset = Site.objects.filter(conventions__in=conventions).distinct()
        self.is_valid()

    def conventions(self, conventions: QuerySet[Convention]) -> QuerySet[Convention]:
        chosen = self.cleaned_data
        if chosen.get("partenaire"):
            conventions = conventions.filter(partner=chosen["partenaire"])
        if chosen.get("espace"):
            conventions = conventions.filter(site=chosen["espace"])
        return conventions

    def keeps(self, remark: Remark) -> bool:
        chosen = self.cleaned_data
        state = chosen.get("etat") or OPEN
        if state != ALL and (remark.acknowledgement is not None) != (state == ACKNOWLEDGED):
            return False
        return chosen.get("nature") in (None, "", remark.finding.code) and remark.matches(chosen.get("q") or "")

    @property
    def is_filtered(self) -> bool:
        return any(self.cleaned_data.values())


@require_GET
@for_roles(CONVENTION_ROLES)
def remark_list(request: HttpRequest) -> HttpResponse:
    """The remarks about every convention of the reader's CCAS, the most recent convention first."""
    visible = Convention.objects.visible_to(request.user)
    form = RemarkFilterForm(request.GET, conventions=visible)
    conventions = list(form.conventions(with_stage_facts(visible)))
    found = [remark for remarks in remarks_on(conventions).values() for remark in remarks if form.keeps(remark)]
    page = Paginator(found, REMARKS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "filter_form": form,
        "page_obj": page,
        "lines": remark_lines(page.object_list, user=request.user),
        "convention_count": len({remark.convention.pk for remark in found}),
        "has_conventions": bool(conventions) or form.is_filtered,
        "from_list": FROM_LIST,
    }
    return render(request, "conventions/remark_list.html", context)


class AcknowledgementForm(forms.Form):
    reason = forms.CharField(
        label="Motif",
        max_length=FindingAcknowledgement._meta.get_field("reason").max_length,
        help_text="Pourquoi cette remarque peut rester, par exemple ce qui a été vérifié et avec qui.",
        error_messages={"required": "Donnez le motif en quelques mots."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RemarkAcknowledgeView(RoleRequiredMixin, View):
    """GET shows the remark and asks for the reason; POST keeps it."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int, code: str, fingerprint: str) -> HttpResponse:
        convention = self.convention(request, pk)
        remark = remark_on(convention, code=code, fingerprint=fingerprint)
        if remark is None:
            messages.info(request, "Cette remarque n’a plus lieu d’être\u00a0: les faits ont changé.")
            return redirect(self.way_back(convention))
        return self.page(remark, AcknowledgementForm())

    def post(self, request: HttpRequest, pk: int, code: str, fingerprint: str) -> HttpResponse:
        convention = self.convention(request, pk)
        form = AcknowledgementForm(request.POST)
        remark = remark_on(convention, code=code, fingerprint=fingerprint)
        if remark is not None and not form.is_valid():
            return self.page(remark, form)
        try:
            said = acknowledge(
                convention=convention,
                code=code,
                fingerprint=fingerprint,
                reason=form.cleaned_data["reason"] if form.is_valid() else "",
                by=request.user,
            )
        except DomainError as refusal:
            messages.error(request, refusal.message)
        else:
            undo = reverse("conventions:remark_take_back", args=[said.pk])
            messages.success(request, "Acte pris de la remarque, avec son motif.", extra_tags=undo)
        return redirect(self.way_back(convention))

    def convention(self, request: HttpRequest, pk: int) -> Convention:
        return get_object_or_404(with_stage_facts(Convention.objects.visible_to(request.user)), pk=pk)

    def page(self, remark: Remark, form: AcknowledgementForm) -> HttpResponse:
        context = {
            "convention": remark.convention,
            "remark": remark,
            "form": form,
            "back_url": self.way_back(remark.convention),
        }
        return render(self.request, "conventions/remark_acknowledge.html", context)

    def way_back(self, convention: Convention) -> str:
        if self.request.GET.get("depuis") == FROM_LIST:
            return reverse("conventions:remark_list")
        return f"{reverse('conventions:convention_detail', args=[convention.pk])}#remarques"


@require_POST
@for_roles(CONVENTION_ROLES)
def remark_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a remark again that somebody had acknowledged."""
    said = get_object_or_404(FindingAcknowledgement.objects.visible_to(request.user), pk=pk)
    take_back(acknowledgement=said, by=request.user)
    messages.success(request, "La remarque est de nouveau à traiter.")
    if request.GET.get("depuis") == FROM_LIST:
        return redirect("conventions:remark_list")
    return redirect(f"{reverse('conventions:convention_detail', args=[said.convention_id])}#remarques")
