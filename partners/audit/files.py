"""The journal as a file: one line for each event, its changes in one cell."""

from collections.abc import Iterable, Iterator
from itertools import islice
from zoneinfo import ZoneInfo

from franceservices.csv_files import Cell
from partners.models import AuditEvent

from .wording import ToldEvent, tell_events

HEADER = (
    *("Date", "Heure", "Fait par", "Courriel", "Action", "Objet", "N°", "Nom", "Changements", "Origine"),
    *("Page", "N° de requête", "Rôle de base de données"),
)
# One query for each kind of name in so many lines.
LINES_AT_ONCE = 500


def journal_rows(events: Iterable[AuditEvent], *, zone: ZoneInfo) -> Iterator[list[Cell]]:
    """`events` as rows under `HEADER`, read by the hundred."""
    events = iter(events)
    while some := list(islice(events, LINES_AT_ONCE)):
        yield from (_row(told) for told in tell_events(some, zone=zone))


def _row(told: ToldEvent) -> list[Cell]:
    event = told.event
    return [
        told.moment.date(),
        f"{told.moment:%H:%M:%S}",
        told.who,
        event.user.email if event.user else "",
        told.action,
        told.kind,
        event.object_id,
        told.name,
        "\n".join(told.sentences),
        told.origin or event.get_origin_display(),
        event.place,
        event.request_id,
        event.database_role,
    ]
