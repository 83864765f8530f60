"""Who opened a personal file: one line of the journal, the one thing that a GET writes here (decision 0016).

The pages are those of `PERSONAL_PAGES` in the settings: name of the address, label of the model, and the part of the
address that holds the number. A view whose model only the address tells says it by `mark_reading`.
"""

from functools import cache

from django.conf import settings
from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

from partners.models import User

from .tracking import TRACKED

# The same page of the same file, opened again within this time by the same person, is one reading.
QUIET_SECONDS = 600


def mark_reading(request: HttpRequest, *, label: str, object_id: int) -> None:
    """Have this request noted as a reading of one personal file."""
    request.personal_file = (label, object_id)


def note_reading(request: HttpRequest, response: HttpResponse) -> None:
    """Write that the person of `request` was shown a personal file, if she was; parts of a page do not count."""
    match = request.resolver_match
    if match is None or request.method != "GET" or response.status_code != 200 or not request.user.is_authenticated:
        return
    label, object_id = getattr(request, "personal_file", None) or _named_by(match)
    if label is None or (request.htmx and not request.htmx.boosted):
        return
    owner, parameters = _owner_of(label) if object_id else _owner_of_many(request.user)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit_note_reading(%s, %s, o.person::bigint, o.site::bigint, o.ccas::bigint, %s, %s, %s, %s)"
            f" FROM ({owner}) o",
            [label, object_id, request.user.pk, match.view_name, request.id, QUIET_SECONDS, *parameters, object_id],
        )


def _named_by(match: ResolverMatch) -> tuple[str | None, int]:
    """Of what the page shows, the label and the number; no number for many at once."""
    label, part = settings.PERSONAL_PAGES.get(match.view_name, (None, ""))
    return label, match.kwargs.get(part, 0)


def _owner_of_many(user: User) -> tuple[str, tuple]:
    """Many files at once, and the journal itself, belong to the body of the reader; parameters as in `_owner_of`."""
    return "SELECT NULL::bigint AS person, NULL::bigint AS site, %s::bigint AS ccas WHERE %s = 0", (user.ccas_id,)


@cache
def _owner_of(label: str) -> tuple[str, tuple]:
    """A query for the person, the site and the body of one row of `label`, and its parameters but the last, the row."""
    entry = TRACKED[label]
    columns = {
        name: models.F(path) if path else models.Value(None, models.BigIntegerField())
        for name, path in (("person", entry.person), ("site", entry.site), ("ccas", entry.ccas))
    }
    rows = entry.model._base_manager.annotate(**{f"of_{name}": column for name, column in columns.items()}).values_list(
        *(f"of_{name}" for name in columns)
    )
    sql, parameters = rows.filter(pk=0).order_by().query.sql_with_params()
    renamed = f"SELECT of_person AS person, of_site AS site, of_ccas AS ccas FROM ({sql}) r"
    return renamed, parameters[:-1]
