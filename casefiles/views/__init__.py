"""The pages of this floor, one module for each kind of page."""

from .alerts import (
    AlertAnswerView,
    AlertDetailView,
    AlertListView,
    RaiseAlertView,
    alert_close,
    alert_reopen,
    alert_see,
)
from .computer import ComputerView
from .file_lists import CaseFileListView, case_file_export, visitor_files
from .file_page import AddDocumentView, AgreementView, AssignView, CaseFileDetailView, NotesView, UrgencyView
from .file_steps import (
    agreement_remove,
    document_remove,
    document_state,
    file_reopen,
    file_withdraw,
    urgency_lift,
)
from .lines import (
    LineAcknowledgeView,
    LineDecisionView,
    LineDetailView,
    LineListView,
    LineReturnView,
    line_acknowledgement_undo,
    line_decision_undo,
    line_return_undo,
)
from .opening import OpenCaseFileView, RenewView
from .slips import SlipAcknowledgeView, SlipDetailView, SlipListView, SlipPreviewView, slip_document

__all__ = [
    "AddDocumentView",
    "AgreementView",
    "AlertAnswerView",
    "AlertDetailView",
    "AlertListView",
    "AssignView",
    "CaseFileDetailView",
    "CaseFileListView",
    "ComputerView",
    "LineAcknowledgeView",
    "LineDecisionView",
    "LineDetailView",
    "LineListView",
    "LineReturnView",
    "NotesView",
    "OpenCaseFileView",
    "RaiseAlertView",
    "RenewView",
    "SlipAcknowledgeView",
    "SlipDetailView",
    "SlipListView",
    "SlipPreviewView",
    "UrgencyView",
    "agreement_remove",
    "alert_close",
    "alert_reopen",
    "alert_see",
    "case_file_export",
    "document_remove",
    "document_state",
    "file_reopen",
    "file_withdraw",
    "line_acknowledgement_undo",
    "line_decision_undo",
    "line_return_undo",
    "slip_document",
    "urgency_lift",
    "visitor_files",
]
