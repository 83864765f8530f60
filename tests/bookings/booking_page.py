"""How tests speak to the booking page: its addresses, what it is sent, what it says."""

import datetime as dt
from html import unescape

from django.utils.http import urlencode

TUESDAY, THURSDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 5)
PAGE = "/rendez-vous/nouveau/"


def address(**choices) -> str:
    return f"{PAGE}?{urlencode(choices)}"


def text(response) -> str:
    """What the page says, entities undone, spaces single (no-break ones stay)."""
    return " ".join(part for part in unescape(response.content.decode()).split(" ") if part.strip("\n"))


def key(desk, clock="09:00", day=THURSDAY) -> str:
    return f"{desk.permanence_at(day, clock).pk}-{desk.at(day, clock).astimezone(dt.UTC):%Y%m%dT%H%M%S}"


def step_three(desk, clock="09:00", day=THURSDAY, reason=None, **more) -> str:
    return address(motif=(reason or desk.reason).slug, creneau=key(desk, clock, day), **more)


def typed(**changes) -> dict[str, str]:
    """A new person, as the form sends her."""
    return {
        "who": "new",
        "last_name": "Zidane",
        "first_name": "Yazid",
        "birth_date": "",
        "phone": "",
        "email": "",
        "subject": "",
    } | changes
