from django.urls import path

from . import views

app_name = "casefiles"

urlpatterns = [
    # Files: the lists one works from, and their export
    path("dossiers/", views.CaseFileListView.as_view(), name="file_list"),
    path("dossiers/mes-dossiers/", views.CaseFileListView.as_view(slug="mes-dossiers"), name="my_files"),
    path("dossiers/a-completer/", views.CaseFileListView.as_view(slug="a-completer"), name="files_to_complete"),
    path("dossiers/a-envoyer/", views.CaseFileListView.as_view(slug="a-envoyer"), name="files_to_send"),
    path("dossiers/accuses-attendus/", views.CaseFileListView.as_view(slug="accuses-attendus"), name="files_awaited"),
    path("dossiers/en-retard/", views.CaseFileListView.as_view(slug="en-retard"), name="late_files"),
    path("dossiers/a-renouveler/", views.CaseFileListView.as_view(slug="a-renouveler"), name="files_to_renew"),
    path("dossiers/export/<slug:slug>.<slug:extension>", views.case_file_export, name="file_export"),
    path("dossiers/de/<int:visitor_pk>/", views.visitor_files, name="visitor_files"),
    # One file
    path("dossiers/nouveau/", views.OpenCaseFileView.as_view(), name="file_open"),
    path("dossiers/<int:pk>/", views.CaseFileDetailView.as_view(), name="file_detail"),
    path("dossiers/<int:pk>/accord/", views.AgreementView.as_view(), name="file_agreement"),
    path("dossiers/<int:pk>/accord/retirer/", views.agreement_remove, name="file_agreement_remove"),
    path("dossiers/<int:pk>/urgence/", views.UrgencyView.as_view(), name="file_urgent"),
    path("dossiers/<int:pk>/urgence/lever/", views.urgency_lift, name="file_urgency_lift"),
    path("dossiers/<int:pk>/notes/", views.NotesView.as_view(), name="file_notes"),
    path("dossiers/<int:pk>/suivi/", views.AssignView.as_view(), name="file_assign"),
    path("dossiers/<int:pk>/retirer/", views.file_withdraw, name="file_withdraw"),
    path("dossiers/<int:pk>/rouvrir/", views.file_reopen, name="file_reopen"),
    path("dossiers/<int:pk>/renouveler/", views.RenewView.as_view(), name="file_renew"),
    # Its checklist
    path("dossiers/<int:pk>/pieces/", views.AddDocumentView.as_view(), name="document_add"),
    path("dossiers/<int:pk>/pieces/<int:document_pk>/retirer/", views.document_remove, name="document_remove"),
    path("dossiers/<int:pk>/pieces/<int:document_pk>/<slug:state>/", views.document_state, name="document_state"),
    # Slips
    path("bordereaux/", views.SlipListView.as_view(), name="slip_list"),
    path("bordereaux/nouveau/", views.SlipPreviewView.as_view(), name="slip_preview"),
    path("bordereaux/<int:pk>/", views.SlipDetailView.as_view(), name="slip_detail"),
    path("bordereaux/<int:pk>/bordereau.pdf", views.slip_document, name="slip_document"),
    path("bordereaux/<int:pk>/accuser/", views.SlipAcknowledgeView.as_view(), name="slip_acknowledge"),
    # A file at the caisse: acknowledged, sent back, decided, by its agent or typed back by the desk
    path("transmissions/", views.LineListView.as_view(), name="line_list"),
    path("transmissions/<int:pk>/", views.LineDetailView.as_view(), name="line_detail"),
    path("transmissions/<int:pk>/accuser/", views.LineAcknowledgeView.as_view(), name="line_acknowledge"),
    path("transmissions/<int:pk>/accuser/defaire/", views.line_acknowledgement_undo, name="line_acknowledge_undo"),
    path("transmissions/<int:pk>/retourner/", views.LineReturnView.as_view(), name="line_return"),
    path("transmissions/<int:pk>/retourner/defaire/", views.line_return_undo, name="line_return_undo"),
    path("transmissions/<int:pk>/decision/", views.LineDecisionView.as_view(), name="line_decision"),
    path("transmissions/<int:pk>/decision/defaire/", views.line_decision_undo, name="line_decision_undo"),
    # Alerts of rights about to break
    path("alertes/", views.AlertListView.as_view(), name="alert_list"),
    path("alertes/nouvelle/", views.RaiseAlertView.as_view(), name="alert_raise"),
    path("alertes/<int:pk>/", views.AlertDetailView.as_view(), name="alert_detail"),
    path("alertes/<int:pk>/vue/", views.alert_see, name="alert_see"),
    path("alertes/<int:pk>/repondre/", views.AlertAnswerView.as_view(), name="alert_answer"),
    path("alertes/<int:pk>/clore/", views.alert_close, name="alert_close"),
    path("alertes/<int:pk>/rouvrir/", views.alert_reopen, name="alert_reopen"),
    # The self-service computer
    path("point-numerique/", views.ComputerView.as_view(), name="computer"),
]
