"""HTML templates to PDF; the only module that imports WeasyPrint."""

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from .text import safe_filename

# What documents are drawn with, in the order of the cascade; the same files serve the pages.
STYLESHEETS = ("tokens.css", "print.css", "documents.css")
# Tagged, with a title and a language: PDF for screen readers (ISO 14289).
VARIANT = "pdf/ua-1"
CSS_FOLDER = Path(settings.BASE_DIR) / "static" / "css"


class _NoFetcher(URLFetcher):
    """Documents are made of their template and our stylesheets; nothing a person typed can make the server fetch."""

    def fetch(self, url, headers=None):
        raise ValueError(f"a document may not load {url}")


def render_pdf(template: str, context: Mapping[str, object]) -> bytes:
    """The PDF of `template`, which extends `documents/base.html` and gets `context` and nothing of a request."""
    fonts = FontConfiguration()
    stylesheets = [CSS(filename=str(CSS_FOLDER / name), font_config=fonts) for name in STYLESHEETS]
    html = render_to_string(template, dict(context))
    return HTML(string=html, url_fetcher=_NoFetcher()).write_pdf(
        stylesheets=stylesheets, font_config=fonts, pdf_variant=VARIANT
    )


def pdf_response(content: bytes, name: str) -> HttpResponse:
    """Answer with a PDF shown in the browser and saved, if it is, under a name made from `name`."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{safe_filename(name)}.pdf"'
    return response
