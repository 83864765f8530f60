"""What is wrong in an agreement's file, said to the person who writes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from franceservices.errors import DomainError
from franceservices.text import fold

Path = tuple[str | int, ...]
"""Where in the file: `("slots", 2, "end_time")` is the key `end_time` of the second `[[slots]]`."""


@dataclass(frozen=True)
class Problem:
    """One refusal: the key, what stood there (already quoted, empty when nothing did), what was expected."""

    path: Path
    message: str
    found: str = ""
    line: int | None = None

    def __str__(self) -> str:
        line = f" (ligne {self.line})" if self.line else ""
        found = f"trouvé {self.found}. " if self.found else ""
        return f"{path_text(self.path)}{line}\u00a0: {found}{self.message}"


class AgreementRefused(DomainError):
    """The file was refused whole: nothing of it was kept. `problems` has every reason, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def path_text(path: Path) -> str:
    """`slots[2].end_time`; tables of a list are counted from 1."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "fichier"


def quoted(words: Iterable[str]) -> str:
    """`« lundi », « mardi »`."""
    return ", ".join(f"«\u00a0{word}\u00a0»" for word in words)


def suggestion(typed: str, known: Iterable[str], *, at_most: int = 1) -> str:
    """` Vouliez-vous dire « … » ?`, or nothing when no known word is near."""
    by_folded = {fold(word): word for word in known}
    near = get_close_matches(fold(typed[:80]), by_folded, n=at_most, cutoff=0.5)
    return f" Vouliez-vous dire {' ou '.join(quoted([by_folded[word]]) for word in near)}\u00a0?" if near else ""
