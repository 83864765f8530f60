"""Logs as one JSON object a line, with the number of the request and without what a person typed.

PostgreSQL quotes the rejected row in the DETAIL of an error, and a traceback repeats it: the messages of exceptions
that come from the database are cut to their first line. Query strings (words that somebody searched) are never logged,
the secrets of links are cut out of paths, and an address where no page is, which may be anything, is left out.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime

from django.db import Error as DatabaseError

from .requests import current_request_id

# The secret of a link stands in its path; nothing else in our paths is that long without a break.
SECRET_SEGMENT = re.compile(r"(?<=/)[\w-]{40,}")

NOT_FOUND = 404


class JsonFormatter(logging.Formatter):
    """`{"time", "level", "logger", "message", "request"?, "error"?}`; times in UTC, ISO 8601 with milliseconds."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message_of(record),
        }
        request_id = current_request_id()
        if request_id:
            told["request"] = request_id
        if record.exc_info and record.exc_info[1] is not None:
            told["error"] = error_lines(record.exc_info[1])
        return json.dumps(told, ensure_ascii=False)


def _message_of(record: logging.LogRecord) -> str:
    """The message without the secrets of links, nor what somebody typed where no page is."""
    request = getattr(record, "request", None)
    if getattr(record, "status_code", None) == NOT_FOUND and getattr(request, "resolver_match", None) is None:
        return "Not Found: no page has this address"
    return SECRET_SEGMENT.sub("…", record.getMessage())


def error_lines(error: BaseException) -> list[str]:
    """Where `error` was raised, outermost call first, and what it and its causes say.

    File, line and function only: the text of a source line or a local variable could carry somebody's data. What the
    database says is cut before its DETAIL, which quotes the row.
    """
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}: {_message(current)}")
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(current.__traceback__)
        ]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return lines


def _message(error: BaseException) -> str:
    told = str(error)
    # psycopg's own errors are the causes of Django's and quote the same DETAIL.
    is_from_database = isinstance(error, DatabaseError) or type(error).__module__.startswith("psycopg")
    return told.partition("\n")[0] if is_from_database else told
