"""The register of processings of a CCAS: what the application does, with what the CCAS says in its own words."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from bookings.models import RegisterText
from franceservices.errors import DomainError
from partners.models import Ccas, User

from .holders import Processing, holders

GENERAL = {
    "responsable": "Responsable du traitement",
    "representant": "Son représentant",
    "delegue": "Délégué à la protection des données",
    "contact": "Où exercer ses droits",
}
"""What is said once for the whole register, by key, with its French name."""
ADDED = "Précisions du CCAS"
SECURITY_KEY = "securite"
SECURITY = (
    "Double authentification des responsables et des administrateurs, sessions fermées sans activité, blocage après"
    " cinq"
    " mots de passe faux.",
    "Chacun ne voit que les espaces où il travaille\u00a0; l’agent d’un partenaire, que ses rendez-vous et ce qui"
    " lui a été"
    " transmis.",
    "Échanges chiffrés (HTTPS)\u00a0; documents hors de portée du serveur web\u00a0; journaux sans donnée personnelle.",
    "Changements et consultations tracés\u00a0; sauvegardes avec empreintes, restaurées et comparées ligne à ligne.",
    "Anonymisation par liste approuvée par une autre personne que celle qui la propose, que la base elle-même exige.",
)


@dataclass(frozen=True)
class Written:
    """A heading that the CCAS writes: its present text, empty where nobody wrote any, and the rows before it."""

    key: str
    label: str
    text: str
    history: Sequence[RegisterText]

    @property
    def latest(self) -> RegisterText | None:
        return self.history[0] if self.history else None


@dataclass(frozen=True)
class Entry:
    """A processing with what the CCAS adds to it."""

    processing: Processing
    added: Written


@dataclass(frozen=True)
class Register:
    """Everything that the register says of one CCAS, headings first."""

    ccas: Ccas
    general: list[Written]
    entries: list[Entry]
    security: Written

    @property
    def missing(self) -> list[Written]:
        """The general headings that nobody has written yet."""
        return [written for written in self.general if not written.text]


def headings() -> dict[str, str]:
    """Every heading that a CCAS may write, by key, with its French name."""
    entries = {
        f"traitement-{processing.slug}": f"{processing.name}\u00a0: {ADDED.lower()}"
        for holder in holders()
        for processing in holder.processings
    }
    return GENERAL | entries | {SECURITY_KEY: "Mesures de sécurité\u00a0: précisions du CCAS"}


def register_of(ccas: Ccas) -> Register:
    """The register as it stands; one query."""
    rows: dict[str, list[RegisterText]] = {}
    for row in RegisterText.objects.filter(ccas=ccas).select_related("written_by"):
        rows.setdefault(row.key, []).append(row)
    written = {
        key: Written(key, label, _present(ccas, key, rows.get(key, [])), rows.get(key, []))
        for key, label in headings().items()
    }
    return Register(
        ccas=ccas,
        general=[written[key] for key in GENERAL],
        entries=[
            Entry(processing, written[f"traitement-{processing.slug}"])
            for holder in holders()
            for processing in holder.processings
        ],
        security=written[SECURITY_KEY],
    )


def _present(ccas: Ccas, key: str, rows: Sequence[RegisterText]) -> str:
    """The latest text; the CCAS itself is in charge until somebody says it better."""
    if rows:
        return rows[0].text
    return ", ".join(filter(None, [ccas.name, ccas.address, ccas.city])) if key == "responsable" else ""


@transaction.atomic
def write_register_text(*, ccas: Ccas, key: str, text: str, by: User) -> RegisterText | None:
    """Add what holds from now on under `key`; the texts before stay readable. None where nothing changes.

    Raises DomainError for a heading that the register does not have, Ccas.DoesNotExist outside the perimeter of `by`.
    """
    ccas = Ccas.objects.visible_to(by).get(pk=ccas.pk)
    if key not in headings():
        raise DomainError("Cette rubrique n’existe pas dans le registre.")
    text = text.strip()
    latest = RegisterText.objects.filter(ccas=ccas, key=key).first()
    if text == (latest.text if latest else ""):
        return None
    return RegisterText.objects.create(ccas=ccas, key=key, text=text, written_by=by)
