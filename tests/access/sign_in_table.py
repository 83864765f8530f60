"""Signing in, and one's own account: allauth's pages under our paths."""

from .reach import NO, OWN, YES, Page, Subject, everybody, everybody_signed_in, nobody

# Somebody who is signed in is sent home by these: they open nothing for her, and refuse nothing either.
SIGN_IN = Subject(
    "Connexion et compte de chacun",
    (
        everybody("login", "Se connecter"),
        everybody("account_login", "Se connecter"),
        everybody("mfa_login_webauthn", "Se connecter avec une clé"),
        everybody("account_inactive", "Compte suspendu"),
        everybody("account_reset_password", "Mot de passe oublié"),
        everybody("account_reset_password_done", "Mot de passe oublié, message envoyé"),
        everybody("account_reset_password_from_key", "Nouveau mot de passe, par le lien d’un message"),
        everybody("account_reset_password_from_key_done", "Nouveau mot de passe choisi"),
        everybody("logout", "Se déconnecter"),
        everybody("account_logout", "Se déconnecter"),
        everybody_signed_in("account_change_password", "Changer de mot de passe"),
        everybody_signed_in("account_reauthenticate", "Confirmer que c’est bien soi"),
        everybody_signed_in("mfa_index", "Double authentification"),
        everybody_signed_in("mfa_reauthenticate", "Confirmer par un code"),
        everybody_signed_in("mfa_reauthenticate_webauthn", "Confirmer par une clé"),
        everybody_signed_in("mfa_activate_totp", "Ajouter une application"),
        everybody_signed_in("mfa_deactivate_totp", "Retirer l’application"),
        everybody_signed_in("mfa_view_recovery_codes", "Codes de secours"),
        everybody_signed_in("mfa_generate_recovery_codes", "Nouveaux codes de secours"),
        everybody_signed_in("mfa_download_recovery_codes", "Codes de secours, en fichier"),
        everybody_signed_in("mfa_list_webauthn", "Ses clés"),
        everybody_signed_in("mfa_add_webauthn", "Ajouter une clé"),
        Page("mfa_remove_webauthn", "Retirer une de ses clés", OWN, OWN, OWN, OWN, OWN, OWN),
        Page("mfa_edit_webauthn", "Renommer une de ses clés", OWN, OWN, OWN, OWN, OWN, OWN),
        everybody("mfa_authenticate", "Second facteur, après le mot de passe"),
        nobody("account_signup", "S’inscrire soi-même"),
        nobody("account_email", "Changer d’adresse soi-même"),
        nobody("account_email_verification_sent", "Confirmer une adresse"),
        nobody("account_set_password", "Choisir un premier mot de passe sans invitation"),
        # Closed for everybody as long as the service is not declared to ProConnect, as in tests.
        nobody("proconnect_start", "Se connecter par ProConnect (pour tous, une fois ProConnect configuré)"),
        nobody("proconnect_answer", "Retour de ProConnect (pour tous, une fois ProConnect configuré)"),
        nobody("proconnect_signed_out", "Sortie de ProConnect (pour tous, une fois ProConnect configuré)"),
        everybody("admin/logout/", "Déconnexion de l’administration"),
        Page("admin/login/", "Connexion de l’administration", NO, NO, NO, YES, NO, YES),
    ),
)
