"""One figure: its definition, its value, by what it can be told apart, and the rows that it counts."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_safe

from partners.models import User
from partners.permissions import RoleRequiredMixin, check_role
from reports import overview
from reports.changes import change
from reports.exports import MOST_DIRECT_ROWS, TOO_LONG, rows_as_csv, rows_as_workbook
from reports.figures import BY_SLUG, Figure, Source
from reports.forms import Question
from reports.permissions import READER_ROLES, groups_for, may_export_rows, may_read_rows
from reports.row_tables import TABLES, shown

from .asked import asked_by, preset_links, question_query

ROWS_A_PAGE = 25
LONGEST_SEARCH = 100
# The files that the worker makes when there are too many rows for a direct one.
WORK_KINDS = [("csv", "CSV"), ("xlsx", "tableur (XLSX)")]


def figure_or_404(user: User, slug: str) -> Figure:
    """The figure of that name among those that `user` reads."""
    figure = BY_SLUG.get(slug)
    if figure is None or not any(group.source is figure.source for group in groups_for(user)):
        raise Http404
    return figure


class FigureView(RoleRequiredMixin, View):
    """`?par=` tells it apart, `?q=` searches its rows, everything else is the question of the statistics page."""

    roles = READER_ROLES

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        figure = figure_or_404(request.user, slug)
        asked = asked_by(request)
        context = {
            "figure": figure,
            "asked": asked,
            "presets": preset_links(request, asked),
            "query": question_query(request),
            "answers": figure.source.answers(asked.scope),
            "too_much": overview.TOO_MUCH,
            "unknown_filters": [
                overview.UNKNOWN_FILTERS[name] for name in sorted(asked.scope.filters - figure.source.filters)
            ],
        }
        if context["answers"]:
            value = figure.value(asked.scope)
            is_compared = asked.before is not None and figure.source.rows(asked.before).exists()
            axis = self.axis(figure.source, asked)
            context |= {
                "value": figure.unit.full(value),
                "change": change(value, figure.value(asked.before), figure.unit) if is_compared else None,
                "axes": self.axes(figure.source, axis),
                "chart": overview.bars_or_columns(figure, axis, asked.scope) if value else None,
                **self.rows(figure, asked),
            }
        return render(request, "reports/figure.html", context)

    def axis(self, source: Source, asked: Question) -> str:
        """What it is told apart by: as asked, else by months, or by days over a short period."""
        wanted = self.request.GET.get("par", "")
        if wanted in source.axes:
            return wanted
        is_short = asked.scope.period.day_count <= overview.MOST_DAYS_DRAWN
        return "jour" if is_short and "jour" in source.axes else "mois"

    def axes(self, source: Source, current: str) -> list[dict[str, object]]:
        return [
            {
                "label": axis.label,
                "url": question_query(self.request, par=axis.slug),
                "is_current": axis.slug == current,
            }
            for axis in source.axes.values()
        ]

    def rows(self, figure: Figure, asked: Question) -> dict[str, object]:
        """The page of rows; nothing of them for who may only read the number."""
        user = self.request.user
        if not may_read_rows(user, figure.source):
            return {}
        table = TABLES[figure.source]
        words = self.request.GET.get("q", "").replace("\x00", "")[:LONGEST_SEARCH]
        rows = table.found(figure.rows(asked.scope).visible_to(user), words)
        page = Paginator(rows, ROWS_A_PAGE).get_page(self.request.GET.get("page"))
        columns = table.shown_to(user)
        return {
            "page_obj": page,
            "columns": columns,
            "lines": [
                {
                    "cells": [(column, shown(column.cell(row))) for column in columns],
                    "url": "" if user.is_partner_agent else table.address(row.of),
                }
                for row in table.lines(page.object_list, asked.scope)
            ],
            "words": words,
            "search_label": table.search_label,
            "may_export": may_export_rows(user) and not words,
            "is_too_long": page.paginator.count > MOST_DIRECT_ROWS,
            "work_kinds": WORK_KINDS,
        }


@require_safe
def figure_rows(request: HttpRequest, slug: str, extension: str) -> HttpResponse:
    """The rows of a figure as a file, for those who answer for the figures; without any name."""
    check_role(request, READER_ROLES)
    figure = figure_or_404(request.user, slug)
    asked = asked_by(request)
    if not may_export_rows(request.user) or not figure.source.answers(asked.scope):
        raise Http404
    if figure.rows(asked.scope).count() > MOST_DIRECT_ROWS:
        messages.warning(request, TOO_LONG)
        return redirect(reverse("reports:figure", args=[slug]) + question_query(request))
    match extension:
        case "csv":
            return rows_as_csv(figure, asked.scope)
        case "xlsx":
            return rows_as_workbook(figure, asked.scope, asked=asked.sentence)
    raise Http404
