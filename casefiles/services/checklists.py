"""The checklist of a file: each document received, missing or not applicable."""

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from casefiles.models import CaseDocument, CaseFile, DocumentState
from franceservices.errors import DomainError
from partners.models import User

from .access import check_preparing, check_text, locked_file


def _locked_document(document: CaseDocument, by: User) -> CaseDocument:
    """The row of a file in preparation, its file locked; DoesNotExist outside the perimeter or once removed."""
    file = locked_file(document.file, by)
    check_preparing(file)
    return CaseDocument.objects.get(pk=document.pk, file=file)


@transaction.atomic
def set_document_state(*, document: CaseDocument, state: DocumentState, by: User) -> CaseDocument:
    """Note a document as received, missing or not applicable, with who and when."""
    document = _locked_document(document, by)
    if document.state == state:
        return document
    document.state, document.noted_at, document.noted_by = DocumentState(state), timezone.now(), by
    document.save(update_fields=["state", "noted_at", "noted_by"])
    return document


@transaction.atomic
def add_document(*, file: CaseFile, label: str, is_mandatory: bool = True, by: User) -> CaseDocument:
    """Ask for one more document, in this file only; the same label twice gives the one that is there."""
    file = locked_file(file, by)
    check_preparing(file)
    label = check_text(label)
    if not label:
        raise DomainError("Dites quelle pièce est à fournir.")
    known = file.documents.filter(label__iexact=label).first()
    if known is not None:
        return known
    last = file.documents.aggregate(last=Max("position"))["last"] or 0
    return CaseDocument.objects.create(
        file=file, label=label, position=last + 1, is_mandatory=is_mandatory, noted_by=by
    )


@transaction.atomic
def remove_document(*, document: CaseDocument, by: User) -> None:
    """Take away a document that was added by hand; those of the kind's checklist are marked « sans objet » instead."""
    document = _locked_document(document, by)
    if document.required_document_id is not None:
        raise DomainError("Cette pièce est de la liste de la nature\u00a0: notez-la plutôt «\u00a0Sans objet\u00a0».")
    if document.asked_by_line_id is not None:
        raise DomainError("La caisse a demandé cette pièce\u00a0: elle reste dans la liste.")
    document.delete()
