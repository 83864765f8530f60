"""A disk that takes no more, as the kernel says it: a limit on the size of files stands in for a full one."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from conventions.models import Document
from franceservices.errors import DomainError
from franceservices.storing import store_whole
from partners.models import Role
from tests.factories import SiteFactory, staff_of

ROOM = 64 * 1024
LARGE = b"%PDF-1.4\n%" + b"x" * (4 * ROOM) + b"\nstartxref\n9\n%%EOF\n"


@contextmanager
def little_room() -> Iterator[None]:
    """No file of this process may grow beyond `ROOM` bytes; Python ignores the signal that would come with it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_fits_is_stored(tmp_path):
    storage = FileSystemStorage(tmp_path)
    with little_room():
        assert store_whole(storage, "a/b.txt", ContentFile(b"petit")) == "a/b.txt"
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"petit"


def test_what_does_not_fit_leaves_nothing_behind(tmp_path):
    storage = FileSystemStorage(tmp_path)
    with little_room(), pytest.raises(DomainError, match="stockage du serveur est plein"):
        store_whole(storage, "a/b.pdf", ContentFile(LARGE))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_another_fault_of_the_storage_passes_and_leaves_nothing(tmp_path):
    class Cut(File):
        def chunks(self, chunk_size=None):
            yield b"half"
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        store_whole(FileSystemStorage(tmp_path), "b.pdf", Cut(None, name="b.pdf"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_the_page_says_it_and_keeps_no_row(client, settings):
    settings.SECOND_FACTOR_ROLES = []
    site = SiteFactory()
    client.force_login(staff_of(site, role=Role.MANAGER))
    before = {path for path in Path(settings.DOCUMENTS_ROOT).rglob("*") if path.is_file()}
    with little_room():
        response = client.post(
            reverse("conventions:document_add"),
            {"kind": "other", "title": "Bail", "file": SimpleUploadedFile("bail.pdf", LARGE, "application/pdf")},
        )
    assert response.status_code == 200
    assert "stockage du serveur est plein" in response.content.decode()
    assert not Document.objects.exists()
    assert {path for path in Path(settings.DOCUMENTS_ROOT).rglob("*") if path.is_file()} == before
