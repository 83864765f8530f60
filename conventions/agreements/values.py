"""The kinds of values in an agreement's file: how each is read from TOML, and written back.

Money, areas and shares are texts, so that no float ever exists between the file and the database. `read` gives the
value as the models hold it and raises `Unreadable` with what was expected; `write` is its inverse.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Protocol

from conventions.placeholders import PLACEHOLDERS, unknown_placeholders
from franceservices.dates import NEWEST_YEAR, OLDEST_YEAR
from franceservices.money import round_half_up
from franceservices.phones import format_phone, normalise_phone
from franceservices.text import fold

from .problems import quoted, suggestion

LONGEST_SHOWN = 60
_HOUR = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)
_RATIO = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)
_SHORT_NUMBER = re.compile(r"\d{4}", re.ASCII)
_LARGEST_SHOWN_NUMBER = 10**20


class Unreadable(ValueError):
    """The value is not of its kind; the message says what was expected."""


class FloatText(str):
    """A number with a decimal point, as it stood in the file: kept as text, only to be shown in a refusal."""


class Kind(Protocol):
    """One kind of value."""

    def read(self, found: object) -> object: ...

    def write(self, value) -> object: ...


def describe(found: object) -> str:
    """What stood in the file, as a sentence quotes it, cut short when long."""
    if isinstance(found, FloatText):
        return f"{str(found)[:LONGEST_SHOWN]} (nombre sans guillemets)"
    if isinstance(found, str):
        shown = found if len(found) <= LONGEST_SHOWN else f"{found[:LONGEST_SHOWN]}…"
        return quoted([shown.replace("\n", "⏎")]) if found else "un texte vide"
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int):
        return str(found) if abs(found) < _LARGEST_SHOWN_NUMBER else "un nombre démesuré"
    if isinstance(found, date | time):
        return found.isoformat()
    return "une liste" if isinstance(found, list) else "une table"


def tidy(text: str) -> str:
    """`text` with line ends as `\\n` and nothing blank around it: what a browser and an editor would differ on."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _text(found: object, expected: str) -> str:
    if not isinstance(found, str) or isinstance(found, FloatText):
        raise Unreadable(expected)
    return tidy(found)


def _check_characters(text: str, *, allowed: str = "") -> None:
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed:
            what = "un retour à la ligne" if character == "\n" else f"un caractère invisible (U+{ord(character):04X})"
            raise Unreadable(f"Attendu\u00a0: un texte sans {what}.")


@dataclass(frozen=True)
class Line:
    """A text of one line."""

    def read(self, found: object) -> str:
        text = _text(found, "Attendu\u00a0: un texte entre guillemets.")
        _check_characters(text)
        return text

    def write(self, value: str) -> str:
        return tidy(value)


@dataclass(frozen=True)
class Text:
    """A text of several lines: paragraphs parted by an empty line, items of a list beginning with `- `."""

    def read(self, found: object) -> str:
        text = _text(found, 'Attendu\u00a0: un texte entre guillemets (trois, """, s’il a plusieurs lignes).')
        _check_characters(text, allowed="\n\t")
        return text

    def write(self, value: str) -> str:
        return tidy(value)


@dataclass(frozen=True)
class ArticleText(Text):
    """The text of an article, whose `{placeholders}` must all be known."""

    def read(self, found: object) -> str:
        text = super().read(found)
        unknown = unknown_placeholders(text)
        if unknown:
            hints = "".join(suggestion(name, PLACEHOLDERS) for name in unknown)
            names = quoted(f"{{{name}}}" for name in unknown)
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise Unreadable(f"Repère inconnu\u00a0: {names}.{hints} Repères possibles\u00a0: {known}.")
        return text


@dataclass(frozen=True)
class Day:
    """A civil date, written as TOML has it: 2025-04-01, without quotes."""

    def read(self, found: object) -> date:
        if isinstance(found, str):
            raise Unreadable("Attendu\u00a0: une date sans guillemets, par exemple 2025-04-01.")
        if not isinstance(found, date) or isinstance(found, datetime):
            raise Unreadable("Attendu\u00a0: une date, par exemple 2025-04-01.")
        if not OLDEST_YEAR <= found.year <= NEWEST_YEAR:
            raise Unreadable(f"Attendu\u00a0: une date entre {OLDEST_YEAR} et {NEWEST_YEAR}.")
        return found

    def write(self, value: date) -> date:
        return value


@dataclass(frozen=True)
class Hour:
    """A local time of the site: "08:30"."""

    def read(self, found: object) -> time:
        expected = 'Attendu\u00a0: une heure entre guillemets, de "00:00" à "23:59", par exemple "08:30".'
        text = _text(found, expected)
        if not _HOUR.fullmatch(text):
            raise Unreadable(expected)
        try:
            return time.fromisoformat(text if text[2] == ":" else f"0{text}")
        except ValueError:
            raise Unreadable(expected) from None

    def write(self, value: time) -> str:
        return f"{value:%H:%M}" if value == value.replace(second=0, microsecond=0) else value.isoformat()


@dataclass(frozen=True)
class Whole:
    """A whole number, zero or more."""

    def read(self, found: object) -> int:
        if isinstance(found, bool) or not isinstance(found, int) or found < 0:
            raise Unreadable("Attendu\u00a0: un nombre entier sans guillemets, zéro ou plus, par exemple 3.")
        return found

    def write(self, value: int) -> int:
        return value


@dataclass(frozen=True)
class YesNo:
    """true or false."""

    def read(self, found: object) -> bool:
        if not isinstance(found, bool):
            raise Unreadable("Attendu\u00a0: true (oui) ou false (non), sans guillemets.")
        return found

    def write(self, value: bool) -> bool:  # noqa: FBT001  (the protocol's one argument)
        return value


@dataclass(frozen=True)
class Exact:
    """A decimal number of at most two decimals, as a text with a point: an amount or an area."""

    unit: str
    example: str

    def read(self, found: object) -> Decimal:
        expected = f"Attendu\u00a0: un nombre de {self.unit} entre guillemets, avec un point"
        if isinstance(found, FloatText | int) and not isinstance(found, bool):
            typed = str(found) if isinstance(found, FloatText) else describe(found)
            raise Unreadable(f'{expected}\u00a0: écrivez "{typed if _AMOUNT.fullmatch(typed) else self.example}".')
        text = _text(found, f'{expected}, par exemple "{self.example}".')
        if "," in text:
            raise Unreadable(f'{expected}, pas une virgule, par exemple "{self.example}".')
        if not _AMOUNT.fullmatch(text):
            raise Unreadable(f'{expected} et deux décimales au plus, par exemple "{self.example}".')
        return round_half_up(Decimal(text), places=2)

    def write(self, value: Decimal) -> str:
        return str(round_half_up(value, places=2))


@dataclass(frozen=True)
class Ratio:
    """A share between 0 and 1 as a fraction, "2/5", kept as it is written: (2, 5)."""

    def read(self, found: object) -> tuple[int, int]:
        expected = 'Attendu\u00a0: une fraction entre guillemets, entre 0 et 1, par exemple "2/5".'
        match = _RATIO.fullmatch(_text(found, expected))
        if match is None or int(match[2]) == 0 or int(match[1]) > int(match[2]):
            raise Unreadable(expected)
        return int(match[1]), int(match[2])

    def write(self, value: tuple[int, int]) -> str:
        return f"{value[0]}/{value[1]}"


@dataclass(frozen=True)
class Phone:
    """A telephone number, stored as E.164; a short one such as 3646 stays as it is."""

    def read(self, found: object) -> str:
        text = _text(found, 'Attendu\u00a0: un numéro entre guillemets, par exemple "03 81 41 21 21".')
        if not text or _SHORT_NUMBER.fullmatch(text.replace(" ", "")):
            return text.replace(" ", "")
        try:
            return normalise_phone(text)
        except ValueError as error:
            raise Unreadable(str(error)) from error

    def write(self, value: str) -> str:
        return format_phone(value)


@dataclass(frozen=True)
class Words:
    """One word of a list; capitals, accents, hyphens and apostrophes are not told apart."""

    values: Mapping[str, object]

    def read(self, found: object) -> object:
        expected = f"Attendu\u00a0: un de ces mots\u00a0: {quoted(self.values)}."
        folded = fold(_text(found, expected))
        for word, value in self.values.items():
            if fold(word) == folded:
                return value
        raise Unreadable(expected + suggestion(str(found), self.values))

    def write(self, value: object) -> str:
        return next(word for word, known in self.values.items() if known == value)
