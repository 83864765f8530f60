"""Where a page may send somebody back to: an address that came with a request is not to be believed."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def own_path(asked: str | None, request: HttpRequest, *, otherwise: str) -> str:
    """`asked` when it is a path of this site, `/agenda/?jour=2026-04-02`; else `otherwise`."""
    path = asked or ""
    is_safe = url_has_allowed_host_and_scheme(path, {request.get_host()}, require_https=request.is_secure())
    # A bare word would be taken for the name of a view by `redirect`.
    return path if is_safe and path.startswith("/") else otherwise
