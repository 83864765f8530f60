"""What the id of a teletransmitted act says, held against the act itself. Pure."""

from datetime import date

from franceservices.dates import format_date_long
from franceservices.identifiers import format_siren, parse_transmission_id

DELIBERATION_KIND = "DE"


def transmission_doubts(transmission_id: str, *, session_on: date, siren: str, insee_code: str) -> list[str]:
    """What in the id does not agree with the act, as French clauses (« il porte… »); empty when all of it does.

    `siren` and `insee_code` are those of the CCAS; what is empty is not compared. The id carries the department, the
    SIREN of the body that took the act, the date of its session, the act's own number and its nature.
    """
    if not transmission_id:
        return []
    try:
        sent = parse_transmission_id(transmission_id)
    except ValueError as error:
        return [str(error)]
    doubts = []
    if sent.session_on != session_on:
        doubts.append(
            f"il porte la date du {format_date_long(sent.session_on)}, la séance est du {format_date_long(session_on)}."
        )
    if siren and sent.siren != siren:
        doubts.append(f"il porte le SIREN {format_siren(sent.siren)}, le CCAS a le {format_siren(siren)}.")
    department = department_of(insee_code)
    if department and sent.department != department:
        doubts.append(f"il porte le département {sent.department}, le CCAS est dans le {department}.")
    if sent.kind != DELIBERATION_KIND:
        doubts.append(f"il se termine par {sent.kind}, une délibération par {DELIBERATION_KIND}.")
    return doubts


def department_of(insee_code: str) -> str:
    """The three characters that stand for a commune's department in such an id: 025, 02A, 973; empty if unknown."""
    if len(insee_code) != len("25056"):
        return ""
    return insee_code[:3] if insee_code.startswith("97") else f"0{insee_code[:2]}"
