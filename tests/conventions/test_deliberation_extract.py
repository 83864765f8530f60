"""The extract of the register: what the rows say, dotted lines for the rest, nothing made up."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.urls import reverse

from conventions.agreements.loading import load_file
from conventions.deliberation_documents import deliberation_document, deliberation_pdf
from conventions.models import BudgetLine, Convention
from partners.models import Role
from tests.factories import ConventionFactory, UserFactory

from .scene import Scene
from .test_convention_pdf import read


@pytest.fixture
def scene(db) -> Scene:
    return Scene()


def test_it_says_what_was_voted(scene):
    scene.deliberation.transmission_id = "025-262500564-20250219-D00191110-DE"
    scene.deliberation.save()
    BudgetLine.objects.create(
        ccas=scene.ccas, year=2025, service="28000 – MSAP", nature="70878", label="Remboursements", amount=21500
    )
    reader, text = read(deliberation_pdf(scene.convention))
    for fragment in [
        "CCAS de la Ville de Besançon",
        "Extrait du registre des délibérations du conseil d’administration",
        "Séance du 19 février 2025 · Question n° 9",
        "Publiée le 24 février 2025",
        "Reçue en préfecture le 24 février 2025",
        "025-262500564-20250219-D00191110-DE",
        "Exécutoire le 24 février 2025",
        "Administrateurs en exercice 17",
        "Montant de l’opération 1 564,00 €",
        "Montant annuel fixé par la convention 1 254,00 €",
        "service 28000 – MSAP, nature 70878",
        "21 500,00 € en recettes pour l’ensemble des partenariats",
        "Le mardi de 10h00 à 12h30 et de 13h30 à 16h30",
        "bureau 27, 15,64 m²",
        "Après en avoir délibéré, à l’unanimité des membres présents et représentés, le conseil d’administration :",
        "autorise Sylvie WANLIN",
        "à signer la convention.",
        "Pour extrait conforme",
        "Fait à Besançon, le …",
    ]:
        assert fragment in text, fragment
    catalog = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "fr"
    assert "conseil d’administration – Séance du 19 février 2025" in reader.metadata.title


def test_what_is_not_known_is_dotted(scene):
    act = scene.deliberation
    act.published_on = act.members_in_office = None
    act.is_unanimous = False
    act.save()
    scene.fee.deliberated_amount = None
    scene.fee.save()
    scene.convention.ccas_signatory_name = ""
    scene.convention.save()
    _, text = read(deliberation_pdf(scene.convention))
    for fragment in [
        "Publiée le …",
        "Exécutoire le …",
        "Administrateurs en exercice …",
        "Sous la présidence de …",
        "Montant de l’opération …",
        "service …",
        "par ………… pour, ………… contre, ………… abstention",
        "autorise …",
    ]:
        assert fragment in text, fragment
    assert "1 564" not in text
    assert "unanimité" not in text


def test_two_budget_lines_are_not_chosen_between(scene):
    for nature in ("70878", "752"):
        BudgetLine.objects.create(ccas=scene.ccas, year=2025, service="MSAP", nature=nature, label="L", amount=1)
    assert "service …" in read(deliberation_pdf(scene.convention))[1]
    BudgetLine.objects.create(
        ccas=scene.ccas, year=2025, service="MSAP", nature="75", label="L", amount=Decimal(1254), partner=scene.partner
    )
    text = read(deliberation_pdf(scene.convention))[1]
    assert "nature 75 – L" in text
    assert "1 254,00 € en recettes" in text


def test_a_municipal_council_is_named_as_it_is(db):
    load_file(path="montsinery-cgss-2016")
    _, text = read(deliberation_pdf(Convention.objects.get()))
    for fragment in [
        "Commune de Montsinéry-Tonnégrande",
        "Extrait du registre des délibérations du conseil municipal",
        "Publiée le 2 mai 2017",
        "Reçue en préfecture le …",
        "12 pour, 0 contre, 0 abstention",
        "La convention ne prévoit pas de redevance.",
    ]:
        assert fragment in text, fragment


def test_its_data_is_frozen(scene):
    document = deliberation_document(scene.convention, printed_on=dt.date(2026, 11, 22))
    json.dumps(document | {"printed_on": "2026-11-22"})


def test_the_page_gives_it_where_there_is_one(scene, client):
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas))
    response = client.get(reverse("conventions:deliberation_pdf", args=[scene.convention.pk]))
    assert response["Content-Disposition"] == 'inline; filename="deliberation-besancon-cpam-2025.pdf"'
    assert response.content.startswith(b"%PDF")
    shown = client.get(reverse("conventions:convention_detail", args=[scene.convention.pk])).content.decode()
    assert reverse("conventions:deliberation_pdf", args=[scene.convention.pk]) in shown
    without = ConventionFactory(site=scene.site, partner=scene.partner)
    assert client.get(reverse("conventions:deliberation_pdf", args=[without.pk])).status_code == 404
    with pytest.raises(ValueError, match="pas de délibération"):
        deliberation_document(without)


def test_out_of_the_perimeter_there_is_none(scene, client):
    client.force_login(scene.administrator)
    other = scene.elsewhere()
    other.deliberation = scene.deliberation
    other.save()
    assert client.get(reverse("conventions:deliberation_pdf", args=[other.pk])).status_code == 404
    client.force_login(UserFactory(role=Role.RECEPTION, ccas=scene.ccas, sites=[scene.site]))
    assert client.get(reverse("conventions:deliberation_pdf", args=[scene.convention.pk])).status_code == 404
