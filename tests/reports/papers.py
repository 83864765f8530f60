"""Returns and reports as a person reads them: the text of a PDF, with one space between words."""

import re
from io import BytesIO

from pypdf import PdfReader


def text_of(content: bytes) -> str:
    """What stands in a PDF, pages one after the other."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages))


def one_line(text: str) -> str:
    """`text` with one plain space between words, as `text_of` gives it."""
    return re.sub(r"\s+", " ", text)
