"""Workbooks for the finance office; the only module that imports XlsxWriter.

What a person typed stays text: a label that begins with « = » never becomes a formula, nor an address a link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Literal

from django.http import HttpResponse
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from .text import safe_filename

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_EUROS = "#,##0.00\\ [$€-40C];[Red]\\-#,##0.00\\ [$€-40C]"
_NARROWEST, _WIDEST = 10, 70
_LONGEST_SHEET_NAME = 31
_NOT_IN_SHEET_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))

Cell = str | Decimal | int | date | None
"""A `Decimal` is euros, an `int` a count or a year, a `date` a civil day; None leaves the cell empty."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: lines of text on top, then a header row and its rows; `totals` is one more row, in bold."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    preface: Sequence[str] = ()
    totals: Sequence[Cell] = ()
    # How a `Decimal` is shown: as euros, or as a plain number.
    decimals: Literal["euros", "number"] = "euros"


def render_workbook(sheets: Sequence[Sheet], *, title: str) -> bytes:
    """An Excel workbook (.xlsx) of `sheets`, whose names must differ; `title` goes into its properties."""
    content = BytesIO()
    with Workbook(content, _OPTIONS) as book:
        book.set_properties({"title": title})
        for sheet in sheets:
            _write(book, book.add_worksheet(_sheet_name(sheet.name)), sheet)
    return content.getvalue()


def xlsx_response(content: bytes, name: str) -> HttpResponse:
    """Answer with a workbook to save under a name made from `name`."""
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{safe_filename(name)}.xlsx"'
    return response


def _sheet_name(name: str) -> str:
    """A name that Excel accepts: without its seven signs, at most 31 characters."""
    return " ".join(name.translate(_NOT_IN_SHEET_NAMES).split())[:_LONGEST_SHEET_NAME] or "Feuille"


def _write(book: Workbook, page: Worksheet, sheet: Sheet) -> None:
    bold = book.add_format({"bold": True})
    heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    for index, line in enumerate(sheet.preface):
        page.write_string(index, 0, line, bold if index == 0 else None)
    top = len(sheet.preface) + bool(sheet.preface)
    page.write_row(top, 0, sheet.header, heading)
    formats = {
        style: {kind: book.add_format({**options, **style_options}) for kind, options in _FORMATS.items()}
        for style, style_options in (("plain", {}), ("total", {"bold": True, "top": 1}))
    }
    for index, row in enumerate(sheet.rows, start=top + 1):
        _write_row(page, index, row, formats["plain"], sheet.decimals)
    if sheet.totals:
        _write_row(page, top + 1 + len(sheet.rows), sheet.totals, formats["total"], sheet.decimals)
    for column in range(len(sheet.header)):
        lengths = [len(_shown(row[column])) for row in [*sheet.rows, *([sheet.totals] if sheet.totals else [])]]
        page.set_column(column, column, min(max([*lengths, len(sheet.header[column]), _NARROWEST]) + 2, _WIDEST))
    page.freeze_panes(top + 1, 0)
    page.set_paper(9)
    page.set_landscape()
    page.fit_to_pages(1, 0)


_FORMATS = {
    "text": {"text_wrap": True, "valign": "top"},
    "euros": {"num_format": _EUROS, "valign": "top"},
    "number": {"num_format": "#,##0.##", "valign": "top"},
    "day": {"num_format": "dd/mm/yyyy", "align": "left", "valign": "top"},
    "count": {"num_format": "0", "valign": "top"},
}


def _write_row(page: Worksheet, index: int, row: Sequence[Cell], formats: dict, decimals: str) -> None:
    for column, cell in enumerate(row):
        if cell is None:
            page.write_blank(index, column, None, formats["text"])
        elif isinstance(cell, Decimal):
            page.write_number(index, column, cell, formats[decimals])
        elif isinstance(cell, date):
            page.write_datetime(index, column, cell, formats["day"])
        elif isinstance(cell, int):
            page.write_number(index, column, cell, formats["count"])
        else:
            page.write_string(index, column, cell, formats["text"])


def _shown(cell: Cell) -> str:
    return "" if cell is None else f"{cell:,.2f} €" if isinstance(cell, Decimal) else str(cell)
