"""An alert as lists and pages show it: where it stands, and how long each step took."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from franceservices.dates import format_duration
from franceservices.money import NO_BREAK_SPACE

from .models import RightsAlert

HOURS_IN_WORDS = timedelta(hours=48)
"""Below, a delay is written in hours and minutes; from then on in days."""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """`alert` with its state, as a class of `.status` and a word, and the delays of its steps in words."""

    alert: RightsAlert
    kind: str
    label: str
    seen_after: str
    answered_after: str
    closed_after: str
    is_late: bool
    days_left: int


def delay_words(start: datetime, end: datetime | None) -> str:
    """`35 min`, `26 h 05`, `3 jours`; empty while the step is to come."""
    if end is None:
        return ""
    delay = max(end - start, timedelta())
    if delay < timedelta(minutes=1):
        return f"moins d’une{NO_BREAK_SPACE}minute"
    if delay < HOURS_IN_WORDS:
        return format_duration(int(delay.total_seconds() // 60))
    return f"{delay.days}{NO_BREAK_SPACE}jours"


def alert_row(alert: RightsAlert, *, today: date) -> AlertRow:
    """The row of `alert`; `today` is its site's civil day."""
    if alert.closed_at is not None:
        kind, label = "done", "Close"
    elif alert.answered_at is not None:
        kind, label = "success", "Répondue"
    elif alert.seen_at is not None:
        kind, label = "waiting", "Vue, sans réponse"
    else:
        kind, label = "warning", "Signalée, pas encore vue"
    days_left = (alert.deadline - today).days
    return AlertRow(
        alert=alert,
        kind=kind,
        label=label,
        seen_after=delay_words(alert.raised_at, alert.seen_at),
        answered_after=delay_words(alert.raised_at, alert.answered_at),
        closed_after=delay_words(alert.raised_at, alert.closed_at),
        is_late=alert.closed_at is None and alert.answered_at is None and days_left < 0,
        days_left=days_left,
    )
