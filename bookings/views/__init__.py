"""The pages of this floor, one module for each kind of page."""

from .agenda import AgendaView
from .appointments import (
    AppointmentDetailView,
    AppointmentListView,
    appointment_cancel,
    appointment_restore,
    appointment_slip,
)
from .booking import BookView
from .schedule import MyScheduleView
from .today import TodayView
from .visitors import VisitorCreateView, VisitorDetailView, VisitorListView, VisitorUpdateView

__all__ = [
    "AgendaView",
    "AppointmentDetailView",
    "AppointmentListView",
    "BookView",
    "MyScheduleView",
    "TodayView",
    "VisitorCreateView",
    "VisitorDetailView",
    "VisitorListView",
    "VisitorUpdateView",
    "appointment_cancel",
    "appointment_restore",
    "appointment_slip",
]
