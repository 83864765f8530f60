"""Why somebody does not come in by ProConnect: a code for the log, a sentence for the person."""

from franceservices.errors import DomainError


class Refusal(DomainError):
    """`reason` is for the log and says nothing of the person; the sentence is for her."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


AGAIN = (
    "Cette connexion n’a pas été demandée d’ici, ou elle a attendu trop longtemps. Personne n’est connecté"
    "\u00a0: cliquez de nouveau sur «\u00a0S’identifier avec ProConnect\u00a0»."
)
UNVERIFIABLE = (
    "La réponse de ProConnect n’a pas pu être vérifiée\u00a0: personne n’est connecté. Recommencez\u00a0; si cela se"
    " répète, connectez-vous avec votre mot de passe et prévenez la personne qui administre votre espace."
)
UNREACHABLE = (
    "ProConnect ne répond pas en ce moment. Réessayez dans quelques minutes, ou connectez-vous avec l’adresse et le mot"
    " de passe de votre compte."
)
# What the provider says instead of a code (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6).
PROVIDER_ERRORS = {
    "access_denied": (
        "ProConnect n’a pas confirmé votre identité\u00a0: la connexion a été abandonnée ou refusée chez lui. Vous"
        " pouvez recommencer, ou vous connecter avec votre mot de passe."
    ),
    "login_required": "ProConnect demande que vous vous identifiiez de nouveau\u00a0: recommencez.",
    "interaction_required": "ProConnect attend quelque chose de vous\u00a0: recommencez et suivez ses indications.",
    "server_error": UNREACHABLE,
    "temporarily_unavailable": UNREACHABLE,
}
PROVIDER_REFUSED = (
    "ProConnect a refusé la demande de cette application. Connectez-vous avec votre mot de passe et prévenez la"
    " personne qui administre votre espace."
)
LEVEL_TOO_LOW = (
    "ProConnect ne garantit pas assez votre identité pour ouvrir ce service. Activez la double authentification de"
    " votre compte professionnel, ou demandez à la personne qui administre votre espace."
)
NO_ESTABLISHMENT = (
    "ProConnect ne dit pas dans quel établissement vous travaillez. Demandez à votre service informatique de compléter"
    " votre fiche, ou connectez-vous avec votre mot de passe."
)
UNKNOWN_ESTABLISHMENT = (
    "L’établissement que ProConnect donne pour vous n’est pas de ceux qui travaillent ici. Si vous en avez plusieurs,"
    " choisissez l’autre dans ProConnect\u00a0; sinon, demandez à la personne qui administre l’espace France Services"
    " d’inscrire son SIRET."
)
OTHER_ESTABLISHMENT = (
    "L’établissement que ProConnect donne pour vous n’est pas celui de votre compte. Si vous en avez plusieurs,"
    " choisissez l’autre dans ProConnect\u00a0; sinon, demandez à la personne qui administre l’espace France Services."
)
NO_ADDRESS = (
    "ProConnect ne donne pas d’adresse électronique vérifiée pour vous\u00a0: votre compte ne peut pas être retrouvé."
    " Demandez à votre service informatique, ou connectez-vous avec votre mot de passe."
)
NO_ACCOUNT = (
    "Aucun compte n’est ouvert ici pour l’adresse que ProConnect connaît de vous. Demandez à la personne qui administre"
    " l’espace France Services d’en créer un avec cette adresse."
)
SUSPENDED = "Ce compte est suspendu. La personne qui administre votre espace peut le rouvrir."
OTHER_IDENTITY = (
    "Votre compte est lié à une autre identité ProConnect, peut-être celle d’un ancien employeur. La personne qui"
    " administre l’espace France Services peut le détacher, après quoi vous recommencerez."
)
