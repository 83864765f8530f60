"""The agenda's grid and table as HTML: hundreds of cells are written as escaped strings, far faster than by tags.

The markup is the one that `static/css/agenda.css` describes at its head; every position is a class.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from itertools import accumulate

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from franceservices.addresses import page_address

from .agenda import ROW, Agenda, AgendaDay, Band, Cell, Entry, Place
from .row_addresses import RowAddress

# A band writes along its edge, where an hour and a half holds some twenty letters.
SHORT_NOTES = {"travailleurs sociaux": "trav. sociaux"}


def agenda_grid(agenda: Agenda, *, now: datetime) -> SafeString:
    """The grid; `now` is the present moment in the site's zone."""
    addresses = _Addresses.resolved()
    hours = range(agenda.first_hour, agenda.last_hour)
    tracks = agenda.tracks
    return format_html(
        '<div class="agenda agenda-week starts-{} hours-{} columns-{}{}">{}{}</div>',
        f"{agenda.first_hour:02}",
        len(hours),
        sum(tracks),
        " agenda-roomy" if agenda.needs_room else "",
        format_html_join(
            "",
            '<span class="agenda-hour {}" aria-hidden="true">{}h</span>',
            ((_rows(Place(hour * 60, hour * 60 + 60)), hour) for hour in hours),
        ),
        _join(
            _day(agenda, day, _columns(first, width), now, addresses)
            for day, first, width in zip(agenda.days, accumulate([1, *tracks[:-1]]), tracks, strict=True)
        ),
    )


def _day(agenda: Agenda, day: AgendaDay, col: str, now: datetime, addresses: "_Addresses") -> SafeString:
    whole = Place(agenda.first_hour * 60, agenda.last_hour * 60)
    today = " is-today" if day.day == now.date() else ""
    return format_html(
        '<section class="agenda-day" aria-labelledby="{id}">'
        '<h2 class="agenda-head {col}{today}" id="{id}">{title}{here}</h2>'
        '<div class="agenda-column {col} {rows}{today}"></div>{closed}{empty}{bands}{now}</section>',
        id=f"jour-{day.day.isoformat()}",
        col=col,
        today=today,
        title=day.title,
        here=mark_safe('<span class="visually-hidden"> (aujourd’hui)</span>') if today else "",
        rows=_rows(whole),
        closed=format_html_join(
            "",
            '<div class="agenda-closed {} {}"><span>{}</span></div>',
            ((col, _rows(place), day.closed_because or "fermé") for place in day.closed),
        ),
        empty=_empty(day),
        bands=mark_safe("".join(_band(band, col, addresses) for band in day.bands)),
        now=_now_line(col, whole, now) if today else "",
    )


def _empty(day: AgendaDay) -> SafeString | str:
    """What the list of a phone says where the grid shows an empty or a hatched column."""
    if day.closed_because:
        return format_html('<p class="agenda-empty">Fermé\u00a0: {}</p>', day.closed_because)
    return "" if day.bands else mark_safe('<p class="agenda-empty">Aucune permanence</p>')


def _now_line(col: str, whole: Place, now: datetime) -> SafeString | str:
    minutes = (now.hour * 60 + now.minute) // ROW * ROW
    if not whole.start <= minutes < whole.end:
        return ""
    return format_html('<div class="agenda-now {} {}" aria-hidden="true"></div>', col, _from(minutes))


def _band(band: Band, col: str, addresses: "_Addresses") -> SafeString:
    row = band.permanence
    where = f"partner-{row.colour} {col}" + (f" lane-{band.lane} of-{band.lanes}" if band.lanes > 1 else "")
    heading = format_html(
        '<h3 class="agenda-band {}{} {}">{} <small>{} <span class="agenda-hours">· {}</span></small></h3>',
        where,
        " is-cancelled" if row.is_cancelled else "",
        _rows(band.place),
        row.partner,
        " · ".join((*(SHORT_NOTES.get(note, note) for note in row.notes), row.office)),
        row.hours,
    )
    cells = "".join([_cell(cell, where, addresses) for cell in band.cells])
    return mark_safe(f"{heading}{cells}{_note(band, where)}")


def _note(band: Band, where: str) -> SafeString | str:
    """In a band without anything to show, why: the label along its edge may be too long for it."""
    if band.cells or not band.permanence.notes:
        return ""
    return format_html(
        '<p class="agenda-note {} {}">{}</p>', where, _rows(band.place), ", ".join(band.permanence.notes)
    )


@dataclass(frozen=True, slots=True)
class _Addresses:
    """Where cells lead, resolved once for all of them."""

    appointment: RowAddress
    booking: str

    @classmethod
    def resolved(cls) -> "_Addresses":
        return cls(RowAddress("bookings:appointment_detail"), page_address("bookings:book"))

    def booking_at(self, entry: Entry) -> str:
        return f"{self.booking}?{escape(entry.booking_query)}"


def _cell(cell: Cell, where: str, addresses: _Addresses) -> str:
    entry, appointment = cell.entry, cell.entry.appointment
    starts, ends = entry.starts, entry.ends
    if appointment is None:
        return (
            f'<a class="agenda-free {where} {_rows(cell.place)}" href="{addresses.booking_at(entry)}">'
            f"<time>{starts}</time> "
            f'<span>libre <span class="agenda-until">jusqu’à {ends}</span></span></a>'
        )
    who, reason = escape(appointment.who), escape(appointment.reason)
    return (
        f'<a class="agenda-card {where} is-{appointment.state} {_rows(cell.place)}" '
        f'href="{addresses.appointment.of(appointment.pk)}" '
        f'title="{starts}–{ends} {who}, {reason}, {appointment.state_label}"><time>{starts}</time> '
        f"<strong>{who}</strong> <span>{reason}</span> "
        f'<span class="status status-{appointment.state}">{appointment.state_label}</span></a>'
    )


def options(choices: Iterable[tuple[str, str]], *, chosen: str = "") -> SafeString:
    """The options of a list of partners or of rooms: (value, label)."""
    return mark_safe(
        "".join(
            [
                f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(label)}</option>'
                for value, label in choices
            ]
        )
    )


# --- The same as a table ----------------------------------------------------------------------------------------

_TABLE_HEAD = (
    "<thead><tr>"
    + "".join(f'<th scope="col">{title}</th>' for title in ("Heure", "Permanence", "Personne", "Motif", "État"))
    + '<th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>'
)


def agenda_table(agenda: Agenda) -> SafeString:
    """Day by day, for reading aloud, for copying, for paper and for those who prefer lines."""
    addresses = _Addresses.resolved()
    return mark_safe("".join(_table_of(day, addresses) for day in agenda.days))


def _table_of(day: AgendaDay, addresses: _Addresses) -> str:
    if day.closed_because:
        opening = f"fermé\u00a0: {escape(day.closed_because)}"
    elif day.opening:
        opening = f"ouvert {day.opening_label}"
    else:
        opening = "fermé" if day.closed else ""
    identity = f"lignes-{day.day.isoformat()}"
    rows = "".join([row for band in day.bands for row in _table_rows(band, addresses)])
    table = (
        f'<table class="table agenda-table"><caption class="visually-hidden">{day.title}</caption>'
        f"{_TABLE_HEAD}<tbody>{rows}</tbody></table>"
        if day.bands
        else '<p class="muted">Aucune permanence.</p>'
    )
    return (
        f'<section class="stack-tight" aria-labelledby="{identity}"><div class="list-head">'
        f'<h2 id="{identity}">{day.title}</h2> <p class="muted">{opening}</p></div>{table}</section>'
    )


def _table_rows(band: Band, addresses: _Addresses) -> Iterator[str]:
    row = band.permanence
    partner = escape(row.partner)
    office = escape(" · ".join((row.office, *row.notes)))
    permanence = (
        f' <td data-label="Permanence"><span class="partner-name partner-{row.colour}">{partner}</span> {office}</td> '
    )
    if not band.cells:
        yield (
            f'<tr><th scope="row" class="nowrap">{row.hours}</th>{permanence}'
            '<td data-label="Personne" class="muted">aucun rendez-vous</td><td></td><td></td><td></td></tr>'
        )
    for cell in band.cells:
        entry, appointment = cell.entry, cell.entry.appointment
        starts = entry.starts
        hours = f'<th scope="row" class="nowrap">{starts}–{entry.ends}</th>'
        if appointment is None:
            yield (
                f'<tr class="is-free">{hours}{permanence}<td></td><td></td>'
                '<td data-label="État"><span class="status status-free">libre</span></td>'
                '<td><div class="actions">'
                f'<a class="button button-small" href="{addresses.booking_at(entry)}">Réserver'
                f'<span class="visually-hidden"> chez {partner} à {starts}</span></a></div></td></tr>'
            )
        else:
            yield (
                f'<tr>{hours}{permanence}<td data-label="Personne">'
                f'<a href="{addresses.appointment.of(appointment.pk)}">{escape(appointment.who)}</a></td> '
                f'<td data-label="Motif">{escape(appointment.reason)}</td> '
                f'<td data-label="État"><span class="status status-{appointment.state}">'
                f"{appointment.state_label}</span></td><td></td></tr>"
            )


def _columns(first: int, width: int) -> str:
    """A day that begins at track `first` and takes `width` of them."""
    return f"col-{first}" + (f" span-{width}" if width > 1 else "")


def _join(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


@lru_cache(maxsize=1024)
def _rows(place: Place) -> str:
    return f"{_from(place.start)} to-{place.end // 60:02}{place.end % 60:02}"


def _from(minutes: int) -> str:
    return f"from-{minutes // 60:02}{minutes % 60:02}"
