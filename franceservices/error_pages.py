"""The pages that stand in for one that cannot be shown: they need no session and no database, and quote a number.

The number is the request's: every line that it left in the logs carries it, the fault's own among them.
"""

import sys
from collections.abc import Iterator

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader

from .requests import current_request_id
from .storing import is_disk_full

# How long a browser or a proxy is asked to wait: PostgreSQL is back within seconds of a restart.
RETRY_AFTER_SECONDS = 5
# https://www.postgresql.org/docs/current/errcodes-appendix.html
DISK_FULL = "53100"


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page("400.html", status=400)


@login_not_required
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page("403.html", status=403)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What a form gets whose page was open for longer than its session; `reason` is for the logs, not for people."""
    return _page("403_csrf.html", status=403)


@login_not_required
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page("404.html", status=404)


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """The page after a fault, which it tells nothing of; 503 and a delay when it is the database that is away.

    Django calls it while it handles the error, wherever that came from: a view, a middleware or the session.
    """
    error = sys.exc_info()[1]
    is_full = is_out_of_room(error)
    if is_full or is_outage(error):
        response = _page("503.html", status=503, is_full=is_full)
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        response.headers["Cache-Control"] = "no-store"
        return response
    return _page("500.html", status=500)


def is_outage(error: BaseException | None) -> bool:
    """Whether `error`, or what it came from, is the database that cannot answer: stopped, full, cut off, in a deadlock.

    PostgreSQL's refusals of what was asked (a constraint, a wrong query) are other classes of error.
    """
    return any(isinstance(one, OperationalError | InterfaceError) for one in _chain(error))


def is_out_of_room(error: BaseException | None) -> bool:
    """Whether a disk is full, the database's or the one where files are written."""
    return any(is_disk_full(one) or getattr(one, "sqlstate", None) == DISK_FULL for one in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _page(template: str, *, status: int, **told: object) -> HttpResponse:
    content = loader.get_template(template).render({"incident": current_request_id()} | told)
    return HttpResponse(content, status=status)
