"""Text reduced to what two people type alike: for searching, and for the names of files."""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l"})
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—_'’‘ʼ`´.]+")
_NOT_IN_A_FILE_NAME = re.compile(r"[^a-z0-9]+")
LONGEST_FILE_NAME = 100
"""Characters, without the extension; far below the 255 bytes of file systems, and readable in a list."""


def fold(text: str) -> str:
    """`text` in lower case, without accents, ligatures undone, hyphens, apostrophes, points and spaces as one space.

    `Lætitia  D’Hérouville-Cœur` gives `laetitia d herouville coeur`. Letters of other scripts stay. Folding twice
    changes nothing.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _SEPARATORS.sub(" ", bare.casefold()).strip()


def safe_filename(text: str, *, default: str = "document") -> str:
    """`text` as a file name without extension: ASCII letters and digits in lower case, joined by hyphens.

    At most `LONGEST_FILE_NAME` characters; `default` when nothing is left. Never a path, a dot file or a header break.
    """
    name = _NOT_IN_A_FILE_NAME.sub("-", fold(text)).strip("-")
    return name[:LONGEST_FILE_NAME].rstrip("-") or default
