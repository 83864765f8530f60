"""The entries of the register that are about this floor and those below: people received, messages, colleagues."""

from .holders import Processing

PUBLIC_TASK = "Mission d’intérêt public (RGPD, article 6, paragraphe 1, point e)"

PROCESSINGS = (
    Processing(
        slug="accueil",
        name="Accueil et rendez-vous des usagers",
        purpose=(
            "Recevoir les personnes, prendre et suivre leurs rendez-vous avec les partenaires, préparer leur venue"
            " (interprète, accès en fauteuil), retrouver leur fiche et réunir les fiches en double."
        ),
        legal_basis=f"{PUBLIC_TASK}.",
        people="Personnes qui viennent à l’espace France Services ou y prennent rendez-vous.",
        categories=(
            "Nom, prénom, date de naissance, téléphone, courriel, langue d’un interprète, fauteuil roulant, notes"
            " internes\u00a0; rendez-vous, leur motif et leur issue. Aucun numéro de sécurité sociale\u00a0: le décret"
            " n°\u00a02019-341 fixe la liste de ceux qui peuvent le traiter."
        ),
        recipients=(
            "Agents d’accueil, travailleurs sociaux et responsables du CCAS\u00a0; l’agent du partenaire voit le nom"
            " de la"
            " personne, son rendez-vous et ce qu’il faut préparer, jamais les notes internes."
        ),
        retention=(
            "Durée réglée par espace, deux ans après le dernier contact par défaut, puis anonymisation après"
            " approbation"
            " d’une liste d’élimination. Les rendez-vous restent comptés, sans nom."
        ),
    ),
    Processing(
        slug="messages",
        name="Messages aux usagers",
        purpose="Confirmer, rappeler, changer ou annuler un rendez-vous par courriel ou SMS.",
        legal_basis=f"{PUBLIC_TASK}\u00a0; un message n’est envoyé qu’à une personne qui l’a accepté.",
        people="Personnes reçues qui ont accepté les courriels ou les SMS.",
        categories="Adresse ou numéro, nature du message, date, résultat de l’envoi. Le texte n’est pas gardé.",
        recipients=(
            "Agents du CCAS\u00a0; serveur de courriel et passerelle SMS de la collectivité, le temps de l’envoi."
        ),
        retention="L’adresse et le résultat sont effacés avec la fiche\u00a0; le nombre de messages reste.",
    ),
    Processing(
        slug="droits",
        name="Exercice des droits des personnes",
        purpose=(
            "Recevoir les demandes d’accès, de rectification et d’opposition, et y répondre dans le délai d’un mois."
        ),
        legal_basis="Obligation légale (RGPD, article 6, paragraphe 1, point c, et articles 12 à 21).",
        people="Personnes reçues, et qui les représente.",
        categories="Droit exercé, dates, texte de la demande et de la réponse, effet sur la fiche.",
        recipients="Agents du CCAS pour la saisie, responsables et administrateurs pour la réponse.",
        retention="Les textes sont effacés avec la fiche\u00a0; les dates et le droit exercé restent, comme preuve.",
    ),
    Processing(
        slug="comptes",
        name="Comptes des agents et sécurité",
        purpose=(
            "Ouvrir l’application aux seules personnes habilitées, savoir qui a fait ou consulté quoi, protéger les"
            " comptes."
        ),
        legal_basis=f"{PUBLIC_TASK}, et obligation de sécurité (RGPD, article 32).",
        people="Agents du CCAS, agents des partenaires.",
        categories=(
            "Nom, courriel professionnel, rôle, espaces\u00a0; mot de passe et clés sous forme d’empreintes ou"
            " chiffrés\u00a0;"
            " dates et auteurs des changements et des consultations."
        ),
        recipients="Administrateurs du CCAS.",
        retention="Le compte est désactivé au départ de l’agent\u00a0; son nom reste auprès de ce qu’il a signé.",
    ),
    Processing(
        slug="partenaires",
        name="Conventions et correspondants des partenaires",
        purpose="Préparer, exécuter et suivre les conventions avec les partenaires.",
        legal_basis=f"{PUBLIC_TASK}, et exécution des conventions.",
        people="Représentants et correspondants des partenaires, membres des comités, personnes formées.",
        categories="Nom, fonction, téléphone et courriel professionnels, présence aux réunions.",
        recipients="Responsables et administrateurs du CCAS, le partenaire concerné.",
        retention=(
            "Durée de la convention et de ses suites, selon le tableau de gestion des archives de la collectivité."
        ),
    ),
)
