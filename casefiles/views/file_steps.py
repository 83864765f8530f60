"""What changes a file in one step: its checklist, taking back, withdrawing, reopening."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from casefiles.forms import WithdrawForm
from casefiles.services import (
    remove_agreement,
    remove_document,
    reopen,
    set_document_state,
    unmark_urgent,
    withdraw,
)
from casefiles.stages import FINAL_STAGES, Stage
from franceservices.errors import DomainError
from partners.permissions import DESK_ROLES, for_roles

from .file_page import PATH_BY_STATE, STATE_BY_PATH, document_or_404, file_or_404

ASKS_FIRST = require_http_methods(["GET", "HEAD", "POST"])


def _ask(request: HttpRequest, *, title: str, sentence: str, action: str, keep: str, file) -> HttpResponse:
    """The page that asks before something is done."""
    return render(
        request,
        "casefiles/file_ask.html",
        {"title": title, "sentence": sentence, "action": action, "keep": keep, "file": file},
    )


@for_roles(DESK_ROLES)
@require_POST
def document_state(request: HttpRequest, pk: int, document_pk: int, state: str) -> HttpResponse:
    """One click: received, missing or not applicable."""
    if state not in STATE_BY_PATH:
        raise Http404
    document = document_or_404(request.user, pk, document_pk)
    before = document.state
    try:
        document = set_document_state(document=document, state=STATE_BY_PATH[state], by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            f"{document.label}\u00a0: {document.get_state_display().lower()}.",
            extra_tags=reverse("casefiles:document_state", args=[pk, document_pk, PATH_BY_STATE[before]])
            if before != document.state
            else "",
        )
    return redirect("casefiles:file_detail", pk)


@for_roles(DESK_ROLES)
@require_POST
def document_remove(request: HttpRequest, pk: int, document_pk: int) -> HttpResponse:
    """Take back a document that was added to this file by hand."""
    document = document_or_404(request.user, pk, document_pk)
    label = document.label
    try:
        remove_document(document=document, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Pièce retirée de la liste\u00a0: {label}.")
    return redirect("casefiles:file_detail", pk)


@for_roles(DESK_ROLES)
@ASKS_FIRST
def agreement_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """The agreement was noted by mistake, or the person took it back."""
    file = file_or_404(request.user, pk)
    if request.method != "POST":
        return _ask(
            request,
            title="Retirer l’accord de la personne\u00a0?",
            sentence="Sans accord, le dossier ne pourra plus être envoyé. Ses pièces restent notées.",
            action="Retirer l’accord",
            keep="Garder l’accord",
            file=file,
        )
    try:
        remove_agreement(file=file, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Accord retiré\u00a0: le dossier ne sera pas envoyé sans un nouvel accord.")
    return redirect("casefiles:file_detail", pk)


@for_roles(DESK_ROLES)
@ASKS_FIRST
def urgency_lift(request: HttpRequest, pk: int) -> HttpResponse:
    """The file can wait like the others."""
    file = file_or_404(request.user, pk)
    if request.method != "POST":
        return _ask(
            request,
            title="Lever l’urgence\u00a0?",
            sentence="Le dossier reprendra sa place parmi les autres"
            + (f", et «\u00a0{file.urgency}\u00a0» sera effacé." if file.urgency else "."),
            action="Lever l’urgence",
            keep="Garder l’urgence",
            file=file,
        )
    unmark_urgent(file=file, by=request.user)
    messages.success(request, "Urgence levée.")
    return redirect("casefiles:file_detail", pk)


@for_roles(DESK_ROLES)
@ASKS_FIRST
def file_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why, then give the request up; the message that follows offers to take it back."""
    file = file_or_404(request.user, pk)
    if Stage(file.stage) in FINAL_STAGES:
        messages.info(request, "Ce dossier est terminé\u00a0: il n’y a rien à retirer.")
        return redirect("casefiles:file_detail", pk)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw(file=file, reason=form.cleaned_data["reason"], by=request.user)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(
                request,
                f"Dossier de {file.visitor.full_name} retiré.",
                extra_tags=reverse("casefiles:file_reopen", args=[pk]),
            )
            return redirect("casefiles:file_detail", pk)
    return render(request, "casefiles/file_withdraw.html", {"file": file, "stage": Stage(file.stage), "form": form})


@for_roles(DESK_ROLES)
@require_POST
def file_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a withdrawal back: the file stands where it stood."""
    file = file_or_404(request.user, pk)
    try:
        reopen(file=file, by=request.user)
    except DomainError as error:
        messages.error(request, f"{error.message} Rien n’a été changé.")
    else:
        messages.success(request, f"Dossier de {file.visitor.full_name} rouvert.")
    return redirect("casefiles:file_detail", pk)
