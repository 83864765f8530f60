"""Deadlines, documents, committees and trainings: the part of the floor's map that follows what is owed."""

from django.urls import path

from .views import deadline_follow, deadlines, documents, meetings

urlpatterns = [
    path("echeances/", deadlines.DeadlineListView.as_view(), name="deadline_list"),
    path("echeances/suivre/", deadline_follow.DeadlineFollowView.as_view(), name="deadline_follow"),
    path(
        "echeances/suivre/<int:pk>/revoquer/",
        deadline_follow.deadline_feed_revoke,
        name="deadline_feed_revoke",
    ),
    path("echeances/recapitulatif/refuser/", deadline_follow.digest_refuse, name="digest_refuse"),
    path("echeances/recapitulatif/recevoir/", deadline_follow.digest_accept, name="digest_accept"),
    path("echeances/agenda/<str:token>.ics", deadline_follow.deadline_feed, name="deadline_feed"),
    path("echeances/<int:pk>/remplir/", deadlines.DeadlineFulfilView.as_view(), name="deadline_fulfil"),
    path("echeances/<int:pk>/reprendre/", deadlines.deadline_unfulfil, name="deadline_unfulfil"),
    path("echeances/<int:pk>/dispenser/", deadlines.deadline_waive, name="deadline_waive"),
    path("echeances/<int:pk>/lever-la-dispense/", deadlines.deadline_unwaive, name="deadline_unwaive"),
    path("mon-planning/obligations/", deadlines.MyDutiesView.as_view(), name="my_duties"),
    path("documents/", documents.DocumentListView.as_view(), name="document_list"),
    path("documents/deposer/", documents.DocumentAddView.as_view(), name="document_add"),
    path("documents/<int:pk>/telecharger/", documents.document_download, name="document_download"),
    path("documents/<int:pk>/retirer/", documents.document_withdraw, name="document_withdraw"),
    path("documents/<int:pk>/remettre/", documents.document_restore, name="document_restore"),
    path("conventions/<int:pk>/echeances/", deadlines.DeadlineListView.as_view(), name="convention_deadlines"),
    path("conventions/<int:pk>/echeances/dispenser/", deadlines.deadlines_waive_late, name="deadlines_waive_late"),
    path("conventions/<int:pk>/documents/", documents.DocumentListView.as_view(), name="convention_documents"),
    path(
        "conventions/<int:pk>/documents/deposer/",
        documents.DocumentAddView.as_view(),
        name="convention_document_add",
    ),
    path("conventions/<int:pk>/comites/", meetings.MeetingListView.as_view(), name="meeting_list"),
    path("conventions/<int:pk>/comites/ajouter/", meetings.CommitteeFormView.as_view(), name="committee_add"),
    path("conventions/<int:pk>/formations/ajouter/", meetings.TrainingFormView.as_view(), name="training_add"),
    path("conventions/comites/<int:row>/", meetings.CommitteeFormView.as_view(), name="committee_edit"),
    path("conventions/comites/<int:pk>/supprimer/", meetings.committee_delete, name="committee_delete"),
    path("conventions/formations/<int:row>/", meetings.TrainingFormView.as_view(), name="training_edit"),
    path("conventions/formations/<int:pk>/supprimer/", meetings.training_delete, name="training_delete"),
]
