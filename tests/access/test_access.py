"""Everybody on every page: as `table.py` says, which `docs/access.md` shows."""

from .document import PATH, document


def test_every_page_opens_for_whom_the_table_says_and_for_nobody_else(walker):
    assert walker.walk() == []


def test_the_document_is_made_from_the_table():
    assert PATH.read_text(encoding="utf-8") == document(), "run: python -m tests.access.document"
