"""The export for national statistics: one line for each accompaniment, an appointment held or a walk-in, of nobody.

No name, no number of a card, no age: nothing that leads to a person. Which columns, and in which order, is the
reader's choice, kept in the address.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bookings.models import Appointment, DeskVisit, DurationBand, VisitChannel, VisitNature
from conventions.models import Audience

from .figures import appointments, desk_visits
from .scopes import Scope

CHUNK = 2000
Cell = str | int | date | None


@dataclass(frozen=True)
class NationalColumn:
    """`slug` stands in the address; the two functions make the cell of an appointment and of a walk-in."""

    slug: str
    head: str
    of_appointment: Callable[[Appointment], Cell]
    of_visit: Callable[[DeskVisit], Cell]
    is_usual: bool = True


def _local(moment: datetime, row: Appointment | DeskVisit) -> datetime:
    return moment.astimezone(row.site.zone)


def _both(read: Callable[[Appointment | DeskVisit], Cell]) -> dict[str, Callable]:
    return {"of_appointment": read, "of_visit": read}


def _of_moment(read: Callable[[datetime], Cell]) -> dict[str, Callable]:
    return {
        "of_appointment": lambda row: read(_local(row.during.lower, row)),
        "of_visit": lambda row: read(_local(row.occurred_at, row)),
    }


def _band(row: Appointment) -> str:
    """How long it took, as noted, else as planned, in the bands of the counter."""
    lasted = (row.finished_at - row.started_at) if row.started_at else (row.during.upper - row.during.lower)
    minutes = lasted.total_seconds() / 60
    bands = [(5, DurationBand.UNDER_5), (15, DurationBand.FROM_5_TO_15), (30, DurationBand.FROM_15_TO_30)]
    return next((band for most, band in bands if minutes < most), DurationBand.OVER_30).label


COLUMNS = [
    NationalColumn("date", "Date", **_of_moment(lambda moment: moment.date())),
    NationalColumn("mois", "Mois", **_of_moment(lambda moment: f"{moment:%Y-%m}"), is_usual=False),
    NationalColumn("heure", "Heure", **_of_moment(lambda moment: f"{moment:%H:%M}"), is_usual=False),
    NationalColumn("espace", "Espace", **_both(lambda row: row.site.name)),
    NationalColumn("insee", "Code INSEE", **_both(lambda row: row.site.insee_code)),
    NationalColumn("accueil", "Accueil", lambda _row: "Rendez-vous", lambda _row: "Sans rendez-vous"),
    NationalColumn(
        "partenaire",
        "Partenaire",
        lambda row: row.partner.short_name,
        lambda row: row.partner.short_name if row.partner_id else None,
    ),
    NationalColumn(
        "public",
        "Public",
        lambda row: (Audience.PUBLIC if row.visitor_id else Audience.SOCIAL_WORKERS).label,
        lambda _row: Audience.PUBLIC.label,
    ),
    NationalColumn("motif", "Motif", **_both(lambda row: row.reason.label)),
    NationalColumn("nature", "Nature", lambda _row: VisitNature.SUPPORT.label, lambda row: row.get_nature_display()),
    NationalColumn("canal", "Canal", lambda _row: VisitChannel.ON_SITE.label, lambda row: row.get_channel_display()),
    NationalColumn("duree", "Durée", _band, lambda row: row.get_duration_display()),
    NationalColumn("numerique", "Point numérique", lambda _row: "non", lambda row: "oui" if row.at_computer else "non"),
    NationalColumn("personnes", "Personnes", lambda _row: 1, lambda row: row.people),
]
BY_SLUG = {column.slug: column for column in COLUMNS}
USUAL = [column for column in COLUMNS if column.is_usual]


def chosen_columns(slugs: Sequence[str]) -> list[NationalColumn]:
    """The columns of these names, in the order of the list; the usual ones for none."""
    return [column for column in COLUMNS if column.slug in slugs] or USUAL


def _asked(scope: Scope) -> Scope:
    """Walk-ins know neither audience nor reason of appointments: all are told, whatever the page was about."""
    return replace(scope, reason=None, audience="")


def line_count(scope: Scope) -> int:
    """How many lines the export has: the appointments held and the walk-ins, as counted everywhere."""
    asked = _asked(scope)
    return appointments.HELD.value(asked) + desk_visits.WALK_INS.value(asked)


def national_lines(scope: Scope, columns: Sequence[NationalColumn]) -> Iterator[list[Cell]]:
    """The lines, appointments first, each in order of time; read by parts."""
    asked = _asked(scope)
    held = appointments.HELD.rows(asked).select_related("site", "partner", "reason")
    for row in held.iterator(chunk_size=CHUNK):
        yield [column.of_appointment(row) for column in columns]
    visits = desk_visits.WALK_INS.rows(asked).select_related("site", "partner", "reason")
    for row in visits.iterator(chunk_size=CHUNK):
        yield [column.of_visit(row) for column in columns]
