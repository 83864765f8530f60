"""From the text of a file to an `Agreement`, with every error at once.

Reading goes on after an error: a value that cannot be read is None in the agreement, whose other parts are still
checked, here (`checks.py`) and against the database (`resolving.py`).
"""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError

from .checks import form_problems
from .form import Agreement
from .problems import AgreementRefused, Path, Problem, suggestion
from .schema import Key, Part
from .syntax import syntax_problem
from .values import FloatText, Unreadable, describe

_HEADER = re.compile(r"\s*(?P<open>\[\[?)\s*(?P<name>[^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*(?P<name>[A-Za-z0-9_\-."']+)\s*=\s*(?P<value>.*)""")


@dataclass(frozen=True)
class Reading:
    """What a text gave. `agreement` is None when it is not TOML at all; it has holes when there are problems."""

    agreement: Agreement | None
    problems: tuple[Problem, ...]
    lines: dict[Path, int]

    def refuse_if(self, problems: Sequence[Problem]) -> None:
        """Raise AgreementRefused with `problems`, in the order of the file and each with its line."""
        if problems:
            placed = dict.fromkeys(self._placed(problem) for problem in problems)
            raise AgreementRefused(sorted(placed, key=lambda problem: problem.line or 0))

    def _placed(self, problem: Problem) -> Problem:
        if problem.line is not None:
            return problem
        for length in range(len(problem.path), 0, -1):
            line = self.lines.get(problem.path[:length])
            if line is not None:
                return replace(problem, line=line)
        return problem


def parse_agreement(text: str) -> Agreement:
    """The agreement that `text` describes; AgreementRefused with every error of the file (the database aside)."""
    reading = read_text(text)
    reading.refuse_if(reading.problems)
    return reading.agreement


def read_text(text: str) -> Reading:
    """What `text` gives, with all that is wrong in it; raises nothing."""
    try:
        found = tomllib.loads(text, parse_float=FloatText)
    except RecursionError:
        return Reading(None, (Problem((), "Trop de tableaux ou de tables emboîtés."),), {})
    except ValueError as error:  # TOMLDecodeError, and int() of thousands of digits
        return Reading(None, (syntax_problem(error, text),), {})
    reader = _Reader()
    agreement = _with_defaults(reader.part(Agreement, found, ()))
    # A value that could not be read is said once: not again as missing.
    unread = {problem.path for problem in reader.problems}
    broken_rules = [problem for problem in form_problems(agreement) if problem.path not in unread]
    return Reading(agreement, (*reader.problems, *broken_rules), _lines(text))


class _Reader:
    """Walks the form beside the file; `problems` collects what does not fit."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def part(self, part: type[Part], found: dict, path: Path) -> Part:
        keys = part.keys()
        for name in found:
            if name not in keys:
                shown = [f"[{key}]" for key in keys] if not path else keys
                what = "Table ou clé inconnue" if not path else "Clé inconnue"
                hint = (
                    suggestion(name, keys.keys() - found.keys(), at_most=2)
                    or f" Possibles ici\u00a0: {', '.join(shown)}."
                )
                self.problems.append(Problem((*path, name), f"{what}.{hint}"))
        values = {}
        for name, form_key in keys.items():
            if name in found:
                values[name] = self._value(part, form_key, found[name], (*path, name))
                continue
            if form_key.required:
                table = "" if form_key.part is None else f"\u00a0: ajoutez [{name}]"
                what = "Clé obligatoire, absente." if not table else f"Table obligatoire, absente{table}."
                self.problems.append(Problem((*path, name), what))
            values[name] = form_key.absent
            if form_key.required and form_key.part is not None:
                values[name] = _empty(form_key.part)
        return part(**values)

    def _value(self, part: type[Part], form_key: Key, found: object, path: Path) -> object:
        if form_key.part is not None:
            return self._tables(form_key, found, path) if form_key.at_most else self._table(form_key, found, path)
        try:
            value = form_key.kind.read(found)
            if form_key.field:
                # What the model itself refuses: lengths, identifiers, codes, an obligatory text left empty.
                part.model._meta.get_field(form_key.field).clean(value, None)
        except Unreadable as refusal:
            self.problems.append(Problem(path, str(refusal), describe(found)))
        except ValidationError as refusal:
            self.problems += [Problem(path, message, describe(found)) for message in refusal.messages]
        else:
            return value
        return None

    def _table(self, form_key: Key, found: object, path: Path) -> Part | None:
        if isinstance(found, dict):
            return self.part(form_key.part, found, path)
        name = ".".join(map(str, path))
        self.problems.append(Problem(path, f"Attendu\u00a0: une table, écrite [{name}].", describe(found)))
        return _empty(form_key.part) if form_key.required else form_key.absent

    def _tables(self, form_key: Key, found: object, path: Path) -> tuple[Part, ...]:
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            expected = f"Attendu\u00a0: une liste de tables, écrites [[{'.'.join(map(str, path))}]]."
            self.problems.append(Problem(path, expected, describe(found)))
            return ()
        if len(found) > form_key.at_most:
            self.problems.append(Problem(path, f"Attendu\u00a0: {form_key.at_most} tables au plus.", str(len(found))))
            return ()
        return tuple(self.part(form_key.part, item, (*path, number)) for number, item in enumerate(found, 1))


def _empty(part: type[Part]) -> Part:
    """A table of which nothing could be read."""
    return part(
        **{
            name: _empty(form_key.part) if form_key.required and form_key.part else form_key.absent
            for name, form_key in part.keys().items()
        }
    )


def _with_defaults(agreement: Agreement) -> Agreement:
    """Slots take the term's dates where they give none, and the office where only one is lent."""
    only_office = agreement.offices[0].label if len(agreement.offices) == 1 else None
    first, last = agreement.convention.starts_on, agreement.convention.ends_on
    if first and last and last < first:
        # Said once, of the convention; not again of each slot.
        first, last = last, first
    slots = tuple(
        replace(
            slot,
            office=slot.office if slot.office is not None else only_office,
            starts_on=slot.starts_on or first,
            ends_on=slot.ends_on or last,
        )
        for slot in agreement.slots
    )
    return replace(agreement, slots=slots)


def _lines(text: str) -> dict[Path, int]:
    """The line of each table and key, as far as plain TOML goes; only for showing where a problem is."""
    lines: dict[Path, int] = {}
    counts: Counter[Path] = Counter()
    here: Path = ()
    closing = ""
    for number, line in enumerate(text.split("\n"), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if header := _HEADER.match(line):
            here = _counted(header["name"], (), counts, is_new_item=header["open"] == "[[")
            lines.setdefault(here, number)
        elif key := _KEY.match(line):
            lines.setdefault(_counted(key["name"], here, counts, is_new_item=False), number)
            delimiter = key["value"][:3]
            if delimiter in {'"""', "'''"} and delimiter not in key["value"][3:]:
                closing = delimiter
    return lines


def _counted(dotted: str, base: Path, counts: Counter[Path], *, is_new_item: bool) -> Path:
    """The path of a header or a dotted key, with the number of the current table of each list on the way."""
    names = [name.strip().strip("\"'") for name in dotted.split(".")]
    path = base
    for position, name in enumerate(names, 1):
        path = (*path, name)
        if is_new_item and position == len(names):
            counts[path] += 1
        if path in counts:
            path = (*path, counts[path])
    return path
