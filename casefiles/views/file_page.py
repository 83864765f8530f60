"""The page of one file, and the small forms that stand on it: what is refused comes back on the page, as typed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View

from casefiles.clocks import LineClock, RenewalWindow, line_clock, renewal_window
from casefiles.file_rows import lacking_words
from casefiles.forms import AddDocumentForm, AgreementForm, AssignForm, NotesForm, UrgencyForm, colleagues
from casefiles.history import events_of, ribbon_of
from casefiles.models import CaseDocument, CaseFile, DocumentState, RightsAlert, SlipLine
from casefiles.services import add_document, assign, mark_urgent, record_agreement, write_social_notes
from casefiles.stages import FINAL_STAGES, Stage
from casefiles.urgency import urgent_contacts
from franceservices.errors import DomainError
from partners.models import User
from partners.permissions import DESK_ROLES, RoleRequiredMixin

# The three answers to each document: the state, what the button says, what it is called in addresses.
ANSWERS = (
    (DocumentState.RECEIVED, "Reçue", "recue"),
    (DocumentState.MISSING, "Manquante", "manquante"),
    (DocumentState.NOT_APPLICABLE, "Sans objet", "sans-objet"),
)
STATE_BY_PATH = {path: state for state, _label, path in ANSWERS}
PATH_BY_STATE = {state: path for state, _label, path in ANSWERS}


def file_or_404(user: User, pk: int) -> CaseFile:
    """The file with its stage and all that its page names; outside the user's perimeter it does not exist."""
    files = CaseFile.objects.visible_to(user).with_stage().with_parties()
    named = files.select_related(
        *("site__ccas", "visitor", "kind", "partner", "convention", "agent", "opened_by"),
        *("agreement_recorded_by", "withdrawn_by", "renewal_of"),
    )
    return get_object_or_404(named, pk=pk)


def passages_of(file: CaseFile) -> list[SlipLine]:
    """The lines of the slips that `file` went with, the first one first."""
    authors = ("acknowledged_by", "returned_by", "decision_recorded_by", "slip__sent_by")
    return list(file.lines.select_related("slip", "partner", "site", *authors).order_by("pk"))


def clock_of(line: SlipLine | None) -> LineClock | None:
    """What is awaited of a file at the caisse today; None when it is not there, or decided."""
    if line is None or line.result:
        return None
    return line_clock(
        today=line.site.today(),
        acknowledgement_due_on=line.acknowledgement_due_on,
        received_on=line.received_on,
        decision_due_on=line.decision_due_on,
        tacit_on=line.tacit_on,
    )


def _window_of(file: CaseFile, line: SlipLine | None) -> RenewalWindow | None:
    if line is None or line.rights_until is None or not file.kind.is_renewable:
        return None
    return renewal_window(line.rights_until, today=file.site.today())


def page_of_file(request: HttpRequest, file: CaseFile, **forms: object) -> HttpResponse:
    """The page; `forms` are those of the page that hold something typed wrong."""
    lines = passages_of(file)
    line = next((line for line in lines if line.returned_at is None), None)
    last_return = next((line for line in reversed(lines) if line.returned_at is not None), None)
    alerts = list(RightsAlert.objects.visible_to(request.user).filter(file=file).with_parties())
    stage = Stage(file.stage)
    documents = list(file.documents.select_related("noted_by", "asked_by_line").order_by("position", "pk"))
    today = file.site.today()
    return render(
        request,
        "casefiles/file_detail.html",
        {
            "file": file,
            "stage": stage,
            "today": today,
            "age": file.visitor.age_on(today),
            "ribbon": ribbon_of(file, stage=stage, line=line, last_return=last_return),
            "documents": documents,
            "settled_count": sum(document.state != DocumentState.MISSING for document in documents),
            "answers": ANSWERS,
            "is_preparing": line is None and file.withdrawn_at is None,
            "is_final": stage in FINAL_STAGES,
            "is_withdrawn": stage is Stage.WITHDRAWN,
            "is_complete": stage is Stage.COMPLETE,
            "lacking": lacking_words(file),
            "line": line,
            "lines": lines,
            "last_return": last_return if line is None else None,
            "clock": clock_of(line),
            "window": _window_of(file, line),
            "renewals": list(file.renewals.filter(withdrawn_at=None)),
            "contacts": urgent_contacts(file.partner) if file.is_urgent else None,
            "alerts": [alert for alert in alerts if alert.closed_at is None],
            "events": events_of(file, lines, alerts),
            "agreement_form": forms.get("agreement_form") or AgreementForm(today=today),
            "urgency_form": forms.get("urgency_form") or UrgencyForm(),
            "notes_form": forms.get("notes_form") or NotesForm(initial={"social_notes": file.social_notes}),
            "notes_open": "notes_form" in forms,
            "assign_form": forms.get("assign_form")
            or AssignForm(initial={"agent": file.agent_id}, agents=colleagues(file.site, including=file.agent_id)),
            "assign_open": "assign_form" in forms,
            "document_form": forms.get("document_form") or AddDocumentForm(),
        },
    )


def document_or_404(user: User, pk: int, document_pk: int) -> CaseDocument:
    """A document of a file of the user's perimeter."""
    files = CaseFile.objects.visible_to(user)
    return get_object_or_404(CaseDocument.objects.select_related("file"), pk=document_pk, file_id=pk, file__in=files)


class CaseFileDetailView(RoleRequiredMixin, View):
    """Who asks for what, what is there and what is missing, where it stands, what comes next."""

    roles = DESK_ROLES

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return page_of_file(request, file_or_404(request.user, pk))


class FilePartView(RoleRequiredMixin, View):
    """A form of the page of a file, posted: what it says is written, or the page comes back with the form as typed."""

    roles = DESK_ROLES
    http_method_names = ["post", "options"]
    name: str

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        file = file_or_404(request.user, pk)
        form = self.form_of(file)
        if form.is_valid():
            try:
                self.write(file, form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                return redirect("casefiles:file_detail", pk)
        return page_of_file(request, file, **{self.name: form})

    def form_of(self, file: CaseFile):
        raise NotImplementedError

    def write(self, file: CaseFile, typed: dict[str, object]) -> None:
        raise NotImplementedError


class AgreementView(FilePartView):
    """The person agreed that her file be sent."""

    name = "agreement_form"

    def form_of(self, file: CaseFile) -> AgreementForm:
        return AgreementForm(self.request.POST, today=file.site.today())

    def write(self, file: CaseFile, typed: dict[str, object]) -> None:
        record_agreement(file=file, agreed_on=typed["agreed_on"], by=self.request.user)
        messages.success(
            self.request,
            "Accord noté\u00a0: le dossier peut être envoyé dès que ses pièces sont réunies.",
            extra_tags=reverse("casefiles:file_agreement_remove", args=[file.pk]),
        )


class UrgencyView(FilePartView):
    """A file that cannot wait: from now on whom to call is on top of its page."""

    name = "urgency_form"

    def form_of(self, file: CaseFile) -> UrgencyForm:
        return UrgencyForm(self.request.POST)

    def write(self, file: CaseFile, typed: dict[str, object]) -> None:
        mark_urgent(file=file, urgency=typed["urgency"], by=self.request.user)
        messages.success(
            self.request,
            "Dossier signalé urgent\u00a0: qui appeler est affiché en haut de la page.",
            extra_tags=reverse("casefiles:file_urgency_lift", args=[file.pk]),
        )


class NotesView(FilePartView):
    """What the CCAS alone reads."""

    name = "notes_form"

    def form_of(self, file: CaseFile) -> NotesForm:
        return NotesForm(self.request.POST)

    def write(self, file: CaseFile, typed: dict[str, object]) -> None:
        write_social_notes(file=file, text=typed["social_notes"], by=self.request.user)
        messages.success(self.request, "Notes sociales enregistrées.")


class AssignView(FilePartView):
    """Somebody else follows the file."""

    name = "assign_form"

    def form_of(self, file: CaseFile) -> AssignForm:
        return AssignForm(self.request.POST, agents=colleagues(file.site, including=file.agent_id))

    def write(self, file: CaseFile, typed: dict[str, object]) -> None:
        assign(file=file, agent=typed["agent"], by=self.request.user)
        messages.success(self.request, f"Dossier suivi par {typed['agent'].get_full_name()}.")


class AddDocumentView(FilePartView):
    """One more document in the checklist of this file."""

    name = "document_form"

    def form_of(self, file: CaseFile) -> AddDocumentForm:
        return AddDocumentForm(self.request.POST)

    def write(self, file: CaseFile, typed: dict[str, object]) -> None:
        document = add_document(
            file=file, label=typed["label"], is_mandatory=typed["is_mandatory"], by=self.request.user
        )
        messages.success(
            self.request,
            f"Pièce ajoutée\u00a0: {document.label}.",
            extra_tags=reverse("casefiles:document_remove", args=[file.pk, document.pk]),
        )
