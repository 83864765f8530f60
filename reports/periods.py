"""The civil days that a figure is about, and those that it is compared with. Pure: no database, no Django."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from franceservices.dates import add_months, check_is_date, day_bounds, format_date_long, format_month, month_end

ONE_DAY = timedelta(days=1)
SCHOOL_YEAR_BEGINS_IN = 9


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The civil days `[first, last]`, both included, each as the clock of the site tells it."""

    first: date
    last: date

    def __post_init__(self) -> None:
        check_is_date(self.first)
        check_is_date(self.last)
        if self.last < self.first:
            raise ValueError("Le dernier jour doit suivre le premier.")

    @classmethod
    def of_month(cls, year: int, month: int) -> "Period":
        return cls(date(year, month, 1), month_end(date(year, month, 1)))

    @classmethod
    def of_year(cls, year: int) -> "Period":
        return cls(date(year, 1, 1), date(year, 12, 31))

    @property
    def day_count(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def months(self) -> list[date]:
        """The first day of each civil month that the period touches, in order."""
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        return [add_months(self.first.replace(day=1), number) for number in range(count)]

    def days(self) -> Iterator[date]:
        for offset in range(self.day_count):
            yield self.first + offset * ONE_DAY

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The half-open interval of moments [midnight before the first day, midnight after the last) in `zone`.

        31 December at 23h30 in Cayenne is 1 January in UTC, and belongs to the year that a person there says.
        """
        return day_bounds(self.first, zone)[0], day_bounds(self.last, zone)[1]

    @property
    def previous(self) -> "Period":
        """The period to compare with, just before, of the same making.

        Years for what begins on 1 January, months for what begins on the first of a month (1 to 22 November follows 1
        to 22 October; February follows January, whole), else as many days as there are.
        """
        if self.first.day != 1:
            return Period(self.first - self.day_count * ONE_DAY, self.first - ONE_DAY)
        if self.first.month == 1:
            return self._months_earlier(12 * (self.last.year - self.first.year + 1))
        return self._months_earlier(len(self.months))

    @property
    def year_before(self) -> "Period":
        """The same civil days one year earlier; 29 February becomes the 28th."""
        return self._months_earlier(12)

    def _months_earlier(self, count: int) -> "Period":
        last = add_months(self.last, -count)
        if (self.last + ONE_DAY).day == 1:  # Whole months stay whole, whatever their length.
            last = month_end(last)
        return Period(add_months(self.first, -count), last)

    @property
    def label(self) -> str:
        """`novembre 2026`, `année 2026`, `le 3 avril 2025`, `du 1er au 22 novembre 2026`…"""
        first, last = self.first, self.last
        if first == last:
            return f"le {format_date_long(first)}"
        if self == Period.of_year(first.year):
            return f"année {first.year}"
        if self == Period.of_month(first.year, first.month):
            return format_month(first)
        if first.year != last.year:
            return f"du {format_date_long(first)} au {format_date_long(last)}"
        beginning = format_date_long(first).removesuffix(f" {first.year}")
        if first.month == last.month:
            beginning = beginning.partition(" ")[0]
        return f"du {beginning} au {format_date_long(last)}"

    def __str__(self) -> str:
        return self.label


class Preset(StrEnum):
    """The periods that people ask for by name; their values stand in addresses. Those under way end today."""

    THIS_MONTH = "mois"
    LAST_MONTH = "mois-dernier"
    THIS_YEAR = "annee"
    LAST_YEAR = "annee-derniere"
    SCHOOL_YEAR = "annee-scolaire"
    FREE = "dates"

    @property
    def label(self) -> str:
        return PRESET_LABELS[self]


PRESET_LABELS = {
    Preset.THIS_MONTH: "Ce mois",
    Preset.LAST_MONTH: "Mois dernier",
    Preset.THIS_YEAR: "Cette année",
    Preset.LAST_YEAR: "Année dernière",
    Preset.SCHOOL_YEAR: "Année scolaire",
    Preset.FREE: "Du… au…",
}


def period_of(preset: Preset, today: date) -> Period:
    """The period that `preset` names on the civil date `today`. Raises `ValueError` for free dates."""
    match preset:
        case Preset.THIS_MONTH:
            return Period(today.replace(day=1), today)
        case Preset.LAST_MONTH:
            month = add_months(today.replace(day=1), -1)
            return Period.of_month(month.year, month.month)
        case Preset.THIS_YEAR:
            return Period(date(today.year, 1, 1), today)
        case Preset.LAST_YEAR:
            return Period.of_year(today.year - 1)
        case Preset.SCHOOL_YEAR:
            year = today.year if today.month >= SCHOOL_YEAR_BEGINS_IN else today.year - 1
            return Period(date(year, SCHOOL_YEAR_BEGINS_IN, 1), today)
    raise ValueError("Des dates libres ne se déduisent pas d’aujourd’hui.")
