"""The writers of occurrences of obligations: fulfilled with a proof or waived with a reason, and taken back."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from franceservices.dates import format_date_long
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import User

from .models import (
    CommitteeMeeting,
    Convention,
    Document,
    DocumentKind,
    ObligationDue,
    ObligationKind,
    TrainingSession,
)
from .models.obligation_due import ObligationDueQuerySet
from .occurrences import refresh_occurrences

PROOF_MISSING = "Joignez une preuve ou dites en quelques mots ce qui remplit l’obligation."
# Which kind of file is what an obligation asks for.
PROVING_KINDS = {
    ObligationKind.INSURANCE_CERTIFICATE: DocumentKind.INSURANCE_CERTIFICATE,
    ObligationKind.COMMITTEE: DocumentKind.MINUTES,
    ObligationKind.YEARLY_REPORT: DocumentKind.YEARLY_REPORT,
}


@transaction.atomic
def fulfil(
    *,
    occurrence: ObligationDue,
    on: date,
    by: User,
    document: Document | None = None,
    committee_meeting: CommitteeMeeting | None = None,
    training_session: TrainingSession | None = None,
    proof_note: str = "",
) -> ObligationDue:
    """Say that `occurrence` was fulfilled on the civil date `on`, and by what.

    Raises DomainError without a proof, for a day to come, for a proof of another space or convention, a withdrawn
    document, or an occurrence that is settled already; ObligationDue.DoesNotExist outside the perimeter of `by`.
    """
    occurrence = _locked(occurrence, by)
    convention = occurrence.obligation.convention
    if occurrence.fulfilled_on is not None:
        raise DomainError(
            f"Cette échéance est déjà remplie, depuis le {format_date_long(occurrence.fulfilled_on)}."
            " Rien n’est changé\u00a0: reprenez-la d’abord."
        )
    if occurrence.waived_at is not None:
        raise DomainError("Cette échéance a été dispensée. Rien n’est changé\u00a0: levez d’abord la dispense.")
    if on > convention.site.today():
        raise DomainError("Cette date est à venir\u00a0: donnez le jour où l’obligation a été remplie.")
    if document is not None:
        _check_document(document, convention)
    for proof in (committee_meeting, training_session):
        if proof is not None and proof.convention_id != convention.pk:
            raise DomainError(f"«\u00a0{proof}\u00a0» concerne une autre convention.")
    occurrence.fulfilled_on = on
    occurrence.document, occurrence.committee_meeting = document, committee_meeting
    occurrence.training_session, occurrence.proof_note = training_session, proof_note.strip()
    occurrence.recorded_at, occurrence.recorded_by = timezone.now(), by
    with translate_violations({"obligation_due_fulfilled_has_proof": DomainError(PROOF_MISSING)}):
        occurrence.save()
    return occurrence


@transaction.atomic
def unfulfil(*, occurrence: ObligationDue, by: User) -> None:
    """Take back that `occurrence` was fulfilled; its proofs stay where they are, it is owed again if it still is.

    Raises DomainError when it is not fulfilled, ObligationDue.DoesNotExist outside the perimeter of `by`.
    """
    occurrence = _locked(occurrence, by)
    if occurrence.fulfilled_on is None:
        raise DomainError("Cette échéance n’est pas remplie.")
    occurrence.fulfilled_on = occurrence.recorded_at = occurrence.recorded_by = None
    occurrence.document = occurrence.committee_meeting = occurrence.training_session = None
    occurrence.proof_note = ""
    occurrence.save()
    refresh_occurrences(convention=occurrence.obligation.convention)


@transaction.atomic
def waive(*, occurrence: ObligationDue, reason: str, by: User) -> ObligationDue:
    """Ask no more for `occurrence`, for a reason that is kept.

    Raises DomainError without a reason or when it is settled already, ObligationDue.DoesNotExist outside the perimeter.
    """
    occurrence = _locked(occurrence, by)
    if not reason.strip():
        raise DomainError("Écrivez pourquoi cette échéance n’est pas demandée.")
    if occurrence.is_settled:
        raise DomainError("Cette échéance est déjà remplie ou dispensée.")
    occurrence.waived_at, occurrence.waived_by = timezone.now(), by
    occurrence.waiver_reason = reason.strip()
    occurrence.save()
    return occurrence


@transaction.atomic
def waive_late(*, convention: Convention, reason: str, by: User) -> int:
    """Ask no more for all that is late today under `convention`, for one reason that is kept; returns how many.

    Raises DomainError without a reason, Convention.DoesNotExist outside the perimeter of `by`.
    """
    convention = Convention.objects.visible_to(by).select_related("site").get(pk=convention.pk)
    if not reason.strip():
        raise DomainError("Écrivez pourquoi ces échéances ne sont pas demandées.")
    late = ObligationDue.objects.late_on(convention.site.today()).filter(obligation__convention=convention)
    return late.update(waived_at=timezone.now(), waived_by=by, waiver_reason=reason.strip())


@transaction.atomic
def unwaive(*, occurrence: ObligationDue, by: User) -> None:
    """Ask again for an occurrence that was waived. Raises as `unfulfil` does."""
    occurrence = _locked(occurrence, by)
    if occurrence.waived_at is None:
        raise DomainError("Cette échéance n’a pas été dispensée.")
    occurrence.waived_at = occurrence.waived_by = None
    occurrence.waiver_reason = ""
    occurrence.save()
    refresh_occurrences(convention=occurrence.obligation.convention)


def proven_by(document: Document) -> ObligationDue | None:
    """The open occurrence that `document` seems made to prove: of its convention, of the kind it proves.

    The one whose period its validity begins in or, without one, the earliest that has begun; else the next.
    """
    if document.convention_id is None or document.withdrawn_at is not None:
        return None
    kinds = [owed for owed, kind in PROVING_KINDS.items() if kind == document.kind]
    due = open_occurrences(document.convention).filter(obligation__kind__in=kinds)
    if document.valid_from is not None:
        covering = due.filter(period_ends_on__gte=document.valid_from)
        if document.valid_until is not None:
            covering = covering.filter(period_starts_on__lte=document.valid_until)
        return covering.first()
    return due.first()


def open_occurrences(convention: Convention) -> ObligationDueQuerySet:
    """What is still owed under `convention`, the earliest first."""
    return (
        ObligationDue.objects.open()
        .filter(obligation__convention=convention)
        .select_related("obligation")
        .order_by("due_on", "pk")
    )


def _check_document(document: Document, convention: Convention) -> None:
    if document.site_id != convention.site_id or document.convention_id not in (None, convention.pk):
        raise DomainError("Ce document est celui d’un autre espace ou d’une autre convention.")
    if document.withdrawn_at is not None:
        raise DomainError("Ce document a été retiré. Remettez-le d’abord.")


def _locked(occurrence: ObligationDue, by: User) -> ObligationDue:
    """The row as it is now, of a convention of `by`: a partner's agent sees what she owes, but settles nothing."""
    return (
        ObligationDue.objects.filter(obligation__convention__in=Convention.objects.visible_to(by))
        .select_related("obligation__convention__site")
        .select_for_update(no_key=True, of=["self"])
        .get(pk=occurrence.pk)
    )
