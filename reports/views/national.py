"""The export for national statistics: which columns, then the file."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from franceservices.csv_files import csv_response, render_csv
from partners.permissions import CONVENTION_ROLES, for_roles
from reports.exports import MOST_DIRECT_ROWS, TOO_LONG
from reports.national import COLUMNS, chosen_columns, line_count, national_lines
from reports.row_tables import shown

from .asked import asked_by, preset_links, question_query

# The names of the columns in the address, beside those of the question.
COLUMNS_NAME = "colonne"


@require_safe
@for_roles(CONVENTION_ROLES)
def national_export(request: HttpRequest) -> HttpResponse:
    """What the file will hold: its number of lines, its columns with their boxes, its first lines."""
    asked = asked_by(request)
    columns = chosen_columns(request.GET.getlist(COLUMNS_NAME))
    first_lines = []
    for line in national_lines(asked.scope, columns):
        first_lines.append([shown(cell) for cell in line])
        if len(first_lines) == 5:
            break
    total = line_count(asked.scope)
    query = question_query(request)
    wanted = urlencode([(COLUMNS_NAME, column.slug) for column in columns])
    return render(
        request,
        "reports/national_export.html",
        {
            "asked": asked,
            "presets": preset_links(request, asked),
            "choices": [{"column": column, "is_chosen": column in columns} for column in COLUMNS],
            "columns": columns,
            "columns_name": COLUMNS_NAME,
            "first_lines": first_lines,
            "line_count": total,
            "is_too_long": total > MOST_DIRECT_ROWS,
            "file_query": f"{query}{'&' if query else '?'}{wanted}",
        },
    )


@require_safe
@for_roles(CONVENTION_ROLES)
def national_file(request: HttpRequest) -> HttpResponse:
    """The file itself, CSV as national tools take it."""
    asked = asked_by(request)
    columns = chosen_columns(request.GET.getlist(COLUMNS_NAME))
    if line_count(asked.scope) > MOST_DIRECT_ROWS:
        messages.warning(request, TOO_LONG)
        return redirect(reverse("reports:national_export") + question_query(request))
    period = asked.scope.period
    content = render_csv([column.head for column in columns], national_lines(asked.scope, columns))
    return csv_response(content, f"accompagnements {period.first:%Y-%m-%d} {period.last:%Y-%m-%d}")
