"""The agenda's grid as HTML: hundreds of cells are written as escaped strings, thirty times faster than template tags.

The markup is the one that `static/css/agenda.css` describes at its head; every position is a class.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from .agenda import ROW, Agenda, AgendaDay, Band, Cell, Place

# A band writes along its edge, where an hour and a half holds some twenty letters.
SHORT_NOTES = {"travailleurs sociaux": "trav. sociaux"}


def agenda_grid(agenda: Agenda, *, now: datetime) -> SafeString:
    """The grid; `now` is the present moment in the site's zone."""
    hours = range(agenda.first_hour, agenda.last_hour)
    tracks = agenda.tracks
    return format_html(
        '<div class="agenda agenda-week starts-{} hours-{} columns-{}">{}{}</div>',
        f"{agenda.first_hour:02}",
        len(hours),
        sum(tracks),
        format_html_join(
            "",
            '<span class="agenda-hour {}" aria-hidden="true">{}h</span>',
            ((_rows(Place(hour * 60, hour * 60 + 60)), hour) for hour in hours),
        ),
        _join(
            _day(agenda, day, _columns(first, width), now)
            for day, first, width in zip(agenda.days, accumulate([1, *tracks[:-1]]), tracks, strict=True)
        ),
    )


def _day(agenda: Agenda, day: AgendaDay, col: str, now: datetime) -> SafeString:
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
        bands=_join(_band(band, col) for band in day.bands),
        now=_now_line(col, whole, now) if today else "",
    )


def _empty(day: AgendaDay) -> SafeString | str:
    """What the list of a phone says where the grid shows an empty or a hatched column."""
    if day.closed_because:
        return format_html('<p class="agenda-empty">Fermé : {}</p>', day.closed_because)
    return "" if day.bands else mark_safe('<p class="agenda-empty">Aucune permanence</p>')


def _now_line(col: str, whole: Place, now: datetime) -> SafeString | str:
    minutes = (now.hour * 60 + now.minute) // ROW * ROW
    if not whole.start <= minutes < whole.end:
        return ""
    return format_html('<div class="agenda-now {} {}" aria-hidden="true"></div>', col, _from(minutes))


def _band(band: Band, col: str) -> SafeString:
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
    cells = _join(_cell(cell, where) for cell in band.cells)
    return format_html("{}{}{}", heading, cells, _note(band, where))


def _note(band: Band, where: str) -> SafeString | str:
    """In a band without anything to show, why: the label along its edge may be too long for it."""
    if band.cells or not band.permanence.notes:
        return ""
    return format_html(
        '<p class="agenda-note {} {}">{}</p>', where, _rows(band.place), ", ".join(band.permanence.notes)
    )


def _cell(cell: Cell, where: str) -> SafeString:
    entry, appointment = cell.entry, cell.entry.appointment
    if appointment is None:
        return format_html(
            '<a class="agenda-free {} {}" href="{}"><time>{}</time> <span>libre '
            '<span class="agenda-until">jusqu’à {}</span></span></a>',
            where,
            _rows(cell.place),
            f"{reverse('bookings:book')}?{entry.booking_query}",
            entry.starts,
            entry.ends,
        )
    return format_html(
        '<a class="agenda-card {} is-{} {}" href="{}" title="{}"><time>{}</time> <strong>{}</strong> <span>{}</span> '
        '<span class="status status-{}">{}</span></a>',
        where,
        appointment.state,
        _rows(cell.place),
        reverse("bookings:appointment_detail", args=[appointment.pk]),
        f"{entry.starts}–{entry.ends} {appointment.who}, {appointment.reason}, {appointment.state_label}",
        entry.starts,
        appointment.who,
        appointment.reason,
        appointment.state,
        appointment.state_label,
    )


def _columns(first: int, width: int) -> str:
    """A day that begins at track `first` and takes `width` of them."""
    return f"col-{first}" + (f" span-{width}" if width > 1 else "")


def _join(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _rows(place: Place) -> str:
    return f"{_from(place.start)} to-{place.end // 60:02}{place.end % 60:02}"


def _from(minutes: int) -> str:
    return f"from-{minutes // 60:02}{minutes % 60:02}"
