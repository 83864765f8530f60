"""Two addresses for whoever runs the server: is the process alive, and may it be sent work.

They need no account, tell nothing of what is inside, and are never cached.
"""

import logging
import os
import threading
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)
_seen_current = threading.Event()


@never_cache
@login_not_required
@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; the database is not asked, since a restart would not bring it back."""
    return JsonResponse({"status": "ok"})


@never_cache
@login_not_required
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when this process can do its work, 503 with the names of what is missing otherwise."""
    missing = [
        name for name, check in (("database", database_answers), ("documents", documents_are_writable)) if not check()
    ]
    if "database" not in missing and not schema_is_current():
        missing.append("migrations")
    if missing:
        logger.warning("not ready: %s", ", ".join(missing))
    return JsonResponse(
        {"status": "unavailable" if missing else "ok", "missing": missing}, status=503 if missing else 200
    )


def database_answers() -> bool:
    """Whether PostgreSQL executes a query now."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return False
    return True


def schema_is_current() -> bool:
    """Whether every migration that this version of the code knows is applied; asked until it is true, then remembered.

    More than it knows is well: the next version migrates while this one still serves.
    """
    if not _seen_current.is_set():
        try:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                return False
        except DatabaseError:
            return False
        _seen_current.set()
    return True


def documents_are_writable() -> bool:
    """Whether an uploaded document can be stored: its folder exists, or can be made, and may be written to."""
    folder = Path(settings.DOCUMENTS_ROOT)
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
