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
from .calendar_feed import MyCalendarView, calendar_feed, my_calendar_revoke
from .cancel_link import cancel_by_link_page
from .change_list import ScheduleChangeDetailView, ScheduleChangeListView, schedule_change_undo
from .changes import (
    AbsenceView,
    AdditionView,
    ClosureView,
    MyAbsenceView,
    OfficeOutageView,
    PermanenceChangeView,
)
from .data_requests import (
    DataRequestCreateView,
    DataRequestDetailView,
    DataRequestListView,
    DataRequestPutBackView,
    DataRequestReopenView,
    DataRequestWithdrawView,
    PersonExportDocumentView,
    PersonExportView,
)
from .duplicates import DuplicateListView, distinction_forget, visitors_tell_apart
from .eliminations import (
    EliminationApproveView,
    EliminationDetailView,
    EliminationDocumentView,
    EliminationJournalView,
    EliminationKeepView,
    EliminationListView,
    EliminationPutBackView,
    EliminationRehearseView,
    EliminationResumeView,
    EliminationUnapproveView,
    EliminationWithdrawView,
)
from .notifications import NotificationListView, notification_retry
from .offices import OfficeMapView, loan_cancel, loan_restore, office_lend
from .personal_data import (
    RegisterDocumentView,
    RegisterTextView,
    RegisterView,
    RetentionRuleView,
    RetentionView,
)
from .rebooking import AppointmentMoveView, ToReplaceView, to_replace_cancel, to_replace_put_back
from .schedule import MyScheduleView
from .shared_links import SharedLinkListView, shared_link_revoke, shared_planning
from .sheets import day_list, my_day_list, office_sheet
from .steps import UnsettledListView, appointment_step, appointment_step_undo
from .today import TodayView
from .visitor_merging import MergeChoiceView, VisitorMergeView, visitor_merge_undo
from .visitors import VisitorCreateView, VisitorDetailView, VisitorListView, VisitorUpdateView
from .walk_ins import (
    DeskVisitListView,
    desk_visit_edit,
    desk_visit_note,
    desk_visit_restore,
    desk_visit_strike_out,
)

__all__ = [
    "AbsenceView",
    "AdditionView",
    "AgendaView",
    "AppointmentDetailView",
    "AppointmentListView",
    "AppointmentMoveView",
    "BookView",
    "ClosureView",
    "DataRequestCreateView",
    "DataRequestDetailView",
    "DataRequestListView",
    "DataRequestPutBackView",
    "DataRequestReopenView",
    "DataRequestWithdrawView",
    "DeskVisitListView",
    "DuplicateListView",
    "EliminationApproveView",
    "EliminationDetailView",
    "EliminationDocumentView",
    "EliminationJournalView",
    "EliminationKeepView",
    "EliminationListView",
    "EliminationPutBackView",
    "EliminationRehearseView",
    "EliminationResumeView",
    "EliminationUnapproveView",
    "EliminationWithdrawView",
    "MergeChoiceView",
    "MyAbsenceView",
    "MyCalendarView",
    "MyScheduleView",
    "NotificationListView",
    "OfficeMapView",
    "OfficeOutageView",
    "PermanenceChangeView",
    "PersonExportDocumentView",
    "PersonExportView",
    "RegisterDocumentView",
    "RegisterTextView",
    "RegisterView",
    "RetentionRuleView",
    "RetentionView",
    "ScheduleChangeDetailView",
    "ScheduleChangeListView",
    "SharedLinkListView",
    "ToReplaceView",
    "TodayView",
    "UnsettledListView",
    "VisitorCreateView",
    "VisitorDetailView",
    "VisitorListView",
    "VisitorMergeView",
    "VisitorUpdateView",
    "appointment_cancel",
    "appointment_restore",
    "appointment_slip",
    "appointment_step",
    "appointment_step_undo",
    "calendar_feed",
    "cancel_by_link_page",
    "day_list",
    "desk_visit_edit",
    "desk_visit_note",
    "desk_visit_restore",
    "desk_visit_strike_out",
    "distinction_forget",
    "loan_cancel",
    "loan_restore",
    "my_calendar_revoke",
    "my_day_list",
    "notification_retry",
    "office_lend",
    "office_sheet",
    "schedule_change_undo",
    "shared_link_revoke",
    "shared_planning",
    "to_replace_cancel",
    "to_replace_put_back",
    "visitor_merge_undo",
    "visitors_tell_apart",
]
