"""Figures and their rows as files, CSV or workbook: the same numbers as on the screen, from the same definitions."""

from collections.abc import Iterable, Sequence
from datetime import time

from django.http import HttpResponse

from franceservices.csv_files import csv_response, render_csv
from franceservices.xlsx import Sheet, render_workbook, xlsx_response

from . import figures
from .figures import Figure, Group
from .row_tables import TABLES, Cell
from .scopes import Scope
from .units import Kind

# Beyond, a file is made by the worker (see `long_works`), not while somebody waits for a page.
MOST_DIRECT_ROWS = 20_000
TOO_LONG = "Plus de 20\u202f000 lignes\u00a0: demandez que le fichier soit préparé à part."
# The unit of the numbers in a file, as `Unit.cell` makes them.
_UNITS = {Kind.MINUTES: "minutes", Kind.HOURS: "heures", Kind.DAYS: "jours", Kind.SHARE: "%"}


def written(cell: Cell) -> object:
    """A cell as both kinds of files take it: hours of the day are text, `08:30`."""
    return f"{cell:%H:%M}" if isinstance(cell, time) else cell


def row_header(figure: Figure) -> list[str]:
    """The headers of the exported columns."""
    return [column.head for column in TABLES[figure.source].exported]


def exported_rows(figure: Figure, scope: Scope) -> Iterable[list[object]]:
    """One line for each row that `figure` counts within `scope`, in order of time, without any name."""
    for row in TABLES[figure.source].exported_rows(figure.rows(scope), scope):
        yield [written(cell) for cell in row]


def rows_as_csv(figure: Figure, scope: Scope) -> HttpResponse:
    """The rows of a figure; nothing above the header, so that other programs can read the file."""
    content = render_csv(row_header(figure), exported_rows(figure, scope))
    return csv_response(content, f"{figure.slug} {scope.period.first:%Y-%m-%d} {scope.period.last:%Y-%m-%d}")


def rows_as_workbook(figure: Figure, scope: Scope, *, asked: str) -> HttpResponse:
    """The same as a workbook, which tells on top what it is: the figure, its value, its definition, the question."""
    sheet = Sheet(
        name=figure.label,
        header=row_header(figure),
        rows=list(exported_rows(figure, scope)),
        preface=[f"{figure.label}\u00a0: {figure.unit.full(figure.value(scope))}", asked, figure.definition],
        decimals="number",
    )
    content = render_workbook([sheet], title=f"{figure.label}, {asked}")
    return xlsx_response(content, f"{figure.slug} {scope.period.first:%Y-%m-%d} {scope.period.last:%Y-%m-%d}")


FIGURES_HEADER = ["Domaine", "Chiffre", "Valeur", "Unité", "Définition"]


def figure_lines(groups: Sequence[Group], scope: Scope, before: Scope | None) -> list[list[object]]:
    """One line for each figure that can answer, with its value before where there is something to compare with."""
    wanted = [figure for group in groups for figure in group.figures]
    values = figures.values(wanted, scope)
    old = figures.values(wanted, before) if before else {}
    lines = []
    for figure in wanted:
        if figure.slug not in values:
            continue
        line = [figure.source.label, figure.label, _number(figure, values), _unit(figure), figure.definition]
        if before:
            line.insert(3, _number(figure, old))
        lines.append(line)
    return lines


def figures_header(before: Scope | None) -> list[str]:
    if before is None:
        return FIGURES_HEADER
    return [*FIGURES_HEADER[:3], before.period.label[:1].upper() + before.period.label[1:], *FIGURES_HEADER[3:]]


def figures_as_csv(groups: Sequence[Group], scope: Scope, before: Scope | None) -> HttpResponse:
    """All figures of the page."""
    content = render_csv(figures_header(before), figure_lines(groups, scope, before))
    return csv_response(content, _name(scope))


def figures_as_workbook(groups: Sequence[Group], scope: Scope, before: Scope | None, *, asked: str) -> HttpResponse:
    """All figures of the page, as a workbook."""
    sheet = Sheet(
        name="Chiffres",
        header=figures_header(before),
        rows=figure_lines(groups, scope, before),
        preface=["Statistiques", asked],
        decimals="number",
    )
    return xlsx_response(render_workbook([sheet], title=f"Statistiques, {asked}"), _name(scope))


def _name(scope: Scope) -> str:
    return f"statistiques {scope.period.first:%Y-%m-%d} {scope.period.last:%Y-%m-%d}"


def _number(figure: Figure, values: dict) -> object:
    """The value as a number; shares in hundredths, as the column of units says."""
    cell = figure.unit.cell(values.get(figure.slug))
    return cell * 100 if cell is not None and figure.unit.kind is Kind.SHARE else cell


def _unit(figure: Figure) -> str:
    return _UNITS.get(figure.unit.kind, figure.unit.many)
