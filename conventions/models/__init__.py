"""What was agreed: conventions, the acts that approved them, their weekly grid and their price."""

from .allocation import Audience, BookingMode, OfficeAllocation, PermanenceSlot
from .article import Article
from .convention import Convention, ConventionStatus
from .deliberation import DeliberatingBody, Deliberation
from .fee_terms import FeeTerms
from .obligation import Frequency, Obligation, ObligationKind, Party

__all__ = [
    "Article",
    "Audience",
    "BookingMode",
    "Convention",
    "ConventionStatus",
    "DeliberatingBody",
    "Deliberation",
    "FeeTerms",
    "Frequency",
    "Obligation",
    "ObligationKind",
    "OfficeAllocation",
    "Party",
    "PermanenceSlot",
]
