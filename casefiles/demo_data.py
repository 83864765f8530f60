"""What the fictional files of the demonstration are made of: shares, delays and words. Nobody here exists."""

SITE, CAISSE = "montsinery", "cgss-guyane"
BRANCHES = {"health": ["cgss-guyane", "cpam-doubs"], "retirement": ["cgss-guyane", "carsat-fictive"]}
PAST_DAYS = 400
FRIDAY = 5
# What is complete for less than that is still to be sent: the desk has something to do.
UNSENT_DAYS = 6
KIND_WEIGHTS = {"c2s": 10, "puma": 4, "retraite-personnelle": 4, "ame": 3, "aspa": 2, "reversion": 1}
# Days from the receipt to the decision, the fewest and the most; beyond two months a C2S is granted by silence.
DECISION_DAYS = {
    "c2s": (12, 66),
    "puma": (15, 75),
    "ame": (15, 58),
    "retraite-personnelle": (50, 150),
    "aspa": (40, 140),
    "reversion": (50, 150),
}
# Some of the last months' files wait longer than they should.
FORGOTTEN_SHARE, FORGOTTEN_DAYS = 0.1, 220
RETURN_SHARE, REFUSAL_SHARE, WITHDRAWAL_SHARE, URGENT_SHARE, RENEWED_SHARE = 0.22, 0.12, 0.04, 0.06, 0.5
RETURNED_THIS_WEEK = 3
ASKED = ("Avis d’imposition lisible", "Justificatif de domicile à jour", "Bulletins de salaire des trois derniers mois")
URGENCIES = ("Hospitalisation prévue", "Traitement à renouveler", "Plus aucune ressource")
REFUSALS = ("Ressources supérieures au plafond", "Résidence stable non établie", "Durée d’assurance insuffisante")
ALERTS = (
    "C2S échue à la fin du mois, renouvellement déposé et sans réponse",
    "Carte Vitale refusée en pharmacie : les droits ne sont plus à jour",
    "Pension suspendue depuis deux mois, plus aucune ressource",
    "Changement de situation non pris en compte, droits fermés",
    "Nouveau-né non rattaché, consultation de suivi à venir",
)
ANSWERS = (
    "Dossier traité en urgence : droits ouverts, attestation envoyée.",
    "Pièce manquante demandée à la personne, traitement dès réception.",
    "Situation mise à jour, effet immédiat.",
)
