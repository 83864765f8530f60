"""The kinds of files of the CGSS agreement and of what followed it, with checklists to start from.

`manage.py load_case_kinds` writes them once; an administrator then edits them, and what she edited is never put back.
The months of silence are in the law for the C2S (CSS L861-5); those of the AME are to be confirmed, hence no reference.
"""

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from partners.models import Partner

from .models import CaseKind, RequiredDocument, TacitOutcome

LAST_DAY_OF_CMUC_AND_ACS = date(2019, 10, 31)
FIRST_DAY_OF_C2S = date(2019, 11, 1)

_IDENTITY = ("Pièce d’identité ou titre de séjour en cours de validité", True)
_ADDRESS = ("Justificatif de domicile de moins de trois mois", True)
_BANK = ("Relevé d’identité bancaire (RIB)", True)
_TAX = ("Dernier avis d’imposition ou de non-imposition", True)
_RESOURCES = ("Justificatifs des ressources des douze derniers mois", True)
_FAMILY = ("Livret de famille ou acte de naissance", False)


@dataclass(frozen=True, slots=True)
class SeededKind:
    """A kind as it is first written; `documents` are labels, with whether they are mandatory, in their order."""

    slug: str
    label: str
    short_label: str
    documents: tuple[tuple[str, bool], ...]
    valid_from: date | None = None
    valid_until: date | None = None
    successor: str = ""
    expected_days: int | None = None
    expected_months: int | None = None
    tacit_outcome: TacitOutcome = TacitOutcome.NONE
    tacit_months: int | None = None
    tacit_reference: str = ""
    is_renewable: bool = False
    rights_months: int | None = None


HEALTH_KINDS = (
    SeededKind(
        slug="c2s",
        label="Complémentaire santé solidaire (C2S)",
        short_label="C2S",
        documents=(
            ("Formulaire de demande de C2S rempli et signé", True),
            _IDENTITY,
            _RESOURCES,
            _TAX,
            _ADDRESS,
            _BANK,
            ("Choix de l’organisme gestionnaire", True),
            _FAMILY,
            ("Attestation de l’employeur ou de France Travail", False),
        ),
        valid_from=FIRST_DAY_OF_C2S,
        expected_months=2,
        tacit_outcome=TacitOutcome.ACCEPTED,
        tacit_months=2,
        tacit_reference="Code de la sécurité sociale, article L861-5",
        is_renewable=True,
        rights_months=12,
    ),
    SeededKind(
        slug="cmu-c",
        label="Couverture maladie universelle complémentaire (CMU-c)",
        short_label="CMU-c",
        documents=(
            ("Formulaire de demande de CMU-c ou d’ACS rempli et signé", True),
            _IDENTITY,
            _RESOURCES,
            _TAX,
            _ADDRESS,
            _BANK,
            _FAMILY,
        ),
        valid_until=LAST_DAY_OF_CMUC_AND_ACS,
        successor="c2s",
        expected_months=2,
        is_renewable=True,
        rights_months=12,
    ),
    SeededKind(
        slug="acs",
        label="Aide au paiement d’une complémentaire santé (ACS)",
        short_label="ACS",
        documents=(
            ("Formulaire de demande de CMU-c ou d’ACS rempli et signé", True),
            _IDENTITY,
            _RESOURCES,
            _TAX,
            _ADDRESS,
            _FAMILY,
        ),
        valid_until=LAST_DAY_OF_CMUC_AND_ACS,
        successor="c2s",
        expected_months=2,
        is_renewable=True,
        rights_months=12,
    ),
    SeededKind(
        slug="puma",
        label="Protection universelle maladie (PUMa)",
        short_label="PUMa",
        documents=(
            ("Formulaire de demande d’ouverture de droits rempli et signé", True),
            _IDENTITY,
            ("Justificatifs de trois mois de résidence en France", True),
            _BANK,
            ("Acte de naissance avec filiation", True),
            ("Attestation de l’employeur ou de France Travail", False),
        ),
        valid_from=date(2016, 1, 1),
        expected_days=60,
    ),
    SeededKind(
        slug="ame",
        label="Aide médicale de l’État (AME)",
        short_label="AME",
        documents=(
            ("Formulaire de demande d’AME rempli et signé", True),
            ("Justificatif d’identité", True),
            ("Justificatifs de plus de trois mois de présence en France", True),
            _RESOURCES,
            ("Photographie d’identité", True),
            _ADDRESS,
        ),
        expected_months=2,
        tacit_outcome=TacitOutcome.REFUSED,
        tacit_months=2,
        is_renewable=True,
        rights_months=12,
    ),
)
RETIREMENT_KINDS = (
    SeededKind(
        slug="retraite-personnelle",
        label="Retraite personnelle",
        short_label="Retraite",
        documents=(
            ("Formulaire de demande de retraite personnelle rempli et signé", True),
            _IDENTITY,
            _BANK,
            _TAX,
            ("Relevé de carrière vérifié avec la personne", True),
            ("Bulletins de salaire de la dernière année", True),
            ("Attestation de l’employeur de fin d’activité", False),
            _FAMILY,
        ),
        expected_months=4,
    ),
    SeededKind(
        slug="reversion",
        label="Retraite de réversion",
        short_label="Réversion",
        documents=(
            ("Formulaire de demande de réversion rempli et signé", True),
            _IDENTITY,
            ("Acte de décès du conjoint", True),
            ("Extrait d’acte de mariage", True),
            _RESOURCES,
            _TAX,
            _BANK,
            _FAMILY,
        ),
        expected_months=4,
    ),
    SeededKind(
        slug="aspa",
        label="Allocation de solidarité aux personnes âgées (ASPA)",
        short_label="ASPA",
        documents=(
            ("Formulaire de demande d’ASPA rempli et signé", True),
            _IDENTITY,
            ("Justificatifs des ressources des trois derniers mois", True),
            _TAX,
            _ADDRESS,
            _BANK,
            ("Justificatifs du patrimoine et des biens", False),
        ),
        expected_months=4,
    ),
)


@transaction.atomic
def load_case_kinds(*, partners: dict[str, list[Partner]] | None = None) -> list[str]:
    """Write the kinds that are not there yet, with their checklists; the labels of those written.

    `partners` gives the caisses that take a branch: `health` and `retirement`. They are added to a kind that no caisse
    takes yet; what an administrator chose stays.
    """
    written = []
    caisses = partners or {}
    for branch, seeds in (("health", HEALTH_KINDS), ("retirement", RETIREMENT_KINDS)):
        for seed in seeds:
            kind, is_new = CaseKind.objects.get_or_create(slug=seed.slug, defaults=_fields(seed))
            if is_new:
                written.append(kind.label)
                RequiredDocument.objects.bulk_create(
                    RequiredDocument(kind=kind, label=label, position=position, is_mandatory=is_mandatory)
                    for position, (label, is_mandatory) in enumerate(seed.documents, start=1)
                )
            if caisses.get(branch) and not kind.partners.exists():
                kind.partners.set(caisses[branch])
    return written


def _fields(seed: SeededKind) -> dict[str, object]:
    return {
        "label": seed.label,
        "short_label": seed.short_label,
        "valid_from": seed.valid_from,
        "valid_until": seed.valid_until,
        # Written before: a kind stands after the one that replaces it.
        "successor": CaseKind.objects.filter(slug=seed.successor).first() if seed.successor else None,
        "expected_days": seed.expected_days,
        "expected_months": seed.expected_months,
        "tacit_outcome": seed.tacit_outcome,
        "tacit_months": seed.tacit_months,
        "tacit_reference": seed.tacit_reference,
        "is_renewable": seed.is_renewable,
        "rights_months": seed.rights_months,
    }
