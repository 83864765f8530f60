"""A file at the caisse: what its agent works from, and each answer, by her or typed back from paper by the desk."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_http_methods, require_POST

from casefiles.answer_forms import AcknowledgeForm, DecisionForm, ReturnForm
from casefiles.history import decision_detail, line_events
from casefiles.line_rows import LineRow, line_row
from casefiles.models import DecisionResult, RightsAlert, SlipLine, TacitOutcome
from casefiles.models.slip_line import SlipLineQuerySet
from casefiles.services import (
    acknowledge_line,
    correct_decision,
    record_decision,
    return_line,
    undo_acknowledgement,
    undo_decision,
    undo_return,
)
from franceservices.addresses import page_that_asked
from franceservices.errors import DomainError
from partners.models import User
from partners.permissions import AGENT_ROLES, DESK_ROLES, RoleRequiredMixin, for_roles

LINES_A_PAGE = 25
LONGEST_SEARCH = 100
BOTH = DESK_ROLES | AGENT_ROLES
# The tabs of an agent's list: which lines, in the order of the work.
UNDECIDED = Q(returned_at=None, result="", file__withdrawn_at=None)
URGENT_FIRST = "-content__is_urgent"
TABS = {
    "": ("À traiter", UNDECIDED, (URGENT_FIRST, "sent_on", "pk")),
    "decides": ("Décidés", ~Q(result=""), ("-decided_on", "-pk")),
    "retournes": ("Retournés", Q(returned_at__isnull=False), ("-returned_on", "-pk")),
    "tous": ("Tous", Q(), ("-sent_on", "-pk")),
}
TACIT_RESULTS = {TacitOutcome.ACCEPTED: DecisionResult.ACCEPTED, TacitOutcome.REFUSED: DecisionResult.REFUSED}


def line_or_404(user: User, pk: int) -> SlipLine:
    """The line with what its pages name; outside the user's perimeter it does not exist."""
    authors = ("acknowledged_by", "returned_by", "decision_recorded_by", "slip__sent_by")
    lines = SlipLine.objects.visible_to(user).with_parties().select_related(*authors)
    return get_object_or_404(lines, pk=pk)


def page_of_line(user: User, line: SlipLine) -> str:
    """Where `user` reads about this file: the desk on the file's own page, an agent on that of what was sent."""
    if user.is_partner_agent:
        return reverse("casefiles:line_detail", args=[line.pk])
    return reverse("casefiles:file_detail", args=[line.file_id])


def came_from(request: HttpRequest, line: SlipLine) -> str:
    """The page that asked, when it is one of ours."""
    return page_that_asked(request, otherwise=page_of_line(request.user, line))


class LineListView(RoleRequiredMixin, View):
    """What an agent's caisse has to acknowledge, examine and decide; the desk has lists of its own."""

    roles = AGENT_ROLES

    def get(self, request: HttpRequest) -> HttpResponse:
        lines = SlipLine.objects.visible_to(request.user)
        tab = request.GET.get("liste", "")
        tab = tab if tab in TABS else ""
        _label, condition, order = TABS[tab]
        words = request.GET.get("q", "").replace("\x00", "")[:LONGEST_SEARCH].strip()
        page = Paginator(self.found(lines.filter(condition), words).with_parties().order_by(*order), LINES_A_PAGE)
        shown = page.get_page(request.GET.get("page"))
        return render(
            request,
            "casefiles/line_list.html",
            {
                "partner": request.user.partner,
                "tabs": [(name, label, name == tab) for name, (label, _condition, _order) in TABS.items()],
                "tab": tab,
                "words": words,
                "page_obj": shown,
                "rows": [line_row(line, today=line.site.today()) for line in shown],
            },
        )

    def found(self, lines: SlipLineQuerySet, words: str) -> SlipLineQuerySet:
        return lines.matching(words) if words else lines


class LineDetailView(RoleRequiredMixin, View):
    """What was sent and what was answered, for an agent; the desk is led to the file."""

    roles = BOTH

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        line = line_or_404(request.user, pk)
        if not request.user.is_partner_agent:
            return redirect("casefiles:file_detail", line.file_id)
        row = line_row(line, today=line.site.today())
        others = SlipLine.objects.visible_to(request.user).filter(file_id=line.file_id).exclude(pk=pk)
        return render(
            request,
            "casefiles/line_detail.html",
            {
                "line": line,
                "row": row,
                "events": list(reversed(list(line_events(line)))),
                "detail": decision_detail(line),
                "others": [line_row(other, today=line.site.today()) for other in others.with_parties()],
                "alerts": RightsAlert.objects.visible_to(request.user).filter(file=line.file_id, closed_at=None),
            },
        )


class AnswerView(RoleRequiredMixin, View):
    """A form about one line, on its own page: what was typed stays when it is refused."""

    roles = BOTH
    template_name: str

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.row_or_404(pk)
        return self.answer(row, self.form_of(row))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.row_or_404(pk)
        form = self.form_of(row, request.POST)
        if form.is_valid():
            try:
                self.write(row, form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                return redirect(came_from(request, row.line))
        return self.answer(row, form)

    def row_or_404(self, pk: int) -> LineRow:
        line = line_or_404(self.request.user, pk)
        return line_row(line, today=line.site.today())

    def answer(self, row: LineRow, form, **context: object) -> HttpResponse:
        back_url = came_from(self.request, row.line)
        return render(
            self.request,
            self.template_name,
            {"row": row, "line": row.line, "form": form, "back_url": back_url} | context,
        )

    def form_of(self, row: LineRow, *data):
        raise NotImplementedError

    def write(self, row: LineRow, typed: dict[str, object]) -> None:
        raise NotImplementedError

    def done(self, sentence: str, *, undo: str, row: LineRow) -> None:
        messages.success(self.request, sentence, extra_tags=reverse(undo, args=[row.line.pk]))


class LineAcknowledgeView(AnswerView):
    """The caisse has the file; said again with another date, this corrects it."""

    template_name = "casefiles/line_acknowledge.html"

    def form_of(self, row: LineRow, *data) -> AcknowledgeForm:
        initial = {"received_on": row.line.received_on} if row.line.received_on else {}
        return AcknowledgeForm(*data, today=row.line.site.today(), sent_on=row.line.sent_on, initial=initial)

    def write(self, row: LineRow, typed: dict[str, object]) -> None:
        acknowledge_line(line=row.line, received_on=typed["received_on"], by=self.request.user)
        self.done(f"Accusé de réception noté pour {row.name}.", undo="casefiles:line_acknowledge_undo", row=row)


class LineReturnView(AnswerView):
    """The file is incomplete: what is asked goes back to the desk."""

    template_name = "casefiles/line_return.html"

    def form_of(self, row: LineRow, *data) -> ReturnForm:
        return ReturnForm(*data, row=row, today=row.line.site.today())

    def write(self, row: LineRow, typed: dict[str, object]) -> None:
        return_line(
            line=row.line,
            documents=[int(pk) for pk in typed.get("documents", [])],
            labels=typed["labels"],
            note=typed["note"],
            received_on=typed.get("received_on"),
            returned_on=typed["returned_on"],
            by=self.request.user,
        )
        self.done(
            f"Dossier de {row.name} retourné\u00a0: le CCAS voit ce qui est demandé.",
            undo="casefiles:line_return_undo",
            row=row,
        )


class LineDecisionView(AnswerView):
    """The rights are granted or refused; said again, this corrects it."""

    template_name = "casefiles/line_decision.html"

    def tacit_result(self, row: LineRow) -> DecisionResult | None:
        """What the silence of the caisse stands for, once it has lasted; nobody's silence is noted by herself."""
        line = row.line
        is_over = line.tacit_on is not None and line.site.today() > line.tacit_on
        if not is_over or self.request.user.is_partner_agent:
            return None
        return TACIT_RESULTS.get(TacitOutcome(line.file.kind.tacit_outcome))

    def form_of(self, row: LineRow, *data) -> DecisionForm:
        line = row.line
        tacit = self.tacit_result(row)
        if line.result:
            names = ("result", "decided_on", "refusal_reason", "rights_from", "rights_until", "is_tacit")
            initial = {name: getattr(line, name) for name in names}
        elif tacit and "tacite" in self.request.GET:
            initial = {"is_tacit": True, "result": tacit.value, "decided_on": line.tacit_on}
        else:
            initial = {}
        return DecisionForm(
            *data,
            row=row,
            today=line.site.today(),
            tacit_result=tacit.label.lower() if tacit else "",
            initial=initial,
        )

    def write(self, row: LineRow, typed: dict[str, object]) -> None:
        line = row.line
        names = ("result", "decided_on", "refusal_reason", "rights_from", "rights_until")
        decided = {name: typed[name] for name in names} | {"is_tacit": typed.get("is_tacit", False)}
        if line.result:
            correct_decision(line=line, by=self.request.user, **decided)
        else:
            record_decision(line=line, received_on=typed.get("received_on"), by=self.request.user, **decided)
        label = DecisionResult(typed["result"]).label.lower()
        self.done(f"Décision notée pour {row.name}\u00a0: {label}.", undo="casefiles:line_decision_undo", row=row)


def _take_back(request: HttpRequest, pk: int, undo, sentence: str) -> HttpResponse:
    line = line_or_404(request.user, pk)
    try:
        undo(line=line, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, sentence)
    return redirect(came_from(request, line))


def _ask(request: HttpRequest, line: SlipLine, template_name: str) -> HttpResponse:
    """The page that asks before something noted is erased."""
    row = line_row(line, today=line.site.today())
    context = {"row": row, "line": line, "detail": decision_detail(line), "back_url": came_from(request, line)}
    return render(request, template_name, context)


@for_roles(BOTH)
@require_POST
def line_acknowledgement_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """The receipt was noted by mistake."""
    return _take_back(request, pk, undo_acknowledgement, "Accusé de réception effacé.")


@for_roles(BOTH)
@require_http_methods(["GET", "HEAD", "POST"])
def line_return_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then take the return back: the file is at the caisse again; the message of a return posts at once."""
    if request.method == "POST":
        return _take_back(request, pk, undo_return, "Retour effacé\u00a0: le dossier est de nouveau à la caisse.")
    line = line_or_404(request.user, pk)
    if line.returned_at is None:
        return redirect(came_from(request, line))
    return _ask(request, line, "casefiles/line_return_undo.html")


@for_roles(BOTH)
@require_http_methods(["GET", "HEAD", "POST"])
def line_decision_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then take the decision back; right after it was noted, the message posts without asking."""
    if request.method == "POST":
        return _take_back(request, pk, undo_decision, "Décision effacée\u00a0: le dossier en attend de nouveau une.")
    line = line_or_404(request.user, pk)
    if not line.result:
        return redirect(came_from(request, line))
    return _ask(request, line, "casefiles/line_decision_undo.html")
