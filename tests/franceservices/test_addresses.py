"""Addresses that come with a request: only paths of this site are followed."""

import pytest
from django.test import RequestFactory

from franceservices.addresses import own_path


@pytest.mark.parametrize("asked", ["/agenda/", "/agenda/?jour=2026-04-02&vue=tableau", "/"])
def test_a_path_of_this_site_is_followed(asked):
    assert own_path(asked, RequestFactory().get("/"), otherwise="/ailleurs/") == asked


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "",
        "agenda",
        "https://ailleurs.example/",
        "//ailleurs.example/",
        "/\\ailleurs.example",
        "javascript:x",
        "\x00",
    ],
)
def test_anything_else_is_not(asked):
    assert own_path(asked, RequestFactory().get("/"), otherwise="/accueil/") == "/accueil/"
