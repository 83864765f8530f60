"""What a file is, read from its content; its name and what the browser says of it are not asked.

Seven kinds are accepted. A beginning that looks right is not enough: an image is opened, an office document must have
inside it what makes it one, a PDF must end as one, and nothing may be two things at once (a PDF that is an archive too
passes one reader's check and runs in another).
"""

import warnings
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

# Bytes: where a PDF's end mark stands (ISO 32000, annex H), and what is read of a file's parts.
_EDGE = 1024
_LARGEST_PART = 1024 * 1024
_MOST_PARTS = 10_000
_EMPTY_ARCHIVE_END = 22


@dataclass(frozen=True)
class FileType:
    """A kind of file: what we call it, what servers call it, how its names end (the first is given to new ones)."""

    label: str
    content_type: str
    extensions: tuple[str, ...]


PDF = FileType("PDF", "application/pdf", (".pdf",))
PNG = FileType("image PNG", "image/png", (".png",))
JPEG = FileType("image JPEG", "image/jpeg", (".jpg", ".jpeg"))
ODT = FileType("texte OpenDocument", "application/vnd.oasis.opendocument.text", (".odt",))
ODS = FileType("classeur OpenDocument", "application/vnd.oasis.opendocument.spreadsheet", (".ods",))
DOCX = FileType("texte Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",))
XLSX = FileType("classeur Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",))
ACCEPTED = (PDF, PNG, JPEG, ODT, ODS, DOCX, XLSX)
ACCEPTED_IN_WORDS = "PDF, image PNG ou JPEG, document ODT, ODS, DOCX ou XLSX"

# What is recognised only to say so.
_REFUSED_BEGINNINGS = (
    (b"MZ", "un programme Windows"),
    (b"\x7fELF", "un programme"),
    (b"\xca\xfe\xba\xbe", "un programme"),
    (b"\xcf\xfa\xed\xfe", "un programme"),
    (b"#!", "un programme"),
    (b"\xd0\xcf\x11\xe0", "un document d’une ancienne version d’Office, ou protégé par un mot de passe"),
    (b"Rar!", "une archive"),
    (b"7z\xbc\xaf", "une archive"),
    (b"\x1f\x8b", "une archive"),
    (b"GIF8", "une image GIF"),
)
_WEB_PAGE_MARKS = (b"<!doctype html", b"<html", b"<script", b"<svg", b"<?xml", b"<?php")
_PROGRAM_PARTS = (".exe", ".dll", ".com", ".scr", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".jse", ".jar", ".class")
_MACRO_PARTS = ("vbaproject.bin", "basic/", "scripts/")
_OPEN_XML = {
    DOCX: ("word/document.xml", b"wordprocessingml.document.main+xml"),
    XLSX: ("xl/workbook.xml", b"spreadsheetml.sheet.main+xml"),
}


class RefusedFile(ValueError):
    """The content is not accepted; the message is a sentence in French that says why."""


def file_type_of(content: BinaryIO) -> FileType:
    """The kind of the seekable `content`, which is left at its beginning. Raises RefusedFile."""
    try:
        return _recognised(content)
    finally:
        content.seek(0)


def _recognised(content: BinaryIO) -> FileType:
    content.seek(0)
    head = content.read(_EDGE)
    if not head:
        raise RefusedFile("Ce fichier est vide.")
    if head.startswith(b"PK\x03\x04"):
        return _office_type(content)
    found = None
    if head.startswith(b"%PDF-"):
        found = _pdf(content)
    elif head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) and b"%PDF-" not in head:
        found = _image(content)
    if found is None:
        raise RefusedFile(_what_it_is(head))
    content.seek(0)
    if zipfile.is_zipfile(content):
        raise RefusedFile("Ce fichier est deux choses à la fois\u00a0: une archive y est cachée.")
    return found


def _pdf(content: BinaryIO) -> FileType:
    size = content.seek(0, 2)
    content.seek(max(0, size - _EDGE))
    tail = content.read()
    if b"%%EOF" not in tail or b"startxref" not in tail:
        raise RefusedFile("Ce PDF est abîmé ou incomplet\u00a0: sa fin manque.")
    return PDF


def _image(content: BinaryIO) -> FileType:
    content.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(content, formats=("PNG", "JPEG"))
            found = PNG if image.format == "PNG" else JPEG
            image.verify()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise RefusedFile("Cette image est démesurée\u00a0: réduisez-la.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise RefusedFile("Cette image est abîmée\u00a0: elle ne s’ouvre pas.") from error
    return found


def _office_type(content: BinaryIO) -> FileType:
    size = content.seek(0, 2)
    content.seek(max(0, size - _EMPTY_ARCHIVE_END))
    if not content.read().startswith(b"PK\x05\x06"):
        raise RefusedFile("Ce document est abîmé, ou autre chose y est attaché.")
    content.seek(0)
    try:
        with zipfile.ZipFile(content) as archive:
            return _type_of_archive(archive)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        if isinstance(error, RefusedFile):
            raise
        raise RefusedFile("Ce document est abîmé\u00a0: il ne s’ouvre pas.") from error


def _type_of_archive(archive: zipfile.ZipFile) -> FileType:
    parts = archive.infolist()
    if not parts or len(parts) > _MOST_PARTS or min(part.header_offset for part in parts) != 0:
        raise RefusedFile("Ce document est abîmé, ou autre chose y est attaché.")
    names = {part.filename for part in parts}
    lowered = [name.lower() for name in names]
    found = _open_document(archive, parts, names) or _open_xml(archive, names)
    if found is None:
        raise RefusedFile("C’est une archive, pas un document. Déposez chaque pièce à part.")
    if any(name.startswith(_MACRO_PARTS) or name.endswith("vbaproject.bin") for name in lowered):
        raise RefusedFile("Ce document contient des macros. Enregistrez-le en PDF, puis déposez le PDF.")
    if any(name.endswith(_PROGRAM_PARTS) for name in lowered):
        raise RefusedFile("Ce document contient un programme. Enregistrez-le en PDF, puis déposez le PDF.")
    return found


def _open_document(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], names: set[str]) -> FileType | None:
    """OpenDocument 1.3, part 2, 3.3: the first part is `mimetype`, not compressed."""
    first = min(parts, key=lambda part: part.header_offset)
    if first.filename != "mimetype" or not {"content.xml", "META-INF/manifest.xml"} <= names:
        return None
    said = _part(archive, "mimetype").strip()
    return next((kind for kind in (ODT, ODS) if kind.content_type.encode() == said), None)


def _open_xml(archive: zipfile.ZipFile, names: set[str]) -> FileType | None:
    """ECMA-376, part 2: the kinds of the parts are listed in `[Content_Types].xml`."""
    if not {"[Content_Types].xml", "_rels/.rels"} <= names:
        return None
    kinds = _part(archive, "[Content_Types].xml")
    return next((kind for kind, (part, mark) in _OPEN_XML.items() if part in names and mark in kinds), None)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_LARGEST_PART)


def _what_it_is(head: bytes) -> str:
    named = next((words for beginning, words in _REFUSED_BEGINNINGS if head.startswith(beginning)), None)
    if named is None and any(mark in head.lower() for mark in _WEB_PAGE_MARKS):
        named = "une page web"
    if named is None:
        return f"Ce fichier n’est pas d’un type accepté ({ACCEPTED_IN_WORDS})."
    return f"Malgré son nom, ce fichier est {named}. Types acceptés\u00a0: {ACCEPTED_IN_WORDS}."
