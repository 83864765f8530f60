"""Comma-separated files as French spreadsheets open them: semicolons, UTF-8 with its mark, dates as `03/04/2025`.

What a person typed stays text: a cell that a spreadsheet would read as a formula gets an apostrophe in front, as OWASP
advises (« CSV injection »).
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO
from itertools import chain

from django.http import HttpResponse

from .text import safe_filename

CONTENT_TYPE = "text/csv; charset=utf-8"
_BYTE_ORDER_MARK = "\ufeff"
# Signs that begin a formula in one spreadsheet or another.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | Decimal | int | date | None
"""A `Decimal` is written with a comma, a `date` is a civil day; None leaves the cell empty."""


def render_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The text of the file, its byte order mark included."""
    return "".join(csv_lines(header, rows))


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The same by lines, for files that are not held in memory."""
    written = StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    yield _BYTE_ORDER_MARK
    for row in chain([header], rows):
        writer.writerow([_shown(cell) for cell in row])
        yield written.getvalue()
        written.seek(0)
        written.truncate()


def csv_response(content: str, name: str) -> HttpResponse:
    """Answer with a file to save under a name made from `name`."""
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{safe_filename(name)}.csv"'
    return response


def _shown(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    if isinstance(cell, Decimal):
        return f"{cell:f}".replace(".", ",")
    if isinstance(cell, int):
        return str(cell)
    return f"'{cell}" if cell.startswith(_FORMULA_SIGNS) else cell
