"""Sign-in and one's own account; allauth's views under French paths, and only those that the house uses.

Accounts are made by administrators: nobody signs up, changes his address or confirms it by himself.
"""

from allauth.account import views as account_views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.recovery_codes import views as recovery_code_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as key_views
from django.urls import include, path, re_path

from . import views
from .proconnect import views as proconnect_views

password_reset = [
    path("", account_views.password_reset, name="account_reset_password"),
    path("envoye/", account_views.password_reset_done, name="account_reset_password_done"),
    path("change/", account_views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
]
second_factor = [
    path("", mfa_views.index, name="mfa_index"),
    path("confirmer/", mfa_views.reauthenticate, name="mfa_reauthenticate"),
    path("application/ajouter/", totp_views.activate_totp, name="mfa_activate_totp"),
    path("application/retirer/", totp_views.deactivate_totp, name="mfa_deactivate_totp"),
    path("codes/", recovery_code_views.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("codes/nouveaux/", recovery_code_views.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("codes/fichier/", recovery_code_views.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("cles/", key_views.list_webauthn, name="mfa_list_webauthn"),
    path("cles/ajouter/", key_views.add_webauthn, name="mfa_add_webauthn"),
    path("cles/confirmer/", key_views.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("cles/<int:pk>/retirer/", key_views.remove_webauthn, name="mfa_remove_webauthn"),
    path("cles/<int:pk>/renommer/", key_views.edit_webauthn, name="mfa_edit_webauthn"),
]

urlpatterns = [
    path("", include("partners.accounts.urls")),
    path("", include("partners.audit.urls")),
    path("connexion/", views.SignInView.as_view(), name="login"),
    path("connexion/", views.SignInView.as_view(), name="account_login"),
    path("connexion/code/", mfa_views.authenticate, name="mfa_authenticate"),
    path("connexion/cle/", key_views.login_webauthn, name="mfa_login_webauthn"),
    path("connexion/proconnect/", proconnect_views.start, name="proconnect_start"),
    path("connexion/proconnect/retour/", proconnect_views.answer, name="proconnect_answer"),
    path("connexion/proconnect/fin/", proconnect_views.signed_out, name="proconnect_signed_out"),
    path("connexion/compte-suspendu/", account_views.account_inactive, name="account_inactive"),
    path("deconnexion/", proconnect_views.SignOutView.as_view(), name="logout"),
    path("deconnexion/", proconnect_views.SignOutView.as_view(), name="account_logout"),
    path("mot-de-passe-oublie/", include(password_reset)),
    path("compte/mot-de-passe/", account_views.password_change, name="account_change_password"),
    path("compte/confirmer/", account_views.reauthenticate, name="account_reauthenticate"),
    path("compte/double-authentification/", include(second_factor)),
    # allauth writes links to these; there is no such page here.
    path("compte/inscription/", views.no_such_page, name="account_signup"),
    path("compte/adresse/", views.no_such_page, name="account_email"),
    path("compte/adresse/confirmer/", views.no_such_page, name="account_email_verification_sent"),
    path("compte/mot-de-passe/premier/", views.no_such_page, name="account_set_password"),
    path("changer-d-espace/", views.site_switch, name="site_switch"),
    path("accessibilite/", views.accessibility, name="accessibility"),
]
