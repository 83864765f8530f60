"""School holidays read from outside: the official days of zones A, B and C, and CSV files for everybody else's."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from django.db import transaction
from vacances_scolaires_france import SchoolHolidayDates

from franceservices.dates import parse_iso_date_or_none
from franceservices.errors import DomainError
from franceservices.money import NO_BREAK_SPACE

from .models import SchoolHoliday, SchoolZone

ONE_DAY = timedelta(days=1)
LISTED_ZONES = (SchoolZone.A, SchoolZone.B, SchoolZone.C)
COLUMNS = ["zone", "nom", "du", "au"]


@dataclass(frozen=True)
class Period:
    """The holidays of one zone, both days included."""

    zone: SchoolZone
    name: str
    starts_on: date
    ends_on: date


def listed_periods(*, first_year: int) -> list[Period]:
    """The periods of zones A, B and C from the beginning of `first_year` to the last that is known.

    The source lists days; days in a row under one name are one period.
    """
    listed = SchoolHolidayDates()
    found: list[Period] = []
    for zone in LISTED_ZONES:
        periods: list[Period] = []
        for year in range(first_year, listed.max_year + 1):
            for day, row in sorted(listed.holidays_for_year_and_zone(year, zone.value).items()):
                name = row["nom_vacances"].replace("'", "’")
                if periods and periods[-1].name == name and periods[-1].ends_on == day - ONE_DAY:
                    periods[-1] = Period(zone, name, periods[-1].starts_on, day)
                else:
                    periods.append(Period(zone, name, day, day))
        found += periods
    return found


def periods_of_file(path: Path) -> list[Period]:
    """The periods of a CSV file with the columns zone, nom, du, au (dates as 2026-02-07; comma or semicolon).

    Raises DomainError with the number of the line that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DomainError(f"Le fichier {path} ne peut pas être lu{NO_BREAK_SPACE}: {error}.") from error
    separator = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.DictReader(text.splitlines(), delimiter=separator)
    if not set(COLUMNS) <= set(reader.fieldnames or []):
        raise DomainError(f"Le fichier doit commencer par les colonnes {', '.join(COLUMNS)}.")
    return [_period(row, number) for number, row in enumerate(reader, start=2)]


def _period(row: dict[str, str | None], number: int) -> Period:
    zone, name, first, last = ((row[column] or "").strip() for column in COLUMNS)
    starts_on, ends_on = parse_iso_date_or_none(first), parse_iso_date_or_none(last)
    if zone not in SchoolZone.values:
        raise DomainError(f"Ligne {number}{NO_BREAK_SPACE}: la zone est une de {', '.join(SchoolZone.values)}.")
    if not name or len(name) > SchoolHoliday._meta.get_field("name").max_length:
        raise DomainError(f"Ligne {number}{NO_BREAK_SPACE}: le nom des vacances manque ou dépasse 100 caractères.")
    if starts_on is None or ends_on is None or ends_on < starts_on:
        raise DomainError(f"Ligne {number}{NO_BREAK_SPACE}: deux dates dans l’ordre sont attendues, comme 2026-02-07.")
    return Period(SchoolZone(zone), name, starts_on, ends_on)


@transaction.atomic
def store_periods(periods: Iterable[Period]) -> int:
    """Write the periods that are new and correct those that changed; returns how many were read. May be run again."""
    count = 0
    for period in periods:
        SchoolHoliday.objects.update_or_create(
            zone=period.zone,
            starts_on=period.starts_on,
            defaults={"name": period.name, "ends_on": period.ends_on},
        )
        count += 1
    return count
