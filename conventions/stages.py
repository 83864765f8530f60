"""Where a convention stands on a day, derived from what happened, never typed. Pure.

`search.py` says the same as a condition of the database; a test keeps the two in agreement.
"""

from dataclasses import dataclass
from datetime import date

from .deadlines import enforceable_on
from .fees import LabelledEnum


class Stage(LabelledEnum):
    """The stages of a convention, in their usual order."""

    DRAFT = "draft", "Projet"
    DELIBERATED = "deliberated", "Délibérée"
    TRANSMITTED = "transmitted", "Transmise"
    ENFORCEABLE = "enforceable", "Exécutoire"
    SIGNED = "signed", "Signée"
    IN_FORCE = "in_force", "En vigueur"
    AMENDED = "amended", "En vigueur, modifiée"
    DENOUNCED = "denounced", "Dénoncée"
    EXPIRED = "expired", "Échue"

    @property
    def sentence(self) -> str:
        """What it means, for who reads the page for the first time."""
        return _SENTENCES[self]


RUNNING = frozenset({Stage.IN_FORCE, Stage.AMENDED, Stage.DENOUNCED})
"""The stages of a convention that may bind the parties on the day; a denounced one does until its new term."""

_SENTENCES = {
    Stage.DRAFT: "Aucune assemblée ne l’a approuvée et personne ne l’a signée.",
    Stage.DELIBERATED: "L’assemblée l’a approuvée\u00a0; la délibération n’est pas encore reçue en préfecture.",
    Stage.TRANSMITTED: "La délibération est reçue en préfecture, mais pas encore publiée.",
    Stage.ENFORCEABLE: "La délibération est publiée et transmise\u00a0: la convention peut être signée.",
    Stage.SIGNED: "Elle est signée et prendra effet à sa date de début.",
    Stage.IN_FORCE: "Elle a pris effet et court jusqu’à son terme.",
    Stage.AMENDED: "Elle court, telle que ses avenants l’ont modifiée.",
    Stage.DENOUNCED: "Une des parties y met fin\u00a0: elle court jusqu’à la date que donne le préavis.",
    Stage.EXPIRED: "Son terme est passé.",
}


@dataclass(frozen=True)
class StageFacts:
    """What happened to a convention and when; None for what is not known to have happened.

    `amended_from` is the day from which the first of its avenants in force applies. Both ends of the term
    `[starts_on, ends_on]` are included.
    """

    starts_on: date
    ends_on: date
    session_on: date | None = None
    published_on: date | None = None
    transmitted_on: date | None = None
    signed_on: date | None = None
    amended_from: date | None = None
    denounced_on: date | None = None


def stage_on(facts: StageFacts, day: date) -> Stage:
    """The stage on the civil date `day`; what happens later is not known yet.

    The term alone brings nobody into force: without a vote and without a signature the text stays a draft while it
    lasts. With one of the two it runs from its first day, however incomplete the rest; findings say what is missing.
    """
    if day > facts.ends_on:
        return Stage.EXPIRED
    signed, deliberated = _happened(facts.signed_on, day), _happened(facts.session_on, day)
    if _happened(facts.denounced_on, day):
        return Stage.DENOUNCED
    if day >= facts.starts_on and (signed or deliberated):
        return Stage.AMENDED if _happened(facts.amended_from, day) else Stage.IN_FORCE
    if signed:
        return Stage.SIGNED
    if not deliberated:
        return Stage.DRAFT
    enforceable = enforceable_on(published_on=facts.published_on, transmitted_on=facts.transmitted_on)
    if _happened(enforceable, day):
        return Stage.ENFORCEABLE
    return Stage.TRANSMITTED if _happened(facts.transmitted_on, day) else Stage.DELIBERATED


def _happened(day_of_fact: date | None, day: date) -> bool:
    return day_of_fact is not None and day_of_fact <= day
