"""What the words of a search stand for: parts of names and addresses, and digits of phone numbers. No database here."""

import re
import unicodedata
from dataclasses import dataclass

from franceservices.text import fold

SHORTEST_NUMBER = 3
"""Digits that make a part of a phone number; fewer are part of a name or an address."""
SHORTEST_RESEMBLANCE = 3
"""Letters below which everything looks alike."""
MOST_TERMS = 12

# A run of digits as a hand groups them, which is no part of a word or of an address.
_WRITTEN_NUMBER = re.compile(r"(?<![\w@.])\+?\(?\d(?:[\d\s./()\-]*\d)?(?![\w@])", re.ASCII)
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")
_MIQUELON = "0508"


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """Each of them must occur: `words` in folded form, `numbers` as digits that a number in E.164 form holds."""

    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        return self.words + self.numbers

    @property
    def resembling(self) -> tuple[str, ...]:
        """Those that are long enough to be looked for with a slip of the hand."""
        return tuple(term for term in self.every if len(term) >= SHORTEST_RESEMBLANCE)


def search_terms(typed: str) -> SearchTerms:
    """The terms of what was typed: `Amrâni 06.12.34` gives the word `amrani` and the number `61234`."""
    text = unicodedata.normalize("NFKC", typed.replace("\x00", ""))
    numbers: list[str] = []

    def take(match: re.Match[str]) -> str:
        digits = international_digits(match.group())
        if len(digits) < SHORTEST_NUMBER:
            return match.group()
        numbers.append(digits)
        return " "

    words = fold(_WRITTEN_NUMBER.sub(take, text)).split()
    return SearchTerms(tuple(words[:MOST_TERMS]), tuple(numbers[:MOST_TERMS]))


def international_digits(written: str) -> str:
    """The digits of a number, or of its beginning or its end, as they stand within its E.164 form.

    `06 12` gives `612`, `+33 (0)6 12` and `0033 6 12` give `33612`, `0594 39` gives `59439`, which `+594594393000`
    holds; at Saint-Pierre-et-Miquelon the prefix 0508 is the country code itself.
    """
    is_international = written.startswith("+")
    digits = re.sub(r"\D", "", _TRUNK_ZERO.sub("", written) if _has_country_code(written) else written)
    if is_international:
        return digits
    if digits.startswith("00"):
        return digits[2:]
    if digits.startswith(_MIQUELON):
        return digits[1:]
    return digits.removeprefix("0")


def _has_country_code(written: str) -> bool:
    return written.startswith(("+", "00"))
