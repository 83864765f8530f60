"""What this floor holds of the people received: nothing but counts, from which nobody is recognised."""

from bookings.personal_data.holders import Holder, Processing


def _forget_nothing(_cards) -> dict[str, int]:
    return {}


HOLDER = Holder(
    told=(),
    forget=_forget_nothing,
    processings=(
        Processing(
            slug="statistiques",
            name="Statistiques, relevés mensuels et bilans annuels",
            purpose="Compter l’activité de l’espace, en rendre compte aux partenaires et à l’État.",
            legal_basis="Mission d’intérêt public (RGPD, article 6, paragraphe 1, point e).",
            people="Personnes reçues, comptées sans leur nom.",
            categories=(
                "Nombres de rendez-vous, de passages, de dossiers, délais. Les exports de lignes ne portent qu’un"
                " numéro de"
                " fiche, et pas même lui pour une personne qui s’y est opposée."
            ),
            recipients="Partenaires pour ce qui les concerne, services de l’État pour l’export national.",
            retention=(
                "Les relevés et bilans établis sont figés et gardés. L’anonymisation d’une fiche ne change aucun de"
                " leurs"
                " chiffres. Les fichiers d’export sont retirés après sept jours."
            ),
        ),
    ),
)
