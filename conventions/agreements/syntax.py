"""What `tomllib` says of a text that is not TOML, in French and with the line."""

import re

from .problems import Problem
from .values import describe

_AT_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")

# From the particular to the general: the first expression found in tomllib's message gives the sentence.
_SENTENCES = [
    (r"Expected '=' after a key", "Il manque le signe = après la clé."),
    (r"Invalid initial character for a key", "Une clé est faite de lettres, de chiffres, de tirets et de soulignés."),
    (r"Expected '\]\]?' at the end", "L’en-tête d’une table s’écrit [table], celui d’une liste de tables [[liste]]."),
    (r"Cannot declare|Cannot redefine|Cannot mutate", "Cette table est déjà donnée plus haut."),
    (r"Cannot overwrite|Duplicate inline", "Cette clé est déjà donnée plus haut."),
    (r"Unclosed array", "Une liste ouverte par [ n’est pas refermée par ]."),
    (r"Unclosed inline table", "Une table ouverte par { n’est pas refermée par }."),
    (r"Unescaped|Invalid hex|Unicode scalar", "Entre guillemets, une barre oblique inverse s’écrit \\\\."),
    (r"Unterminated string|Expected [\"']+", "Un texte ouvert par un guillemet n’est pas refermé."),
    (r"Illegal character '\\n'", "Un texte sur plusieurs lignes s’ouvre et se ferme par trois guillemets."),
    (r"Illegal character", "Un caractère invisible n’est pas permis ici."),
    (r"Invalid date", "Cette date n’existe pas."),
    (r"Found invalid character", "Un caractère n’est pas permis ici."),
    (r"Invalid value", "Une valeur est un texte entre guillemets, un nombre, une date ou true/false."),
    (r"Invalid statement", "Attendu\u00a0: « clé = valeur », [table] ou [[liste]]."),
    (r"Exceeds the limit", "Un nombre est démesuré."),
    (r"Expected newline|Expected ", "Il y a quelque chose de trop, ou il manque un guillemet, sur cette ligne."),
]


def syntax_problem(error: ValueError, text: str) -> Problem:
    """The refusal of a text that `tomllib` could not read."""
    message = str(error)
    sentence = next((sentence for pattern, sentence in _SENTENCES if re.search(pattern, message)), "")
    where = _AT_LINE.search(message)
    if where is None:
        end = " Le fichier s’arrête trop tôt." if "end of document" in message else ""
        return Problem((), f"Ce n’est pas du TOML. {sentence}{end}".replace(". .", "."))
    number, column = int(where[1]), int(where[2])
    lines = text.replace("\r\n", "\n").split("\n")
    line = lines[number - 1].strip() if number <= len(lines) else ""
    problem = f"Ce n’est pas du TOML (colonne {column}). {sentence}".strip()
    return Problem((), problem, describe(line) if line else "", line=number)
