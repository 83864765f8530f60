"""Files sent to a partner, and what came back."""

from . import audited
from .case_document import CaseDocument, DocumentState
from .case_file import CaseFile
from .case_kind import CaseKind, RequiredDocument, TacitOutcome
from .rights_alert import RightsAlert
from .slip_line import DecisionResult, SlipLine
from .transmission_slip import TransmissionSlip

__all__ = [
    "CaseDocument",
    "CaseFile",
    "CaseKind",
    "DecisionResult",
    "DocumentState",
    "RequiredDocument",
    "RightsAlert",
    "SlipLine",
    "TacitOutcome",
    "TransmissionSlip",
    "audited",
]
