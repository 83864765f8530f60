"""The writers of avenants: drafts, their putting in force, their revocation. See `docs/decisions/0008-avenants.md`.

A draft changes nothing. Put in force, an avenant changes the grid and the last day of its convention, tells the floors
above, and is frozen by a trigger of the database; `FeeTerms` stays as signed, the fee is read from the avenants
(`terms.py`). One whose effect has not begun may be revoked: everything is then exactly as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from franceservices.dates import format_date_long, format_time_range
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import Office, User

from .agreed_terms import SlotTerms, Terms
from .amended_rows import amended_rows, in_order
from .grid import GridAnswer
from .journal import note
from .models import Amendment, Convention, Deliberation, FeeStatement, OfficeAllocation, PermanenceSlot
from .services import held_with_rooms, settle_grid
from .terms import ONE_DAY, ConventionHistory, amendment_terms, dated_rows, read_history
from .terms_json import DatedSlot, replaced_to_json, terms_from_json, terms_to_json

FROZEN = "Cet avenant est en vigueur\u00a0: il ne se modifie plus. Préparez un nouvel avenant, ou révoquez celui-ci."
DENOUNCED = (
    "La convention est dénoncée\u00a0: elle court telle quelle jusqu’à son terme. Retirez d’abord la dénonciation pour"
    " la modifier."
)
OFFICE_TAKEN = (
    "Un bureau est déjà pris à l’une de ces heures par un autre créneau. Rien n’est enregistré\u00a0: changez l’heure"
    " ou le bureau."
)


@dataclass(frozen=True)
class AmendmentText:
    """What an avenant says of itself, besides the terms."""

    number: int
    subject: str
    reason: str
    effective_on: date
    deliberation: Deliberation | None


def next_number(convention: Convention) -> int:
    """The number of the next avenant of `convention`, drafts counted."""
    return (convention.amendments.aggregate(highest=Max("number"))["highest"] or 0) + 1


def terms_before(history: ConventionHistory, effective_on: date) -> Terms:
    """The terms that an avenant of `effective_on` would change: those of the day, or of the last day for a prolongation
    that begins after it."""
    return history.terms_on(min(effective_on, history.convention.ends_on))


@transaction.atomic
def save_draft(
    *, convention: Convention, amendment: Amendment | None, text: AmendmentText, terms: Terms, by: User
) -> Amendment:
    """Write a new draft of `convention`, or `amendment` anew; `terms` are those that hold from its effect on.

    Raises DomainError for an avenant in force, and for a number that another one bears.
    """
    if amendment is None:
        amendment = Amendment(convention=convention, created_by=by)
    else:
        amendment = _locked(amendment)
        if not amendment.is_draft:
            raise DomainError(FROZEN)
    for field in fields(text):
        setattr(amendment, field.name, getattr(text, field.name))
    amendment.proposed = terms_to_json(terms)
    with translate_violations(
        {
            "amendment_number_unique": DomainError(
                f"Cette convention a déjà un avenant n°\u00a0{text.number}. Rien n’est enregistré\u00a0: changez le"
                " numéro."
            )
        }
    ):
        amendment.save()
    return amendment


@transaction.atomic
def delete_draft(*, amendment: Amendment, by: User) -> None:
    """Delete an avenant that was never put in force. Raises DomainError for any other."""
    amendment = _locked(amendment)
    if not amendment.is_draft:
        raise DomainError(FROZEN)
    note(convention=amendment.convention, what=f"{_named(amendment)}\u00a0: projet supprimé.", by=by)
    amendment.delete()


@transaction.atomic
def record_signature(
    *, amendment: Amendment, signed_on: date | None, signed_at: str, deliberation: Deliberation | None, by: User
) -> Amendment:
    """Write down when and where an avenant was signed, and what approved it; possible whatever its state."""
    amendment = _locked(amendment)
    amendment.signed_on, amendment.signed_at, amendment.deliberation = signed_on, signed_at, deliberation
    amendment.save(update_fields=["signed_on", "signed_at", "deliberation"])
    note(convention=amendment.convention, what=f"{_named(amendment)}\u00a0: signature notée.", by=by)
    return amendment


@transaction.atomic
def put_in_force(*, amendment: Amendment, by: User) -> list[GridAnswer]:
    """Make `amendment` hold from its day of effect on, and say what the floors above answer.

    Days before the effect never change, neither do dates already held. Raises DomainError, with nothing kept, when the
    avenant does not fit: see `_check_fits`.
    """
    convention = held_with_rooms(amendment.convention)
    amendment = _locked(amendment)
    if not amendment.is_draft:
        raise DomainError("Cet avenant est déjà en vigueur.")
    history = read_history(convention)
    proposed = terms_from_json(amendment.proposed)
    _check_fits(history, amendment.effective_on, proposed)
    amendment.replaced = replaced_to_json(
        terms_before(history, amendment.effective_on),
        in_order(dated_rows(history.rows)),
        _lent_offices(convention),
    )
    rows = amended_rows(
        dated_rows(history.rows),
        effective_on=amendment.effective_on,
        previous_end=convention.ends_on,
        slots=proposed.slots,
        ends_on=proposed.ends_on,
    )
    _write(convention, rows, proposed.ends_on)
    for key in proposed.fee.areas_m2 if proposed.fee else ():
        OfficeAllocation.objects.get_or_create(convention=convention, office_id=key)
    amendment.in_force_at, amendment.in_force_by = timezone.now(), by
    amendment.save(update_fields=["replaced", "in_force_at", "in_force_by"])
    note(convention=convention, what=f"{_named(amendment)} mis en vigueur, {amendment.effect_sentence}.", by=by)
    return settle_grid(convention=convention, previous_term=None, by=by)


@transaction.atomic
def revoke(*, amendment: Amendment, by: User) -> list[GridAnswer]:
    """Make `amendment`, whose effect has not begun, a draft again; grid, offices and term are exactly as they were.

    Raises DomainError once its effect began, or once something was built on it: see `obstacle_to_revoking`.
    """
    convention = held_with_rooms(amendment.convention)
    amendment = _locked(amendment)
    amendment.convention = convention
    obstacle = obstacle_to_revoking(amendment)
    if obstacle:
        raise DomainError(obstacle)
    found = amendment_terms(amendment)
    _write(convention, found.replaced_rows, found.replaced.ends_on)
    added = convention.allocations.exclude(office__in=found.replaced_offices)
    added.filter(slots=None).delete()
    amendment.replaced = amendment.in_force_at = amendment.in_force_by = None
    amendment.save(update_fields=["replaced", "in_force_at", "in_force_by"])
    note(convention=convention, what=f"{_named(amendment)} révoqué.", by=by)
    return settle_grid(convention=convention, previous_term=None, by=by)


def obstacle_to_revoking(amendment: Amendment) -> str:
    """Why `amendment` cannot be revoked any more, as one sentence; empty when it can."""
    convention = amendment.convention
    if amendment.is_draft:
        return "Cet avenant n’est pas en vigueur."
    if convention.denounced_on is not None:
        return DENOUNCED
    if amendment.effective_on <= convention.site.today():
        return "Cet avenant a pris effet\u00a0: seul un nouvel avenant peut revenir sur ce qu’il change."
    later = convention.amendments.in_force().filter(effective_on__gt=amendment.effective_on).first()
    if later is not None:
        return f"L’avenant n°\u00a0{later.number}, en vigueur, part de celui-ci\u00a0: révoquez-le d’abord."
    statement = (
        FeeStatement.objects.standing().filter(convention=convention, ends_on__gte=amendment.effective_on).first()
    )
    if statement is not None:
        return (
            f"L’état liquidatif n°\u00a0{statement.label} compte avec cet avenant\u00a0: corrigez-le d’abord, ou"
            " préparez un nouvel avenant."
        )
    found = amendment_terms(amendment)
    expected = amended_rows(
        found.replaced_rows,
        effective_on=found.effective_on,
        previous_end=found.replaced.ends_on,
        slots=found.proposed.slots,
        ends_on=found.proposed.ends_on,
    )
    rows = in_order(dated_rows(read_history(convention).rows))
    if convention.ends_on != found.proposed.ends_on or rows != expected:
        return (
            "La grille ou le terme ont été changés depuis cet avenant\u00a0: remettez-les d’abord comme il les a mis,"
            " ou préparez un nouvel avenant."
        )
    return ""


def _check_fits(history: ConventionHistory, effective_on: date, proposed: Terms) -> None:
    """Raise DomainError unless an avenant of `effective_on` with the terms `proposed` can follow what is in force."""
    convention = history.convention
    if convention.denounced_on is not None:
        raise DomainError(DENOUNCED)
    if not convention.starts_on < effective_on <= convention.ends_on + ONE_DAY:
        raise DomainError(
            f"La convention court {convention.term_sentence}\u00a0: l’avenant doit prendre effet après son premier jour"
            " et au plus tard le lendemain de son terme."
        )
    if proposed.ends_on < effective_on:
        raise DomainError("Le terme que fixe l’avenant précède son entrée en vigueur.")
    latest = history.amendments[-1] if history.amendments else None
    if latest is not None and effective_on <= latest.effective_on:
        raise DomainError(
            f"L’avenant n°\u00a0{latest.number} prend effet le {format_date_long(latest.effective_on)}\u00a0: celui-ci"
            " doit prendre effet après."
        )
    if proposed.ends_on != convention.ends_on:
        _check_new_term(convention, proposed.ends_on)
    if proposed == terms_before(history, effective_on):
        raise DomainError("Cet avenant ne change rien\u00a0: il reprend les termes en vigueur.")
    named = {slot.office_id for slot in proposed.slots} | (set(proposed.fee.areas_m2) if proposed.fee else set())
    known = set(Office.objects.filter(site=convention.site_id, pk__in=named).values_list("pk", flat=True))
    if named - known:
        raise DomainError("Un bureau de cet avenant n’est plus dans l’espace\u00a0: modifiez la grille de l’avenant.")
    _check_offices_are_free(convention, effective_on, proposed)


def _check_new_term(convention: Convention, ends_on: date) -> None:
    successor = Convention.objects.filter(predecessor=convention).first()
    if successor is not None and successor.starts_on <= ends_on:
        raise DomainError(
            f"La convention qui lui succède ({successor.reference}) commence le"
            f" {format_date_long(successor.starts_on)}\u00a0: le terme doit la précéder."
        )


def _check_offices_are_free(convention: Convention, effective_on: date, proposed: Terms) -> None:
    """Name the use of an office that the grid would meet; the database refuses it anyway, without a name."""
    others = (
        PermanenceSlot.objects.filter(office__in={slot.office_id for slot in proposed.slots})
        .exclude(allocation__convention=convention)
        .valid_in(effective_on, proposed.ends_on)
        .select_related("allocation__convention__partner", "office")
    )
    for slot in proposed.slots:
        for other in others:
            if overlap(slot, other):
                raise DomainError(office_taken_sentence(other))


def overlap(slot: SlotTerms, other: PermanenceSlot) -> bool:
    """Whether the two lines of the week want one office at one time."""
    return (
        slot.office_id == other.office_id
        and slot.weekday == other.weekday
        and slot.start_time < other.end_time
        and other.start_time < slot.end_time
    )


def office_taken_sentence(other: PermanenceSlot) -> str:
    """Who has the office and when, in French."""
    return (
        f"{other.office.full_label.capitalize()} est déjà pris par {other.allocation.convention.partner.short_name},"
        f" {other.get_weekday_display().lower()} {format_time_range(other.start_time, other.end_time)},"
        f" du {format_date_long(other.starts_on)} au {format_date_long(other.ends_on)}."
    )


def _named(amendment: Amendment) -> str:
    return f"Avenant n°\u00a0{amendment.number} ({amendment.subject})"


def _locked(amendment: Amendment) -> Amendment:
    return (
        Amendment.objects.select_for_update(no_key=True, of=["self"]).select_related("convention").get(pk=amendment.pk)
    )


def _lent_offices(convention: Convention) -> list[int]:
    return list(convention.allocations.values_list("office_id", flat=True))


def _write(convention: Convention, wanted: Iterable[DatedSlot], ends_on: date) -> None:
    """Make the grid of `convention` the rows `wanted`, and its last day `ends_on`; a row that stays keeps its key."""
    if convention.ends_on != ends_on:
        convention.ends_on = ends_on
        with translate_violations(
            {"convention_term_ordered": DomainError("Le terme doit suivre le début de la convention.")}
        ):
            convention.save(update_fields=["ends_on"])
    missing = {(row.slot, row.starts_on): row for row in wanted}
    stored = list(PermanenceSlot.objects.filter(allocation__convention=convention).select_related("office"))
    changed: list[tuple[PermanenceSlot, date]] = []
    for slot, dated in zip(stored, dated_rows(stored), strict=True):
        kept = missing.pop((dated.slot, dated.starts_on), None)
        if kept is None:
            slot.delete()
        elif kept.ends_on != slot.ends_on:
            changed.append((slot, kept.ends_on))
    allocations = {allocation.office_id: allocation for allocation in convention.allocations.all()}
    with translate_violations({"slot_no_overlap": DomainError(OFFICE_TAKEN)}):
        # Rows give up their days before others take them.
        for slot, until in sorted(changed, key=lambda change: change[1] > change[0].ends_on):
            slot.ends_on = until
            slot.save(update_fields=["ends_on"])
        for row in missing.values():
            if row.slot.office_id not in allocations:
                allocations[row.slot.office_id] = OfficeAllocation.objects.create(
                    convention=convention, office_id=row.slot.office_id
                )
            PermanenceSlot.objects.create(
                allocation=allocations[row.slot.office_id],
                weekday=row.slot.weekday,
                start_time=row.slot.start_time,
                end_time=row.slot.end_time,
                audience=row.slot.audience,
                mode=row.slot.mode,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
            )
