"""Addresses of our pages, and where one may send somebody back to: what came with a request is not to be believed."""

from functools import lru_cache

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


@lru_cache(maxsize=256)
def page_address(name: str, *arguments: object) -> str:
    """`reverse`, remembered: an address does not change while the process lives, and each page resolves dozens.

    For pages without a row, or with an argument that stands for any: not for the address of each row.
    """
    return reverse(name, args=arguments)


def own_path(asked: str | None, request: HttpRequest, *, otherwise: str) -> str:
    """`asked` when it is a path of this site, `/agenda/?jour=2026-04-02`; else `otherwise`."""
    path = asked or ""
    is_safe = url_has_allowed_host_and_scheme(path, {request.get_host()}, require_https=request.is_secure())
    # A bare word would be taken for the name of a view by `redirect`.
    return path if is_safe and path.startswith("/") else otherwise


def page_that_asked(request: HttpRequest, *, otherwise: str) -> str:
    """The page that asked, named by `next` in the form or the address, when it is one of ours; else `otherwise`."""
    return own_path(request.POST.get("next") or request.GET.get("next"), request, otherwise=otherwise)
