"""The journal of a CCAS for its administrators, and the history of one object for whoever may see the object."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from franceservices.csv_files import csv_response, render_csv
from franceservices.xlsx import Sheet, render_workbook, xlsx_response
from partners.accounts.perimeter import accounts_seen_by
from partners.models import AuditAction, AuditEvent, Role, User
from partners.permissions import DESK_ROLES, OVERSEER_ROLES, for_roles

from .files import HEADER, journal_rows
from .readings import mark_reading
from .search import EVENTS_A_PAGE, JournalForm, JournalPaginator, asked_or_recent, events_found, events_seen_by
from .tracking import TRACKED, Tracked, tracked_by_slug
from .wording import tell_events

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
READERS = {"desk": DESK_ROLES, "overseers": OVERSEER_ROLES, "administrators": ADMINISTRATORS}
# A file that nobody could read in one go; whoever needs more takes one period after the other.
EXPORTED_AT_MOST = 20_000


@require_GET
@for_roles(ADMINISTRATORS)
def journal(request: HttpRequest) -> HttpResponse:
    """Everything that was done in the CCAS, searched; the last thirty days unless others are asked for."""
    zone = _zone(request)
    form = JournalForm(asked_or_recent(request.GET.dict(), zone=zone))
    is_valid = form.is_valid()
    events = events_found(request.user, form.cleaned_data, zone=zone) if is_valid else AuditEvent.objects.none()
    page = JournalPaginator(events, EVENTS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "partners/audit_journal.html",
        {
            "form": form,
            "page_obj": page,
            "events": tell_events(page.object_list, zone=zone),
            "is_filtered": any(text for name, text in request.GET.items() if name != "page"),
        },
    )


@require_GET
@for_roles(ADMINISTRATORS)
def export(request: HttpRequest, extension: str) -> HttpResponse:
    """The lines that the same search finds, as a file; a reading of the journal is one of its lines."""
    zone = _zone(request)
    asked = asked_or_recent(request.GET.dict(), zone=zone)
    form = JournalForm(asked)
    back = redirect(f"{reverse('audit:journal')}?{request.GET.urlencode()}")
    if not form.is_valid():
        return back
    events = list(events_found(request.user, form.cleaned_data, zone=zone)[: EXPORTED_AT_MOST + 1])
    if len(events) > EXPORTED_AT_MOST:
        messages.warning(
            request,
            f"Rien n’a été exporté\u00a0: plus de {EXPORTED_AT_MOST} évènements répondent à cette recherche. Choisissez"
            " une période plus courte.",
        )
        return back
    mark_reading(request, label=AuditEvent._meta.label_lower, object_id=0)
    rows = list(journal_rows(events, zone=zone))
    name = f"journal-{timezone.localdate(timezone=zone).isoformat()}"
    if extension == "csv":
        return csv_response(render_csv(HEADER, rows), name)
    return xlsx_response(render_workbook([Sheet("Journal", HEADER, rows)], title="Journal"), name)


@require_GET
@for_roles(DESK_ROLES)
def object_history(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What was done to one object and to what belongs to it, for those who may see it; readings for overseers only."""
    entry = tracked_by_slug(slug)
    if entry is None or entry.page or request.user.role not in READERS[entry.readers]:
        raise Http404
    events = AuditEvent.objects.select_related("user", "site").filter(page_model=entry.label, page_id=pk)
    shown = visible_objects(entry, request.user).filter(pk=pk).first()
    if shown is None:
        events = _of_a_removed_one(entry, pk, request.user)
    if not request.user.oversees_ccas:
        events = events.exclude(action=AuditAction.READ)
    if entry.person:
        mark_reading(request, label=entry.label, object_id=pk)
    page = Paginator(events.order_by("-at", "-pk"), EVENTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "kind": entry.name,
        "object_url": reverse(entry.url_name, args=[pk]) if shown and entry.url_name else "",
        "object_name": str(shown) if shown else f"n°\u00a0{pk}, supprimé",
        "page_obj": page,
        "events": tell_events(page.object_list, zone=_zone(request)),
        "retention_years": settings.AUDIT_RETENTION_YEARS,
    }
    return render(request, "partners/audit_object.html", context)


def visible_objects(entry: Tracked, user: User) -> QuerySet:
    """The objects of one kind whose history `user` may read; those shared by all bodies have no perimeter."""
    if entry.model is User:
        return accounts_seen_by(user)
    rows = entry.model._default_manager.all()
    if hasattr(rows, "visible_to"):
        rows = rows.visible_to(user)
    elif entry.site:
        rows = rows.filter(site__in=TRACKED["partners.site"].model.objects.visible_to(user))
    elif entry.ccas:
        rows = rows.filter(ccas__in=TRACKED["partners.ccas"].model.objects.visible_to(user))
    return rows.select_related(*entry.named_with)


def _of_a_removed_one(entry: Tracked, pk: int, user: User) -> QuerySet[AuditEvent]:
    """The lines of an object that is gone, for the administrators of its CCAS; Http404 for all others."""
    events = events_seen_by(user).filter(page_model=entry.label, page_id=pk)
    is_gone = not entry.model._base_manager.filter(pk=pk).exists()
    if user.role not in ADMINISTRATORS or not is_gone or not events.exists():
        raise Http404
    return events


def _zone(request: HttpRequest) -> ZoneInfo:
    site = request.get_current_site()
    return site.zone if site else timezone.get_default_timezone()
