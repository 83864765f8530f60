"""Facts that an article's text refers to instead of repeating: `{montant_annuel}`, `{grille_usagers}`…

The text of a convention holds placeholders; its values come from the convention's own rows when it is shown or
printed, so that the text cannot disagree with the data. Pure: the values are given by the caller.
"""

import re
from collections.abc import Mapping

PLACEHOLDERS: Mapping[str, str] = {
    "montant_annuel": "le montant annuel, par exemple «\u00a01 254,00 €\u00a0»",
    "tarif_m2": "le tarif au m², par exemple «\u00a0209,00 €\u00a0»",
    "bureau": "le bureau, par exemple «\u00a0bureau 27\u00a0»",
    "numero_bureau": "le numéro du bureau, par exemple «\u00a027\u00a0»",
    "surface": "la surface du bureau, par exemple «\u00a015,64 m²\u00a0»",
    "grille_usagers": "les créneaux ouverts aux usagers, une ligne par jour",
    "grille_travailleurs_sociaux": "les créneaux des travailleurs sociaux, une ligne par jour",
    "horaires_ouverture": "les horaires d’ouverture de l’espace, une ligne par jour",
    "duree": "la durée, par exemple «\u00a03 ans\u00a0»",
    "debut": "le premier jour, par exemple «\u00a01er avril 2025\u00a0»",
    "terme": "le dernier jour, par exemple «\u00a031 mars 2028\u00a0»",
    "preavis": "le préavis, par exemple «\u00a03 mois\u00a0»",
    "ccas": "le nom du CCAS",
    "partenaire": "le nom du partenaire",
    "partenaire_court": "le nom court du partenaire, par exemple «\u00a0CPAM\u00a0»",
    "espace": "le nom de l’espace France Services",
}
_PATTERN = re.compile(r"\{([^{}\s]*)\}")


def used_placeholders(text: str) -> list[str]:
    """The names between braces in `text`, in order of first appearance."""
    return list(dict.fromkeys(_PATTERN.findall(text)))


def unknown_placeholders(text: str) -> list[str]:
    """The names between braces that no convention can fill."""
    return [name for name in used_placeholders(text) if name not in PLACEHOLDERS]


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with each placeholder replaced by its value; KeyError for a name without a value."""
    return _PATTERN.sub(lambda match: values[match.group(1)], text)
