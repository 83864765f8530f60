"""Requests of people about their data: recorded at the desk, answered by who oversees the CCAS, undone if need be."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from bookings.models import DataRequest, DataRequestKind, EliminationBasis, EliminationList, Visitor
from franceservices.dates import add_months
from franceservices.errors import DomainError
from partners.models import Site, User

from .elimination_lists import propose_for_objection, withdraw_elimination

MONTHS_TO_ANSWER = 1
"""The delay of RGPD, article 12, paragraph 3, from the receipt."""

_EFFECTS: dict[str, dict[str, object]] = {
    DataRequestKind.NO_MESSAGES: {"email_consent": False, "sms_consent": False},
    DataRequestKind.NO_LINKED_EXPORT: {"is_unlinked_in_exports": True},
}
"""What granting a request writes on the card."""


@transaction.atomic
def record_request(
    *,
    site: Site,
    visitor: Visitor,
    kind: DataRequestKind,
    received_on: date,
    asked_by: str = "",
    details: str = "",
    by: User,
) -> DataRequest:
    """Note that a person used one of her rights; `received_on` is a civil date at the site, today or before.

    Raises DomainError for a day to come or an anonymised card; DoesNotExist outside the perimeter of `by`.
    """
    site = Site.objects.visible_to(by).get(pk=site.pk)
    visitor = _card(visitor, by)
    if received_on > site.today():
        raise DomainError("La demande ne peut pas avoir été reçue après aujourd’hui.")
    return DataRequest.objects.create(
        site=site,
        visitor=visitor,
        kind=kind,
        received_on=received_on,
        due_on=add_months(received_on, MONTHS_TO_ANSWER),
        asked_by=asked_by.strip(),
        details=details.strip(),
        recorded_by=by,
    )


def _card(visitor: Visitor, by: User) -> Visitor:
    """The card that holds now, locked."""
    known = Visitor.objects.visible_to(by)
    card = known.get(pk=visitor.pk).current_card()
    card = known.select_for_update(no_key=True, of=["self"]).get(pk=card.pk)
    if card.anonymised_at is not None:
        raise DomainError("Cette fiche est anonymisée\u00a0: plus rien n’y dit de qui il s’agit.")
    return card


def _locked(request: DataRequest, by: User) -> DataRequest:
    """The request, its card locked before it, as everywhere."""
    found = DataRequest.objects.visible_to(by)
    _card(found.select_related("visitor").get(pk=request.pk).visitor, by)
    return found.select_for_update(no_key=True, of=["self"]).select_related("visitor", "site").get(pk=request.pk)


@transaction.atomic
def answer_request(*, request: DataRequest, is_granted: bool, answer: str, by: User) -> DataRequest:
    """Answer, and apply what is granted to the card at once: messages stop, her number leaves the exports; for an
    objection to keeping, an elimination list of her alone is proposed, which another person approves.

    Raises DomainError when it was answered or taken back, for a refusal without words, or when something keeps her.
    """
    request = _locked(request, by)
    if not request.is_open:
        raise DomainError("Cette demande n’attend plus de réponse.")
    answer = answer.strip()
    if not is_granted and not answer:
        raise DomainError("Un refus dit pourquoi\u00a0: écrivez la réponse faite à la personne.")
    request.is_granted, request.answer = is_granted, answer
    request.answered_at, request.answered_by = timezone.now(), by
    if is_granted:
        request.effect = _applied(request.visitor, _EFFECTS.get(request.kind, {}))
    request.save()
    if is_granted and request.kind == DataRequestKind.NO_KEEPING:
        propose_for_objection(visitor=request.visitor, by=by)
    return request


def _applied(visitor: Visitor, values: dict[str, object]) -> dict[str, object]:
    """Write `values` on the card; what they were before."""
    before = {name: getattr(visitor, name) for name in values}
    for name, value in values.items():
        setattr(visitor, name, value)
    if values:
        visitor.save(update_fields=list(values))
    return before


@transaction.atomic
def reopen_request(*, request: DataRequest, by: User) -> DataRequest:
    """Take an answer back, with what it changed on the card; its elimination list is given up, if it is not launched.

    Raises DomainError when nothing was answered or when the elimination is under way.
    """
    request = _locked(request, by)
    if request.answered_at is None:
        raise DomainError("Cette demande n’a pas encore de réponse.")
    _applied(request.visitor, request.effect)
    if request.is_granted and request.kind == DataRequestKind.NO_KEEPING:
        lists = EliminationList.objects.open().filter(
            basis=EliminationBasis.OBJECTION, lines__visitor=request.visitor, proposed_at__gte=request.answered_at
        )
        for elimination in lists:
            withdraw_elimination(elimination=elimination, by=by)
    request.answered_at = request.answered_by = request.is_granted = None
    request.answer, request.effect = "", {}
    request.save()
    return request


@transaction.atomic
def withdraw_request(*, request: DataRequest, by: User) -> DataRequest:
    """The person gives her request up, or it was noted by mistake; what was answered is taken back first."""
    request = _locked(request, by)
    if request.answered_at is not None:
        raise DomainError("Cette demande a une réponse\u00a0: reprenez d’abord la réponse.")
    if request.withdrawn_at is None:
        request.withdrawn_at, request.withdrawn_by = timezone.now(), by
        request.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return request


@transaction.atomic
def put_request_back(*, request: DataRequest, by: User) -> DataRequest:
    """Undo `withdraw_request`."""
    request = _locked(request, by)
    request.withdrawn_at = request.withdrawn_by = None
    request.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return request
