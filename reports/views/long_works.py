"""Long works: asked for, watched, cancelled, and their files fetched; each person sees her own."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from franceservices.downloads import private_download
from franceservices.errors import DomainError
from partners.permissions import CONVENTION_ROLES, for_roles
from reports.kept_scopes import kept_scope
from reports.long_works import ask_for, cancel_work
from reports.models import LongWork, WorkKind
from reports.national import chosen_columns

from .asked import asked_by, question_query
from .figure import figure_or_404
from .national import COLUMNS_NAME

WORKS_A_PAGE = 25
FILE_KINDS = {"csv": "CSV", "xlsx": "tableur"}


@require_safe
@for_roles(CONVENTION_ROLES)
def work_list(request: HttpRequest) -> HttpResponse:
    """The files that the reader asked for, the latest first."""
    words = request.GET.get("q", "").replace("\x00", "")[:200].strip()
    works = LongWork.objects.visible_to(request.user)
    if words:
        works = works.filter(title__icontains=words)
    page = Paginator(works, WORKS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "reports/work_list.html", {"page_obj": page, "words": words, "zone": _zone(request)})


def _zone(request: HttpRequest):
    site = request.get_current_site()
    return site.time_zone if site else settings.TIME_ZONE


def _work(request: HttpRequest, pk: int) -> LongWork:
    return get_object_or_404(LongWork.objects.visible_to(request.user), pk=pk)


@require_safe
@for_roles(CONVENTION_ROLES)
def work_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far one file is, then the link to it; the middle of the page refreshes itself."""
    work = _work(request, pk)
    context = {"work": work, "zone": _zone(request)}
    if request.htmx:
        return render(request, "reports/_work_progress.html", context)
    return render(request, "reports/work.html", context)


@require_POST
@for_roles(CONVENTION_ROLES)
def work_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the end of a work."""
    work = _work(request, pk)
    try:
        work = cancel_work(work=work, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            "L’annulation est demandée\u00a0: le fichier ne sera pas fait." if not work.has_ended else "C’est annulé.",
        )
    return redirect("reports:work", pk)


@require_safe
@for_roles(CONVENTION_ROLES)
def work_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file, to its owner, until it is removed."""
    work = _work(request, pk)
    if not work.has_file:
        raise Http404
    try:
        content = work.file.open("rb")
    except FileNotFoundError:
        messages.error(request, "Ce fichier n’est plus dans le dépôt. Demandez-le de nouveau.")
        return redirect("reports:work", pk)
    return private_download(content, name=work.file_name, content_type=work.content_type)


@require_POST
@for_roles(CONVENTION_ROLES)
def figure_rows_work(request: HttpRequest, slug: str, extension: str) -> HttpResponse:
    """Ask the worker for the rows of a figure, for the question in the address."""
    figure = figure_or_404(request.user, slug)
    asked = asked_by(request)
    if extension not in FILE_KINDS or not figure.source.answers(asked.scope):
        raise Http404
    return _asked_for(
        request,
        kind=WorkKind.FIGURE_ROWS,
        title=f"{figure.label}, {asked.sentence} ({FILE_KINDS[extension]})",
        parameters={"figure": figure.slug, "extension": extension, "scope": kept_scope(asked.scope)},
        back=reverse("reports:figure", args=[slug]) + question_query(request),
    )


@require_POST
@for_roles(CONVENTION_ROLES)
def national_work(request: HttpRequest) -> HttpResponse:
    """Ask the worker for the national export, for the question in the address."""
    asked = asked_by(request)
    columns = chosen_columns(request.GET.getlist(COLUMNS_NAME))
    return _asked_for(
        request,
        kind=WorkKind.NATIONAL_EXPORT,
        title=f"Export national, {asked.sentence}",
        parameters={"columns": [column.slug for column in columns], "scope": kept_scope(asked.scope)},
        back=reverse("reports:national_export") + question_query(request),
    )


def _asked_for(request: HttpRequest, *, kind: WorkKind, title: str, parameters: dict, back: str) -> HttpResponse:
    try:
        work = ask_for(kind=kind, title=title, parameters=parameters, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(back)
    return redirect("reports:work", work.pk)
