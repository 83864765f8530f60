"""The writers of documents: the bytes go to private storage, the facts to a row, and never one without the other."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.core.files.base import File
from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone

from franceservices.db import translate_violations
from franceservices.errors import DomainError
from franceservices.file_types import FileType, RefusedFile, file_type_of
from franceservices.storing import store_whole
from partners.models import Site, User

from .models import CommitteeMeeting, Convention, Document, DocumentKind
from .models.document import document_storage

LONGEST_NAME = 120
# A file younger than this may belong to a row that is being written.
SETTLED_AFTER = timedelta(hours=1)
_SPACES = re.compile(r"\s+")
_NOTHING_KEPT = "Rien n’est enregistré."


class _Hashed(File):
    """A file whose bytes are hashed and counted as they are read, in pieces: what is stored is what was hashed."""

    def __init__(self, content: File) -> None:
        super().__init__(content.file, name=None)
        self.digest = hashlib.sha256()
        self.length = 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        for chunk in super().chunks(chunk_size):
            self.digest.update(chunk)
            self.length += len(chunk)
            yield chunk


def cleaned_name(name: str, file_type: FileType) -> str:
    """`name` as it is kept and given back: no path, nothing invisible, an end that says what the content is.

    Raises DomainError for a path: whoever sends one tries something.
    """
    if "/" in name or "\\" in name:
        raise DomainError(f"Le nom du fichier contient un chemin. {_NOTHING_KEPT} Renommez le fichier.")
    visible = "".join(
        character if unicodedata.category(character)[0] != "C" else " "
        for character in unicodedata.normalize("NFC", name)
    )
    visible = _SPACES.sub(" ", visible).strip().strip(".").strip()
    stem, point, end = visible.rpartition(".")
    if point and f".{end.lower()}" in file_type.extensions:
        ending = f".{end.lower()}"
    else:
        stem, ending = visible, file_type.extensions[0]
    return (stem[:LONGEST_NAME].strip(" .") or "document") + ending


def add_document(
    *,
    site: Site,
    convention: Convention | None,
    kind: str,
    title: str,
    valid_from: date | None,
    valid_until: date | None,
    upload: File,
    by: User,
) -> Document:
    """Store `upload` as a document of `site`, and of `convention`, one of its own; both days of validity are included.

    Must be the outermost transaction: the file is removed when its row is not committed. Raises DomainError for a
    content that is not accepted, a name with a path, dates in disorder or a full disk, and DoesNotExist outside the
    perimeter of `by`.
    """
    site = Site.objects.visible_to(by).get(pk=site.pk)
    if convention is not None:
        convention = Convention.objects.visible_to(by).get(pk=convention.pk)
        if convention.site_id != site.pk:
            raise DomainError(f"Cette convention est celle d’un autre espace. {_NOTHING_KEPT}")
    if valid_from and valid_until and valid_until < valid_from:
        raise DomainError("La fin de validité doit suivre son début.")
    try:
        file_type = file_type_of(upload)
    except RefusedFile as refusal:
        raise DomainError(f"{refusal} {_NOTHING_KEPT}") from refusal
    document = Document(
        site=site,
        convention=convention,
        kind=DocumentKind(kind),
        title=title.strip(),
        valid_from=valid_from,
        valid_until=valid_until,
        name=cleaned_name(upload.name or "", file_type),
        content_type=file_type.content_type,
        uploaded_by=by,
    )
    storage = document_storage()
    content = _Hashed(upload)
    stored_name = store_whole(storage, Document._meta.get_field("file").generate_filename(document, ""), content)
    with ExitStack() as on_failure:
        # Whatever goes wrong, an interruption included: without its row nobody would ever find the file again.
        on_failure.callback(storage.delete, stored_name)
        with (
            transaction.atomic(durable=True),
            translate_violations(
                {"document_validity_ordered": DomainError("La fin de validité doit suivre son début.")}
            ),
        ):
            document.file.name = stored_name
            document.size, document.sha256 = content.length, content.digest.hexdigest()
            document.save()
        on_failure.pop_all()
    return document


@transaction.atomic
def withdraw_document(*, document: Document, by: User) -> Document:
    """Take a document out of the lists; its bytes are kept, and `restore_document` undoes it.

    Raises DomainError when it is withdrawn already or proves something, and DoesNotExist outside the perimeter.
    """
    document = _locked(document, by)
    if document.withdrawn_at is not None:
        raise DomainError("Ce document est déjà retiré.")
    proven = document.proves.select_related("obligation").first()
    if proven is not None:
        raise DomainError(
            f"Ce document prouve une échéance remplie ({proven.obligation.label}). Reprenez d’abord l’échéance."
        )
    if CommitteeMeeting.objects.filter(minutes=document).exists():
        raise DomainError("Ce document est le compte rendu d’une réunion. Détachez-le d’abord de la réunion.")
    document.withdrawn_at, document.withdrawn_by = timezone.now(), by
    document.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return document


@transaction.atomic
def restore_document(*, document: Document, by: User) -> Document:
    """Put a withdrawn document back. Raises as `withdraw_document` does."""
    document = _locked(document, by)
    if document.withdrawn_at is None:
        raise DomainError("Ce document n’est pas retiré.")
    document.withdrawn_at = document.withdrawn_by = None
    document.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return document


def _locked(document: Document, by: User) -> Document:
    return Document.objects.visible_to(by).select_for_update(no_key=True, of=["self"]).get(pk=document.pk)


@dataclass
class StoreReport:
    """What differs between the rows and the storage. `orphans` are stored names without a row."""

    checked: int = 0
    missing: list[Document] = field(default_factory=list)
    altered: list[Document] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)


def check_store() -> StoreReport:
    """Read every stored file, in pieces, and compare it with the digest that its row keeps; withdrawn ones too."""
    storage = document_storage()
    report = StoreReport()
    known = set()
    for document in Document.objects.order_by("pk").iterator():
        report.checked += 1
        known.add(document.file.name)
        if not storage.exists(document.file.name):
            report.missing.append(document)
            continue
        with storage.open(document.file.name) as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != document.sha256:
                report.altered.append(document)
    too_young = timezone.now() - SETTLED_AFTER
    report.orphans = [
        name
        for name in sorted(_stored_names(storage))
        if name not in known and storage.get_modified_time(name) < too_young
    ]
    return report


def _stored_names(storage: Storage) -> Iterator[str]:
    if not storage.exists(""):
        return
    folders, _files = storage.listdir("")
    for folder in folders:
        yield from (f"{folder}/{name}" for name in storage.listdir(folder)[1])
