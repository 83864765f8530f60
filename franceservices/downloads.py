"""Private files on their way out: always saved, never shown inside our pages, never kept by a cache."""

from typing import BinaryIO

from django.http import FileResponse


def private_download(content: BinaryIO, *, name: str, content_type: str) -> FileResponse:
    """Answer with `content` to be saved under `name`; the response closes it.

    Whatever the bytes are, a browser may neither guess another type nor run anything in them.
    """
    response = FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
