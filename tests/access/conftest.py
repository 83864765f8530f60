from collections.abc import Iterator

import pytest
import time_machine
from django.http import HttpResponse, HttpResponseNotFound

import franceservices.pdf
import franceservices.urls

from .walk import Walker
from .world import NOW, World


class NoPaper:
    """Stands for WeasyPrint's document: what is printed is tested elsewhere, and takes a second a page."""

    def __init__(self, *args, **kwargs) -> None:
        pass

    def write_pdf(self, *args, **kwargs) -> bytes:
        return b"%PDF-1.7"


def not_found(request, exception) -> HttpResponse:
    return HttpResponseNotFound()


@pytest.fixture
def walker(db, monkeypatch) -> Iterator[Walker]:
    """A world, and who walks it."""
    monkeypatch.setattr(franceservices.pdf, "HTML", NoPaper)
    # The page of a 404 is not what is looked at.
    monkeypatch.setattr(franceservices.urls, "handler404", not_found, raising=False)
    with time_machine.travel(NOW, tick=False):
        yield Walker(World())
