"""Numbers that public bodies are known by: SIREN, SIRET, and the id of a teletransmitted act."""

import re
from dataclasses import dataclass
from datetime import date

LA_POSTE_SIREN = "356000000"

_SIREN = re.compile(r"\d{9}", re.ASCII)
_SIRET = re.compile(r"\d{14}", re.ASCII)
_TRANSMISSION_ID = re.compile(
    r"(?P<department>0\d{2}|02[AB]|97\d)-(?P<siren>\d{9})-(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"-(?P<act>[0-9A-Z_]{1,15})-(?P<kind>DE|AR|AI|CC|BF|AU)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TransmissionId:
    """What the id of a teletransmitted act says.

    `department` has three characters ("025", "02A", "973"); `siren` is that of the body that took the act;
    `session_on` the date of its session; `act` the body's own number; `kind` the nature of the act (DE deliberation, AR
    and AI orders, CC contract, BF budget, AU other).
    """

    department: str
    siren: str
    session_on: date
    act: str
    kind: str

    def __str__(self) -> str:
        return f"{self.department}-{self.siren}-{self.session_on:%Y%m%d}-{self.act}-{self.kind}"


def siren_is_valid(siren: str) -> bool:
    """Whether `siren` is nine digits, nothing else, whose Luhn check holds (and not nine zeros)."""
    return bool(_SIREN.fullmatch(siren)) and siren != "0" * 9 and _luhn_holds(siren)


def siret_is_valid(siret: str) -> bool:
    """Whether `siret` is fourteen digits, nothing else, with a valid SIREN and a check that holds.

    The check is Luhn's; for the establishments of La Poste, whose numbers outgrew it, it is enough that the digits add
    up to a multiple of five (INSEE).
    """
    if not _SIRET.fullmatch(siret) or not siren_is_valid(siret[:9]):
        return False
    if siret.startswith(LA_POSTE_SIREN) and sum(map(int, siret)) % 5 == 0:
        return True
    return _luhn_holds(siret)


def format_siren(siren: str) -> str:
    """`262500564` as `262 500 564`, with no-break spaces; anything but nine digits is returned as it is."""
    if not _SIREN.fullmatch(siren):
        return siren
    return "\u00a0".join((siren[:3], siren[3:6], siren[6:]))


def parse_transmission_id(text: str) -> TransmissionId:
    """What `025-262500564-20250219-D00191110-DE` says.

    Raises `ValueError` with a French sentence if the form is wrong, the date does not exist or the SIREN fails its
    check.
    """
    match = _TRANSMISSION_ID.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            "L’identifiant de télétransmission n’a pas la forme attendue, "
            "par exemple 025-262500564-20250219-D00191110-DE."
        )
    try:
        session_on = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        raise ValueError(
            f"L’identifiant de télétransmission porte une date qui n’existe pas\u00a0: "
            f"{match['day']}/{match['month']}/{match['year']}."
        ) from None
    if not siren_is_valid(match["siren"]):
        raise ValueError(f"L’identifiant de télétransmission porte un SIREN invalide\u00a0: {match['siren']}.")
    return TransmissionId(
        department=match["department"],
        siren=match["siren"],
        session_on=session_on,
        act=match["act"],
        kind=match["kind"],
    )


def _luhn_holds(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        weighted = int(digit) * (1 + position % 2)
        total += weighted - 9 if weighted > 9 else weighted
    return total % 10 == 0
