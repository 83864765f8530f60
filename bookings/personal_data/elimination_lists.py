"""Lists of people whose data are to go: proposed, rehearsed, approved by another person, then launched."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from bookings.models import EliminationBasis, EliminationLine, EliminationList, EliminationState, Visitor
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import Ccas, User
from partners.numbering import hold_numbers_of, next_number

from .journal import check_folder
from .queueing import defer_elimination, defer_rehearsal
from .retention import hindrances_of, is_in_open_list, last_contacts, past_the_term, terms_of, zone_of

MOST_PEOPLE = 500
"""In one list: what a person can read before she approves."""
SAME_PERSON = DomainError(
    "Vous avez proposé cette liste\u00a0: une autre personne doit l’approuver. Elle reste en attente."
)


@transaction.atomic
def propose_elimination(*, ccas: Ccas, by: User) -> EliminationList:
    """Make a list of those past the term, the longest without contact first, MOST_PEOPLE at most; its rehearsal is
    asked for.

    Raises DomainError when there is nobody, Ccas.DoesNotExist outside the perimeter of `by`.
    """
    ccas = Ccas.objects.visible_to(by).get(pk=ccas.pk)
    hold_numbers_of(ccas)
    terms = terms_of(ccas)
    people = list(past_the_term(ccas, terms).order_by("created_at", "pk")[:MOST_PEOPLE]) if terms else []
    if not people:
        raise DomainError("Personne n’a dépassé la durée de conservation\u00a0: il n’y a rien à proposer.")
    return _made(ccas, people, EliminationBasis.RETENTION, [term.kept() for term in terms], by)


@transaction.atomic
def propose_for_objection(*, visitor: Visitor, by: User) -> EliminationList:
    """Make a list of the one person who objected to being kept, whatever the term; another person still approves it.

    Raises DomainError when something keeps her or when a list names her already.
    """
    visitor = Visitor.objects.visible_to(by).current().select_related("ccas").get(pk=visitor.pk)
    hold_numbers_of(visitor.ccas)
    kept = hindrances_of(visitor)
    if kept:
        raise DomainError(
            f"Les données de {visitor.full_name} ne peuvent pas encore être effacées\u00a0: {', '.join(kept)}."
        )
    if is_in_open_list(visitor):
        raise DomainError(f"{visitor.full_name} est déjà dans une liste d’élimination en cours.")
    return _made(visitor.ccas, [visitor], EliminationBasis.OBJECTION, [], by)


def _made(ccas: Ccas, people: Sequence[Visitor], basis: EliminationBasis, rules: list, by: User) -> EliminationList:
    zone = zone_of(ccas)
    today = timezone.localdate(timezone=zone)
    made = EliminationList.objects.create(
        ccas=ccas,
        year=today.year,
        number=next_number(EliminationList, ccas_id=ccas.pk, year=today.year),
        basis=basis,
        rules=rules,
        proposed_by=by,
    )
    latest = last_contacts(people)
    in_order = sorted(people, key=lambda person: (latest[person.pk], person.pk))
    EliminationLine.objects.bulk_create(
        EliminationLine(
            list=made,
            visitor=person,
            position=position,
            last_contact_on=timezone.localtime(latest[person.pk], zone).date(),
        )
        for position, person in enumerate(in_order, start=1)
    )
    defer_rehearsal(made.pk)
    return made


def _locked(elimination: EliminationList, by: User) -> EliminationList:
    return (
        EliminationList.objects.visible_to(by)
        .select_for_update(no_key=True, of=["self"])
        .select_related("ccas")
        .get(pk=elimination.pk)
    )


def _check_state(elimination: EliminationList, *states: EliminationState) -> None:
    if elimination.state not in states:
        raise DomainError(
            f"La liste n°\u00a0{elimination.full_number} est «\u00a0{elimination.state.label}\u00a0»\u00a0: rien n’a"
            " été changé."
        )


@transaction.atomic
def keep_person(*, line: EliminationLine, because: str, by: User) -> EliminationLine:
    """Take a person out of a list that is not approved, and say why; her line stays, struck out."""
    _check_state(_locked(line.list, by), EliminationState.PROPOSED, EliminationState.REHEARSED)
    because = because.strip()
    if not because:
        raise DomainError("Dites pourquoi cette fiche est gardée.")
    EliminationLine.objects.filter(pk=line.pk).update(kept_because=because[:200])
    line.refresh_from_db()
    return line


@transaction.atomic
def put_back(*, line: EliminationLine, by: User) -> EliminationLine:
    """Undo `keep_person`."""
    _check_state(_locked(line.list, by), EliminationState.PROPOSED, EliminationState.REHEARSED)
    EliminationLine.objects.filter(pk=line.pk).update(kept_because="")
    line.refresh_from_db()
    return line


@transaction.atomic
def rehearse_again(*, elimination: EliminationList, by: User) -> EliminationList:
    """Ask for the rehearsal once more: people may have come since."""
    elimination = _locked(elimination, by)
    _check_state(elimination, EliminationState.PROPOSED, EliminationState.REHEARSED)
    elimination.rehearsed_at, elimination.attempts = None, 0
    elimination.save(update_fields=["rehearsed_at", "attempts"])
    defer_rehearsal(elimination.pk)
    return elimination


@transaction.atomic
def approve_elimination(*, elimination: EliminationList, by: User) -> EliminationList:
    """Say yes to what the rehearsal announced. Raises DomainError for who proposed it, before the rehearsal, or with
    nobody left in it.
    """
    elimination = _locked(elimination, by)
    _check_state(elimination, EliminationState.REHEARSED)
    if elimination.proposed_by_id == by.pk:
        raise SAME_PERSON
    if not elimination.lines.filter(kept_because="").exists():
        raise DomainError("Toutes les fiches de cette liste sont gardées\u00a0: abandonnez-la plutôt.")
    elimination.approved_at, elimination.approved_by = timezone.now(), by
    with translate_violations({"elimination_approved_by_another": SAME_PERSON}):
        elimination.save(update_fields=["approved_at", "approved_by"])
    return elimination


@transaction.atomic
def take_approval_back(*, elimination: EliminationList, by: User) -> EliminationList:
    """Undo `approve_elimination`, as long as nothing was launched."""
    elimination = _locked(elimination, by)
    _check_state(elimination, EliminationState.APPROVED)
    elimination.approved_at = elimination.approved_by = None
    elimination.save(update_fields=["approved_at", "approved_by"])
    return elimination


@transaction.atomic
def withdraw_elimination(*, elimination: EliminationList, by: User) -> EliminationList:
    """Give a list up before it is launched; its number stays taken, its people may be proposed again."""
    elimination = _locked(elimination, by)
    _check_state(elimination, EliminationState.PROPOSED, EliminationState.REHEARSED, EliminationState.APPROVED)
    elimination.withdrawn_at, elimination.withdrawn_by = timezone.now(), by
    elimination.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return elimination


@transaction.atomic
def launch_elimination(*, elimination: EliminationList, number: str, by: User) -> EliminationList:
    """Have the worker empty the data of the people of an approved list. It cannot be undone: `number`, typed by hand,
    is the list's own.
    """
    elimination = _locked(elimination, by)
    _check_state(elimination, EliminationState.APPROVED)
    if number.strip() != elimination.full_number:
        raise DomainError(
            f"Pour lancer l’anonymisation, recopiez le numéro de la liste\u00a0: {elimination.full_number}."
        )
    check_folder()
    elimination.launched_at, elimination.launched_by, elimination.attempts = timezone.now(), by, 0
    elimination.save(update_fields=["launched_at", "launched_by", "attempts"])
    defer_elimination(elimination.pk)
    return elimination


@transaction.atomic
def resume_elimination(*, elimination: EliminationList, by: User) -> EliminationList:
    """Ask the worker again for a list that was interrupted too often."""
    elimination = _locked(elimination, by)
    _check_state(elimination, EliminationState.LAUNCHED)
    elimination.attempts = 0
    elimination.save(update_fields=["attempts"])
    defer_elimination(elimination.pk)
    return elimination
