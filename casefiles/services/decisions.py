"""The decision of the caisse: said by its agent, typed back from paper, or made by its silence."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from casefiles.models import CaseFile, DecisionResult, SlipLine
from franceservices.dates import format_date_long
from franceservices.errors import DomainError
from partners.models import User

from .access import check_day, check_not_withdrawn, check_text, locked_line
from .answers import ACKNOWLEDGEMENT_FIELDS, set_received

DECISION_FIELDS = [
    "result",
    "is_tacit",
    "decided_on",
    "decision_recorded_at",
    "decision_recorded_by",
    "refusal_reason",
    "rights_from",
    "rights_until",
]


@transaction.atomic
def record_decision(
    *,
    line: SlipLine,
    result: DecisionResult,
    decided_on: date,
    refusal_reason: str = "",
    rights_from: date | None = None,
    rights_until: date | None = None,
    is_tacit: bool = False,
    received_on: date | None = None,
    by: User,
) -> SlipLine:
    """Note what was decided on `decided_on`, with the period of rights (both days included) or the reason of a refusal.

    `received_on` notes the receipt too where it was not. A tacit decision is dated the last day of the silence that
    makes it, and can be noted from the next day on. Raises DomainError for dates out of order, a refusal without a
    reason, rights of a refusal, or once the file was decided, sent back or withdrawn.
    """
    line = locked_line(line, by)
    if line.result:
        raise DomainError("Ce dossier est déjà décidé\u00a0: corrigez la décision si elle est fausse.")
    update_fields = list(DECISION_FIELDS)
    if line.acknowledged_at is None and line.returned_at is None:
        if received_on is None:
            raise DomainError("La caisse n’a pas encore accusé réception\u00a0: dites quand elle a reçu le dossier.")
        set_received(line, received_on=received_on, by=by)
        update_fields += ACKNOWLEDGEMENT_FIELDS
    _decide(
        line,
        result=DecisionResult(result),
        decided_on=decided_on,
        refusal_reason=refusal_reason,
        rights_from=rights_from,
        rights_until=rights_until,
        is_tacit=is_tacit,
        by=by,
    )
    line.save(update_fields=update_fields)
    return line


@transaction.atomic
def correct_decision(
    *,
    line: SlipLine,
    result: DecisionResult,
    decided_on: date,
    refusal_reason: str = "",
    rights_from: date | None = None,
    rights_until: date | None = None,
    is_tacit: bool = False,
    by: User,
) -> SlipLine:
    """Replace a decision that was noted wrong; as `record_decision`, for a file that is decided."""
    line = locked_line(line, by)
    if not line.result:
        raise DomainError("Aucune décision n’est notée pour ce dossier.")
    if result != DecisionResult.ACCEPTED:
        _check_not_renewed(line)
    _decide(
        line,
        result=DecisionResult(result),
        decided_on=decided_on,
        refusal_reason=refusal_reason,
        rights_from=rights_from,
        rights_until=rights_until,
        is_tacit=is_tacit,
        by=by,
    )
    line.save(update_fields=DECISION_FIELDS)
    return line


@transaction.atomic
def undo_decision(*, line: SlipLine, by: User) -> SlipLine:
    """Take back a decision noted by mistake: the file waits for one again."""
    line = locked_line(line, by)
    if not line.result:
        return line
    _check_not_renewed(line)
    line.result, line.is_tacit, line.refusal_reason = "", False, ""
    line.decided_on = line.rights_from = line.rights_until = None
    line.decision_recorded_at = line.decision_recorded_by = None
    line.save(update_fields=DECISION_FIELDS)
    return line


def _decide(
    line: SlipLine,
    *,
    result: DecisionResult,
    decided_on: date,
    refusal_reason: str,
    rights_from: date | None,
    rights_until: date | None,
    is_tacit: bool,
    by: User,
) -> None:
    """Put a decision that holds together on `line`, not saved."""
    check_not_withdrawn(line.file)
    if line.returned_at is not None:
        raise DomainError("La caisse a retourné ce dossier\u00a0: il n’est pas décidé tant qu’il n’est pas renvoyé.")
    today = line.site.today()
    check_day(decided_on, today=today, what="La décision", after=line.received_on, after_what="la réception du dossier")
    if is_tacit:
        _check_tacit(line, result=result, decided_on=decided_on, today=today)
    reason = check_text(refusal_reason, longest=500)
    if result is DecisionResult.REFUSED:
        if not reason and not is_tacit:
            raise DomainError("Dites le motif du refus.")
        if rights_from or rights_until:
            raise DomainError("Un refus n’ouvre pas de droits\u00a0: laissez leurs dates vides.")
    elif reason:
        raise DomainError("Un accord n’a pas de motif de refus.")
    if rights_until and not rights_from:
        raise DomainError("Dites aussi depuis quand les droits sont ouverts.")
    if rights_from and rights_until and rights_until < rights_from:
        raise DomainError("La fin des droits doit suivre leur début.")
    line.result, line.is_tacit, line.decided_on = result, is_tacit, decided_on
    line.refusal_reason, line.rights_from, line.rights_until = reason, rights_from, rights_until
    line.decision_recorded_at, line.decision_recorded_by = timezone.now(), by


def _check_tacit(line: SlipLine, *, result: DecisionResult, decided_on: date, today: date) -> None:
    """Raise DomainError unless the law gives this meaning to the caisse's silence, and the silence has lasted."""
    kind = line.file.kind
    if line.tacit_on is None or kind.tacit_outcome != result:
        raise DomainError(
            f"Pour «\u00a0{kind.label}\u00a0», le silence de la caisse ne vaut pas {result.label.lower()}."
        )
    if today <= line.tacit_on:
        raise DomainError(f"La caisse peut encore répondre jusqu’au {format_date_long(line.tacit_on)}.")
    if decided_on != line.tacit_on:
        raise DomainError(f"La décision tacite est du {format_date_long(line.tacit_on)}.")


def _check_not_renewed(line: SlipLine) -> None:
    if CaseFile.objects.filter(renewal_of=line.file_id, withdrawn_at=None).exists():
        raise DomainError("Le renouvellement de ces droits est en cours\u00a0: retirez-le d’abord.")
