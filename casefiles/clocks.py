"""Dates that follow from what was sent and received: what is awaited until when, and when rights are to be renewed.

Pure: civil dates of the site in, civil dates out, both ends of every period included. Months are calendar months, as
the law counts them (two months after 31 December are over on 28 or 29 February).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from franceservices.dates import add_months

RENEWAL_OPENS_DAYS, RENEWAL_CLOSES_DAYS = 120, 60
"""Days before the end of rights between which a renewal is asked for: no later, so that rights do not break."""


def acknowledgement_due_on(sent_on: date, *, days: int) -> date:
    """The last day on which the caisse should acknowledge what was sent on `sent_on`."""
    return sent_on + timedelta(days=days)


def decision_due_on(received_on: date, *, days: int | None = None, months: int | None = None) -> date | None:
    """The last day on which a decision is expected on a complete file received on `received_on`.

    Given in days or in months; None where nothing is expected by a date.
    """
    if days is not None:
        return received_on + timedelta(days=days)
    return None if months is None else add_months(received_on, months)


def tacit_on(received_on: date, *, months: int | None) -> date | None:
    """The day at whose end the caisse's silence stands for a decision; None where silence has no effect.

    For the Complémentaire santé solidaire two months from the receipt of the complete file (CSS L861-5).
    """
    return None if months is None else add_months(received_on, months)


def rights_end(rights_from: date, *, months: int) -> date:
    """The last day of rights of `months` months that begin on `rights_from`: twelve from 01/03/2026 end on 28/02/2027.

    Where the last month lacks the day, its last day is the end: twelve from 29/02/2024 end on 28/02/2025.
    """
    same_day = add_months(rights_from, months)
    return same_day if same_day.day < rights_from.day else same_day - timedelta(days=1)


class Awaited(StrEnum):
    """What one waits for from the caisse."""

    ACKNOWLEDGEMENT = "acknowledgement"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class LineClock:
    """What is awaited of a file at the caisse, on a given day.

    `due_on` is its last day, None without one; `days_left` until it, negative once late. `tacit_on` is the day at whose
    end silence decides, and `is_tacit_reached` says that this day is over.
    """

    awaited: Awaited
    due_on: date | None
    days_left: int | None
    tacit_on: date | None
    is_tacit_reached: bool

    @property
    def is_late(self) -> bool:
        return self.days_left is not None and self.days_left < 0


def line_clock(
    *,
    today: date,
    acknowledgement_due_on: date,
    received_on: date | None,
    decision_due_on: date | None,
    tacit_on: date | None,
) -> LineClock:
    """The clock of a file that is at the caisse and not decided; `today` is the site's civil day."""
    awaited = Awaited.ACKNOWLEDGEMENT if received_on is None else Awaited.DECISION
    due_on = acknowledgement_due_on if received_on is None else decision_due_on
    return LineClock(
        awaited=awaited,
        due_on=due_on,
        days_left=None if due_on is None else (due_on - today).days,
        tacit_on=tacit_on,
        is_tacit_reached=tacit_on is not None and today > tacit_on,
    )


class RenewalState(StrEnum):
    NOT_YET = "not_yet"
    OPEN = "open"
    # The sixtieth day before the end is past, but rights still run: ask at once.
    LATE = "late"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RenewalWindow:
    """From when to when a renewal is asked for, and where `today` stands; both ends included."""

    opens_on: date
    closes_on: date
    rights_until: date
    state: RenewalState
    days_left: int


def renewal_window(rights_until: date, *, today: date) -> RenewalWindow:
    """The window of rights whose last day is `rights_until`; `days_left` counts to that day."""
    opens_on = rights_until - timedelta(days=RENEWAL_OPENS_DAYS)
    closes_on = rights_until - timedelta(days=RENEWAL_CLOSES_DAYS)
    if today < opens_on:
        state = RenewalState.NOT_YET
    elif today <= closes_on:
        state = RenewalState.OPEN
    else:
        state = RenewalState.LATE if today <= rights_until else RenewalState.ENDED
    return RenewalWindow(opens_on, closes_on, rights_until, state, (rights_until - today).days)


def renewable_until(today: date) -> tuple[date, date]:
    """The first and the last end of rights whose renewal is to be asked for on `today`, the window or a late one."""
    return today, today + timedelta(days=RENEWAL_OPENS_DAYS)
