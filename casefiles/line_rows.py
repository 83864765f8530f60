"""A file at the caisse as lists and pages show it: what was sent, what was answered, what may be answered next.

Only what was sent is read from the frozen content, so that a partner's agent sees no more than that.
"""

from dataclasses import dataclass
from datetime import date

from .clocks import LineClock, line_clock
from .file_rows import TACIT_WORDS
from .models import SlipLine, TacitOutcome
from .stages import Stage

NO_NAME = "Personne anonymisée"
LINE_LABELS = {
    Stage.SENT: "À accuser",
    Stage.ACKNOWLEDGED: "Reçu, à décider",
    Stage.RETURNED: "Retourné incomplet",
    Stage.ACCEPTED: "Accord",
    Stage.REFUSED: "Refus",
    Stage.WITHDRAWN: "Retiré par le CCAS",
}


@dataclass(frozen=True, slots=True)
class LineRow:
    """`line` with what its row says; `due` names what `due_on` is the last day of, or the day of what was done."""

    line: SlipLine
    name: str
    birth_date: date | None
    kind: str
    is_urgent: bool
    stage: Stage
    note: str
    due: str
    due_on: date | None
    clock: LineClock | None

    @property
    def label(self) -> str:
        return LINE_LABELS[self.stage]

    @property
    def is_late(self) -> bool:
        return self.clock is not None and self.clock.is_late

    @property
    def may_acknowledge(self) -> bool:
        return self.stage is Stage.SENT

    @property
    def may_answer(self) -> bool:
        """Whether the file may be sent back or decided."""
        return self.stage in (Stage.SENT, Stage.ACKNOWLEDGED)

    @property
    def is_decided(self) -> bool:
        return self.stage in (Stage.ACCEPTED, Stage.REFUSED)


def line_stage(line: SlipLine) -> Stage:
    """Where this passage stands; `file` is read with it, for a withdrawal."""
    if line.returned_at is not None:
        return Stage.RETURNED
    if line.result:
        return Stage(line.result)
    if line.file.withdrawn_at is not None:
        return Stage.WITHDRAWN
    return Stage.SENT if line.acknowledged_at is None else Stage.ACKNOWLEDGED


def line_row(line: SlipLine, *, today: date) -> LineRow:
    """The row of `line`, read by `with_parties()`."""
    stage = line_stage(line)
    content = line.content
    note, due, due_on, clock = "", "envoyé le", line.sent_on, None
    if stage in (Stage.SENT, Stage.ACKNOWLEDGED):
        clock = line_clock(
            today=today,
            acknowledgement_due_on=line.acknowledgement_due_on,
            received_on=line.received_on,
            decision_due_on=line.decision_due_on,
            tacit_on=line.tacit_on,
        )
        due, due_on = ("accusé attendu le" if stage is Stage.SENT else "décision attendue le"), clock.due_on
        if clock.is_tacit_reached:
            note = TACIT_WORDS.get(TacitOutcome(line.file.kind.tacit_outcome), "")
        elif clock.is_late:
            note = f"{-clock.days_left} jour{'s' if clock.days_left < -1 else ''} de retard"
    elif stage is Stage.RETURNED:
        due, due_on = "retourné le", line.returned_on
    elif stage in (Stage.ACCEPTED, Stage.REFUSED):
        due, due_on = "décidé le", line.decided_on
        note = "tacite" if line.is_tacit else ""
    return LineRow(
        line=line,
        name=f"{content['first_name']} {content['last_name'].upper()}".strip() or NO_NAME,
        birth_date=date.fromisoformat(content["birth_date"]) if content["birth_date"] else None,
        kind=content["kind"],
        is_urgent=content["is_urgent"],
        stage=stage,
        note=note,
        due=due,
        due_on=due_on,
        clock=clock,
    )
