"""One question to the provider over HTTP, answered within a time and a size."""

import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO
from urllib.parse import urlsplit

# A discovery document has 3 kB, a set of keys 2 kB, a token 1 kB.
LARGEST_ANSWER_BYTES = 262_144
_CHUNK_BYTES = 16_384
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


class Unreachable(Exception):
    """No answer in time, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`media_type` is in lower case and without parameters: "application/jwt"."""

    status: int
    media_type: str
    body: bytes


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Secrets and tokens are not carried to an address that an answer names."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def is_secure(address: object) -> bool:
    """Whether `address` may be asked: HTTPS, or this machine itself."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)
    )


def ask(
    address: str, *, timeout_seconds: float, form: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """GET `address`, or POST `form` to it; the answer whatever its status. Raises Unreachable.

    `timeout_seconds` bounds each step of the talk, and the reading of the answer as a whole.
    """
    if not is_secure(address):
        raise Unreachable("not HTTPS")
    request = urllib.request.Request(address, data=form, headers=headers or {})
    deadline = time.monotonic() + timeout_seconds
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout_seconds) as response:
            return _read(response, response.status, deadline)
    except urllib.error.HTTPError as error:
        with error:
            return _read(error.fp, error.code, deadline)
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(type(error).__name__) from error


def _read(response: HTTPResponse, status: int, deadline: float) -> Answer:
    chunks: list[bytes] = []
    length = 0
    try:
        while chunk := response.read1(_CHUNK_BYTES):
            chunks.append(chunk)
            length += len(chunk)
            if length > LARGEST_ANSWER_BYTES or time.monotonic() > deadline:
                raise Unreachable("too long")
    except (OSError, HTTPException) as error:
        raise Unreachable(type(error).__name__) from error
    return Answer(status=status, media_type=response.headers.get_content_type(), body=b"".join(chunks))
