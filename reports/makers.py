"""How the file of each kind of long work is made: written by parts, with a word on how far it is between two parts."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from django.utils import timezone

from franceservices.csv_files import CONTENT_TYPE as CSV
from franceservices.csv_files import csv_lines
from franceservices.errors import DomainError
from franceservices.text import safe_filename
from franceservices.xlsx import CONTENT_TYPE as XLSX
from franceservices.xlsx import Sheet, render_workbook

from .annual_documents import REPORT_STEPS, report_file_name, report_pdf
from .exports import exported_rows, row_header
from .figures import figure
from .kept_scopes import read_scope
from .long_works import MadeFile, Maker, Progress
from .models import AnnualReport, LongWork, WorkKind
from .national import BY_SLUG as NATIONAL_COLUMNS
from .national import line_count, national_lines
from .scopes import Scope

# How many rows are written between two words on how far it is.
ROWS_A_STEP = 1000
# A workbook is held in memory while it is made, and spreadsheets open no more than a million rows.
MOST_WORKBOOK_ROWS = 200_000
PDF = "application/pdf"


def make_figure_rows(work: LongWork, written: BinaryIO, progress: Progress) -> MadeFile:
    """The rows of a figure, as the statistics page exports them."""
    asked = figure(work.parameters["figure"])
    scope = read_scope(work.parameters["scope"], user=work.owner, now=timezone.now())
    total = asked.rows(scope).count()
    name = f"{asked.slug} {_days(scope)}"
    rows = _told(exported_rows(asked, scope), total, progress)
    if work.parameters["extension"] == "csv":
        return _csv(written, row_header(asked), rows, name)
    if total > MOST_WORKBOOK_ROWS:
        raise DomainError("Plus de 200 000 lignes\u00a0: c’est trop pour un tableur. Demandez le CSV.")
    sheet = Sheet(
        name=asked.label,
        header=row_header(asked),
        rows=list(rows),
        preface=[f"{asked.label}\u00a0: {asked.unit.full(asked.value(scope))}", work.title, asked.definition],
        decimals="number",
    )
    written.write(render_workbook([sheet], title=work.title))
    return MadeFile(f"{safe_filename(name)}.xlsx", XLSX)


def make_national_export(work: LongWork, written: BinaryIO, progress: Progress) -> MadeFile:
    """One line for each accompaniment, of nobody."""
    scope = read_scope(work.parameters["scope"], user=work.owner, now=timezone.now())
    columns = [NATIONAL_COLUMNS[slug] for slug in work.parameters["columns"]]
    rows = _told(national_lines(scope, columns), line_count(scope), progress)
    return _csv(written, [column.head for column in columns], rows, f"accompagnements {_days(scope)}")


def make_annual_report(work: LongWork, written: BinaryIO, progress: Progress) -> MadeFile:
    """The yearly report on paper: as it was established, or a draft with the figures of now."""
    report = AnnualReport.objects.visible_to(work.owner).with_parties().filter(pk=work.parameters["report"]).first()
    if report is None:
        raise DomainError("Ce bilan n’existe plus.")
    step = iter(range(1, REPORT_STEPS + 1))
    content = report_pdf(report, tell=lambda: progress.tell(next(step), REPORT_STEPS))
    written.write(content)
    return MadeFile(f"{safe_filename(report_file_name(report))}.pdf", PDF)


def _told(rows: Iterable[Sequence], total: int, progress: Progress) -> Iterator[Sequence]:
    """The same rows, with a word on how far it is now and then."""
    progress.tell(0, total)
    done, left = 0, iter(rows)
    while part := list(islice(left, ROWS_A_STEP)):
        yield from part
        done += len(part)
        progress.tell(done, max(done, total))


def _csv(written: BinaryIO, header: Sequence[str], rows: Iterable[Sequence], name: str) -> MadeFile:
    for line in csv_lines(header, rows):
        written.write(line.encode())
    return MadeFile(f"{safe_filename(name)}.csv", CSV)


def _days(scope: Scope) -> str:
    return f"{scope.period.first:%Y-%m-%d} {scope.period.last:%Y-%m-%d}"


MAKERS: dict[str, Maker] = {
    WorkKind.FIGURE_ROWS: make_figure_rows,
    WorkKind.NATIONAL_EXPORT: make_national_export,
    WorkKind.ANNUAL_REPORT: make_annual_report,
}
