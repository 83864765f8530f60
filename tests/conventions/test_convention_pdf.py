"""The convention on paper: what it says, that it is tagged, that it follows the rows, that nothing typed breaks it."""

import datetime as dt
import json
from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from conventions.documents import convention_document, convention_pdf
from partners.models import Role
from tests.factories import ConventionFactory, UserFactory

from .scene import Scene


@pytest.fixture
def scene(db) -> Scene:
    return Scene()


def read(content: bytes) -> tuple[PdfReader, str]:
    reader = PdfReader(BytesIO(content))
    # pypdf reads the letters of a font that also holds an emoji as two bytes each.
    text = " ".join(page.extract_text() for page in reader.pages).replace("\x00", "")
    return reader, " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def test_it_says_what_was_agreed(scene):
    scene.convention.preamble = "Dans l’objectif de renforcer les services de proximité."
    scene.convention.annex = "Annexe technique."
    scene.convention.save()
    scene.article("Le bureau {numero_bureau} de {surface} :\n\n{grille_usagers}", title="Locaux")
    scene.article("Un forfait annuel de {montant_annuel}.", position=2, title="Implication financière")
    _, text = read(convention_pdf(scene.convention))
    for fragment in [
        "Convention avec la CPAM du Doubs",
        "Entre :",
        "délibération du 19 février 2025 (question n° 9)",
        "Préambule",
        "services de proximité",
        "Article 1 – Locaux",
        "Le bureau 27 de 15,64 m² :",
        "Le mardi de 10h00 à 12h30 et de 13h30 à 16h30",
        "Article 2 – Implication financière",
        "Un forfait annuel de 1 254,00 €.",
        "Fait à Besançon, le …",
        "en deux exemplaires originaux",
        "Pour le CCAS",
        "Sylvie WANLIN",
        "Pour le partenaire",
        "Fabienne JACQUEMARD",
        "Annexe – Permanences, locaux et montant",
        "8h30–10h00",
        "Plan de la semaine",
        "En gris, l’ouverture de l’espace.",
        "travailleurs sociaux",
        "bureau 27, 15,64 m²",
        "3 ans, du 1er avril 2025 au 31 mars 2028",
        "Seconde annexe",
        "page 1/",
    ]:
        assert fragment in text


def test_it_is_tagged_titled_and_in_french(scene):
    reader, _ = read(convention_pdf(scene.convention))
    catalog = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "fr"
    assert reader.metadata.title == "Convention avec la CPAM du Doubs"


def test_it_follows_the_grid(scene):
    scene.article("{grille_usagers}")
    _, before = read(convention_pdf(scene.convention))
    scene.thursday_afternoon.end_time = dt.time(17, 0)
    scene.thursday_afternoon.save()
    _, after = read(convention_pdf(scene.convention))
    assert "Le jeudi de 8h30 à 12h30 et de 13h30 à 16h30" in before
    assert "Le jeudi de 8h30 à 12h30 et de 13h30 à 17h00" in after
    assert "13h30–17h00" in after


def test_a_signed_convention_says_when(scene):
    scene.convention.signed_on = dt.date(2025, 3, 28)
    scene.convention.save()
    _, text = read(convention_pdf(scene.convention))
    assert "Fait à Besançon, le 28 mars 2025, en deux exemplaires originaux" in text


def test_a_convention_without_grid_fee_or_text_is_still_a_document(db):
    convention = ConventionFactory()
    reader, text = read(convention_pdf(convention))
    assert "Il a été convenu" not in text
    assert "Annexe" not in text
    assert len(reader.pages) == 1


def test_what_people_type_is_text(scene):
    """No markup is obeyed, nothing is fetched, and a word wider than the page is cut."""
    scene.article(
        '<script>alert(1)</script> <img src="http://127.0.0.1:1/x.png"> <link rel="stylesheet" href="/etc/passwd">'
        "\n\n🙂 emoji, \u202e à l’envers, \x0b"
        f"\n\n{'x' * 5000}",
        title="<b>gras</b>",
    )
    scene.convention.title = "T" * 300
    scene.convention.parties_text = "<style>body { display: none }</style>"
    scene.convention.save()
    reader, text = read(convention_pdf(scene.convention))
    assert "<script>alert(1)</script>" in text
    assert "Article 1 – <b>gras</b>" in text
    assert "display: none" in text
    width = reader.pages[0].mediabox.width
    assert width < 600
    assert sum(page.extract_text().count("x") for page in reader.pages) >= 5000


def test_its_data_is_frozen(scene):
    """Nothing in it is a row: it could be stored as it is, and reads nothing when it is printed."""
    scene.article("{montant_annuel}")
    document = convention_document(scene.convention, printed_on=dt.date(2026, 11, 21))
    json.dumps(document | {"printed_on": "2026-11-21"})


def test_page_gives_the_pdf(scene, client):
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas))
    response = client.get(reverse("conventions:convention_pdf", args=[scene.convention.pk]))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'inline; filename="convention-besancon-cpam-2025.pdf"'
    assert response.content.startswith(b"%PDF")


def test_out_of_the_perimeter_there_is_none(scene, client):
    client.force_login(scene.administrator)
    assert client.get(reverse("conventions:convention_pdf", args=[scene.elsewhere().pk])).status_code == 404
    client.force_login(UserFactory(role=Role.RECEPTION, ccas=scene.ccas, sites=[scene.site]))
    assert client.get(reverse("conventions:convention_pdf", args=[scene.convention.pk])).status_code == 404
