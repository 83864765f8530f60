"""Finding fee statements: by words, by year of issue, by what is still to come from the finance system."""

from django.db.models import CharField, F, Q, QuerySet, TextChoices, TextField, Value
from django.db.models.functions import Cast, Concat, LPad

from franceservices.db import Folded
from franceservices.text import fold

from .models import FeeStatement


class StatementState(TextChoices):
    """Where a statement stands between its issue and its payment."""

    WITHOUT_ORDER = "sans-titre", "Émis, sans titre"
    UNPAID = "a-encaisser", "Titre à encaisser"
    PAID = "paye", "Payé"
    CORRECTED = "corrige", "Corrigé"


_CONDITIONS = {
    StatementState.WITHOUT_ORDER: Q(is_corrected=False, revenue_order_on=None),
    StatementState.UNPAID: Q(is_corrected=False, revenue_order_on__isnull=False, paid_on=None),
    StatementState.PAID: Q(is_corrected=False, paid_on__isnull=False),
    StatementState.CORRECTED: Q(is_corrected=True),
}


def state_of(statement: FeeStatement) -> StatementState:
    """The state of one statement; `in_state` says the same as a condition."""
    if statement.is_corrected:
        return StatementState.CORRECTED
    if statement.paid_on:
        return StatementState.PAID
    return StatementState.UNPAID if statement.revenue_order_on else StatementState.WITHOUT_ORDER


def in_state(statements: QuerySet[FeeStatement], state: StatementState) -> QuerySet[FeeStatement]:
    """Those that stand at `state`."""
    return statements.filter(_CONDITIONS[state])


def matching_statements(statements: QuerySet[FeeStatement], words: str) -> QuerySet[FeeStatement]:
    """Those in whose partner, space, convention, number (`2026-001`) or *titre* each word of `words` occurs."""
    number = Cast("number", CharField())
    names = ("convention__partner__name", "convention__partner__short_name", "convention__site__name")
    columns = [
        Cast("year", CharField()),
        # Padded as it is written, and as it is from 1 000 on, which padding would cut.
        LPad(number, 3, Value("0")),
        number,
        *(F(name) for name in (*names, "convention__reference", "revenue_order_number")),
    ]
    spaced = [part for column in columns for part in (column, Value(" "))]
    found = statements.alias(searched=Folded(Concat(*spaced, output_field=TextField())))
    for word in fold(words.replace("\x00", " ")).split():
        found = found.filter(searched__contains=word)
    return found
