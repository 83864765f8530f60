"""A file says a convention as it was signed; its avenants are no part of it.

Once an avenant is in force, what avenants change (offices lent, grid, last day) is no longer written from a file: one
that says what was signed changes nothing there, one that says otherwise is refused.
"""

from collections.abc import Iterator
from datetime import date

from conventions.models import Convention
from conventions.terms import ConventionHistory, read_history

from .form import Agreement
from .problems import Path, Problem

REFUSED = (
    "Cette convention a un avenant en vigueur\u00a0: ses bureaux, sa grille et son terme ne changent plus que par un"
    " avenant. Remettez ici ce qui a été signé."
)


def amended_history(convention: Convention) -> ConventionHistory | None:
    """The terms in time of a stored convention that has avenants in force; None for any other."""
    if convention.pk is None or not convention.amendments.in_force().exists():
        return None
    return read_history(convention)


def amended_problems(agreement: Agreement, convention: Convention) -> Iterator[Problem]:
    """Where the file says of an amended convention something else than what was signed."""
    history = amended_history(convention)
    if history is None:
        return
    term = agreement.convention
    signed = {
        "starts_on": (term.starts_on, convention.starts_on),
        "ends_on": (term.ends_on, signed_end(history)),
    }
    for name, (asked, stored) in signed.items():
        if asked is not None and asked != stored:
            yield Problem(("convention", name), REFUSED)
    if {office.label for office in agreement.offices} != {office.label for office in history.signed_offices}:
        yield Problem(_of(agreement.offices, "offices"), REFUSED)
    asked_grid = {
        (
            *(slot.office, slot.weekday, slot.start_time, slot.end_time, str(slot.audience), str(slot.mode)),
            *(slot.starts_on or term.starts_on, slot.ends_on or term.ends_on),
        )
        for slot in agreement.normalised().slots
    }
    signed_grid = {
        (
            *(row.office.label, row.weekday, row.start_time, row.end_time, str(row.audience), str(row.mode)),
            *(row.starts_on, row.ends_on),
        )
        for row in history.signed_rows
    }
    if asked_grid != signed_grid:
        yield Problem(_of(agreement.slots, "slots"), REFUSED)


def signed_end(history: ConventionHistory) -> date:
    """The last day that a file says: a denunciation is part of it, an avenant is not."""
    convention = history.convention
    return convention.ends_on if convention.denounced_on else history.signed_ends_on


def _of(tables: tuple, name: str) -> Path:
    return (name, 1) if tables else ("convention", "reference")
