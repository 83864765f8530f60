"""Days, hours and weeks as French readers write them, and the step from local time to a moment.

No locale is used: a server without the French one installed writes the same. A civil date is a `date`; a moment is
an aware `datetime`; an hour of the weekly grid is a naive `time`, local to its site. A moment given where a day is
expected raises `TypeError`: its date depends on a zone, which the caller must choose.
"""

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .money import NO_BREAK_SPACE

WEEKDAYS = {1: "lundi", 2: "mardi", 3: "mercredi", 4: "jeudi", 5: "vendredi", 6: "samedi", 7: "dimanche"}
"""French names by ISO number, Monday first."""

MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)

OLDEST_YEAR, NEWEST_YEAR = 1900, 2199
"""The years that a date may have here: any birth date or term fits, and weeks may be added without overflow."""

_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)


def check_is_date(day: date) -> None:
    """Raise `TypeError` unless `day` is a plain date (a `datetime` is not one)."""
    if not isinstance(day, date) or isinstance(day, datetime):
        raise TypeError(f"Une date est attendue, pas un {type(day).__name__}.")


def format_date_long(day: date) -> str:
    """`1er avril 2025`. Raises `TypeError` for anything but a plain date."""
    check_is_date(day)
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def format_date_weekday(day: date) -> str:
    """`jeudi 3 avril 2025`. Raises `TypeError` for anything but a plain date."""
    check_is_date(day)
    return f"{WEEKDAYS[day.isoweekday()]} {format_date_long(day)}"


def format_date_short(day: date) -> str:
    """`jeu. 3 avril 2025`. Raises `TypeError` for anything but a plain date."""
    check_is_date(day)
    return f"{WEEKDAYS[day.isoweekday()][:3]}. {format_date_long(day)}"


def format_month(day: date) -> str:
    """`avril 2025`, the month of `day`. Raises `TypeError` for anything but a plain date."""
    check_is_date(day)
    return f"{MONTHS[day.month - 1]} {day.year}"


def format_time(moment: time) -> str:
    """`8h30`, `9h00`, `13h30`: a local time as it stands, seconds dropped.

    Raises `TypeError` for a moment, whose hour depends on a zone.
    """
    if not isinstance(moment, time):
        raise TypeError(f"Une heure locale est attendue, pas un {type(moment).__name__}.")
    return f"{moment.hour}h{moment.minute:02}"


def format_time_range(start: time, end: time) -> str:
    """`8h30–12h30`, for the half-open interval [start, end) of local times."""
    return f"{format_time(start)}–{format_time(end)}"


def format_duration(minutes: int) -> str:
    """`45 min`, `1 h`, `1 h 05`, with no-break spaces. Raises `ValueError` for a negative number of minutes."""
    if minutes < 0:
        raise ValueError("Une durée ne peut pas être négative.")
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}{NO_BREAK_SPACE}min"
    whole_hours = f"{hours}{NO_BREAK_SPACE}h"
    return f"{whole_hours}{NO_BREAK_SPACE}{rest:02}" if rest else whole_hours


def join_fr(words: Sequence[str]) -> str:
    """`a, b et c`; empty for no words."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} et {words[-1]}"


def add_months(day: date, months: int) -> date:
    """The same day of the month, `months` calendar months later (earlier if negative).

    The last day of a month that lacks it: a month after 31/01/2026 is 28/02/2026, a year after 29/02/2024 28/02/2025.
    """
    check_is_date(day)
    years, month_index = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month_index + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def month_end(day: date) -> date:
    """The last day of the month of `day`."""
    check_is_date(day)
    return day.replace(day=monthrange(day.year, day.month)[1])


def term_month_start(starts_on: date, months: int) -> date:
    """The first day of month number `months`, from 0, of a term that begins on `starts_on`.

    The same day of the month, or the first day of the next where the month lacks it: in a term that begins on
    31/01/2026, month 1 begins on 01/03/2026. (`add_months` gives the last day instead: a delay does not run over.)
    """
    check_is_date(starts_on)
    years, month_index = divmod(starts_on.month - 1 + months, 12)
    first = date(starts_on.year + years, month_index + 1, 1)
    return first + timedelta(days=min(starts_on.day - 1, monthrange(first.year, first.month)[1]))


def whole_term_months(starts_on: date, ends_on: date) -> int:
    """How many whole months, as `term_month_start` counts them, are in `[starts_on, ends_on]`, both days included."""
    day_after = ends_on + timedelta(days=1)
    months = (day_after.year - starts_on.year) * 12 + day_after.month - starts_on.month
    return months - 1 if term_month_start(starts_on, months) > day_after else months


def monday_of(day: date) -> date:
    """The Monday on which the week of `day` begins."""
    check_is_date(day)
    return day - timedelta(days=day.weekday())


def parse_iso_date_or_none(text: str | None) -> date | None:
    """The day that `2025-04-03` names, as it stands in our addresses; None for anything else.

    Years out of [1900, 2199] are no day either, so that a page may add weeks to the result without overflow.
    """
    match = _ISO_DATE.fullmatch(text or "")
    if match is None:
        return None
    year, month, day = map(int, match.groups())
    if not OLDEST_YEAR <= year <= NEWEST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def today_in(zone: ZoneInfo, now: datetime | None = None) -> date:
    """The civil date in `zone` at the aware moment `now`, by default the present. Raises `ValueError` if naive."""
    moment = datetime.now(UTC) if now is None else now
    if moment.tzinfo is None:
        raise ValueError("Un moment sans fuseau n’a pas de date\u00a0: donnez un datetime avec fuseau.")
    return moment.astimezone(zone).date()


def local_interval(day: date, start: time, end: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The half-open interval of moments [start, end) that the local times mean on `day` in `zone`, both in UTC.

    In UTC because Python subtracts and compares two datetimes of one zone by their wall clocks, wrong by an hour on
    the two days a year when clocks change. Where clocks change:

    - a local time that does not exist moves forward to the first moment after the gap (2h15 and 2h45 on 29/03/2026 in
      Paris are both 3h00, 1h00 UTC), so that an interval never turns round;
    - a local time that exists twice is the first of the two.

    Raises `ValueError` when the end does not follow the start, when a time carries a zone, or when the whole interval
    falls into a gap.
    """
    check_is_date(day)
    if end <= start:
        raise ValueError("L’heure de fin doit suivre l’heure de début.")
    starts_at, ends_at = _moment(day, start, zone), _moment(day, end, zone)
    if ends_at <= starts_at:
        raise ValueError(
            f"Le {format_date_long(day)}, l’intervalle {format_time_range(start, end)} n’existe pas\u00a0: "
            "les horloges avancent."
        )
    return starts_at, ends_at


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The half-open interval of moments [midnight, next midnight) of `day` in `zone`, both in UTC.

    23, 24 or 25 hours long; the bounds of consecutive days meet. Clocks that change at midnight are treated as in
    `local_interval`.
    """
    check_is_date(day)
    return _moment(day, time.min, zone), _moment(day + timedelta(days=1), time.min, zone)


def _moment(day: date, local_time: time, zone: ZoneInfo) -> datetime:
    if local_time.tzinfo is not None:
        raise ValueError("Une heure locale est attendue, sans fuseau.")
    first = datetime.combine(day, local_time.replace(fold=0), tzinfo=zone)
    moment = first.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == first.replace(tzinfo=None):
        return moment
    # In a gap. Read with the offset that holds after it, the time lies before the change; read with the one before, as
    # `moment` is, it lies after: the change is in between, on a whole second.
    offset_after = first.replace(fold=1).utcoffset()
    before = (first.replace(tzinfo=UTC) - offset_after).replace(microsecond=0)
    seconds = int((moment - before).total_seconds())
    change = bisect_left(
        range(seconds),
        x=True,
        key=lambda second: (before + timedelta(seconds=second)).astimezone(zone).utcoffset() == offset_after,
    )
    return before + timedelta(seconds=change)
