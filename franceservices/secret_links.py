"""Addresses that open something for whoever has them: the secret in them, what is kept of it, and the answers.

A secret has 256 bits of chance, so that a plain digest of it is as good as a slow one, and looking it up takes the same
work for every text. It is told once; the database keeps the digest only.
"""

import hashlib
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

_SECRET_BYTES = 32


def new_secret() -> str:
    """A secret that fits in an address."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest_of(token: str) -> str:
    """What the database keeps of a secret: 64 hexadecimal digits, whatever the text."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def secret_address(request: HttpRequest, name: str, token: str) -> str:
    """The whole address of a secret, under the public name of the server where one is configured."""
    path = reverse(name, args=[token])
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


def not_stored(response: HttpResponse) -> HttpResponse:
    """`response`, which may hold a secret or names, so that no cache keeps it."""
    response["Cache-Control"] = "private, no-store"
    return response


def behind_secret(response: HttpResponse) -> HttpResponse:
    """`response` to a secret address, which no search engine keeps and no other site is told of.

    Not for pages with forms: a browser told to send no referrer sends no origin either, and the CSRF check fails.
    """
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return not_stored(response)
