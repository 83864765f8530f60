"""Slips: from ticked files to a preview, from the preview to a numbered slip, then its list, its page and its paper."""

from dataclasses import dataclass
from itertools import groupby

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_GET

from casefiles.answer_forms import AcknowledgeForm
from casefiles.documents import slip_pdf
from casefiles.errors import NotSendable
from casefiles.line_rows import line_row
from casefiles.models import CaseDocument, CaseFile, DocumentState, SlipLine, TransmissionSlip
from casefiles.services import acknowledge_lines, send_slip
from casefiles.slip_forms import SendForm, SlipFilterForm
from casefiles.stages import Stage
from franceservices.errors import DomainError
from franceservices.pdf import pdf_response
from partners.models import Partner, User
from partners.permissions import AGENT_ROLES, DESK_ROLES, DeskMixin, RoleRequiredMixin, current_site_or_404, for_roles

SLIPS_A_PAGE = 25
LONGEST_SEARCH = 100
BOTH = DESK_ROLES | AGENT_ROLES


def slips_of(request: HttpRequest):
    """The slips of the space one works in; for an agent those sent to her caisse, from any space."""
    slips = TransmissionSlip.objects.visible_to(request.user)
    if request.user.is_partner_agent:
        return slips
    return slips.filter(site=current_site_or_404(request))


def slip_or_404(user: User, pk: int) -> TransmissionSlip:
    return get_object_or_404(TransmissionSlip.objects.visible_to(user).with_parties(), pk=pk)


class SlipListView(RoleRequiredMixin, View):
    """What was sent, the newest first, with what still awaits an answer."""

    roles = BOTH

    def get(self, request: HttpRequest) -> HttpResponse:
        slips = slips_of(request)
        form = SlipFilterForm(
            request.GET,
            partners=Partner.objects.filter(slips__in=slips).distinct(),
            has_partners=not request.user.is_partner_agent,
        )
        form.is_valid()
        wanted = form.cleaned_data
        found = slips
        if wanted.get("caisse"):
            found = found.filter(partner__slug=wanted["caisse"])
        words = wanted.get("q", "")[:LONGEST_SEARCH]
        if words:
            found = found.filter(pk__in=self.slips_with(words, slips))
        found = found.with_parties().annotate(
            unacknowledged=Count("lines", filter=Q(lines__acknowledged_at=None, lines__file__withdrawn_at=None)),
            returned=Count("lines", filter=Q(lines__returned_at__isnull=False)),
            undecided=Count(
                "lines", filter=Q(lines__result="", lines__returned_at=None, lines__file__withdrawn_at=None)
            ),
        )
        found = found.order_by("-sent_on", "-number", "-pk")
        return render(
            request,
            "casefiles/slip_list.html",
            {
                "form": form,
                "page_obj": Paginator(found, SLIPS_A_PAGE).get_page(request.GET.get("page")),
                "is_filtered": any(wanted.values()),
            },
        )

    def slips_with(self, words: str, slips):
        """Those of that number (`12`, `2026-0012`), or that hold a file of somebody of that name."""
        year, _dash, number = words.rpartition("-")
        by_number = Q()
        if number.isascii() and number.isdigit() and len(number) < 10:
            by_number = Q(number=int(number))
            if year:
                by_number &= Q(year=int(year)) if year.isascii() and year.isdigit() and len(year) == 4 else Q(pk=None)
        of_person = SlipLine.objects.visible_to(self.request.user).matching(words).values("slip")
        return slips.filter((by_number | Q(pk__in=of_person)) if by_number else Q(pk__in=of_person)).values("pk")


@dataclass(frozen=True, slots=True)
class Draft:
    """The slip that would be sent to one caisse, and what keeps some of the ticked files out of it."""

    partner: Partner
    files: list[CaseFile]
    form: SendForm


class SlipPreviewView(DeskMixin, View):
    """What is about to be sent, caisse by caisse; then it is sent, and does not change any more."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.preview(self.ticked(request.GET.getlist("dossier")))

    def post(self, request: HttpRequest) -> HttpResponse:
        files = self.ticked(request.POST.getlist("dossier"))
        partner = get_object_or_404(
            Partner, pk__in={file.partner_id for file in files}, slug=request.POST.get("caisse")
        )
        form = SendForm(request.POST, today=self.site.today(), prefix=partner.slug)
        if form.is_valid():
            chosen = [file for file in files if file.partner_id == partner.pk]
            try:
                slip = send_slip(
                    site=self.site,
                    partner=partner,
                    files=chosen,
                    sent_on=form.cleaned_data["sent_on"],
                    by=request.user,
                )
            except NotSendable as error:
                for sentence in ["Rien n’a été envoyé.", *error.problems]:
                    form.add_error(None, sentence)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                count = slip.file_count
                messages.success(
                    request,
                    f"Bordereau n°\u00a0{slip.full_number} envoyé à {partner.short_name}\u00a0: "
                    f"{count} dossier{'s' if count > 1 else ''}. Imprimez-le pour l’envoi sur papier.",
                )
                return redirect("casefiles:slip_detail", slip.pk)
        return self.preview(files, {partner.pk: form})

    def ticked(self, asked: list[str]) -> list[CaseFile]:
        """The files that were ticked, in the order of the caisses; 404 for one out of the perimeter, or of two spaces.

        The slip leaves from their space, which may be another than the one that is shown.
        """
        wanted = dict.fromkeys(int(text) for text in asked if text.isascii() and text.isdigit() and len(text) < 19)
        joined = CaseDocument.objects.filter(state=DocumentState.RECEIVED).order_by("position", "pk")
        files = (
            CaseFile.objects.visible_to(self.request.user)
            .filter(pk__in=wanted)
            .with_stage()
            .with_parties()
            .prefetch_related(Prefetch("documents", joined, to_attr="joined_documents"))
            .order_by("partner__name", "partner", "-is_urgent", "opened_on", "pk")
        )
        found = list(files)
        if len(found) < len(wanted) or len(wanted) < len(set(asked)) or len({file.site_id for file in found}) > 1:
            raise Http404
        if found:
            self.site = found[0].site
        return found

    def preview(self, files: list[CaseFile], forms: dict[int, SendForm] | None = None) -> HttpResponse:
        today = self.site.today()
        ready = [file for file in files if file.stage == Stage.COMPLETE]
        drafts = []
        for _pk, group in groupby(ready, key=lambda file: file.partner_id):
            of_partner = list(group)
            partner = of_partner[0].partner
            form = (forms or {}).get(partner.pk) or SendForm(today=today, prefix=partner.slug)
            drafts.append(Draft(partner, of_partner, form))
        shown = {draft.partner.pk for draft in drafts}
        return render(
            self.request,
            "casefiles/slip_preview.html",
            {
                "drafts": drafts,
                "left_out": [file for file in files if file.stage != Stage.COMPLETE],
                "lost_forms": [form for pk, form in (forms or {}).items() if pk not in shown],
                "list_url": reverse("casefiles:files_to_send"),
            },
        )


def page_of_slip(request: HttpRequest, slip: TransmissionSlip, form: AcknowledgeForm | None = None) -> HttpResponse:
    """The slip as it was sent, and what became of each file."""
    lines = slip.lines.with_parties().select_related("slip").order_by("position")
    today = slip.site.today()
    rows = [line_row(line, today=today) for line in lines]
    return render(
        request,
        "casefiles/slip_detail.html",
        {
            "slip": slip,
            "rows": rows,
            "open_count": sum(row.may_acknowledge for row in rows),
            "form": form or AcknowledgeForm(today=today, sent_on=slip.sent_on),
        },
    )


class SlipDetailView(RoleRequiredMixin, View):
    """One slip, for the desk that sent it and for the caisse that received it."""

    roles = BOTH

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return page_of_slip(request, slip_or_404(request.user, pk))


class SlipAcknowledgeView(RoleRequiredMixin, View):
    """The files ticked on the page of a slip have arrived."""

    roles = BOTH
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        slip = slip_or_404(request.user, pk)
        form = AcknowledgeForm(request.POST, today=slip.site.today(), sent_on=slip.sent_on)
        asked = {text for text in request.POST.getlist("ligne") if text.isascii() and text.isdigit() and len(text) < 19}
        lines = list(SlipLine.objects.visible_to(request.user).filter(slip=slip, pk__in=asked))
        if len(lines) < len(asked):
            raise Http404
        if form.is_valid():
            if not lines:
                form.add_error(None, "Cochez les dossiers que la caisse a reçus.")
            else:
                try:
                    acknowledge_lines(lines=lines, received_on=form.cleaned_data["received_on"], by=request.user)
                except DomainError as error:
                    form.add_error(None, error.message)
                else:
                    count = len(lines)
                    plural = "s" if count > 1 else ""
                    messages.success(request, f"Accusé de réception noté pour {count} dossier{plural}.")
                    return redirect("casefiles:slip_detail", pk)
        return page_of_slip(request, slip, form)


@for_roles(BOTH)
@require_GET
def slip_document(request: HttpRequest, pk: int) -> HttpResponse:
    """The slip on paper."""
    slip = slip_or_404(request.user, pk)
    return pdf_response(slip_pdf(slip), f"bordereau {slip.full_number} {slip.partner.short_name}")
