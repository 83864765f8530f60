"""A line of a list of files, on screen or in a spreadsheet: where the file stands, and what is awaited until when."""

from dataclasses import dataclass
from datetime import date

from .clocks import RenewalState, line_clock, renewal_window
from .models import CaseFile, TacitOutcome
from .stages import Stage

# What lists write in their column of dates.
TACIT_WORDS = {TacitOutcome.ACCEPTED: "silence valant accord", TacitOutcome.REFUSED: "silence valant refus"}


@dataclass(frozen=True, slots=True)
class FileRow:
    """`file` with what its line says; `due` names what `due_on` is the last day of, or the day of what is done."""

    file: CaseFile
    stage: Stage
    note: str
    due: str
    due_on: date | None
    is_late: bool


def lacking_words(file: CaseFile) -> str:
    """What keeps `file` from being sent: « 2 pièces manquantes, accord à recueillir »."""
    lacking = []
    if file.lacking_count:
        plural = "s" if file.lacking_count > 1 else ""
        lacking.append(f"{file.lacking_count} pièce{plural} manquante{plural}")
    if file.agreed_on is None:
        lacking.append("accord à recueillir")
    return ", ".join(lacking)


def _end_words(days_left: int) -> str:
    if days_left == 0:
        return "derniers droits aujourd’hui"
    return f"fin dans {days_left} jour{'s' if days_left > 1 else ''}"


def file_row(file: CaseFile, *, today: date) -> FileRow:
    """The line of `file`, read by `with_stage()` and `with_parties()`."""
    stage = Stage(file.stage)
    note, due, due_on, is_late = "", "ouvert le", file.opened_on, False
    if stage in (Stage.PREPARATION, Stage.RETURNED):
        note = lacking_words(file)
    elif stage in (Stage.SENT, Stage.ACKNOWLEDGED):
        clock = line_clock(
            today=today,
            acknowledgement_due_on=file.acknowledgement_due_on,
            received_on=file.received_on,
            decision_due_on=file.decision_due_on,
            tacit_on=file.tacit_on,
        )
        due_on, is_late = clock.due_on, clock.is_late
        due = "accusé attendu le" if stage is Stage.SENT else "décision attendue le"
        if clock.is_tacit_reached:
            note = TACIT_WORDS.get(TacitOutcome(file.kind.tacit_outcome), "")
        elif clock.is_late:
            days = -clock.days_left
            note = f"{days} jour{'s' if days > 1 else ''} de retard"
    elif stage is Stage.ACCEPTED and file.rights_until:
        due, due_on = "droits jusqu’au", file.rights_until
        window = renewal_window(file.rights_until, today=today)
        if file.kind.is_renewable and window.state in (RenewalState.OPEN, RenewalState.LATE):
            is_late = window.state is RenewalState.LATE
            note = f"à renouveler{' sans attendre' if is_late else ''}, {_end_words(window.days_left)}"
        elif window.state is RenewalState.ENDED:
            note = "droits échus"
    elif stage in (Stage.ACCEPTED, Stage.REFUSED):
        due, due_on = "décidé le", file.decided_on
    return FileRow(file, stage, note, due, due_on, is_late)


EXPORT_HEADINGS = (
    *("Usager", "Nature", "Caisse", "Suivi par", "Urgent", "Étape", "Précision", "Ouvert le", "Accord donné le"),
    *("Envoyé le", "Reçu le", "Décision attendue le", "Décidé le", "Droits jusqu’au"),
)


def export_cells(row: FileRow) -> list[object]:
    """The cells of a spreadsheet, under `EXPORT_HEADINGS`; never the social notes."""
    file = row.file
    return [
        file.visitor.full_name,
        file.kind.label,
        file.partner.short_name,
        file.agent.get_full_name(),
        "oui" if file.is_urgent else "",
        row.stage.label,
        row.note,
        file.opened_on,
        file.agreed_on,
        file.sent_on,
        file.received_on,
        file.decision_due_on,
        file.decided_on,
        file.rights_until,
    ]
