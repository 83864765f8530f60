"""What was agreed: conventions, the acts that approved them, their grid, their price, their duties and their papers."""

from . import audited
from .acknowledgement import FindingAcknowledgement
from .allocation import Audience, BookingMode, OfficeAllocation, PermanenceSlot
from .amendment import Amendment
from .article import Article
from .budget_line import BudgetLine
from .convention import Convention, NoticeReading
from .deadline_feed import DeadlineFeed
from .deliberation import DeliberatingBody, Deliberation
from .document import Document, DocumentKind
from .fee_statement import FeeStatement, StatementPeriod
from .fee_terms import FeeTerms
from .meeting import CommitteeMeeting, TrainedPerson, TrainingSession
from .obligation import DueMoment, Frequency, Obligation, ObligationKind
from .obligation_due import ObligationDue
from .party import Party
from .weekly_digest import DigestRefusal, WeeklyDigest

__all__ = [
    "Amendment",
    "Article",
    "Audience",
    "BookingMode",
    "BudgetLine",
    "CommitteeMeeting",
    "Convention",
    "DeadlineFeed",
    "DeliberatingBody",
    "Deliberation",
    "DigestRefusal",
    "Document",
    "DocumentKind",
    "DueMoment",
    "FeeStatement",
    "FeeTerms",
    "FindingAcknowledgement",
    "Frequency",
    "NoticeReading",
    "Obligation",
    "ObligationDue",
    "ObligationKind",
    "OfficeAllocation",
    "Party",
    "PermanenceSlot",
    "StatementPeriod",
    "TrainedPerson",
    "TrainingSession",
    "WeeklyDigest",
    "audited",
]
