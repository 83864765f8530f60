"""Who is received, when and where."""

from .appointment import Appointment, AppointmentStatus, CancelledBy
from .changed_moment import ChangedMoment
from .desk_visit import DeskReason, DeskVisit, DurationBand, VisitChannel, VisitNature
from .notification import (
    MessageSettings,
    Notification,
    NotificationChannel,
    NotificationKind,
    NotificationStatus,
)
from .permanence import Permanence, PermanenceOrigin, PermanenceStatus
from .reason import Reason
from .schedule_change import PermanenceRevision, ScheduleChange, ScheduleChangeKind
from .shared_link import SharedLink, SharedLinkKind
from .visitor import Visitor
from .visitor_distinction import VisitorDistinction
from .visitor_merge import VisitorMerge

__all__ = [
    "Appointment",
    "AppointmentStatus",
    "CancelledBy",
    "ChangedMoment",
    "DeskReason",
    "DeskVisit",
    "DurationBand",
    "MessageSettings",
    "Notification",
    "NotificationChannel",
    "NotificationKind",
    "NotificationStatus",
    "Permanence",
    "PermanenceOrigin",
    "PermanenceRevision",
    "PermanenceStatus",
    "Reason",
    "ScheduleChange",
    "ScheduleChangeKind",
    "SharedLink",
    "SharedLinkKind",
    "VisitChannel",
    "VisitNature",
    "Visitor",
    "VisitorDistinction",
    "VisitorMerge",
]
