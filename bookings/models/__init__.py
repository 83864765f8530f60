"""Who is received, when and where."""

from .appointment import Appointment, AppointmentStatus, CancelledBy
from .permanence import Permanence, PermanenceOrigin, PermanenceStatus
from .reason import Reason
from .visitor import Visitor

__all__ = [
    "Appointment",
    "AppointmentStatus",
    "CancelledBy",
    "Permanence",
    "PermanenceOrigin",
    "PermanenceStatus",
    "Reason",
    "Visitor",
]
