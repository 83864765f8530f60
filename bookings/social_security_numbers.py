"""What looks like a social security number (NIR) in a text: the desk may not keep one.

Décret n° 2019-341 of 19 April 2019 lists who may process the number and what for; the reception of a France Services
space is not in the list.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate, pairwise

from django.core.exceptions import ValidationError

REFUSAL = (
    "Ce texte contient ce qui ressemble à un numéro de sécurité sociale\u00a0: cet espace n’a pas le droit de le"
    " conserver (décret n°\u00a02019-341). Retirez-le."
)

# Sex, year, month (20 and more stand for unknown ones), department (Corsica's with a letter), commune, order.
_NUMBER = re.compile(r"[1-478]\d{2}(?:0[1-9]|1[0-2]|[23]\d|4[0-2]|[5-9]\d)(?:\d{2}|2[AB])\d{6}", re.ASCII)
_GROUP = re.compile(r"\d+[ABab]?\d*", re.ASCII)
_SEPARATOR = re.compile(r"[\s.\-_/]{1,2}")
_WITHOUT_KEY, _WITH_KEY = 13, 15
# Where cards and letters leave a space: 1 85 04 25 056 123, then the key.
_PRINTED_CUTS = frozenset({1, 3, 5, 7, 10, 13, 15})


def looks_like_nir(text: str) -> bool:
    """Whether `text` holds 13 or 15 digits that read as a social security number, however they are spaced.

    Written in one piece, or cut only where cards cut it, the form is enough. Cut elsewhere, the two digits of the key
    must be there and right: a date and a phone number side by side make such digits too.
    """
    plain = "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in unicodedata.normalize("NFKC", text)
    )
    return any(_is_nir(window) for groups in _neighbours(plain) for window in _windows(groups))


def refuse_nir(text: str) -> None:
    """Raise ValidationError with a French sentence if `text` holds what looks like a social security number."""
    if looks_like_nir(text):
        raise ValidationError(REFUSAL, code="nir")


def _neighbours(text: str) -> list[list[str]]:
    """The groups of digits of `text`, in runs between which there is more than a separator."""
    runs: list[list[str]] = []
    matches = list(_GROUP.finditer(text))
    if matches:
        runs.append([matches[0].group().upper()])
    for before, after in pairwise(matches):
        if _SEPARATOR.fullmatch(text[before.end() : after.start()]):
            runs[-1].append(after.group().upper())
        else:
            runs.append([after.group().upper()])
    return runs


def _windows(groups: list[str]) -> Iterator[list[str]]:
    """The groups side by side that make as many digits as a number, with its key or without."""
    for first in range(len(groups)):
        length = 0
        for last in range(first, len(groups)):
            length += len(groups[last])
            if length in (_WITHOUT_KEY, _WITH_KEY):
                yield groups[first : last + 1]
            if length >= _WITH_KEY:
                break


def _is_nir(groups: list[str]) -> bool:
    joined = "".join(groups)
    if not _NUMBER.fullmatch(joined[:_WITHOUT_KEY]):
        return False
    key = joined[_WITHOUT_KEY:]
    if key and not key.isdecimal():
        return False
    if _PRINTED_CUTS.issuperset(accumulate(len(group) for group in groups)):
        return True
    return bool(key) and int(key) == nir_key(joined[:_WITHOUT_KEY])


def nir_key(number: str) -> int:
    """The two check digits of thirteen characters: 97 less the rest of the number, 2A read as 19 and 2B as 18."""
    return 97 - int(number.replace("2A", "19").replace("2B", "18")) % 97
