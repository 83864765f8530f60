"""Alerts of rights about to break: raised by the desk, seen and answered by the caisse, closed by the desk."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_POST

from bookings.models import Visitor
from casefiles.alert_rows import alert_row
from casefiles.answer_forms import AnswerAlertForm, RaiseAlertForm
from casefiles.models import CaseFile, RightsAlert
from casefiles.services import answer_alert, close_alert, raise_alert, reopen_alert, see_alert
from casefiles.urgency import urgent_contacts
from conventions.models import Convention
from franceservices.errors import DomainError
from franceservices.text import fold
from partners.models import Partner, User
from partners.permissions import AGENT_ROLES, DESK_ROLES, RoleRequiredMixin, current_site_or_404, for_roles

from .opening import ForVisitorMixin

ALERTS_A_PAGE = 25
LONGEST_SEARCH = 100
BOTH = DESK_ROLES | AGENT_ROLES
TABS = {
    "": ("Sans réponse", Q(closed_at=None, answered_at=None), ("deadline", "raised_at", "pk")),
    "repondues": ("Répondues", Q(closed_at=None, answered_at__isnull=False), ("answered_at", "pk")),
    "closes": ("Closes", Q(closed_at__isnull=False), ("-closed_at", "-pk")),
    "toutes": ("Toutes", Q(), ("-raised_at", "-pk")),
}


def alert_or_404(user: User, pk: int) -> RightsAlert:
    return get_object_or_404(RightsAlert.objects.visible_to(user).with_parties(), pk=pk)


class AlertListView(RoleRequiredMixin, View):
    """Those of the space one works in; for an agent those to her caisse. The nearest deadline first."""

    roles = BOTH

    def get(self, request: HttpRequest) -> HttpResponse:
        alerts = RightsAlert.objects.visible_to(request.user)
        if not request.user.is_partner_agent:
            alerts = alerts.filter(site=current_site_or_404(request))
        tab = request.GET.get("liste", "")
        tab = tab if tab in TABS else ""
        _label, condition, order = TABS[tab]
        words = request.GET.get("q", "").replace("\x00", "")[:LONGEST_SEARCH].strip()
        found = alerts.filter(condition)
        for word in fold(words).split():
            found = found.filter(visitor__folded_name__contains=word)
        page = Paginator(found.with_parties().order_by(*order), ALERTS_A_PAGE).get_page(request.GET.get("page"))
        return render(
            request,
            "casefiles/alert_list.html",
            {
                "tabs": [(name, label, name == tab) for name, (label, _condition, _order) in TABS.items()],
                "tab": tab,
                "words": words,
                "page_obj": page,
                "rows": [alert_row(alert, today=alert.site.today()) for alert in page],
            },
        )


class RaiseAlertView(ForVisitorMixin, View):
    """For whom, then which rights, at what caisse, until when an answer helps."""

    def get(self, request: HttpRequest) -> HttpResponse:
        file = self.file()
        visitor = file.visitor if file else self.visitor()
        if visitor is None:
            return self.ask_for_whom(title="Signaler une rupture de droits", action="Signaler")
        initial = {"partner": file.partner_id} if file else {}
        return self.answer(visitor, file, self.form(file, initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        file = self.file()
        visitor = file.visitor if file else self.visitor()
        if visitor is None:
            return redirect("casefiles:alert_raise")
        form = self.form(file, request.POST)
        if form.is_valid():
            typed = form.cleaned_data
            try:
                alert = raise_alert(
                    site=file.site if file else self.site,
                    visitor=visitor,
                    partner=typed["partner"],
                    what=typed["what"],
                    deadline=typed["deadline"],
                    file=file if file and file.partner_id == typed["partner"].pk else None,
                    by=request.user,
                )
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(
                    request,
                    f"Alerte signalée à {alert.partner.short_name} pour {visitor.full_name}.",
                    extra_tags=reverse("casefiles:alert_close", args=[alert.pk]),
                )
                return redirect("casefiles:alert_detail", alert.pk)
        return self.answer(visitor, file, form)

    def file(self) -> CaseFile | None:
        """The file that `?dossier=` names; 404 for one that is not of the person's perimeter."""
        asked = self.request.GET.get("dossier", "")
        if not asked:
            return None
        if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
            raise Http404
        return get_object_or_404(CaseFile.objects.visible_to(self.request.user).with_parties(), pk=int(asked))

    def form(self, file: CaseFile | None, *data, **kwargs) -> RaiseAlertForm:
        site = file.site if file else self.site
        today = site.today()
        in_force = Convention.objects.valid_on(today).filter(site=site)
        partners = Partner.objects.filter(conventions__in=in_force, own_ccas=None).distinct()
        return RaiseAlertForm(*data, today=today, partners=partners, **kwargs)

    def answer(self, visitor: Visitor, file: CaseFile | None, form: RaiseAlertForm) -> HttpResponse:
        return render(
            self.request,
            "casefiles/alert_raise.html",
            {
                "visitor": visitor,
                "file": file,
                "form": form,
                "standing": RightsAlert.objects.visible_to(self.request.user)
                .open()
                .filter(visitor=visitor)
                .with_parties(),
            },
        )


def page_of_alert(request: HttpRequest, alert: RightsAlert, form: AnswerAlertForm | None = None) -> HttpResponse:
    """What threatens, for whom, and what each side did about it, with its delay."""
    return render(
        request,
        "casefiles/alert_detail.html",
        {
            "alert": alert,
            "row": alert_row(alert, today=alert.site.today()),
            "form": form or AnswerAlertForm(initial={"answer": alert.answer}),
            "contacts": None if request.user.is_partner_agent else urgent_contacts(alert.partner),
        },
    )


class AlertDetailView(RoleRequiredMixin, View):
    """One alert, for both sides."""

    roles = BOTH

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return page_of_alert(request, alert_or_404(request.user, pk))


class AlertAnswerView(RoleRequiredMixin, View):
    """What the caisse answers, by its agent or typed back by the desk after a call."""

    roles = BOTH
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        alert = alert_or_404(request.user, pk)
        form = AnswerAlertForm(request.POST)
        if form.is_valid():
            try:
                answer_alert(alert=alert, answer=form.cleaned_data["answer"], by=request.user)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, "Réponse notée. Elle peut être corrigée tant que l’alerte est ouverte.")
                return redirect("casefiles:alert_detail", pk)
        return page_of_alert(request, alert, form)


@for_roles(BOTH)
@require_POST
def alert_see(request: HttpRequest, pk: int) -> HttpResponse:
    """The caisse has read it."""
    alert = see_alert(alert=alert_or_404(request.user, pk), by=request.user)
    messages.success(request, f"Alerte de {alert.visitor.full_name} marquée comme vue.")
    return redirect("casefiles:alert_detail", pk)


@for_roles(DESK_ROLES)
@require_POST
def alert_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing is to be done any more; the message that follows offers to take it back."""
    alert = close_alert(alert=alert_or_404(request.user, pk), by=request.user)
    messages.success(
        request,
        f"Alerte de {alert.visitor.full_name} close.",
        extra_tags=reverse("casefiles:alert_reopen", args=[pk]),
    )
    return redirect("casefiles:alert_detail", pk)


@for_roles(DESK_ROLES)
@require_POST
def alert_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a closing back."""
    alert = reopen_alert(alert=alert_or_404(request.user, pk), by=request.user)
    messages.success(request, f"Alerte de {alert.visitor.full_name} rouverte.")
    return redirect("casefiles:alert_detail", pk)
