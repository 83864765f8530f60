"""What the caisse answers before it decides: received, or sent back with what is missing.

Noted on line by an agent of the caisse, or typed back from paper by the CCAS; both write the same rows.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from casefiles.clocks import decision_due_on, tacit_on
from casefiles.models import CaseDocument, DocumentState, SlipLine
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import User

from .access import check_day, check_not_withdrawn, check_text, locked_line

ACKNOWLEDGEMENT_FIELDS = ["acknowledged_at", "acknowledged_by", "received_on", "decision_due_on", "tacit_on"]
RETURN_FIELDS = ["returned_at", "returned_by", "returned_on", "missing", "return_note"]


def set_received(line: SlipLine, *, received_on: date, by: User) -> None:
    """Put the receipt and the clocks that it starts on `line`, not saved."""
    check_day(
        received_on, today=line.site.today(), what="La réception", after=line.sent_on, after_what="l’envoi du bordereau"
    )
    kind = line.file.kind
    line.acknowledged_at, line.acknowledged_by, line.received_on = timezone.now(), by, received_on
    line.decision_due_on = decision_due_on(received_on, days=kind.expected_days, months=kind.expected_months)
    line.tacit_on = tacit_on(received_on, months=kind.tacit_months)


@transaction.atomic
def acknowledge_line(*, line: SlipLine, received_on: date, by: User) -> SlipLine:
    """The caisse has the file since `received_on`; a second time with another date corrects it.

    Raises DomainError for a date before the sending or to come, or once the file was sent back or decided.
    """
    line = locked_line(line, by)
    if line.acknowledged_at is not None and line.received_on == received_on:
        return line
    check_not_withdrawn(line.file)
    _check_not_answered(line)
    set_received(line, received_on=received_on, by=by)
    line.save(update_fields=ACKNOWLEDGEMENT_FIELDS)
    return line


@transaction.atomic
def acknowledge_lines(*, lines: Iterable[SlipLine], received_on: date, by: User) -> list[SlipLine]:
    """Acknowledge several at once: all or none. Those that were acknowledged already keep their date."""
    ordered = sorted(lines, key=lambda line: (line.file_id, line.pk))
    noted = []
    for line in ordered:
        current = locked_line(line, by)
        noted.append(
            current
            if current.acknowledged_at is not None
            else acknowledge_line(line=current, received_on=received_on, by=by)
        )
    return noted


def _check_not_answered(line: SlipLine) -> None:
    if line.returned_at is not None:
        raise DomainError("Ce dossier a déjà été retourné. Rien n’a changé.")
    if line.result:
        raise DomainError("Ce dossier est déjà décidé. Rien n’a changé.")


@transaction.atomic
def undo_acknowledgement(*, line: SlipLine, by: User) -> SlipLine:
    """Take back a receipt noted by mistake."""
    line = locked_line(line, by)
    if line.acknowledged_at is None:
        return line
    _check_not_answered(line)
    for name in ACKNOWLEDGEMENT_FIELDS:
        setattr(line, name, None)
    line.save(update_fields=ACKNOWLEDGEMENT_FIELDS)
    return line


@transaction.atomic
def return_line(
    *,
    line: SlipLine,
    documents: Iterable[CaseDocument | int] = (),
    labels: Sequence[str] = (),
    note: str = "",
    received_on: date | None = None,
    returned_on: date | None = None,
    by: User,
) -> SlipLine:
    """The caisse sends the file back: `documents` of its checklist (rows or ids) are to be given again, `labels` anew.

    The file goes back to preparation with these missing. `received_on` notes the receipt too where it was not;
    `returned_on` is today unless given. Raises DomainError when nothing is asked, or once the file was sent back,
    decided or withdrawn.
    """
    line = locked_line(line, by)
    check_not_withdrawn(line.file)
    _check_not_answered(line)
    today = line.site.today()
    day = returned_on or today
    update_fields = list(RETURN_FIELDS)
    if line.acknowledged_at is None:
        set_received(line, received_on=received_on or day, by=by)
        update_fields += ACKNOWLEDGEMENT_FIELDS
    check_day(day, today=today, what="Le retour", after=line.received_on, after_what="la réception")
    line.missing = _ask_again(line, documents, by) + _ask_anew(line, labels, by)
    if not line.missing:
        raise DomainError("Dites ce qui manque\u00a0: au moins une pièce de la liste, ou une autre.")
    line.returned_at, line.returned_by, line.returned_on = timezone.now(), by, day
    line.return_note = check_text(note, longest=500)
    line.save(update_fields=update_fields)
    return line


def _ask_again(line: SlipLine, documents: Iterable[CaseDocument | int], by: User) -> list[dict[str, object]]:
    """Mark documents of the checklist as missing; what each was is kept, for an undo."""
    ids = {document if isinstance(document, int) else document.pk for document in documents}
    rows = list(CaseDocument.objects.filter(file_id=line.file_id, pk__in=ids).order_by("position", "pk"))
    if len(rows) < len(ids):
        raise DomainError("Une de ces pièces n’est pas de ce dossier. Rien n’a été noté.")
    asked = [
        {
            "document": row.pk,
            "label": row.label,
            "state_before": row.state,
            "was_mandatory": row.is_mandatory,
            "was_asked_by": row.asked_by_line_id,
        }
        for row in rows
    ]
    CaseDocument.objects.filter(pk__in=ids).update(
        state=DocumentState.MISSING, is_mandatory=True, asked_by_line=line, noted_at=timezone.now(), noted_by=by
    )
    return asked


def _ask_anew(line: SlipLine, labels: Sequence[str], by: User) -> list[dict[str, object]]:
    """Add documents to the checklist of the file."""
    last = CaseDocument.objects.filter(file_id=line.file_id).aggregate(last=Max("position"))["last"] or 0
    wanted = dict.fromkeys(label for text in labels if (label := check_text(text)))
    asked = []
    for position, label in enumerate(wanted, start=last + 1):
        row = CaseDocument.objects.create(
            file_id=line.file_id, label=label, position=position, asked_by_line=line, noted_by=by
        )
        asked.append({"document": row.pk, "label": label})
    return asked


@transaction.atomic
def undo_return(*, line: SlipLine, by: User) -> SlipLine:
    """Take back a return noted by mistake: the file is at the caisse again.

    What was asked is as it was, but for what the desk has noted since. Raises DomainError once it was sent again.
    """
    line = locked_line(line, by)
    if line.returned_at is None:
        return line
    check_not_withdrawn(line.file)
    if SlipLine.objects.filter(file_id=line.file_id, pk__gt=line.pk).exists():
        raise DomainError("Ce dossier a été envoyé de nouveau depuis son retour\u00a0: le retour est acquis.")
    for asked in line.missing:
        found = CaseDocument.objects.filter(pk=asked["document"], file_id=line.file_id, asked_by_line=line)
        if "state_before" not in asked:
            found.filter(state=DocumentState.MISSING).delete()
            found.update(asked_by_line=None)
            continue
        found.filter(state=DocumentState.MISSING).update(
            state=asked["state_before"], noted_at=timezone.now(), noted_by=by
        )
        found.update(is_mandatory=asked["was_mandatory"], asked_by_line=asked["was_asked_by"])
    line.returned_at = line.returned_by = line.returned_on = None
    line.missing, line.return_note = [], ""
    with translate_violations(
        {"slip_line_one_open_a_file": DomainError("Ce dossier a été envoyé de nouveau depuis son retour.")}
    ):
        line.save(update_fields=RETURN_FIELDS)
    return line
