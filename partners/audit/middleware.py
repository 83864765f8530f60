"""Who writes: every statement of a request carries the account, the name of the page and the number of the request."""

from collections.abc import Callable

import pghistory
from django.http import HttpRequest, HttpResponse
from pghistory.middleware import HistoryMiddleware

from .readings import note_reading


class AuditMiddleware(HistoryMiddleware):
    """pghistory's own, with what our journal keeps; after the answer, notes the personal file that was opened."""

    def get_context(self, request: HttpRequest) -> dict[str, object]:
        return {"user": request.user.pk, "request": request.id}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = super().__call__(request)
        note_reading(request, response)
        return response

    def process_view(self, request: HttpRequest, _view: Callable, _args: list, _kwargs: dict) -> None:
        """Once the address is resolved, say which page writes."""
        pghistory.context(url=request.resolver_match.view_name)
