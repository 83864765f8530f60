"""What was agreed: conventions, the acts that approved them, their grid, their price, their duties and their papers."""

from .allocation import Audience, BookingMode, OfficeAllocation, PermanenceSlot
from .amendment import Amendment
from .article import Article
from .budget_line import BudgetLine
from .convention import Convention, ConventionStatus, NoticeReading
from .deliberation import DeliberatingBody, Deliberation
from .document import Document, DocumentKind
from .fee_statement import FeeStatement, StatementPeriod
from .fee_terms import FeeTerms
from .meeting import CommitteeMeeting, TrainingSession
from .obligation import DueMoment, Frequency, Obligation, ObligationKind
from .obligation_due import ObligationDue
from .party import Party

__all__ = [
    "Amendment",
    "Article",
    "Audience",
    "BookingMode",
    "BudgetLine",
    "CommitteeMeeting",
    "Convention",
    "ConventionStatus",
    "DeliberatingBody",
    "Deliberation",
    "Document",
    "DocumentKind",
    "DueMoment",
    "FeeStatement",
    "FeeTerms",
    "Frequency",
    "NoticeReading",
    "Obligation",
    "ObligationDue",
    "ObligationKind",
    "OfficeAllocation",
    "Party",
    "PermanenceSlot",
    "StatementPeriod",
    "TrainingSession",
]
