"""What happened to a file, in words: the ribbon of its facts, and every event with its date and its author."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from franceservices.dates import format_date_long
from partners.models import User

from .models import CaseFile, DecisionResult, RightsAlert, SlipLine
from .stages import Stage


@dataclass(frozen=True, slots=True)
class Mark:
    """A fact of the ribbon: on which day, by whom; without a day it is still to come, or `note` says what is awaited.

    `state` is the class of the ribbon: past, missing, today (the step under way) or nothing.
    """

    label: str
    day: date | None = None
    note: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was noted at `moment` by `author`, in words."""

    moment: datetime
    words: str
    author: User
    detail: str = ""


def ribbon_of(file: CaseFile, *, stage: Stage, line: SlipLine | None, last_return: SlipLine | None) -> list[Mark]:
    """The facts of the passage under way; `line` is the open one, `last_return` the last that the caisse sent back."""
    marks = [Mark("Ouvert", file.opened_on, f"par {file.opened_by.get_full_name()}", "past")]
    if file.agreed_on is not None:
        marks.append(
            Mark("Accord donné", file.agreed_on, f"noté par {file.agreement_recorded_by.get_full_name()}", "past")
        )
    else:
        marks.append(Mark("Accord", None, "à recueillir", "missing"))
    if line is None and last_return is not None:
        marks.append(Mark("Retourné", last_return.returned_on, f"par {last_return.partner.short_name}", "past"))
    if stage is Stage.WITHDRAWN:
        withdrawn_on = file.withdrawn_at.astimezone(file.site.zone).date()
        return [*marks, Mark("Retiré", withdrawn_on, f"par {file.withdrawn_by.get_full_name()}", "past")]
    marks.append(_complete_mark(file, stage))
    marks.append(_sent_mark(stage, line))
    marks.append(_received_mark(line))
    marks.append(_decision_mark(line))
    if line is not None and line.rights_until is not None:
        marks.append(Mark("Fin des droits", line.rights_until))
    return marks


def _complete_mark(file: CaseFile, stage: Stage) -> Mark:
    if stage in (Stage.PREPARATION, Stage.RETURNED):
        if not file.lacking_count:
            return Mark("Pièces", None, "toutes réunies", "past")
        plural = "s" if file.lacking_count > 1 else ""
        return Mark("Pièces", None, f"{file.lacking_count} manquante{plural}", "missing")
    return Mark("Complet", None, "pièces et accord réunis", "past")


def _sent_mark(stage: Stage, line: SlipLine | None) -> Mark:
    if line is None:
        return Mark("Envoi", None, "à faire", "today") if stage is Stage.COMPLETE else Mark("Envoi")
    return Mark("Envoyé", line.sent_on, f"bordereau n°\u00a0{line.slip.full_number}", "past")


def _received_mark(line: SlipLine | None) -> Mark:
    if line is None:
        return Mark("Réception")
    if line.received_on is None:
        return Mark("Réception", None, f"attendue le {format_date_long(line.acknowledgement_due_on)}", "today")
    return Mark("Reçu", line.received_on, f"saisi par {line.acknowledged_by.get_full_name()}", "past")


def _decision_mark(line: SlipLine | None) -> Mark:
    if line is None or line.received_on is None:
        return Mark("Décision")
    if not line.result:
        awaited = f"attendue le {format_date_long(line.decision_due_on)}" if line.decision_due_on else "attendue"
        return Mark("Décision", None, awaited, "today")
    return Mark(
        f"{line.get_result_display()}{' tacite' if line.is_tacit else ''}",
        line.decided_on,
        f"saisi par {line.decision_recorded_by.get_full_name()}",
        "past",
    )


def events_of(file: CaseFile, lines: Iterable[SlipLine], alerts: Iterable[RightsAlert]) -> list[Event]:
    """Everything that was noted, the newest first; documents say for themselves who noted them."""
    events = [Event(file.opened_at, "Dossier ouvert", file.opened_by)]
    if file.agreement_recorded_at:
        words = f"Accord de la personne, donné le {format_date_long(file.agreed_on)}"
        events.append(Event(file.agreement_recorded_at, words, file.agreement_recorded_by))
    for line in lines:
        events += line_events(line)
    for alert in alerts:
        events += alert_events(alert)
    if file.withdrawn_at:
        events.append(Event(file.withdrawn_at, "Dossier retiré", file.withdrawn_by, file.withdrawal_reason))
    return sorted(events, key=lambda event: event.moment, reverse=True)


def line_events(line: SlipLine) -> Iterator[Event]:
    """What became of one passage at the caisse, in order."""
    yield Event(
        line.slip.sent_at,
        f"Envoyé à {line.partner.short_name}, bordereau n°\u00a0{line.slip.full_number}"
        f" du {format_date_long(line.sent_on)}",
        line.slip.sent_by,
    )
    if line.acknowledged_at:
        words = f"Reçu par {line.partner.short_name} le {format_date_long(line.received_on)}"
        yield Event(line.acknowledged_at, words, line.acknowledged_by)
    if line.returned_at:
        asked = ", ".join(document["label"] for document in line.missing)
        detail = f"Demandé\u00a0: {asked}.{f' {line.return_note}' if line.return_note else ''}"
        yield Event(
            line.returned_at, f"Retourné incomplet le {format_date_long(line.returned_on)}", line.returned_by, detail
        )
    if line.decision_recorded_at:
        words = (
            f"{line.get_result_display()}{' tacite' if line.is_tacit else ''} le {format_date_long(line.decided_on)}"
        )
        yield Event(line.decision_recorded_at, words, line.decision_recorded_by, decision_detail(line))


def decision_detail(line: SlipLine) -> str:
    """« droits du 1er mars 2026 au 28 février 2027 », or the reason of a refusal."""
    if line.result == DecisionResult.REFUSED:
        return line.refusal_reason
    if line.rights_from is None:
        return ""
    since = f"Droits du {format_date_long(line.rights_from)}"
    return f"{since} au {format_date_long(line.rights_until)}" if line.rights_until else f"{since}, sans terme"


def alert_events(alert: RightsAlert) -> Iterator[Event]:
    """The steps of an alert about this file, in order."""
    yield Event(
        alert.raised_at,
        f"Alerte à {alert.partner.short_name}, réponse nécessaire le {format_date_long(alert.deadline)}",
        alert.raised_by,
        alert.what,
    )
    if alert.answered_at:
        yield Event(alert.answered_at, "Réponse à l’alerte", alert.answered_by, alert.answer)
    if alert.closed_at:
        yield Event(alert.closed_at, "Alerte close", alert.closed_by)
