"""Documents: what may be uploaded, under which name, who gets it back and how; withdrawn, restored, checked."""

import datetime as dt
import hashlib
import re
import tracemalloc
from io import StringIO
from urllib.parse import quote

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conventions import document_store
from conventions.document_store import add_document, check_store, cleaned_name, restore_document, withdraw_document
from conventions.models import Document, DocumentKind
from conventions.storage_checks import documents_are_not_served
from franceservices.errors import DomainError
from franceservices.file_types import DOCX, JPEG, PDF
from partners.models import Role
from tests.bookings.schedules import words_of
from tests.factories import SiteFactory, UserFactory, agent_of, staff_of

from . import papers
from .scene import Scene

LIST = reverse("conventions:document_list")


@pytest.fixture
def scene(db):
    papers.empty_storage()
    yield Scene()
    papers.empty_storage()


@pytest.fixture
def add_page(client, scene) -> str:
    client.force_login(scene.administrator)
    return reverse("conventions:convention_document_add", args=[scene.convention.pk])


def filled(file, **fields) -> dict:
    return {"file": file, "kind": DocumentKind.OTHER, "title": "Pièce", "valid_from": "", "valid_until": "", **fields}


def added(scene, **fields) -> Document:
    given = {
        "site": scene.site,
        "convention": scene.convention,
        "kind": DocumentKind.OTHER,
        "title": "Pièce",
        "valid_from": None,
        "valid_until": None,
        "upload": papers.upload(),
        "by": scene.administrator,
    }
    return add_document(**{**given, **fields})


# --- What is kept -------------------------------------------------------------------------------------------------


def test_a_pdf_is_stored_under_a_name_that_says_nothing_with_its_digest(client, scene, add_page):
    answer = client.post(add_page, filled(papers.upload(name="Attestation d’assurance.PDF")), follow=True)
    assert "déposé sous le nom « Attestation d’assurance.pdf »" in words_of(answer)
    document = Document.objects.get()
    assert (document.site, document.convention, document.uploaded_by) == (
        scene.site,
        scene.convention,
        scene.administrator,
    )
    assert document.sha256 == hashlib.sha256(papers.PDF).hexdigest()
    assert (document.size, document.content_type) == (len(papers.PDF), "application/pdf")
    assert papers.stored_names() == [document.file.name]
    assert re.fullmatch(r"[\w-]{2}/[\w-]{41}", document.file.name)
    with storages["documents"].open(document.file.name) as stored:
        assert stored.read() == papers.PDF


def test_a_file_of_the_space_itself(client, scene):
    client.force_login(scene.administrator)
    client.post(
        reverse("conventions:document_add"),
        filled(papers.upload(papers.image("PNG"), "plan.png"), kind=DocumentKind.OFFICE_PLAN, title=""),
    )
    document = Document.objects.get()
    assert (document.convention, document.title, document.name) == (None, "Plan des bureaux", "plan.png")


# --- What is refused, with a sentence -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (papers.PROGRAM, "attestation.pdf", "Malgré son nom, ce fichier est un programme Windows."),
        (papers.WEB_PAGE, "attestation.pdf", "Malgré son nom, ce fichier est une page web."),
        (papers.PDF + papers.archive({"A.class": "x"}), "attestation.pdf", "une archive y est cachée"),
        (papers.archive({"a.exe": "MZ"}), "attestation.docx", "C’est une archive, pas un document."),
        (b"", "attestation.pdf", "Ce fichier est vide."),
    ],
)
def test_a_content_that_is_not_what_it_says(client, scene, add_page, content, name, sentence):
    answer = client.post(add_page, filled(papers.upload(content, name), title="Mon attestation"))
    assert sentence in words_of(answer)
    assert 'value="Mon attestation"' in answer.content.decode()
    assert not Document.objects.exists()
    assert papers.stored_names() == []


class Endless:
    """A file of `size` bytes that exists nowhere: what a client sends, a piece at a time."""

    def __init__(self, size: int, name: str = "attestation.pdf") -> None:
        self.name, self.left = name, size
        self.content_type = "application/pdf"

    def read(self, amount: int = -1) -> bytes:
        amount = self.left if amount < 0 else min(amount, self.left)
        self.left -= amount
        return b"%" * amount


class LargeBody:
    """The body of a multipart form around an `Endless`, never whole in memory."""

    def __init__(self, size: int, boundary: str) -> None:
        fields = {"kind": "other", "title": "Trop lourd", "valid_from": "", "valid_until": ""}
        self.head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        ).encode()
        self.tail = (
            b"\r\n"
            + "".join(
                f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                for name, value in fields.items()
            ).encode()
        )
        self.tail += f"--{boundary}--\r\n".encode()
        self.parts = [self.head, Endless(size), self.tail]
        self.length = len(self.head) + size + len(self.tail)

    def read(self, amount: int = -1) -> bytes:
        while self.parts:
            part = self.parts[0]
            if isinstance(part, bytes):
                found, self.parts[0] = part[:amount], part[amount:]
            else:
                found = part.read(amount)
            if found:
                return found
            self.parts.pop(0)
        return b""

    readline = read


def test_200_megabytes_are_refused_and_never_held(client, scene, add_page, tmp_path, settings):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    body = LargeBody(200 * 1024 * 1024, "limite")
    tracemalloc.start()
    answer = client.generic(
        "POST",
        add_page,
        CONTENT_TYPE="multipart/form-data; boundary=limite",
        CONTENT_LENGTH=str(body.length),
        **{"wsgi.input": body},
    )
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "Ce fichier dépasse 20 Mo : il n’a pas été gardé." in words_of(answer)
    assert 'value="Trop lourd"' in answer.content.decode()
    assert peak < 20 * 1024 * 1024
    assert list(tmp_path.iterdir()) == []
    assert not Document.objects.exists()
    assert papers.stored_names() == []


def test_the_limit_is_to_the_byte(client, scene, add_page, settings):
    settings.DOCUMENTS_MAX_BYTES = len(papers.PDF)
    assert "Document déposé" in words_of(client.post(add_page, filled(papers.upload()), follow=True))
    settings.DOCUMENTS_MAX_BYTES = len(papers.PDF) - 1
    assert "Ce fichier dépasse" in words_of(client.post(add_page, filled(papers.upload())))
    assert Document.objects.count() == 1


@pytest.mark.parametrize("path", ["../../etc/passwd.pdf", "C:\\Windows\\passwd.pdf", "/etc/passwd.pdf"])
def test_a_path_in_the_name_is_taken_off_and_the_name_that_is_kept_is_told(client, scene, add_page, path):
    body = (
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{path}"\r\n\r\n'.encode()
        + papers.PDF
        + b'\r\n--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nother\r\n--x--\r\n'
    )
    answer = client.post(add_page, body, content_type="multipart/form-data; boundary=x", follow=True)
    assert "déposé sous le nom « passwd.pdf »" in words_of(answer)
    assert Document.objects.get().name == "passwd.pdf"
    assert len(papers.stored_names()) == 1


@pytest.mark.parametrize("path", ["../a.pdf", "a\\b.pdf", "/a.pdf"])
def test_a_path_that_reaches_the_service_is_refused(scene, path):
    upload = papers.upload()
    upload._name = path
    with pytest.raises(DomainError, match=r"Le nom du fichier contient un chemin\. Rien n’est enregistré\."):
        added(scene, upload=upload)
    assert papers.stored_names() == []


@pytest.mark.parametrize(
    ("name", "file_type", "kept"),
    [
        ("attestation.exe", PDF, "attestation.exe.pdf"),
        ("photo.JPEG", JPEG, "photo.jpeg"),
        ("rapport", DOCX, "rapport.docx"),
        ("a\x00b\r\nSet-Cookie: c.pdf", PDF, "a b Set-Cookie: c.pdf"),
        ("fdp\u202egpj.pdf", PDF, "fdp gpj.pdf"),
        ("e\u0301te\u0301.pdf", PDF, "été.pdf"),
        ("...", PDF, "document.pdf"),
        ("", PDF, "document.pdf"),
        ("x" * 400 + ".pdf", PDF, "x" * 120 + ".pdf"),
    ],
)
def test_a_name_is_cleaned(name, file_type, kept):
    assert cleaned_name(name, file_type) == kept


def test_dates_in_disorder(client, scene, add_page):
    answer = client.post(add_page, filled(papers.upload(), valid_from="2026-04-01", valid_until="2026-03-31"))
    assert "La fin de validité doit suivre son début." in words_of(answer)
    assert "Choisissez de nouveau le fichier" in words_of(answer)
    assert papers.stored_names() == []


def test_nothing_stays_of_a_document_whose_row_fails(scene, monkeypatch):
    def fail(*args, **kwargs):
        raise DatabaseError("connection lost")

    monkeypatch.setattr(Document, "save", fail)
    with pytest.raises(DatabaseError):
        added(scene)
    assert papers.stored_names() == []


def test_no_file_for_another_site(scene):
    other = scene.elsewhere()
    with pytest.raises(DomainError, match=r"Cette convention est celle d’un autre espace\. Rien n’est enregistré\."):
        added(scene, site=SiteFactory(ccas=scene.ccas))
    with pytest.raises(type(other.site).DoesNotExist):
        added(scene, site=other.site, convention=other)
    assert papers.stored_names() == []


# --- Given back ---------------------------------------------------------------------------------------------------


def test_it_comes_back_as_a_download_that_runs_nowhere_and_stays_nowhere(client, scene):
    document = added(scene, upload=papers.upload(name="Compte rendu – été.pdf"))
    client.force_login(scene.administrator)
    answer = client.get(reverse("conventions:document_download", args=[document.pk]))
    assert b"".join(answer.streaming_content) == papers.PDF
    answer.close()
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f"attachment; filename*=utf-8''{quote('Compte rendu – été.pdf')}"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.SOCIAL_WORKER])
def test_the_desk_gets_none(client, scene, role):
    document = added(scene)
    client.force_login(staff_of(scene.site, role=role))
    assert client.get(reverse("conventions:document_download", args=[document.pk])).status_code == 404
    assert client.get(LIST).status_code == 404


def test_another_ccas_and_the_partner_get_none(client, scene):
    document = added(scene)
    pages = [
        reverse("conventions:document_download", args=[document.pk]),
        reverse("conventions:convention_documents", args=[scene.convention.pk]),
        reverse("conventions:convention_document_add", args=[scene.convention.pk]),
    ]
    for user in (UserFactory(role=Role.ADMINISTRATOR, ccas=SiteFactory().ccas), agent_of(scene.partner)):
        client.force_login(user)
        assert [client.get(page).status_code for page in pages] == [404, 404, 404]
        for name in ("document_withdraw", "document_restore"):
            assert client.post(reverse(f"conventions:{name}", args=[document.pk])).status_code == 404
    client.logout()
    assert client.get(pages[0]).status_code == 302


def test_a_file_that_is_gone_is_said(client, scene):
    document = added(scene)
    papers.empty_storage()
    client.force_login(scene.administrator)
    answer = client.get(reverse("conventions:document_download", args=[document.pk]), follow=True)
    assert "manque dans le dépôt" in words_of(answer)


# --- Withdrawn, restored, listed ----------------------------------------------------------------------------------


def test_withdrawn_and_put_back(client, scene):
    document = added(scene, title="Attestation 2025")
    client.force_login(scene.administrator)
    page = reverse("conventions:convention_documents", args=[scene.convention.pk])
    answer = client.post(reverse("conventions:document_withdraw", args=[document.pk]), follow=True)
    assert reverse("conventions:document_restore", args=[document.pk]) in answer.content.decode()
    assert "0 document" in words_of(client.get(page))
    assert "Attestation 2025" in words_of(client.get(page, {"etat": "retires"}))
    client.post(reverse("conventions:document_restore", args=[document.pk]))
    assert "1 document" in words_of(client.get(page))
    with pytest.raises(DomainError, match="n’est pas retiré"):
        restore_document(document=document, by=scene.administrator)
    withdraw_document(document=document, by=scene.administrator)
    with pytest.raises(DomainError, match="déjà retiré"):
        withdraw_document(document=document, by=scene.administrator)
    assert client.get(reverse("conventions:document_withdraw", args=[document.pk])).status_code == 405


def test_the_list_is_searched_narrowed_and_paginated(client, scene):
    client.force_login(scene.administrator)
    today = scene.site.today()
    for number in range(26):
        added(scene, title=f"Pièce {number:02}")
    added(scene, title="Été", kind=DocumentKind.MINUTES, valid_until=today - dt.timedelta(days=1))
    added(scene, title="Plan", convention=None, kind=DocumentKind.OFFICE_PLAN, valid_until=today)
    assert "28 documents" in words_of(client.get(LIST))
    assert "page 1 sur 2" in words_of(client.get(LIST))
    found = words_of(client.get(LIST, {"q": "ete"}))
    assert "1 document" in found
    assert "périmé" in found
    assert "Été" in words_of(client.get(LIST, {"etat": "perimes"}))
    assert "1 document " in words_of(client.get(LIST, {"nature": "office_plan"}))
    assert "Aucun document ne répond" in words_of(client.get(LIST, {"q": "zzz"}))
    assert client.get(LIST, {"q": "\x00", "nature": "<script>", "etat": "x", "page": "-1"}).status_code == 200


def test_the_list_costs_the_same_for_one_document_and_for_many(client, scene):
    client.force_login(scene.administrator)
    added(scene)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for _ in range(10):
        added(scene)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(few) <= 8


# --- The store is checked -----------------------------------------------------------------------------------------


def test_the_check_names_what_is_missing_altered_and_orphan(scene, monkeypatch):
    sound, altered, missing = (added(scene, title=title) for title in ("saine", "changée", "perdue"))
    out = StringIO()
    call_command("check_documents", stdout=out)
    assert "3 document(s) relu(s) : 0 manquant(s), 0 changé(s), 0 orphelin(s)." in out.getvalue()
    storage = storages["documents"]
    storage.delete(missing.file.name)
    storage.delete(altered.file.name)
    storage.save(altered.file.name, SimpleUploadedFile("x", b"autre chose"))
    storage.save("zz/orphelin", SimpleUploadedFile("x", b"a"))
    assert check_store().orphans == []  # It may belong to a row that is being written.
    monkeypatch.setattr(document_store, "SETTLED_AFTER", dt.timedelta(seconds=-5))
    report = check_store()
    assert (report.missing, report.altered, report.orphans) == ([missing], [altered], ["zz/orphelin"])
    with pytest.raises(CommandError, match="pas sain"):
        call_command("check_documents", "--supprimer-orphelins", stdout=out)
    assert f"a changé : document {altered.pk}, changée" in out.getvalue()
    assert sorted(papers.stored_names()) == sorted([sound.file.name, altered.file.name])


def test_a_withdrawn_document_is_still_checked(scene):
    document = added(scene)
    Document.objects.update(withdrawn_at=timezone.now(), withdrawn_by=scene.administrator)
    storages["documents"].delete(document.file.name)
    assert check_store().missing == [document]


def test_documents_in_a_served_folder_stop_the_start(settings, tmp_path):
    assert documents_are_not_served(None) == []
    settings.STATIC_ROOT, settings.STATICFILES_DIRS = str(tmp_path / "served"), []
    for private in (tmp_path / "served" / "documents", tmp_path):
        settings.DOCUMENTS_ROOT = str(private)
        assert [error.id for error in documents_are_not_served(None)] == ["conventions.E001"]
