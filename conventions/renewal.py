"""From a convention to the one that succeeds it: the same parties, the terms as they end, other dates.

The successor is a draft: nobody deliberated it yet. It takes the offices from its first day on, so that nobody else
does meanwhile; while it is a draft and nobody is booked in it, it can be taken back.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import ProtectedError

from franceservices.dates import add_months, format_date_long
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import Office, User

from .amendments import office_taken_sentence
from .deadlines import term_in_months
from .facts import fee_terms_of
from .grid import GridAnswer, grid_changed
from .journal import note
from .models import Article, Convention, Obligation, OfficeAllocation, PermanenceSlot
from .services import held_with_rooms, settle_grid
from .terms import ONE_DAY, ConventionHistory, read_history

# What a successor says as its predecessor did.
_COPIED = (
    *("site", "partner", "notice_months", "notice_reading", "notice_article", "tacit_renewal", "signed_at"),
    *("ccas_signatory_name", "ccas_signatory_title", "partner_signatory_name", "partner_signatory_title"),
    *("parties_text", "preamble", "annex"),
)
_COPIED_OF_ARTICLE = ("position", "number", "title", "body")
_COPIED_OF_OBLIGATION = ("kind", "label", "owed_by", "frequency", "due_moment", "article_number")
_YEAR_AT_END = re.compile(r"-(19|20|21)\d{2}$")


@dataclass(frozen=True)
class RenewalPlan:
    """The term `[starts_on, ends_on]`, the reference and the title of a successor."""

    starts_on: date
    ends_on: date
    reference: str
    title: str


def suggested_renewal(convention: Convention) -> RenewalPlan:
    """The day after the term, for the same duration as was signed; a reference that nothing bears yet."""
    history = read_history(convention)
    starts_on = convention.ends_on + ONE_DAY
    months, days = term_in_months(convention.starts_on, history.signed_ends_on)
    return RenewalPlan(
        starts_on=starts_on,
        ends_on=add_months(starts_on, months) + timedelta(days=days - 1),
        reference=_free_reference(convention.reference, starts_on.year),
        title=convention.title,
    )


def _free_reference(reference: str, year: int) -> str:
    longest = Convention._meta.get_field("reference").max_length - len("-2028-99")
    base = f"{_YEAR_AT_END.sub('', reference)[:longest]}-{year}"
    taken = set(Convention.objects.filter(reference__startswith=base).values_list("reference", flat=True))
    candidates = [base, *(f"{base}-{number}" for number in range(2, 100))]
    return next((name for name in candidates if name not in taken), base)


@transaction.atomic
def renew(*, convention: Convention, plan: RenewalPlan, by: User) -> tuple[Convention, list[GridAnswer]]:
    """Make the successor of `convention`, a draft, by the terms in force on its last day.

    Raises DomainError, with nothing kept, when it has one already, when the dates do not follow, when the reference is
    taken, or when another convention holds an office at one of the hours.
    """
    convention = held_with_rooms(convention)
    _check_follows(convention, plan)
    history = read_history(convention)
    successor = Convention(
        **{name: getattr(convention, name) for name in _COPIED},
        predecessor=convention,
        reference=plan.reference,
        title=plan.title,
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
    )
    with translate_violations(
        {
            "conventions_convention_reference_key": DomainError(
                f"La référence «\u00a0{plan.reference}\u00a0» est déjà prise. Rien n’est créé\u00a0: choisissez-en une"
                " autre."
            ),
            "conventions_convention_predecessor_id_key": DomainError("Une autre convention lui succède déjà."),
        }
    ):
        successor.save(force_insert=True)
    _copy_grid(history, successor)
    fee = fee_terms_of(history.fee_on(convention.ends_on))
    if fee is not None:
        fee.convention = successor
        fee.save(force_insert=True)
    Article.objects.bulk_create(
        Article(convention=successor, **{name: getattr(article, name) for name in _COPIED_OF_ARTICLE})
        for article in convention.articles.all()
    )
    Obligation.objects.bulk_create(
        Obligation(convention=successor, **{name: getattr(duty, name) for name in _COPIED_OF_OBLIGATION})
        for duty in convention.obligations.order_by("pk")
    )
    note(convention=convention, what=f"Renouvelée par {successor.reference}.", by=by)
    return successor, settle_grid(convention=successor, previous_term=None, by=by)


def _check_follows(convention: Convention, plan: RenewalPlan) -> None:
    existing = Convention.objects.filter(predecessor=convention).first()
    if existing is not None:
        raise DomainError(f"La convention {existing.reference} lui succède déjà.")
    if plan.starts_on <= convention.ends_on:
        raise DomainError(
            f"La convention court jusqu’au {format_date_long(convention.ends_on)}\u00a0: la suivante commence après."
        )
    if plan.ends_on < plan.starts_on:
        raise DomainError("Le terme doit suivre le début de la convention.")


def _copy_grid(history: ConventionHistory, successor: Convention) -> None:
    last_day = history.convention.ends_on
    rows = [row for row in history.rows if row.starts_on <= last_day <= row.ends_on]
    others = list(
        PermanenceSlot.objects.filter(office__in={row.office_id for row in rows})
        .exclude(allocation__convention=history.convention)
        .valid_in(successor.starts_on, successor.ends_on)
        .select_related("allocation__convention__partner", "office")
    )
    for row in rows:
        met = next((other for other in others if _meet(row, other)), None)
        if met is not None:
            raise DomainError(f"{office_taken_sentence(met)} Rien n’est créé.")
    allocations = {
        office.pk: OfficeAllocation.objects.create(convention=successor, office_id=office.pk)
        for office in history.offices_on(last_day)
    }
    with translate_violations(
        {"slot_no_overlap": DomainError("Un des bureaux est déjà pris sur la nouvelle durée. Rien n’est créé.")}
    ):
        for row in rows:
            if row.office_id not in allocations:
                allocations[row.office_id] = OfficeAllocation.objects.create(
                    convention=successor, office_id=row.office_id
                )
            PermanenceSlot.objects.create(
                allocation=allocations[row.office_id],
                weekday=row.weekday,
                start_time=row.start_time,
                end_time=row.end_time,
                audience=row.audience,
                mode=row.mode,
            )


def _meet(row: PermanenceSlot, other: PermanenceSlot) -> bool:
    return (
        row.office_id == other.office_id
        and row.weekday == other.weekday
        and row.start_time < other.end_time
        and other.start_time < row.end_time
    )


def obstacle_to_undoing(convention: Convention) -> str:
    """Why a renewal can no longer be taken back, as one sentence; empty when it can, as far as this floor knows."""
    if convention.predecessor_id is None:
        return "Cette convention n’est pas née d’un renouvellement\u00a0: elle se supprime dans l’administration."
    if convention.deliberation_id is not None or convention.signed_on is not None:
        return "Cette convention est délibérée ou signée\u00a0: elle ne se supprime plus."
    return ""


@transaction.atomic
def undo_renewal(*, convention: Convention, by: User) -> None:
    """Delete a successor that is still a draft.

    Raises DomainError, with nothing changed, once it is deliberated or signed, or once people, documents or statements
    hang on it.
    """
    Office.objects.filter(site=convention.site_id).hold()
    convention = Convention.objects.select_for_update(of=["self"]).with_parties().get(pk=convention.pk)
    obstacle = obstacle_to_undoing(convention)
    if obstacle:
        raise DomainError(obstacle)
    # The floors above empty their dates first; whatever they keep forbids the deletion.
    PermanenceSlot.objects.filter(allocation__convention=convention).delete()
    answers = grid_changed(convention=convention)
    booked = sum(answer.displaced(reader=by).count for answer in answers)
    if booked:
        raise DomainError(
            f"{booked} rendez-vous {'y sont pris' if booked > 1 else 'y est pris'}\u00a0: replacez-les d’abord. Rien"
            " n’est supprimé."
        )
    predecessor = Convention.objects.with_parties().get(pk=convention.predecessor_id)
    try:
        convention.delete()
    except ProtectedError as error:
        raise DomainError(
            "Des permanences, des documents ou des états s’y rattachent déjà. Rien n’est supprimé."
        ) from error
    note(convention=predecessor, what=f"Renouvellement {convention.reference} annulé.", by=by)
