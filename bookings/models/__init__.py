"""Who is received, when and where."""

from . import audited
from .appointment import Appointment, AppointmentStatus, CancelledBy
from .changed_moment import ChangedMoment
from .data_request import DataRequest, DataRequestKind
from .desk_visit import DeskReason, DeskVisit, DurationBand, VisitChannel, VisitNature
from .elimination import EliminationBasis, EliminationLine, EliminationList, EliminationState
from .notification import (
    MessageSettings,
    Notification,
    NotificationChannel,
    NotificationKind,
    NotificationStatus,
)
from .permanence import Permanence, PermanenceOrigin, PermanenceStatus
from .reason import Reason
from .register_text import RegisterText
from .retention_rule import RetentionRule
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
    "DataRequest",
    "DataRequestKind",
    "DeskReason",
    "DeskVisit",
    "DurationBand",
    "EliminationBasis",
    "EliminationLine",
    "EliminationList",
    "EliminationState",
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
    "RegisterText",
    "RetentionRule",
    "ScheduleChange",
    "ScheduleChangeKind",
    "SharedLink",
    "SharedLinkKind",
    "VisitChannel",
    "VisitNature",
    "Visitor",
    "VisitorDistinction",
    "VisitorMerge",
    "audited",
]
