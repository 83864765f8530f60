"""`docs/access.md` from the table: `python -m tests.access.document` writes it."""

from pathlib import Path

from .reach import COLUMNS, Page, Subject
from .table import TABLE

PATH = Path(__file__).resolve().parents[2] / "docs" / "access.md"
INTRODUCTION = """# Qui peut ouvrir quoi

Une ligne par page, une colonne par rôle. Ce tableau est écrit par `python -m tests.access.document` à partir de
`tests/access/table.py`\u00a0; un test parcourt toutes les adresses du projet avec chaque rôle, et sans compte, et
échoue si une seule répond autrement.

| mot | ce qu’il veut dire |
|---|---|
| oui | la page s’ouvre\u00a0; elle ne montre que ce que la personne peut voir |
| non | la page n’existe pas pour elle (404), ou lui demande de se connecter |
| ses espaces | les lignes des espaces où elle travaille |
| son CCAS | les lignes de tous les espaces de son CCAS, d’aucun autre |
| le CCAS de l’espace choisi | celles du CCAS de l’espace choisi en haut de la page |
| sa caisse | les lignes de sa caisse, dans tous les espaces, d’aucune autre |
| les siens | ce qui est à elle seule |
| avec le lien | pour qui a l’adresse secrète, avec ou sans compte\u00a0; une adresse inventée ne donne rien |
| tout | toutes les lignes |

Hors de portée, ouvrir la page et envoyer un formulaire donnent la même réponse, et rien n’est écrit. Un responsable
ou un administrateur voit un compte de son CCAS sans toujours pouvoir le changer\u00a0: ni le sien, ni, pour un
responsable, celui d’un administrateur. Le compte technique fait tourner la plateforme\u00a0; personne ne s’en sert au
guichet.
"""


def document() -> str:
    """The whole text of the document."""
    return "\n".join([INTRODUCTION, *(_chapter(subject) for subject in TABLE)])


def _chapter(subject: Subject) -> str:
    heads = ["Page", *COLUMNS.values()]
    lines = [f"## {subject.title}", "", _row(heads), _row(["---"] * len(heads))]
    return "\n".join([*lines, *(_row(_cells(page)) for page in subject.pages), ""])


def _cells(page: Page) -> list[str]:
    # The name of the address tells apart two pages of one title.
    return [f"{page.title} (`{page.name}`)", *(getattr(page, role).value for role in COLUMNS)]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
