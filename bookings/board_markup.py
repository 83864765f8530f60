"""The cards of the board as HTML: hundreds of buttons are written as escaped strings, far faster than template tags.

Ids stay the same from one refresh to the next, so that the focus does too.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from html import escape

from django.utils.safestring import SafeString, mark_safe

from franceservices.addresses import page_address

from .agenda import AppointmentRow, Entry, PermanenceRow
from .board import Card, Line, Part
from .row_addresses import RowAddress
from .steps import DeskStep


class StepButtons:
    """What can be noted of appointments: the usual step as a button, the others quietly beside it, and the undo.

    `here` is the page to come back to, `csrf_token` gives the token of its forms and is asked only where there is one;
    `hidden` leaves one step out.
    """

    def __init__(self, *, here: str, csrf_token: Callable[[], str], hidden: DeskStep | None = None) -> None:
        self.here = here
        self.csrf_token = csrf_token
        self.hidden = hidden

    @cached_property
    def _fields(self) -> str:
        """The hidden fields that all forms of a page share."""
        return (
            f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(self.csrf_token())}">'
            f'<input type="hidden" name="next" value="{escape(self.here)}">'
        )

    @cached_property
    def _step_addresses(self) -> dict[DeskStep, RowAddress]:
        return {step: RowAddress("bookings:appointment_step", step.path) for step in DeskStep}

    @cached_property
    def _undo_address(self) -> RowAddress:
        return RowAddress("bookings:appointment_step_undo")

    def of(self, appointment: AppointmentRow) -> SafeString:
        who = escape(appointment.who)
        shown = [(place, step) for place, step in enumerate(appointment.steps, 1) if step is not self.hidden]
        forms = []
        for place, step in shown:
            identity = f'id="etape-{appointment.pk}-{place}" type="submit" data-key="{step.key}"'
            if (place, step) == shown[0]:
                button = (
                    f'<button {identity} class="button button-small" aria-keyshortcuts="{step.key}">{step.label}'
                    f'<span class="visually-hidden"> – {who}</span></button>'
                )
            else:
                button = (
                    f'<button {identity} class="button button-small button-quiet button-icon" title="{step.label}" '
                    f'aria-keyshortcuts="{step.key}"><span class="icon icon-{step.icon}" aria-hidden="true"></span>'
                    f'<span class="visually-hidden">{step.label} – {who}</span></button>'
                )
            forms.append(self._form(self._step_addresses[step].of(appointment.pk), button))
        if appointment.undoable:
            undo = f"Défaire «\u00a0{appointment.undoable.label}\u00a0»"
            button = (
                f'<button id="defaire-{appointment.pk}" class="button button-small button-quiet button-icon" '
                f'type="submit" title="{undo}" data-key="z" aria-keyshortcuts="z">'
                '<span class="icon icon-undo" aria-hidden="true"></span>'
                f'<span class="visually-hidden">{undo} – {who}</span></button>'
            )
            forms.append(self._form(self._undo_address.of(appointment.pk), button))
        return mark_safe("\n".join(forms))

    def _form(self, address: str, button: str) -> str:
        opening = f'<form method="post" action="{address}" hx-post="{address}" hx-target="#board">'
        return f"{opening}{self._fields}{button}</form>"


class BoardCards:
    """Writes the cards of one board; `here` and `csrf_token` as for `StepButtons`."""

    def __init__(self, *, here: str, csrf_token: Callable[[], str]) -> None:
        self.buttons = StepButtons(here=here, csrf_token=csrf_token)
        self.appointment_address = RowAddress("bookings:appointment_detail")
        self.change_address = RowAddress("bookings:permanence_change")
        self.booking_address = page_address("bookings:book")

    def of(self, cards: Iterable[Card]) -> SafeString:
        """The cards side by side."""
        return mark_safe("\n".join([self._card(card) for card in cards]))

    def _card(self, card: Card) -> str:
        first, partner = card.first, escape(card.first.partner)
        change = ""
        if card.hours:
            change = f" {self._change(first, f'cette permanence de {partner}')}"
        return (
            f'<section class="card partner-{first.colour}" aria-labelledby="permanence-{first.pk}">'
            f'<div class="card-head"><h2 id="permanence-{first.pk}">{partner} · {escape(first.office)}</h2> '
            f'<span class="dense nowrap">{card.hours}{change}</span></div>'
            f"{''.join([self._part(card, part) for part in card.parts])}</section>"
        )

    def _part(self, card: Card, part: Part) -> str:
        permanence, head = part.permanence, ""
        if not card.hours or permanence.notes:
            hours = ""
            if not card.hours:
                of_whom = f"la permanence de {escape(permanence.partner)} à {permanence.hours}"
                hours = f"{permanence.hours} {self._change(permanence, of_whom)}"
            notes = "".join([f" <span>{escape(note)}</span>" for note in permanence.notes])
            head = f'<p class="card-part"><span>{hours}</span>{notes}</p>'
        lines = [
            self._free(line.entry) if line.entry.appointment is None else self._appointment(line) for line in part.lines
        ]
        if not lines:
            nobody = "aucun rendez-vous à replacer" if permanence.is_cancelled else "aucun rendez-vous"
            lines = [f'<li class="line line-free"><span class="line-text line-wide">{nobody}</span></li>']
        return f'{head}<ol class="lines">{"".join(lines)}</ol>'

    def _change(self, permanence: PermanenceRow, of_whom: str) -> str:
        """The link to the changes of one date; `of_whom` is escaped already."""
        return (
            f'<a id="changer-{permanence.pk}" href="{self.change_address.of(permanence.pk)}">Changer'
            f'<span class="visually-hidden"> {of_whom}</span></a>'
        )

    def _appointment(self, line: Line) -> str:
        entry, row = line.entry, line.entry.appointment
        needs = "".join(
            f' <span class="badge"><span class="icon icon-info" aria-hidden="true"></span>{escape(need)}</span>'
            for need in row.needs
        )
        return (
            f'<li id="ligne-{row.pk}" class="line{" line-now" if line.is_now else ""}" data-line>'
            f'<time class="line-time">{entry.starts}</time> '
            f'<span class="line-text"><a id="rdv-{row.pk}" href="{self.appointment_address.of(row.pk)}">'
            f"{escape(row.who)}</a> <small>{escape(row.reason)}</small>{needs} "
            f'<span class="status status-{row.state}">{row.state_label}</span></span> '
            f'<span class="line-action actions">{self.buttons.of(row)}</span></li>'
        )

    def _free(self, entry: Entry) -> str:
        permanence, starts = entry.permanence, entry.starts
        return (
            f'<li id="ligne-libre-{permanence.pk}-{starts}" class="line line-free" data-line>'
            f'<time class="line-time">{starts}</time> <span class="line-text">libre jusqu’à {entry.ends}</span> '
            f'<span class="line-action"><a id="libre-{permanence.pk}-{starts}" class="button button-small" '
            f'href="{self.booking_address}?{escape(entry.booking_query)}">Réserver'
            f'<span class="visually-hidden"> à {starts} chez {escape(permanence.partner)}</span></a></span></li>'
        )
