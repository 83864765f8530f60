"""Which stored row is which line of the file, when neither bears the other's number. Pure."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Stored = TypeVar("Stored")
Wanted = TypeVar("Wanted")


@dataclass
class Pairing(Generic[Stored, Wanted]):
    """`pairs` belong together; `gone` are rows that no line asks for any more, `new` the lines without a row."""

    pairs: list[tuple[Stored, Wanted]] = field(default_factory=list)
    gone: list[Stored] = field(default_factory=list)
    new: list[Wanted] = field(default_factory=list)


def pair(
    stored: Sequence[Stored], wanted: Sequence[Wanted], *, by: Sequence[Callable[[Stored | Wanted], Hashable]]
) -> Pairing[Stored, Wanted]:
    """Pair rows and lines that are equal under the first of the keys in `by`, then the rest under the second…

    From the strictest key to the loosest: what did not change keeps its row, and what changed a little is a change
    rather than an end and a beginning. Each row and each line is in one pair at most.
    """
    result: Pairing[Stored, Wanted] = Pairing(gone=list(stored), new=list(wanted))
    for key in by:
        waiting: dict[Hashable, list[Stored]] = {}
        for row in result.gone:
            waiting.setdefault(key(row), []).append(row)
        still_new = []
        for line in result.new:
            rows = waiting.get(key(line))
            if rows:
                result.pairs.append((rows.pop(0), line))
            else:
                still_new.append(line)
        result.gone = [row for rows in waiting.values() for row in rows]
        result.new = still_new
    return result
