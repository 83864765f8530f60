"""« Comptes », and the page behind an invitation's link."""

from django.urls import path

from partners.proconnect.release_views import ReleaseView

from . import ask_views, invitation_views, views

app_name = "accounts"

urlpatterns = [
    path("comptes/", views.AccountListView.as_view(), name="account_list"),
    path("comptes/inviter/", views.InviteView.as_view(), name="account_invite"),
    path("comptes/<int:pk>/", views.account_detail, name="account_detail"),
    path("comptes/<int:pk>/modifier/", views.AccountChangeView.as_view(), name="account_change"),
    path("comptes/<int:pk>/remettre/", views.account_change_undo, name="account_change_undo"),
    path("comptes/<int:pk>/suspendre/", ask_views.SuspendView.as_view(), name="account_suspend"),
    path("comptes/<int:pk>/rouvrir/", ask_views.ReactivateView.as_view(), name="account_reactivate"),
    path("comptes/<int:pk>/invitation/renvoyer/", views.invitation_send, name="invitation_send"),
    path(
        "comptes/<int:pk>/invitation/retirer/",
        ask_views.InvitationWithdrawView.as_view(),
        name="invitation_withdraw",
    ),
    path(
        "comptes/<int:pk>/double-authentification/",
        ask_views.SecondFactorResetView.as_view(),
        name="second_factor_reset",
    ),
    path("comptes/<int:pk>/proconnect/detacher/", ReleaseView.as_view(), name="proconnect_release"),
    path("invitation/<str:token>/", invitation_views.invitation, name="invitation"),
]
