"""From an `Agreement` to the text of a file; the inverse of `reading.py`. Pure."""

import tomlkit
from tomlkit.items import String, StringType, Table, Trivia

from .form import Agreement, ConventionPart, SlotPart
from .schema import Key, Part
from .values import Text

_HEADING = "Convention d’un espace France Services. La forme est décrite dans docs/conventions-toml.md."


def write_toml(agreement: Agreement) -> str:
    """The text of the file. What is empty is left out, but for shared facts: there, empty is said."""
    agreement = agreement.normalised()
    document = tomlkit.document()
    document.add(tomlkit.comment(_HEADING))
    document.add(tomlkit.nl())
    _fill(document, agreement, agreement.convention)
    return tomlkit.dumps(document)


def _fill(table: Table | tomlkit.TOMLDocument, part: Part, term: ConventionPart) -> None:
    for name, key in part.keys().items():
        value = getattr(part, name)
        if key.part is not None:
            _fill_tables(table, name, key, value, term)
        elif not _goes_without_saying(part, name, key, value, term):
            table.add(name, _item(key, value))


def _fill_tables(table: Table | tomlkit.TOMLDocument, name: str, key: Key, value, term: ConventionPart) -> None:
    if key.at_most is None:
        if value is not None and value != key.absent:
            child = tomlkit.table()
            _fill(child, value, term)
            table.add(name, child)
    elif value:
        children = tomlkit.aot()
        for item in value:
            child = tomlkit.table()
            _fill(child, item, term)
            children.append(child)
        table.add(name, children)
    elif value is not None and key.absent is None:
        table.add(name, tomlkit.array())


def _goes_without_saying(part: Part, name: str, key: Key, value: object, term: ConventionPart) -> bool:
    if isinstance(part, SlotPart) and name in {"starts_on", "ends_on"}:
        return value == getattr(term, name)
    return value is None or (value == "" and not key.required and not part.is_shared)


def _item(key: Key, value: object) -> object:
    written = key.kind.write(value)
    if not isinstance(key.kind, Text):
        return written
    # TOML drops the line end that follows the opening quotes: the text then begins on a line of its own.
    quotes = StringType.MLB.value
    escaped = tomlkit.string(f"{written}\n", multiline=True).as_string().removeprefix(quotes).removesuffix(quotes)
    return String(StringType.MLB, f"{written}\n", f"\n{escaped}", Trivia())
