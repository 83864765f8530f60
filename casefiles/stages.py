"""Where a file stands, from facts alone. Pure: no database; `case_file_lists.py` says the same in SQL."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """In the order a file goes through them."""

    PREPARATION = "preparation"
    COMPLETE = "complete"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """As lists show it, in French."""
        return STAGE_LABELS[self]

    @property
    def is_final(self) -> bool:
        """Nothing is awaited any more, from anybody."""
        return self in FINAL_STAGES


STAGE_LABELS = {
    Stage.PREPARATION: "En préparation",
    Stage.COMPLETE: "Complet, à envoyer",
    Stage.SENT: "Envoyé",
    Stage.ACKNOWLEDGED: "Reçu par la caisse",
    Stage.RETURNED: "Retourné incomplet",
    Stage.ACCEPTED: "Accord",
    Stage.REFUSED: "Refus",
    Stage.WITHDRAWN: "Retiré",
}
FINAL_STAGES = frozenset({Stage.ACCEPTED, Stage.REFUSED, Stage.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What the stage follows from.

    `is_at_caisse`: there is a line of a slip that was not sent back; `is_acknowledged` and `result` (`accepted`,
    `refused` or empty) are that line's. `was_returned`: some line was sent back. `lacks_documents`: a mandatory
    document of the checklist is missing.
    """

    is_withdrawn: bool
    is_at_caisse: bool
    is_acknowledged: bool
    result: str
    was_returned: bool
    has_agreement: bool
    lacks_documents: bool


def stage_of(facts: FileFacts) -> Stage:
    """The stage; a file that was sent back is complete again once everything asked is there."""
    if facts.is_withdrawn:
        return Stage.WITHDRAWN
    if facts.is_at_caisse:
        if facts.result:
            return Stage(facts.result)
        return Stage.ACKNOWLEDGED if facts.is_acknowledged else Stage.SENT
    if facts.has_agreement and not facts.lacks_documents:
        return Stage.COMPLETE
    return Stage.RETURNED if facts.was_returned else Stage.PREPARATION
