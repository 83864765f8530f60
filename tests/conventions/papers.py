"""Files as people send them, and as others try: made in memory, small, and right down to their last byte."""

import io
import zipfile

from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

CONTENT_TYPES = """<?xml version="1.0"?><Types><Override PartName="/{part}"
ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/></Types>"""

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
)
PROGRAM = b"MZ\x90\x00" + b"\x00" * 200 + b"This program cannot be run in DOS mode."
WEB_PAGE = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


def image(kind: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(content, kind)
    return content.getvalue()


def archive(parts: dict[str, str], *, comment: bytes = b"") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, text in parts.items():
            made.writestr(name, text, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
        made.comment = comment
    return content.getvalue()


def open_document(kind: str = "text", **more: str) -> bytes:
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    return archive({"mimetype": mimetype, "content.xml": "<a/>", "META-INF/manifest.xml": "<a/>", **more})


def open_xml(part: str = "word/document.xml", kind: str = "wordprocessingml.document", **more: str) -> bytes:
    types = CONTENT_TYPES.format(part=part, kind=kind)
    return archive({"[Content_Types].xml": types, "_rels/.rels": "<a/>", part: "<a/>", **more})


def workbook() -> bytes:
    return open_xml("xl/workbook.xml", "spreadsheetml.sheet")


def upload(content: bytes = PDF, name: str = "attestation.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def stored_names() -> list[str]:
    """What is in the private storage, whatever the rows say."""
    storage = storages["documents"]
    if not storage.exists(""):
        return []
    return [f"{folder}/{name}" for folder in storage.listdir("")[0] for name in storage.listdir(folder)[1]]


def empty_storage() -> None:
    for name in stored_names():
        storages["documents"].delete(name)
