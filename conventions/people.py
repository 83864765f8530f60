"""Names as people type them, one a line: who is who, whatever the accents and the order of the words. Pure."""

from collections.abc import Iterable

from franceservices.text import fold


def name_key(name: str) -> str:
    """What two ways of typing one name have in common: `DUPONT Émilie` and `Emilie Dupont` give the same."""
    return " ".join(sorted(fold(name).split()))


def typed_names(text: str) -> list[str]:
    """The names of `text`, one a line, each person once, in the order of the first time; empty lines are none."""
    names: dict[str, str] = {}
    for line in text.splitlines():
        name = " ".join(line.split())
        if name_key(name):
            names.setdefault(name_key(name), name)
    return list(names.values())


def by_organisation(groups: Iterable[tuple[str, str]], others: str) -> list[tuple[str, list[str]]]:
    """Who came, organisation by organisation, in the order of `groups` (name, people one a line).

    A line of `others` names its own organisation before a colon (« Préfecture : Mme Roy »); without one it stands
    under no organisation, an empty name. Organisations of whom nobody came are left out.
    """
    found: dict[str, list[str]] = {}
    for organisation, people in groups:
        found.setdefault(organisation, []).extend(_lines(people))
    for line in _lines(others):
        organisation, colon, person = line.partition(":")
        if colon and person.strip():
            found.setdefault(organisation.strip(), []).append(person.strip())
        else:
            found.setdefault("", []).append(line)
    return [(organisation, people) for organisation, people in found.items() if people]


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
