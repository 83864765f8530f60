"""Who may open what: the whole table, in the order of `docs/access.md`.

An address that is not in it fails the walk; so does a line whose address is gone. After a change here:
`python -m tests.access.document`.
"""

from .admin_table import ADMINISTRATION
from .reach import ALL as EVERY
from .reach import (
    CCAS,
    NO,
    OWN,
    YES,
    Page,
    Subject,
    agents,
    ccas_row,
    chosen_ccas_row,
    desk,
    desk_and_agents,
    desk_and_agents_row,
    desk_row,
    everybody,
    everybody_signed_in,
    nobody,
    overseers,
    overseers_and_agents_row,
    overseers_own,
    overseers_row,
    with_secret,
)
from .sign_in_table import SIGN_IN

DAY = Subject(
    "La journée et l’agenda",
    (
        everybody_signed_in("home", "Accueil de l’application"),
        desk_row("site_switch", "Changer d’espace"),
        desk("bookings:today", "La journée de l’espace"),
        desk("bookings:agenda", "La semaine de l’espace"),
        desk("bookings:day_list", "Liste du jour à imprimer"),
        desk("bookings:unsettled_list", "Rendez-vous sans issue"),
        desk("bookings:to_replace", "Personnes à replacer"),
        desk_row("bookings:to_replace_cancel", "Annuler le rendez-vous d’une personne à replacer"),
        desk_row("bookings:to_replace_put_back", "Remettre une personne à replacer"),
        desk("bookings:desk_visit_list", "Passages"),
        desk("bookings:desk_visit_note", "Noter un passage"),
        desk_row("bookings:desk_visit_edit", "Corriger un passage"),
        desk_row("bookings:desk_visit_strike_out", "Rayer un passage"),
        desk_row("bookings:desk_visit_restore", "Rétablir un passage"),
        desk("bookings:office_map", "Occupation des bureaux"),
        desk_row("bookings:office_sheet", "Semaine d’un bureau à imprimer"),
        desk_row("bookings:office_lend", "Prêter un bureau"),
        desk_row("bookings:loan_cancel", "Annuler un prêt"),
        desk_row("bookings:loan_restore", "Rétablir un prêt"),
    ),
)
APPOINTMENTS = Subject(
    "Rendez-vous",
    (
        desk("bookings:book", "Prendre un rendez-vous"),
        desk("bookings:appointment_list", "Liste des rendez-vous"),
        desk_row("bookings:appointment_detail", "Un rendez-vous"),
        desk_row("bookings:appointment_slip", "Convocation"),
        desk_row("bookings:appointment_cancel", "Annuler"),
        desk_row("bookings:appointment_restore", "Rétablir"),
        desk_row("bookings:appointment_move", "Déplacer"),
        desk_and_agents_row("bookings:appointment_step", "Noter une étape (arrivé, en entretien, reçu, absent)"),
        desk_and_agents_row("bookings:appointment_step_undo", "Défaire une étape"),
        with_secret("bookings:cancel_by_link", "Annulation par l’usager, depuis son message"),
    ),
)
CHANGES = Subject(
    "Changements de permanences",
    (
        desk("bookings:schedule_change_list", "Liste des changements"),
        desk_row("bookings:schedule_change_detail", "Un changement"),
        desk_and_agents_row(
            "bookings:schedule_change_undo", "Défaire un changement (agent : une absence signalée par sa caisse)"
        ),
        desk("bookings:absence", "Noter l’absence d’un partenaire"),
        desk("bookings:closure", "Fermer l’espace"),
        desk("bookings:office_outage", "Mettre un bureau hors service"),
        desk("bookings:exceptional_permanence", "Ajouter une permanence"),
        desk_row("bookings:permanence_change", "Changer une permanence"),
    ),
)
VISITORS = Subject(
    "Usagers",
    (
        desk("bookings:visitor_list", "Recherche d’usagers"),
        desk("bookings:visitor_create", "Créer une fiche"),
        chosen_ccas_row("bookings:visitor_detail", "Une fiche"),
        chosen_ccas_row("bookings:visitor_update", "Modifier une fiche"),
        chosen_ccas_row("bookings:visitor_merge_choice", "Chercher la fiche à fusionner"),
        chosen_ccas_row("bookings:visitor_merge", "Fusionner deux fiches"),
        ccas_row("bookings:visitor_merge_undo", "Défaire une fusion"),
        desk("bookings:duplicate_list", "Doublons probables"),
        ccas_row("bookings:visitors_tell_apart", "Distinguer deux fiches"),
        ccas_row("bookings:distinction_forget", "Oublier une distinction"),
        ccas_row("casefiles:visitor_files", "Les dossiers d’un usager"),
        desk("bookings:notification_list", "Messages aux usagers"),
        desk_row("bookings:notification_retry", "Réessayer un message"),
    ),
)
FILES = Subject(
    "Dossiers",
    (
        desk("casefiles:file_list", "Tous les dossiers de l’espace"),
        desk("casefiles:my_files", "Les dossiers que je suis"),
        desk("casefiles:files_to_complete", "À compléter"),
        desk("casefiles:files_to_send", "À envoyer"),
        desk("casefiles:files_awaited", "Accusés attendus"),
        desk("casefiles:late_files", "En retard"),
        desk("casefiles:files_to_renew", "À renouveler"),
        overseers("casefiles:file_export", "Export des dossiers"),
        desk("casefiles:file_open", "Ouvrir un dossier"),
        desk_row("casefiles:file_detail", "Un dossier"),
        desk_row("casefiles:file_agreement", "Accord de la personne"),
        desk_row("casefiles:file_agreement_remove", "Retirer l’accord"),
        desk_row("casefiles:file_urgent", "Signaler une urgence"),
        desk_row("casefiles:file_urgency_lift", "Lever l’urgence"),
        desk_row("casefiles:file_notes", "Notes sociales"),
        desk_row("casefiles:file_assign", "Confier le suivi"),
        desk_row("casefiles:file_withdraw", "Retirer un dossier"),
        desk_row("casefiles:file_reopen", "Rouvrir un dossier"),
        desk_row("casefiles:file_renew", "Renouveler un dossier"),
        desk_row("casefiles:document_add", "Demander une pièce"),
        desk_row("casefiles:document_remove", "Retirer une pièce"),
        desk_row("casefiles:document_state", "Noter l’état d’une pièce"),
        desk("casefiles:slip_preview", "Préparer un bordereau"),
        desk("casefiles:computer", "Point numérique"),
    ),
)
TRANSMISSIONS = Subject(
    "Bordereaux, réponses des caisses et alertes",
    (
        desk_and_agents("casefiles:slip_list", "Bordereaux"),
        desk_and_agents_row("casefiles:slip_detail", "Un bordereau"),
        desk_and_agents_row("casefiles:slip_document", "Bordereau à imprimer"),
        desk_and_agents_row("casefiles:slip_acknowledge", "Accuser réception d’un bordereau"),
        agents("casefiles:line_list", "Dossiers reçus"),
        desk_and_agents_row("casefiles:line_detail", "Un dossier reçu"),
        desk_and_agents_row("casefiles:line_acknowledge", "Accuser réception d’un dossier"),
        desk_and_agents_row("casefiles:line_acknowledge_undo", "Défaire l’accusé"),
        desk_and_agents_row("casefiles:line_return", "Retourner un dossier incomplet"),
        desk_and_agents_row("casefiles:line_return_undo", "Défaire un retour"),
        desk_and_agents_row("casefiles:line_decision", "Noter une décision"),
        desk_and_agents_row("casefiles:line_decision_undo", "Défaire une décision"),
        desk_and_agents("casefiles:alert_list", "Alertes de rupture de droits"),
        desk("casefiles:alert_raise", "Lancer une alerte"),
        desk_and_agents_row("casefiles:alert_detail", "Une alerte"),
        desk_and_agents_row("casefiles:alert_see", "Noter une alerte vue"),
        desk_and_agents_row("casefiles:alert_answer", "Répondre à une alerte"),
        desk_row("casefiles:alert_close", "Clore une alerte"),
        desk_row("casefiles:alert_reopen", "Rouvrir une alerte"),
    ),
)
SHARED = Subject(
    "Planning des agents et liens remis aux partenaires",
    (
        agents("bookings:my_schedule", "Mon planning"),
        agents("bookings:my_day_list", "Ma liste du jour à imprimer"),
        agents("bookings:my_absence", "Signaler une absence"),
        agents("bookings:my_calendar", "Mon agenda dans mon téléphone"),
        Page("bookings:my_calendar_revoke", "Révoquer une de mes adresses", agent=OWN),
        agents("conventions:my_duties", "Obligations de ma caisse"),
        desk("bookings:shared_link_list", "Liens des partenaires"),
        desk_row("bookings:shared_link_revoke", "Révoquer un lien"),
        with_secret("bookings:shared_planning", "Planning d’un partenaire, par son lien"),
        with_secret("bookings:calendar_feed", "Agenda d’un agent, pour son téléphone"),
    ),
)
CONVENTIONS = Subject(
    "Conventions, avenants et documents",
    (
        overseers("conventions:convention_list", "Liste des conventions"),
        overseers_row("conventions:convention_detail", "Une convention"),
        overseers_row("conventions:convention_pdf", "Convention à imprimer"),
        overseers_row("conventions:convention_on_day", "Termes à une date"),
        overseers_row("conventions:convention_lineage", "Lignée des conventions"),
        overseers_row("conventions:convention_denounce", "Dénoncer"),
        overseers_row("conventions:convention_withdraw_denunciation", "Retirer la dénonciation"),
        overseers_row("conventions:convention_renew", "Renouveler"),
        overseers_row("conventions:convention_renewal_undo", "Défaire le renouvellement"),
        overseers_row("conventions:amendment_list", "Avenants"),
        overseers_row("conventions:amendment_create", "Préparer un avenant"),
        overseers_row("conventions:amendment_detail", "Un avenant"),
        overseers_row("conventions:amendment_change", "Modifier un avenant"),
        overseers_row("conventions:amendment_put_in_force", "Mettre un avenant en vigueur"),
        overseers_row("conventions:amendment_revoke", "Révoquer un avenant"),
        overseers_row("conventions:amendment_delete", "Supprimer un avenant"),
        overseers_row("conventions:amendment_signature", "Signature d’un avenant"),
        overseers_row("conventions:amendment_pdf", "Avenant à imprimer"),
        overseers_row("conventions:deliberation_pdf", "Extrait de la délibération"),
        overseers("conventions:remark_list", "Cohérence"),
        overseers_row("conventions:remark_acknowledge", "Prendre acte d’une remarque"),
        overseers_row("conventions:remark_take_back", "Reprendre une remarque"),
        overseers("conventions:document_list", "Documents de l’espace"),
        overseers("conventions:document_add", "Déposer un document"),
        overseers_row("conventions:convention_documents", "Documents d’une convention"),
        overseers_row("conventions:convention_document_add", "Déposer un document d’une convention"),
        overseers_row("conventions:document_download", "Télécharger un document"),
        overseers_row("conventions:document_withdraw", "Retirer un document"),
        overseers_row("conventions:document_restore", "Remettre un document"),
    ),
)
DUTIES = Subject(
    "Échéances, comités et formations",
    (
        overseers("conventions:deadline_list", "Échéances"),
        overseers_row("conventions:convention_deadlines", "Échéances d’une convention"),
        overseers_row("conventions:deadline_fulfil", "Remplir une échéance"),
        overseers_row("conventions:deadline_unfulfil", "Reprendre une échéance"),
        overseers_row("conventions:deadline_waive", "Dispenser"),
        overseers_row("conventions:deadline_unwaive", "Lever la dispense"),
        overseers_row("conventions:deadlines_waive_late", "Dispenser des échéances passées"),
        overseers("conventions:deadline_follow", "Suivre les échéances dans mon agenda"),
        overseers_own("conventions:deadline_feed_revoke", "Révoquer une de mes adresses"),
        with_secret("conventions:deadline_feed", "Échéances, pour le téléphone"),
        overseers("conventions:digest_refuse", "Ne plus recevoir le récapitulatif"),
        overseers("conventions:digest_accept", "Recevoir le récapitulatif"),
        overseers_row("conventions:meeting_list", "Comités et formations"),
        overseers_row("conventions:committee_add", "Ajouter un comité"),
        overseers_row("conventions:committee_edit", "Modifier un comité"),
        overseers_row("conventions:committee_delete", "Supprimer un comité"),
        overseers_row("conventions:training_add", "Ajouter une formation"),
        overseers_row("conventions:training_edit", "Modifier une formation"),
        overseers_row("conventions:training_delete", "Supprimer une formation"),
    ),
)


def _of_chosen_ccas(name: str, title: str) -> Page:
    return Page(name, title, NO, NO, CCAS, CCAS, NO, chosen_ccas_row(name, title).technical)


PERSONAL_DATA = Subject(
    "Données personnelles",
    (
        overseers("bookings:personal_data", "Registre des traitements"),
        overseers("bookings:register_document", "Registre à imprimer"),
        overseers("bookings:register_text", "Modifier un texte du registre"),
        overseers("bookings:data_request_list", "Demandes des usagers"),
        chosen_ccas_row("bookings:data_request_create", "Noter la demande d’un usager"),
        _of_chosen_ccas("bookings:data_request", "Une demande"),
        _of_chosen_ccas("bookings:data_request_reopen", "Reprendre une demande"),
        chosen_ccas_row("bookings:data_request_withdraw", "Retirer une demande"),
        _of_chosen_ccas("bookings:data_request_put_back", "Remettre une demande"),
        _of_chosen_ccas("bookings:person_export", "Tout ce qui est gardé sur une personne"),
        _of_chosen_ccas("bookings:person_export_document", "Le même, à imprimer"),
        overseers("bookings:retention", "Durées de conservation"),
        _of_chosen_ccas("bookings:retention_rule", "Durée d’un espace"),
        overseers("bookings:elimination_list", "Listes d’élimination"),
        _of_chosen_ccas("bookings:elimination", "Une liste d’élimination"),
        _of_chosen_ccas("bookings:elimination_document", "Liste à imprimer"),
        _of_chosen_ccas("bookings:elimination_journal", "Journal d’une élimination"),
        _of_chosen_ccas("bookings:elimination_rehearse", "Essayer à blanc"),
        _of_chosen_ccas("bookings:elimination_approve", "Approuver"),
        _of_chosen_ccas("bookings:elimination_unapprove", "Reprendre l’approbation"),
        _of_chosen_ccas("bookings:elimination_resume", "Continuer une élimination arrêtée"),
        _of_chosen_ccas("bookings:elimination_withdraw", "Abandonner une liste"),
        _of_chosen_ccas("bookings:elimination_keep", "Garder une fiche"),
        _of_chosen_ccas("bookings:elimination_put_back", "Remettre une fiche dans la liste"),
    ),
)
MONEY = Subject(
    "Redevances et budget",
    (
        overseers_row("conventions:convention_fee", "Redevance d’une convention"),
        overseers_row("conventions:amount_explain", "Explication d’un montant"),
        overseers_row("conventions:statement_issue", "Émettre un état liquidatif"),
        overseers("conventions:statement_list", "États liquidatifs"),
        overseers("conventions:statement_list_xlsx", "États liquidatifs, en tableur"),
        overseers_row("conventions:statement_detail", "Un état liquidatif"),
        overseers_row("conventions:statement_pdf", "État à imprimer"),
        overseers_row("conventions:statement_xlsx", "État en tableur"),
        overseers_row("conventions:statement_correct", "Corriger un état"),
        overseers_row("conventions:statement_order", "Noter le titre"),
        overseers_row("conventions:statement_order_clear", "Retirer le titre"),
        overseers_row("conventions:statement_payment", "Noter le paiement"),
        overseers_row("conventions:statement_payment_clear", "Retirer le paiement"),
        overseers("conventions:budget", "Budget"),
        overseers("conventions:budget_xlsx", "Budget, en tableur"),
        overseers("conventions:budget_line_add", "Ajouter une ligne"),
        _of_chosen_ccas("conventions:budget_line_edit", "Modifier une ligne"),
        _of_chosen_ccas("conventions:budget_line_delete", "Supprimer une ligne"),
        overseers("conventions:budget_copy", "Reprendre les lignes d’une année"),
    ),
)
FIGURES = Subject(
    "Statistiques, relevés et bilans",
    (
        desk_and_agents("reports:statistics", "Chiffres d’une période"),
        desk_and_agents("reports:figures_file", "Chiffres, en fichier"),
        desk_and_agents("reports:figure", "Un chiffre et ses lignes"),
        overseers("reports:figure_rows", "Les lignes d’un chiffre, en fichier"),
        overseers("reports:figure_rows_work", "Demander les lignes d’un chiffre"),
        overseers("reports:national_export", "Export national"),
        overseers("reports:national_file", "Export national, en fichier"),
        overseers("reports:national_work", "Demander l’export national"),
        Page("reports:monthly_return_list", "Relevés mensuels", NO, NO, YES, YES, YES, YES),
        overseers_row("reports:monthly_return", "Un relevé"),
        overseers_and_agents_row("reports:monthly_return_file", "Relevé à imprimer"),
        overseers_row("reports:monthly_return_send", "Envoyer un relevé"),
        overseers_row("reports:monthly_return_correct", "Corriger un relevé"),
        overseers_row("reports:monthly_return_establish", "Établir un relevé"),
        overseers("reports:annual_report_list", "Bilans annuels"),
        overseers_row("reports:annual_report_begin", "Commencer un bilan"),
        overseers_row("reports:annual_report", "Un bilan"),
        overseers_row("reports:annual_report_establish", "Établir un bilan"),
        overseers_row("reports:annual_report_discard", "Supprimer un brouillon"),
        overseers_row("reports:annual_report_print", "Bilan à imprimer"),
        overseers("reports:work_list", "Mes fichiers"),
        overseers_own("reports:work", "Un de mes fichiers"),
        overseers_own("reports:work_cancel", "Annuler un de mes fichiers"),
        overseers_own("reports:work_file", "Télécharger un de mes fichiers"),
    ),
)


def _administrators_row(name: str, title: str) -> Page:
    return Page(name, title, administrator=CCAS, technical=EVERY)


ACCOUNTS = Subject(
    "Comptes",
    (
        overseers("accounts:account_list", "Liste des comptes"),
        overseers("accounts:account_invite", "Inviter une personne"),
        overseers_row("accounts:account_detail", "Un compte"),
        overseers_row("accounts:account_change", "Modifier un compte"),
        overseers_row("accounts:account_change_undo", "Annuler la dernière modification"),
        overseers_row("accounts:account_suspend", "Suspendre un compte"),
        overseers_row("accounts:account_reactivate", "Rouvrir un compte"),
        overseers_row("accounts:invitation_send", "Renvoyer une invitation"),
        overseers_row("accounts:invitation_withdraw", "Retirer une invitation"),
        _administrators_row("accounts:second_factor_reset", "Réinitialiser la double authentification"),
        _administrators_row("accounts:proconnect_release", "Détacher un compte de ProConnect"),
        with_secret("accounts:invitation", "Choisir son premier mot de passe, par le lien de l’invitation"),
    ),
)
JOURNAL = Subject(
    "Journal",
    (
        Page("audit:journal", "Journal des changements et des lectures", administrator=YES, technical=YES),
        Page("audit:export", "Journal, en fichier", administrator=YES, technical=YES),
        overseers_row("audit:object", "Historique d’une convention (d’un rendez-vous, d’un usager : pour le guichet)"),
    ),
)
OPERATION = Subject(
    "Exploitation et pages communes",
    (
        everybody("alive", "Le processus répond"),
        everybody("ready", "Le service est prêt"),
        everybody("accessibility", "Déclaration d’accessibilité"),
    ),
)

TABLE: tuple[Subject, ...] = (
    DAY,
    APPOINTMENTS,
    CHANGES,
    VISITORS,
    FILES,
    TRANSMISSIONS,
    SHARED,
    CONVENTIONS,
    DUTIES,
    MONEY,
    FIGURES,
    PERSONAL_DATA,
    ACCOUNTS,
    JOURNAL,
    SIGN_IN,
    OPERATION,
    ADMINISTRATION,
)
PAGES: dict[str, Page] = {page.name: page for subject in TABLE for page in subject.pages}
assert len(PAGES) == sum(len(subject.pages) for subject in TABLE), "a line stands twice"
__all__ = ["PAGES", "TABLE", "nobody"]
