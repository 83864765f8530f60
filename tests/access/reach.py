"""The words of the access table: how far a page opens for somebody, and one line of the table."""

from dataclasses import dataclass, fields
from enum import Enum


class Reach(Enum):
    """The value is the word that a person reads in `docs/access.md`."""

    NO = "non"
    YES = "oui"
    SITES = "ses espaces"
    CCAS = "son CCAS"
    CHOSEN_CCAS = "le CCAS de l’espace choisi"
    PARTNER = "sa caisse"
    OWN = "les siens"
    SECRET = "avec le lien"
    ALL = "tout"


NO, YES, SITES, CCAS, PARTNER, OWN, ALL = (
    Reach.NO,
    Reach.YES,
    Reach.SITES,
    Reach.CCAS,
    Reach.PARTNER,
    Reach.OWN,
    Reach.ALL,
)
CHOSEN_CCAS, SECRET = Reach.CHOSEN_CCAS, Reach.SECRET


@dataclass(frozen=True)
class Page:
    """One address, by its URL name (its route where it has none), and whom it opens for.

    What is out of reach is a 404, or the sign-in page for a stranger, by GET and by POST alike.
    """

    name: str
    title: str
    reception: Reach = NO
    social_worker: Reach = NO
    manager: Reach = NO
    administrator: Reach = NO
    agent: Reach = NO
    technical: Reach = NO
    stranger: Reach = NO


# Whoever walks, and the head of her column.
COLUMNS = {
    "stranger": "Inconnu",
    "reception": "Accueil",
    "social_worker": "Travailleur social",
    "manager": "Responsable",
    "administrator": "Administrateur",
    "agent": "Agent de caisse",
    "technical": "Compte technique",
}
assert set(COLUMNS) == {field.name for field in fields(Page)} - {"name", "title"}


@dataclass(frozen=True)
class Subject:
    """A chapter of the table."""

    title: str
    pages: tuple[Page, ...]


def _page(name: str, title: str, desks: Reach, overseers: Reach, agent: Reach, technical: Reach) -> Page:
    return Page(name, title, desks, desks, overseers, overseers, agent, technical)


def everybody(name: str, title: str) -> Page:
    """Also for whoever has no account."""
    return Page(name, title, **dict.fromkeys(COLUMNS, YES))


def everybody_signed_in(name: str, title: str) -> Page:
    return _page(name, title, YES, YES, YES, YES)


def with_secret(name: str, title: str) -> Page:
    """For whoever has the address, account or not."""
    return Page(name, title, **dict.fromkeys(COLUMNS, SECRET))


def nobody(name: str, title: str) -> Page:
    return Page(name, title)


def desk(name: str, title: str) -> Page:
    """A page of the space where one works, that names no row."""
    return _page(name, title, YES, YES, NO, YES)


def desk_row(name: str, title: str) -> Page:
    """A row of a space."""
    return _page(name, title, SITES, CCAS, NO, ALL)


def ccas_row(name: str, title: str) -> Page:
    """A row that all spaces of a CCAS share."""
    return _page(name, title, CCAS, CCAS, NO, ALL)


def chosen_ccas_row(name: str, title: str) -> Page:
    """The same, on a page of the space where one works."""
    return _page(name, title, CCAS, CCAS, NO, CHOSEN_CCAS)


def overseers(name: str, title: str) -> Page:
    """For managers and administrators, naming no row."""
    return _page(name, title, NO, YES, NO, YES)


def overseers_row(name: str, title: str) -> Page:
    return _page(name, title, NO, CCAS, NO, ALL)


def overseers_own(name: str, title: str) -> Page:
    return _page(name, title, NO, OWN, NO, OWN)


def agents(name: str, title: str) -> Page:
    """For agents of caisses, naming no row."""
    return _page(name, title, NO, NO, YES, NO)


def desk_and_agents(name: str, title: str) -> Page:
    return _page(name, title, YES, YES, YES, YES)


def desk_and_agents_row(name: str, title: str) -> Page:
    """A row of a space and of a caisse."""
    return _page(name, title, SITES, CCAS, PARTNER, ALL)


def overseers_and_agents_row(name: str, title: str) -> Page:
    return _page(name, title, NO, CCAS, PARTNER, ALL)
