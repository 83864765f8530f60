"""How a figure is written: `1 254 rendez-vous`, `7 h 30`, `12 min`, `4,5 jours`, `8 %`. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from franceservices.dates import format_duration
from franceservices.money import NO_BREAK_SPACE, format_number, round_half_up

# A count, a total of minutes, a mean, a share in [0, 1]; None where nothing can be said of no rows.
Value = int | Fraction | None
NOTHING_TO_SAY = "–"


class Kind(Enum):
    COUNT = "count"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    SHARE = "share"


@dataclass(frozen=True)
class Unit:
    """What the number of a figure counts; `one` and `many` are its words, empty where the number says it."""

    kind: Kind
    one: str = ""
    many: str = ""

    @property
    def is_additive(self) -> bool:
        """Whether parts of it may be drawn as bars that add up."""
        return self.kind in (Kind.COUNT, Kind.HOURS)

    def short(self, value: Value) -> str:
        """The number as a tile shows it, its unit only where the number cannot be read without: `12`, `8 %`."""
        if value is None:
            return NOTHING_TO_SAY
        match self.kind:
            case Kind.COUNT:
                return format_number(int(value))
            case Kind.SHARE:
                return f"{format_number(round_half_up(Fraction(value) * 100, places=1))}{NO_BREAK_SPACE}%"
            case Kind.DAYS:
                return _measured(value, "jour", "jours")
            case Kind.MINUTES:
                return format_duration(int(round_half_up(value, places=0)))
            case Kind.HOURS:
                return _hours(int(value))

    def full(self, value: Value) -> str:
        """The number with its word: `1 rendez-vous`, `12 passages`."""
        if self.kind is not Kind.COUNT or value is None:
            return self.short(value)
        return f"{self.short(value)}{NO_BREAK_SPACE}{self.one if abs(value) < 2 else self.many}"

    def cell(self, value: Value) -> int | Decimal | None:
        """The number for a spreadsheet: counts as they are, hours and days with decimals, shares as fractions of 1."""
        if value is None:
            return None
        match self.kind:
            case Kind.COUNT:
                return int(value)
            case Kind.HOURS:
                return round_half_up(Fraction(value) / 60, places=4)
            case Kind.SHARE:
                return round_half_up(value, places=6)
            case _:
                return round_half_up(value, places=2)


def _hours(minutes: int) -> str:
    whole, rest = divmod(minutes, 60)
    written = f"{format_number(whole)}{NO_BREAK_SPACE}h"
    return f"{written}{NO_BREAK_SPACE}{rest:02}" if rest else written


def _measured(value: Value, one: str, many: str) -> str:
    rounded = round_half_up(value, places=1)
    return f"{format_number(rounded)}{NO_BREAK_SPACE}{one if abs(rounded) < 2 else many}"


APPOINTMENTS = Unit(Kind.COUNT, "rendez-vous", "rendez-vous")
VISITS = Unit(Kind.COUNT, "passage", "passages")
SESSIONS = Unit(Kind.COUNT, "séance", "séances")
PEOPLE = Unit(Kind.COUNT, "personne", "personnes")
FILES = Unit(Kind.COUNT, "dossier", "dossiers")
TRAININGS = Unit(Kind.COUNT, "formation", "formations")
HOURS = Unit(Kind.HOURS)
MINUTES = Unit(Kind.MINUTES)
DAYS = Unit(Kind.DAYS)
SHARE = Unit(Kind.SHARE)
