from django.urls import include, path

from . import views

app_name = "bookings"

PERSONAL_DATA = [
    path("", views.RegisterView.as_view(), name="personal_data"),
    path("registre.pdf", views.RegisterDocumentView.as_view(), name="register_document"),
    path("registre/<slug:key>/", views.RegisterTextView.as_view(), name="register_text"),
    path("demandes/", views.DataRequestListView.as_view(), name="data_request_list"),
    path("demandes/<int:pk>/", views.DataRequestDetailView.as_view(), name="data_request"),
    path("demandes/<int:pk>/reprendre/", views.DataRequestReopenView.as_view(), name="data_request_reopen"),
    path("demandes/<int:pk>/retirer/", views.DataRequestWithdrawView.as_view(), name="data_request_withdraw"),
    path("demandes/<int:pk>/remettre/", views.DataRequestPutBackView.as_view(), name="data_request_put_back"),
    path("conservation/", views.RetentionView.as_view(), name="retention"),
    path("conservation/<int:pk>/", views.RetentionRuleView.as_view(), name="retention_rule"),
    path("eliminations/", views.EliminationListView.as_view(), name="elimination_list"),
    path("eliminations/<int:pk>/", views.EliminationDetailView.as_view(), name="elimination"),
    path("eliminations/<int:pk>/liste.pdf", views.EliminationDocumentView.as_view(), name="elimination_document"),
    path("eliminations/<int:pk>/journal.json", views.EliminationJournalView.as_view(), name="elimination_journal"),
    path("eliminations/<int:pk>/essayer/", views.EliminationRehearseView.as_view(), name="elimination_rehearse"),
    path("eliminations/<int:pk>/approuver/", views.EliminationApproveView.as_view(), name="elimination_approve"),
    path("eliminations/<int:pk>/desapprouver/", views.EliminationUnapproveView.as_view(), name="elimination_unapprove"),
    path("eliminations/<int:pk>/continuer/", views.EliminationResumeView.as_view(), name="elimination_resume"),
    path("eliminations/<int:pk>/abandonner/", views.EliminationWithdrawView.as_view(), name="elimination_withdraw"),
    path(
        "eliminations/<int:pk>/fiches/<int:line_pk>/garder/",
        views.EliminationKeepView.as_view(),
        name="elimination_keep",
    ),
    path(
        "eliminations/<int:pk>/fiches/<int:line_pk>/remettre/",
        views.EliminationPutBackView.as_view(),
        name="elimination_put_back",
    ),
]

urlpatterns = [
    # The day and the week of a space
    path("aujourdhui/", views.TodayView.as_view(), name="today"),
    path("agenda/", views.AgendaView.as_view(), name="agenda"),
    # Booking: reason, time, visitor, slip
    path("rendez-vous/nouveau/", views.BookView.as_view(), name="book"),
    path("rendez-vous/", views.AppointmentListView.as_view(), name="appointment_list"),
    path(
        "rendez-vous/<int:pk>/",
        views.AppointmentDetailView.as_view(),
        name="appointment_detail",
    ),
    path(
        "rendez-vous/<int:pk>/convocation.pdf",
        views.appointment_slip,
        name="appointment_slip",
    ),
    path(
        "rendez-vous/<int:pk>/annuler/",
        views.appointment_cancel,
        name="appointment_cancel",
    ),
    path(
        "rendez-vous/<int:pk>/retablir/",
        views.appointment_restore,
        name="appointment_restore",
    ),
    # Its steps on the day, and those without an outcome at the end of it
    path("rendez-vous/<int:pk>/etape/<slug:step>/", views.appointment_step, name="appointment_step"),
    path("rendez-vous/<int:pk>/defaire/", views.appointment_step_undo, name="appointment_step_undo"),
    path("sans-issue/", views.UnsettledListView.as_view(), name="unsettled_list"),
    # Visitors
    path("usagers/", views.VisitorListView.as_view(), name="visitor_list"),
    path("usagers/nouveau/", views.VisitorCreateView.as_view(), name="visitor_create"),
    path("usagers/<int:pk>/", views.VisitorDetailView.as_view(), name="visitor_detail"),
    path(
        "usagers/<int:pk>/modifier/",
        views.VisitorUpdateView.as_view(),
        name="visitor_update",
    ),
    path("usagers/<int:pk>/fusionner/", views.MergeChoiceView.as_view(), name="visitor_merge_choice"),
    path("usagers/<int:pk>/fusionner/<int:other_pk>/", views.VisitorMergeView.as_view(), name="visitor_merge"),
    path("usagers/fusions/<int:pk>/defaire/", views.visitor_merge_undo, name="visitor_merge_undo"),
    path("usagers/doublons/", views.DuplicateListView.as_view(), name="duplicate_list"),
    path("usagers/doublons/distinguer/", views.visitors_tell_apart, name="visitors_tell_apart"),
    path("usagers/doublons/<int:pk>/oublier/", views.distinction_forget, name="distinction_forget"),
    path("usagers/<int:pk>/demande/", views.DataRequestCreateView.as_view(), name="data_request_create"),
    path("usagers/<int:pk>/donnees.json", views.PersonExportView.as_view(), name="person_export"),
    path("usagers/<int:pk>/donnees.pdf", views.PersonExportDocumentView.as_view(), name="person_export_document"),
    # Personal data: the register, requests, retention, elimination lists
    path("donnees-personnelles/", include(PERSONAL_DATA)),
    # Walk-ins
    path("passages/", views.DeskVisitListView.as_view(), name="desk_visit_list"),
    path("passages/noter/", views.desk_visit_note, name="desk_visit_note"),
    path("passages/<int:pk>/modifier/", views.desk_visit_edit, name="desk_visit_edit"),
    path("passages/<int:pk>/annuler/", views.desk_visit_strike_out, name="desk_visit_strike_out"),
    path("passages/<int:pk>/retablir/", views.desk_visit_restore, name="desk_visit_restore"),
    # Offices: who occupies them, and lending an idle half-day
    path("bureaux/", views.OfficeMapView.as_view(), name="office_map"),
    path("bureaux/<int:pk>/preter/", views.office_lend, name="office_lend"),
    path("prets/<int:pk>/annuler/", views.loan_cancel, name="loan_cancel"),
    path("prets/<int:pk>/retablir/", views.loan_restore, name="loan_restore"),
    # Messages to visitors, and what a visitor does from one (without an account; the path is short for text messages)
    path("messages/", views.NotificationListView.as_view(), name="notification_list"),
    path("messages/<int:pk>/reessayer/", views.notification_retry, name="notification_retry"),
    path("annuler/<str:token>/", views.cancel_by_link_page, name="cancel_by_link"),
    # Changed dates, and the people who wait for another time
    path("changements/", views.ScheduleChangeListView.as_view(), name="schedule_change_list"),
    path("changements/absence/", views.AbsenceView.as_view(), name="absence"),
    path("changements/fermeture/", views.ClosureView.as_view(), name="closure"),
    path("changements/bureau/", views.OfficeOutageView.as_view(), name="office_outage"),
    path("changements/permanence/", views.AdditionView.as_view(), name="exceptional_permanence"),
    path("changements/<int:pk>/", views.ScheduleChangeDetailView.as_view(), name="schedule_change_detail"),
    path("changements/<int:pk>/defaire/", views.schedule_change_undo, name="schedule_change_undo"),
    path("permanences/<int:pk>/changer/", views.PermanenceChangeView.as_view(), name="permanence_change"),
    path("rendez-vous/<int:pk>/deplacer/", views.AppointmentMoveView.as_view(), name="appointment_move"),
    path("a-replacer/", views.ToReplaceView.as_view(), name="to_replace"),
    path("a-replacer/<int:pk>/annuler/", views.to_replace_cancel, name="to_replace_cancel"),
    path("a-replacer/<int:pk>/remettre/", views.to_replace_put_back, name="to_replace_put_back"),
    # Sheets to print
    path("agenda/journee.pdf", views.day_list, name="day_list"),
    path("bureaux/<int:pk>/semaine.pdf", views.office_sheet, name="office_sheet"),
    path("mon-planning/journee.pdf", views.my_day_list, name="my_day_list"),
    # Addresses that open a planning or an agenda without an account
    path("liens/", views.SharedLinkListView.as_view(), name="shared_link_list"),
    path("liens/<int:pk>/revoquer/", views.shared_link_revoke, name="shared_link_revoke"),
    path("planning/<str:token>/", views.shared_planning, name="shared_planning"),
    path("agenda/<str:token>.ics", views.calendar_feed, name="calendar_feed"),
    path("mon-planning/agenda/", views.MyCalendarView.as_view(), name="my_calendar"),
    path("mon-planning/agenda/<int:pk>/revoquer/", views.my_calendar_revoke, name="my_calendar_revoke"),
    # A partner's agent
    path("mon-planning/", views.MyScheduleView.as_view(), name="my_schedule"),
    path("mon-planning/absence/", views.MyAbsenceView.as_view(), name="my_absence"),
]
