"""What the dated rows of a grid become when an avenant takes effect. Pure: no Django.

What holds unchanged before and after keeps its row, so that the dated permanences keep where they come from; the rest
ends on the eve and begins on the day. The days before the effect are never touched.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from .agreed_terms import SlotTerms
from .terms_json import DatedSlot


def amended_rows(
    rows: Iterable[DatedSlot],
    *,
    effective_on: date,
    previous_end: date,
    slots: Iterable[SlotTerms],
    ends_on: date,
) -> tuple[DatedSlot, ...]:
    """The dated rows of the grid once an avenant gives it `slots` from `effective_on` on.

    `previous_end` is the last day of the convention before, `ends_on` after. A row that is left to run to its end
    follows the term; one with an earlier end of its own keeps it. Rows that begin after the effect (seasonal ones)
    stay, within the term. An avenant that prolongs may take effect on the day after the term: the grid of the last day
    is then the one that goes on.
    """
    judged_on = min(effective_on, previous_end)
    wanted = Counter(slots)
    found = []
    for row in rows:
        if row.ends_on < judged_on:
            found.append(row)
        elif row.starts_on > judged_on:
            if row.starts_on <= ends_on:
                found.append(DatedSlot(row.slot, row.starts_on, _end(row.ends_on, previous_end, ends_on)))
        elif wanted[row.slot]:
            wanted[row.slot] -= 1
            found.append(DatedSlot(row.slot, row.starts_on, _end(row.ends_on, previous_end, ends_on)))
        elif row.starts_on < effective_on:
            found.append(DatedSlot(row.slot, row.starts_on, min(row.ends_on, effective_on - timedelta(days=1))))
    found += [DatedSlot(slot, effective_on, ends_on) for slot in wanted.elements()]
    return in_order(found)


def in_order(rows: Iterable[DatedSlot]) -> tuple[DatedSlot, ...]:
    """`rows` in the order of the week, then of their dates."""
    return tuple(sorted(rows, key=lambda row: (*row.slot.order, row.starts_on, row.slot.audience, row.slot.mode)))


def _end(row_end: date, previous_end: date, ends_on: date) -> date:
    return ends_on if row_end >= previous_end else min(row_end, ends_on)
