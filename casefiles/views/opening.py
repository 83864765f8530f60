"""Opening a file: for whom, then what is asked for; and the file that renews the rights of another."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views import View

from bookings.forms import find_visitor
from bookings.models import Visitor
from casefiles.clocks import renewal_window
from casefiles.forms import AssignForm, OpenFileForm, colleagues
from casefiles.models import CaseFile
from casefiles.services import offered_kinds, open_case_file, start_renewal
from casefiles.stages import FINAL_STAGES, Stage
from franceservices.dates import parse_iso_date_or_none
from franceservices.errors import DomainError
from partners.permissions import DESK_ROLES, DeskMixin, RoleRequiredMixin

from .file_page import file_or_404, passages_of

PEOPLE_SHOWN = 8
LONGEST_PARAMETER = 100


class ForVisitorMixin(DeskMixin):
    """A page about one person of the CCAS: she is named by `?usager=`, or looked for by `?q=`."""

    def visitor(self) -> Visitor | None:
        """Who is named; the card that is kept if hers was merged."""
        people = Visitor.objects.visible_to(self.request.user).filter(ccas=self.site.ccas_id)
        found = find_visitor(people.select_related("merged_into"), self.request.GET.get("usager", ""))
        return found.current_card() if found else None

    def ask_for_whom(self, *, title: str, action: str) -> HttpResponse:
        """The search for a person, forgiving: exact matches first, else the nearest."""
        words = self.request.GET.get("q", "").replace("\x00", "")[:LONGEST_PARAMETER].strip()
        people = Visitor.objects.visible_to(self.request.user).filter(ccas=self.site.ccas_id).current()
        found = list(people.matching(words)[: PEOPLE_SHOWN + 1]) if words else []
        are_nearest = bool(words) and not found
        if are_nearest:
            found = list(people.resembling(words)[:PEOPLE_SHOWN])
        return render(
            self.request,
            "casefiles/choose_visitor.html",
            {
                "title": title,
                "action": action,
                "words": words,
                "found": found[:PEOPLE_SHOWN],
                "are_nearest": are_nearest and found,
                "has_more": len(found) > PEOPLE_SHOWN,
                "create_query": urlencode({"q": words}),
            },
        )


class OpenCaseFileView(ForVisitorMixin, View):
    """What the person asks for, among what exists that day under a convention in force."""

    def get(self, request: HttpRequest) -> HttpResponse:
        visitor = self.visitor()
        if visitor is None:
            return self.ask_for_whom(title="Ouvrir un dossier", action="Ouvrir un dossier")
        asked = request.GET.dict()
        # The day changed: the same form again with what that day offers, nothing complained about yet.
        initial = {name: asked[name] for name in ("opened_on", "offer", "agent", "urgency") if name in asked}
        return self.answer(visitor, self.form(asked, initial={"agent": request.user.pk} | initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        visitor = self.visitor()
        if visitor is None:
            return redirect("casefiles:file_open")
        form = self.form(request.POST, request.POST)
        if form.is_valid():
            typed = form.cleaned_data
            partner, kind = form.chosen
            try:
                file = open_case_file(
                    site=self.site,
                    visitor=visitor,
                    kind=kind,
                    partner=partner,
                    agent=typed["agent"],
                    social_notes=typed["social_notes"],
                    is_urgent=typed["is_urgent"],
                    urgency=typed["urgency"],
                    opened_on=typed["opened_on"],
                    by=request.user,
                )
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, f"Dossier ouvert pour {visitor.full_name}\u00a0: {kind.label}.")
                return redirect("casefiles:file_detail", file.pk)
        return self.answer(visitor, form)

    def form(self, asked, *data, **kwargs) -> OpenFileForm:
        today = self.site.today()
        day = parse_iso_date_or_none(asked.get("opened_on")) or today
        return OpenFileForm(
            *data,
            today=today,
            offers=offered_kinds(site=self.site, day=day),
            agents=colleagues(self.site),
            **kwargs,
        )

    def answer(self, visitor: Visitor, form: OpenFileForm) -> HttpResponse:
        files = CaseFile.objects.visible_to(self.request.user).filter(visitor=visitor).with_stage().with_parties()
        return render(
            self.request,
            "casefiles/file_open.html",
            {
                "visitor": visitor,
                "form": form,
                "has_offers": bool(form.offers),
                "here": f"{reverse('casefiles:file_open')}?usager={visitor.pk}",
                # Two files for the same right are often one opened twice.
                "open_files": files.exclude(stage__in=FINAL_STAGES),
            },
        )


class RenewView(RoleRequiredMixin, View):
    """Ask, then open the file that renews the rights of this one."""

    roles = DESK_ROLES

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        file = file_or_404(request.user, pk)
        return self.answer(
            file, AssignForm(initial={"agent": file.agent_id}, agents=colleagues(file.site, including=file.agent_id))
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        file = file_or_404(request.user, pk)
        form = AssignForm(request.POST, agents=colleagues(file.site, including=file.agent_id))
        if form.is_valid():
            try:
                renewal = start_renewal(file=file, agent=form.cleaned_data["agent"], by=request.user)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, f"Renouvellement ouvert pour {file.visitor.full_name}.")
                return redirect("casefiles:file_detail", renewal.pk)
        return self.answer(file, form)

    def answer(self, file: CaseFile, form: AssignForm) -> HttpResponse:
        line = next((line for line in passages_of(file) if line.returned_at is None), None)
        return render(
            self.request,
            "casefiles/file_renew.html",
            {
                "file": file,
                "stage": Stage(file.stage),
                "form": form,
                "window": renewal_window(line.rights_until, today=file.site.today())
                if line and line.rights_until
                else None,
            },
        )
