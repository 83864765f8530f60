"""The writers of this floor, by noun; each atomic, with `by` the person who asks, and no request."""

from .alerts import answer_alert, close_alert, raise_alert, reopen_alert, see_alert
from .answers import acknowledge_line, acknowledge_lines, return_line, undo_acknowledgement, undo_return
from .checklists import add_document, remove_document, set_document_state
from .decisions import correct_decision, record_decision, undo_decision
from .files import (
    assign,
    mark_urgent,
    open_case_file,
    record_agreement,
    remove_agreement,
    reopen,
    start_renewal,
    unmark_urgent,
    withdraw,
    write_social_notes,
)
from .offers import offered_kinds
from .slips import send_slip

__all__ = [
    "acknowledge_line",
    "acknowledge_lines",
    "add_document",
    "answer_alert",
    "assign",
    "close_alert",
    "correct_decision",
    "mark_urgent",
    "offered_kinds",
    "open_case_file",
    "raise_alert",
    "record_agreement",
    "record_decision",
    "remove_agreement",
    "remove_document",
    "reopen",
    "reopen_alert",
    "return_line",
    "see_alert",
    "send_slip",
    "set_document_state",
    "start_renewal",
    "undo_acknowledgement",
    "undo_decision",
    "undo_return",
    "unmark_urgent",
    "withdraw",
    "write_social_notes",
]
