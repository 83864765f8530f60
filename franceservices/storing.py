"""Files on their way to private storage: whole or not at all, and a disk that is full said in a sentence."""

import errno
from contextlib import ExitStack

from django.core.files.base import File
from django.core.files.storage import Storage

from .errors import DomainError

# No room left, a quota reached, a file larger than the process may write.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_disk_full(error: BaseException) -> bool:
    """Whether `error` is the system's refusal to write for want of room."""
    return isinstance(error, OSError) and error.errno in FULL


def store_whole(storage: Storage, name: str, content: File) -> str:
    """Store `content` as `name`, which nothing else may have, and return the name it got.

    When the writing fails, what was written of it is removed. Raises DomainError when the disk is full.
    """
    with ExitStack() as on_failure:
        on_failure.callback(storage.delete, name)
        try:
            stored = storage.save(name, content)
        except OSError as error:
            if not is_disk_full(error):
                raise
            raise DomainError(
                "L’espace de stockage du serveur est plein\u00a0: rien n’est enregistré. "
                "Prévenez la personne qui administre votre espace, puis recommencez."
            ) from error
        on_failure.pop_all()
    return stored
