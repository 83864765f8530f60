"""The rows behind figures as tables: the same columns on the screen and in files, but for what must not leave.

A file names nobody: a person is the number of her card, so that her visits can be told from others', and nothing else
of her. See docs/decisions/0008-lignes-exportees.md.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice

from django.db.models import Model, Q, QuerySet
from django.urls import reverse

from bookings.hours import CAUSES, Hours, hours_of_each
from bookings.models import Appointment, CancelledBy, Permanence
from casefiles.models import DecisionResult
from conventions.models import Audience
from franceservices.dates import format_date_short, format_time
from franceservices.db import Folded
from franceservices.text import fold
from partners.models import User

from .figures import Source, appointments, case_files, desk_visits, hours, offices, trainings
from .scopes import Scope

# How many rows are read at a time into a file.
CHUNK = 2000

Cell = str | int | date | time | None


@dataclass(frozen=True)
class Column:
    """`cell` makes the value of a row; `is_exported` and `is_shown` say where the column stands."""

    head: str
    cell: Callable[["Row"], Cell]
    is_number: bool = False
    is_shown: bool = True
    is_exported: bool = True


@dataclass(frozen=True)
class Row:
    """One row with what is computed beside it: for permanences, the hours that they add."""

    of: Model
    hours: Hours | None = None


@dataclass(frozen=True)
class RowTable:
    """How the rows of one source are listed, searched and exported; `named` is the column that links to the row."""

    columns: Sequence[Column]
    related: Sequence[str]
    search: Callable[[QuerySet, str], QuerySet]
    search_label: str
    address: Callable[[Model], str]

    def shown_to(self, user: User) -> list[Column]:
        """The columns on the screen of `user`: names are the desk's, not the partner's."""
        return [
            column for column in self.columns if column.is_shown and not (column is PERSON and user.is_partner_agent)
        ]

    @property
    def exported(self) -> list[Column]:
        return [column for column in self.columns if column.is_exported]

    def found(self, rows: QuerySet, words: str) -> QuerySet:
        """Those of `rows` that answer to `words`, with all that their columns name."""
        rows = rows.select_related(*self.related)
        return self.search(rows, words) if words.strip() else rows

    def lines(self, rows: Iterable[Model], scope: Scope) -> list[Row]:
        """The rows of a page with what is computed beside them."""
        rows = list(rows)
        if not rows or not isinstance(rows[0], Permanence):
            return [Row(row) for row in rows]
        permanences = Permanence.objects.filter(pk__in=[row.pk for row in rows])
        adding = {permanence.pk: found for permanence, found in hours_of_each(permanences, now=scope.now)}
        return [Row(row, adding.get(row.pk, Hours())) for row in rows]

    def exported_rows(self, rows: QuerySet, scope: Scope) -> Iterator[list[Cell]]:
        """The cells of every row, read by parts: a year of a large space is not held in memory."""
        read = rows.select_related(*self.related).iterator(chunk_size=CHUNK)
        while chunk := list(islice(read, CHUNK)):
            for row in self.lines(chunk, scope):
                yield [column.cell(row) for column in self.exported]


# --- Cells -------------------------------------------------------------------------------------------------------


def _attribute(path: str) -> Callable[[Row], Cell]:
    """The value at `path`, empty where something on the way is missing."""
    names = path.split(".")

    def cell(row: Row) -> Cell:
        value = row.of
        for name in names:
            value = getattr(value, name, None)
            if value is None:
                return None
        return value() if callable(value) else value

    return cell


def _local(path: str) -> Callable[[Row], datetime | None]:
    """A moment of the row in the zone of its site."""
    read = _attribute(path)

    def moment(row: Row) -> datetime | None:
        value = read(row)
        return None if value is None else value.astimezone(row.of.site.zone)

    return moment


def _day(path: str) -> Callable[[Row], Cell]:
    moment = _local(path)
    return lambda row: None if moment(row) is None else moment(row).date()


def _clock(path: str) -> Callable[[Row], Cell]:
    moment = _local(path)
    return lambda row: None if moment(row) is None else moment(row).time().replace(microsecond=0)


def _minutes_between(since: str, until: str) -> Callable[[Row], Cell]:
    start, end = _attribute(since), _attribute(until)

    def cell(row: Row) -> Cell:
        first, last = start(row), end(row)
        return None if first is None or last is None else round((last - first).total_seconds() / 60)

    return cell


def _audience(row: Row) -> Cell:
    found: Appointment = row.of
    return (Audience.PUBLIC if found.visitor_id else Audience.SOCIAL_WORKERS).label


def _who(row: Row) -> Cell:
    return row.of.who


def _card(row: Row) -> Cell:
    """The number by which the lines of one person are known as hers; none where she objected to it."""
    visitor = row.of.visitor
    return None if visitor is None or visitor.is_unlinked_in_exports else visitor.pk


def _cancelled_for(row: Row) -> Cell:
    return CancelledBy(row.of.cancelled_for).label if row.of.cancelled_for else None


def _decision(row: Row) -> Cell:
    if row.of.withdrawn_at is not None:
        return "Retiré"
    return DecisionResult(row.of.result).label if row.of.result else None


def _cause(row: Row) -> Cell:
    return ", ".join(CAUSES[cause].lower() for cause in row.hours.cancelled) or None


def _agenda(row: Permanence) -> str:
    return f"{reverse('bookings:agenda')}?jour={row.day.isoformat()}"


def _folded(rows: QuerySet, words: str, *names: str) -> QuerySet:
    """Those in one of whose columns `names` each of `words` occurs, accents and case aside."""
    rows = rows.alias(**{f"folded_{number}": Folded(name) for number, name in enumerate(names)})
    for word in fold(words).split():
        condition = Q()
        for number in range(len(names)):
            condition |= Q(**{f"folded_{number}__contains": word})
        rows = rows.filter(condition)
    return rows


# --- Tables ------------------------------------------------------------------------------------------------------

PERSON = Column("Personne", _who, is_exported=False)
_SITE = Column("Espace", _attribute("site.short_name"))
_PARTNER = Column("Partenaire", _attribute("partner.short_name"))

_APPOINTMENTS = RowTable(
    columns=[
        Column("Rendez-vous n°", _attribute("pk"), is_shown=False),
        Column("Date", _day("during.lower")),
        Column("Heure", _clock("during.lower")),
        PERSON,
        Column("Fiche n°", _card, is_shown=False),
        _SITE,
        _PARTNER,
        Column("Motif", _attribute("reason.label")),
        Column("Public", _audience, is_shown=False),
        Column("État", _attribute("get_status_display")),
        Column("Annulé par", _cancelled_for),
        Column("Durée prévue (min)", _minutes_between("during.lower", "during.upper"), is_number=True, is_shown=False),
        Column("Pris le", _day("booked_at"), is_shown=False),
        Column("Arrivée", _clock("arrived_at"), is_shown=False),
        Column("Prise en charge", _clock("started_at"), is_shown=False),
        Column("Attente (min)", _minutes_between("arrived_at", "started_at"), is_number=True),
        Column("Fin", _clock("finished_at"), is_shown=False),
    ],
    related=["site", "partner", "reason", "visitor", "social_worker"],
    search=lambda rows, words: rows.matching(words),
    search_label="Chercher un nom ou un motif",
    address=lambda row: reverse("bookings:appointment_detail", args=[row.pk]),
)
_DESK_VISITS = RowTable(
    columns=[
        Column("Passage n°", _attribute("pk"), is_shown=False),
        Column("Date", _day("occurred_at")),
        Column("Heure", _clock("occurred_at")),
        _SITE,
        Column("Motif", _attribute("reason.label")),
        _PARTNER,
        Column("Nature", _attribute("get_nature_display")),
        Column("Canal", _attribute("get_channel_display")),
        Column("Durée", _attribute("get_duration_display")),
        Column("Point numérique", lambda row: "oui" if row.of.at_computer else "non"),
        Column("Personnes", _attribute("people"), is_number=True),
    ],
    related=["site", "reason", "partner"],
    search=lambda rows, words: _folded(rows, words, "reason__label", "partner__short_name"),
    search_label="Chercher un motif ou un partenaire",
    address=lambda row: reverse("bookings:desk_visit_edit", args=[row.pk]),
)
_PERMANENCE_COLUMNS = [
    Column("Permanence n°", _attribute("pk"), is_shown=False),
    Column("Date", _attribute("day")),
    Column("Début", _clock("during.lower")),
    Column("Fin", _clock("during.upper")),
    _SITE,
    _PARTNER,
    Column("Bureau", _attribute("office.label")),
    Column("Public", _attribute("get_audience_display")),
    Column("Origine", _attribute("get_origin_display")),
    Column("État", _attribute("get_status_display")),
]
_PERMANENCES_RELATED = ["site", "partner", "office"]


def _search_permanences(rows: QuerySet, words: str) -> QuerySet:
    return _folded(rows, words, "partner__short_name", "office__label", "cancellation_reason")


_HOURS = RowTable(
    columns=[
        *_PERMANENCE_COLUMNS,
        Column("Prévues (min)", lambda row: row.hours.contractual, is_number=True),
        Column("Tenues (min)", lambda row: row.hours.delivered, is_number=True),
        Column("Annulées (min)", lambda row: row.hours.cancelled_total, is_number=True),
        Column("À venir (min)", lambda row: row.hours.coming, is_number=True),
        Column("Exceptionnelles (min)", lambda row: row.hours.exceptional, is_number=True, is_shown=False),
        Column("Cause", _cause),
    ],
    related=_PERMANENCES_RELATED,
    search=_search_permanences,
    search_label="Chercher un partenaire ou un bureau",
    address=_agenda,
)
_OFFICES = RowTable(
    columns=[
        *_PERMANENCE_COLUMNS,
        Column("Occupation (min)", _minutes_between("during.lower", "during.upper"), is_number=True),
    ],
    related=_PERMANENCES_RELATED,
    search=_search_permanences,
    search_label="Chercher un partenaire ou un bureau",
    address=_agenda,
)
_CASE_FILES = RowTable(
    columns=[
        Column("Dossier n°", _attribute("pk")),
        Column("Envoyé le", _attribute("first_sent_on")),
        Column("Personne", _attribute("visitor.full_name"), is_exported=False),
        Column("Fiche n°", _card, is_shown=False),
        _SITE,
        _PARTNER,
        Column("Nature", _attribute("kind.label")),
        Column("Décision", _decision),
        Column("Décidé le", _attribute("decided_on")),
        Column("Retours", _attribute("return_count"), is_number=True),
        Column("Jours", _attribute("days"), is_number=True),
    ],
    related=["site", "partner", "kind", "visitor"],
    search=lambda rows, words: rows.matching(words),
    search_label="Chercher un nom ou une nature",
    address=lambda row: reverse("casefiles:file_detail", args=[row.pk]),
)
_TRAININGS = RowTable(
    columns=[
        Column("Date", _attribute("held_on")),
        Column("Sujet", _attribute("subject")),
        Column("Espace", _attribute("convention.site.short_name")),
        Column("Partenaire", _attribute("convention.partner.short_name")),
        Column("Personnes formées", _attribute("people_trained"), is_number=True),
    ],
    related=["convention__site", "convention__partner"],
    search=lambda rows, words: _folded(rows, words, "subject", "convention__partner__short_name"),
    search_label="Chercher un sujet ou un partenaire",
    address=lambda row: reverse("conventions:convention_detail", args=[row.convention_id]),
)
TABLES: dict[Source, RowTable] = {
    appointments.SOURCE: _APPOINTMENTS,
    desk_visits.SOURCE: _DESK_VISITS,
    hours.SOURCE: _HOURS,
    offices.SOURCE: _OFFICES,
    case_files.SOURCE: _CASE_FILES,
    trainings.SOURCE: _TRAININGS,
}


def shown(value: Cell) -> str:
    """A cell on the screen."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        raise TypeError("Un moment se montre par sa date et son heure locales.")
    if isinstance(value, date):
        return format_date_short(value)
    return format_time(value) if isinstance(value, time) else str(value)
