"""The fictional people and reasons of the demonstration; every name is invented.

Phone numbers are taken from the range that the ARCEP keeps for fiction (décision n° 2018-0881), addresses from the
top-level domain `.example` (RFC 2606).
"""

from dataclasses import dataclass

from conventions.models import Audience


@dataclass(frozen=True)
class DemoReason:
    slug: str
    label: str
    duration_minutes: int
    partners: tuple[str, ...]
    what_to_bring: str = ""
    audience: str = Audience.PUBLIC


REASONS = [
    DemoReason(
        "carte-vitale",
        "Carte Vitale : demande, perte, mise à jour",
        20,
        ("cpam-doubs", "cgss-guyane"),
        "Pièce d’identité\nPhoto d’identité récente",
    ),
    DemoReason(
        "droits-sante",
        "Ouverture ou changement de droits santé",
        30,
        ("cpam-doubs", "cgss-guyane"),
        "Pièce d’identité\nJustificatif de domicile de moins de trois mois\nRelevé d’identité bancaire",
    ),
    DemoReason(
        "complementaire-sante-solidaire",
        "Complémentaire santé solidaire (C2S)",
        30,
        ("cpam-doubs", "cgss-guyane"),
        "Pièce d’identité\nDernier avis d’imposition\nJustificatifs de ressources des douze derniers mois",
    ),
    DemoReason(
        "indemnites-journalieres",
        "Arrêt de travail et indemnités journalières",
        30,
        ("cpam-doubs", "cgss-guyane"),
        "Arrêt de travail\nTrois derniers bulletins de salaire",
    ),
    DemoReason(
        "situation-complexe",
        "Situation complexe (travailleurs sociaux)",
        30,
        ("cpam-doubs",),
        audience=Audience.SOCIAL_WORKERS,
    ),
    DemoReason(
        "aides-au-logement",
        "Aides au logement et changement de situation",
        30,
        ("caf-doubs-fictive",),
        "Numéro d’allocataire\nBail ou quittance de loyer",
    ),
    DemoReason(
        "rsa-prime-activite",
        "RSA et prime d’activité",
        45,
        ("caf-doubs-fictive",),
        "Numéro d’allocataire\nJustificatifs de ressources des trois derniers mois",
    ),
    DemoReason(
        "impots-declaration",
        "Impôts : déclaration et paiement",
        30,
        ("dgfip-doubs-fictive",),
        "Dernier avis d’imposition\nNuméro fiscal",
    ),
    DemoReason(
        "conciliation", "Conciliation et accès au droit", 45, ("point-justice-fictif",), "Tout courrier utile au litige"
    ),
    DemoReason("emploi-jeunes", "Emploi et formation des 16-25 ans", 45, ("mission-locale-fictive",), "CV s’il existe"),
    DemoReason(
        "retraite",
        "Retraite : préparer son départ, réversion",
        45,
        ("carsat-fictive", "cgss-guyane"),
        "Pièce d’identité\nRelevé de carrière",
    ),
]

FIRST_NAMES = [
    "Leïla",
    "Amadou",
    "Françoise",
    "Jean-Pierre",
    "Nour",
    "Inès",
    "Mehmet",
    "Thérèse",
    "Kévin",
    "Mariam",
    "Pauline",
    "Hugo",
    "Zohra",
    "Étienne",
    "Yvette",
    "Ibrahim",
    "Chloé",
    "Sébastien",
    "Fatoumata",
    "Noémie",
    "Gérard",
    "Aïcha",
    "Mathis",
    "Odile",
    "Rachid",
    "Joël",
    "Cindy",
    "Émilie",
    "Karim",
    "Josette",
    "Ophélie",
    "Lucas",
    "Samira",
    "Bernard",
    "Anaïs",
    "Moussa",
    "Geneviève",
    "Théo",
    "Nadège",
    "Ahmet",
    "Colette",
    "Rayan",
    "Muriel",
    "Baptiste",
    "Assia",
    "Danielle",
    "Omar",
    "Solène",
    "Patrice",
    "Hawa",
]
LAST_NAMES = [
    "Amrani",
    "Bonnot",
    "Cœurdevey",
    "Diallo",
    "Girardot",
    "Benali",
    "Vuillemin",
    "Faivre",
    "Traoré",
    "Marguet",
    "Grosperrin",
    "Yılmaz",
    "Jeannin",
    "Kone",
    "Mougin",
    "Pereira",
    "Belkacem",
    "Roussel",
    "Chappuis",
    "Da-Silva",
    "Monnier",
    "Haddad",
    "Tissot",
    "Nguyen",
    "Bourgeois",
    "Cisse",
    "Perrin",
    "Saïdi",
    "Courtois",
    "Lambert",
    "Ouattara",
    "Prost",
    "Bouzid",
    "Guyot",
    "Maillot",
    "Sow",
    "Renaud",
    "Kaya",
    "Barbier",
    "D’Agostino",
    "Mercier",
    "Zerrouki",
    "Petit",
    "Robardet",
    "Camara",
    "Pagnot",
    "Guillemin",
    "Martins",
    "Lefèvre",
    "Boilley",
]
FICTIONAL_PHONE_PREFIX = "+3335301"
MAIL_DOMAIN = "courriel.example"
