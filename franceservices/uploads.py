"""How much may be uploaded: decided while the bytes arrive, before anything is kept.

A file that passes the limit is dropped at that byte: its temporary file goes, what still comes is read and forgotten,
and the other fields of the form are read as usual, so that the person finds again what she typed. Neither memory nor
disk ever holds more than the limit.
"""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

_MEBIBYTE = 1024 * 1024


class LimitedUploadHandler(FileUploadHandler):
    """First of `FILE_UPLOAD_HANDLERS`: lets bytes through to the others up to `DOCUMENTS_MAX_BYTES` a file."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start + len(raw_data) > settings.DOCUMENTS_MAX_BYTES:
            refused = getattr(self.request, "refused_uploads", frozenset())
            self.request.refused_uploads = refused | {self.field_name}
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def was_too_large(request: HttpRequest, field: str) -> bool:
    """Whether the file of the form's `field` was dropped for its size; to be asked once the form is read."""
    return field in getattr(request, "refused_uploads", frozenset())


def limit_in_words() -> str:
    """`20 Mo`: the limit as people say it, in whole mebibytes."""
    return f"{settings.DOCUMENTS_MAX_BYTES // _MEBIBYTE}\u00a0Mo"
