"""The day that an address asks for, shared by the pages of a day and of a week."""

from dataclasses import dataclass
from datetime import date

from django.http import QueryDict

from franceservices.dates import parse_iso_date_or_none

LONGEST_QUOTATION = 40


@dataclass(frozen=True)
class ChosenDay:
    """The day to show; `refused` quotes what was asked for when it is no day, and is empty otherwise."""

    day: date
    refused: str = ""


def quoted(text: str) -> str:
    """What somebody asked for, fit to be shown to her: printable, short, never empty."""
    printable = "".join(character for character in text if character.isprintable()) or "caractères illisibles"
    return printable if len(printable) <= LONGEST_QUOTATION else f"{printable[:LONGEST_QUOTATION]}…"


def chosen_day(asked: QueryDict, *, today: date) -> ChosenDay:
    """The day of `?jour=2026-04-02`; `today` without one, and in the place of one that cannot be."""
    text = asked.get("jour", "").strip()
    if not text:
        return ChosenDay(today)
    day = parse_iso_date_or_none(text)
    return ChosenDay(today, refused=quoted(text)) if day is None else ChosenDay(day)
