"""What a file is, by its content: the seven kinds that are accepted, and those who pass themselves off as one."""

import io

import pytest

from franceservices.file_types import DOCX, JPEG, ODS, ODT, PDF, PNG, XLSX, RefusedFile, file_type_of
from tests.conventions import papers


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (papers.PDF, PDF),
        (papers.image("PNG"), PNG),
        (papers.image("JPEG"), JPEG),
        (papers.open_document(), ODT),
        (papers.open_document("spreadsheet"), ODS),
        (papers.open_xml(), DOCX),
        (papers.workbook(), XLSX),
    ],
    ids=lambda found: getattr(found, "label", ""),
)
def test_what_is_accepted(content, expected):
    stream = io.BytesIO(content)
    assert file_type_of(stream) is expected
    assert stream.tell() == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vide"),
        (papers.PROGRAM, "un programme Windows"),
        (b"\x7fELF\x02\x01", "un programme"),
        (b"#!/bin/sh\nrm -rf /", "un programme"),
        (papers.WEB_PAGE, "une page web"),
        (b"<?xml version='1.0'?><svg onload='alert(1)'/>", "une page web"),
        (b"GIF89a" + b"\x00" * 40, "GIF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 40, "ancienne version d’Office"),
        (b"bonjour", "pas d’un type accepté"),
        # The right beginning is not enough.
        (b"%PDF-1.7\n", "sa fin manque"),
        (b"\x89PNG\r\n\x1a\nrien", "ne s’ouvre pas"),
        (b"\xff\xd8\xff\xe0rien", "ne s’ouvre pas"),
        (b"PK\x03\x04rien", "abîmé"),
        # Something before, something behind, something within.
        (papers.PROGRAM + papers.PDF, "un programme"),
        (papers.PDF[:-6] + papers.archive({"a": "b"}) + papers.PDF[-20:], "deux choses à la fois"),
        (papers.image("JPEG") + papers.archive({"A.class": "b"}), "deux choses à la fois"),
        (papers.image("PNG") + papers.archive({"index.html": "b"}), "deux choses à la fois"),
        (papers.open_document() + b"<script>", "autre chose y est attaché"),
        (papers.archive({"facture.exe": "MZ"}), "une archive"),
        (papers.open_document("presentation"), "archive"),
        (papers.open_xml(**{"word/vbaProject.bin": "x"}), "macros"),
        (papers.open_document(**{"Basic/Standard/Module1.xml": "x"}), "macros"),
        (papers.open_xml(**{"word/embeddings/outil.exe": "MZ"}), "un programme"),
        (papers.open_xml("word/document.xml", "wordprocessingml.template"), "archive"),
    ],
)
def test_what_is_refused_and_why(content, words):
    with pytest.raises(RefusedFile, match=words):
        file_type_of(io.BytesIO(content))


def test_an_image_of_enormous_dimensions_is_not_opened():
    content = bytearray(papers.image("PNG"))
    # IHDR's width and height; its checksum no longer fits, which is not what refuses it.
    content[16:24] = (60_000).to_bytes(4) + (60_000).to_bytes(4)
    with pytest.raises(RefusedFile, match=r"démesurée|ne s’ouvre pas"):
        file_type_of(io.BytesIO(bytes(content)))


@pytest.mark.parametrize("percent", range(0, 100, 7))
def test_a_document_cut_anywhere_is_refused_and_never_breaks(percent):
    for whole in (papers.open_xml(), papers.open_document(), papers.PDF[:-1]):
        content = whole[: len(whole) * percent // 100]
        with pytest.raises(RefusedFile):
            file_type_of(io.BytesIO(content))
