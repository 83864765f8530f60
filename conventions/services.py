"""The writers of a convention's grid. Each tells the floors above, last, in its own transaction (see `grid.py`)."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q

from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import Office, Site, User

from .grid import GridAnswer, grid_changed
from .models import Convention, PermanenceSlot
from .occurrences import refresh_occurrences

SLOT_OUTSIDE_TERM = (
    "Un créneau sort de la nouvelle durée de la convention. Rien n’est enregistré\u00a0: changez d’abord ses dates."
)


@dataclass(frozen=True)
class Term:
    """The first and the last day of a convention, both included."""

    starts_on: date
    ends_on: date


def held_with_rooms(convention: Convention) -> Convention:
    """The stored row, held after every room of its space: rooms come first, by key, wherever grids are written."""
    Office.objects.filter(site=convention.site_id).hold()
    return Convention.objects.select_for_update(no_key=True, of=["self"]).with_parties().get(pk=convention.pk)


@transaction.atomic
def settle_grid(*, convention: Convention, previous_term: Term | None, by: User) -> list[GridAnswer]:
    """Finish a change of the grid or the term of `convention` that is already written, by the person `by`.

    Where the term moved, the slots that ran over the whole of `previous_term` (or from its first day, or to its last)
    follow the new one; the others keep their dates. Returns what the floors above answer, for the person to read.
    Raises DomainError when a slot with dates of its own does not fit the new term, or meets another use of its office.
    """
    if previous_term is not None:
        with translate_violations(
            {
                "slot_dates_ordered": DomainError(SLOT_OUTSIDE_TERM),
                "slot_no_overlap": DomainError(
                    "Sur la nouvelle durée, un créneau rencontre une autre convention dans le même bureau."
                    " Rien n’est enregistré\u00a0: changez d’abord l’un des deux."
                ),
            }
        ):
            _follow_term(convention, previous_term)
    refresh_occurrences(convention=convention)
    return grid_changed(convention=convention)


def _follow_term(convention: Convention, previous_term: Term) -> None:
    slots = PermanenceSlot.objects.filter(allocation__convention=convention)
    # The two ends move together where both must: a slot is never left with its end before its start.
    slots.filter(starts_on=previous_term.starts_on, ends_on=previous_term.ends_on).update(
        starts_on=convention.starts_on, ends_on=convention.ends_on
    )
    slots.filter(starts_on=previous_term.starts_on).update(starts_on=convention.starts_on)
    slots.filter(ends_on=previous_term.ends_on).update(ends_on=convention.ends_on)
    outside = Q(starts_on__lt=convention.starts_on) | Q(ends_on__gt=convention.ends_on)
    if slots.filter(outside).exists():
        raise DomainError(SLOT_OUTSIDE_TERM)


@transaction.atomic
def site_calendar_changed(*, site: Site, by: User) -> list[GridAnswer]:
    """Tell the floors above that `site` opens on other days than before, for each convention that still runs there."""
    # All its rooms at once, in the order of everybody: one convention after the other would take them in any order.
    Office.objects.filter(site=site).hold()
    answers: list[GridAnswer] = []
    for convention in Convention.objects.filter(site=site, ends_on__gte=site.today()).with_parties().order_by("pk"):
        answers += grid_changed(convention=convention)
    return answers
