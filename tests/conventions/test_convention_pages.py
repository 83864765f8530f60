"""The staff's pages about conventions: the list with its filters, one convention, and who may read them."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from conventions.models import Convention, Obligation
from partners.models import Role
from tests.factories import ConventionFactory, FeeTermsFactory, PartnerFactory, SiteFactory, UserFactory, agent_of

from .scene import Scene

LIST = "/conventions/"


@pytest.fixture(autouse=True)
def _november_2026():
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def scene(db) -> Scene:
    return Scene()


@pytest.fixture
def reader(scene, client):
    """A manager's browser."""
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas))
    return client


def page(response) -> str:
    assert response.status_code == 200
    return response.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


def detail_url(convention: Convention) -> str:
    return reverse("conventions:convention_detail", args=[convention.pk])


def test_list_shows_what_matters(scene, reader):
    text = page(reader.get(LIST))
    for fragment in [
        "CPAM du Doubs",
        "Espace France Services de Planoise",
        "du 1er avril 2025 au 31 mars 2028",
        "En vigueur",
        "2 remarques",
        "1 254,00 €",
        "1 convention",
    ]:
        assert fragment in text


def test_list_leaves_out_other_ccas(scene, reader):
    scene.elsewhere()
    assert "CGSS" not in page(reader.get(LIST))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "cpam"}, True),
        ({"q": "BESANCON cpam"}, True),
        ({"q": "planoise 2025"}, True),
        ({"q": "caf"}, False),
        ({"q": "\x00"}, True),
        ({"q": "x" * 5000}, True),
        ({"q": "<script>alert(1)</script>"}, False),
        ({"q": "%_🙂"}, False),
        ({"etape": "in_force"}, True),
        ({"etape": "en-cours"}, True),
        ({"etape": "expired"}, False),
        ({"etape": "n’importe quoi"}, True),
        ({"partenaire": "99999999999999999999"}, True),
        ({"espace": "-1"}, True),
        ({"page": "999"}, True),
        ({"page": "<script>"}, True),
    ],
)
def test_list_filters(scene, reader, query, found):
    text = page(reader.get(LIST, query))
    assert (reverse("conventions:convention_detail", args=[scene.convention.pk]) in text) is found
    assert "<script>alert(1)" not in text


def test_list_without_result_offers_a_way_back(scene, reader):
    text = page(reader.get(LIST, {"q": "introuvable"}))
    assert "Aucune convention ne répond à cette recherche." in text
    assert "Tout afficher" in text


def test_empty_list_says_what_to_do(client, db):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    assert "Aucune convention n’est encore enregistrée." in page(client.get(LIST))
    client.force_login(UserFactory(role=Role.MANAGER))
    assert "Un administrateur peut en créer une." in page(client.get(LIST))


def test_list_is_paged(scene, reader):
    for _ in range(30):
        ConventionFactory(site=scene.site, partner=scene.partner)
    text = page(reader.get(LIST))
    assert "31 conventions" in text
    assert "page 1 sur 2" in text


def test_list_costs_the_same_for_one_and_for_twenty(scene, reader, django_assert_num_queries):
    with django_assert_num_queries(18) as first:
        reader.get(LIST)
    for number in range(19):
        site = SiteFactory(ccas=scene.ccas)
        convention = ConventionFactory(site=site, partner=PartnerFactory())
        if number % 2:
            FeeTermsFactory(convention=convention)
    with django_assert_num_queries(len(first.captured_queries)):
        assert "20 conventions" in page(reader.get(LIST))


def test_detail_shows_dates_grid_and_fee(scene, reader):
    Obligation.objects.create(
        convention=scene.convention,
        kind="insurance_certificate",
        label="Fournir une attestation d’assurance",
        owed_by="partner",
        frequency="yearly",
        article_number="6",
    )
    scene.article("Le montant est de {montant_annuel}.", title="Implication financière")
    text = page(reader.get(detail_url(scene.convention)))
    for fragment in [
        "CPAM du Doubs",
        "du 1er avril 2025 au 31 mars 2028 (3 ans)",
        "19/02/2025",
        "Exécutoire",
        "24/02/2025",
        "non renseignée",
        "21/11/2026",
        "31/12/2027",
        "31/03/2028",
        "8h30–10h00",
        "travailleurs sociaux",
        "15,64 m² × 2/5 = 6,256 m²",
        "6 m² × 209,00 €/m² = 1 254,00 €",
        "310,00 € de plus",
        "retrouve le montant de la convention",
        "à l’unanimité",
        "Fournir une attestation d’assurance",
        "Le montant est de 1 254,00 €.",
        "PDF de la convention",
        "sa date de signature n’est pas renseignée",
    ]:
        assert fragment in text


def test_detail_of_a_bare_convention(scene, reader):
    bare = ConventionFactory(site=scene.site, partner=scene.partner)
    text = page(reader.get(detail_url(bare)))
    for fragment in [
        "ne prévoit pas de permanence",
        "ne prévoit pas de redevance",
        "Aucune délibération",
        "Aucune obligation inscrite",
        "Aucun article",
    ]:
        assert fragment in text


def test_detail_says_what_the_text_asks_for_in_vain(scene, reader):
    scene.fee.delete()
    scene.article("{montant_annuel}")
    assert "Le texte renvoie à ce que les fiches ne disent pas : montant annuel." in page(
        reader.get(detail_url(scene.convention))
    )


def test_a_signature_before_the_vote_is_remarked(scene, reader):
    scene.convention.signed_on = dt.date(2025, 1, 15)
    scene.convention.save()
    assert "avant la séance qui l’a approuvée" in page(reader.get(detail_url(scene.convention)))
    scene.convention.signed_on = dt.date(2025, 2, 20)
    scene.convention.save()
    assert "avant que la délibération soit exécutoire" in page(reader.get(detail_url(scene.convention)))


def test_texts_are_escaped(scene, reader):
    scene.article("<script>alert('texte')</script>", title="<script>alert('titre')</script>")
    assert "<script>alert(" not in page(reader.get(detail_url(scene.convention)))


def test_detail_costs_the_same_whatever_the_grid(scene, reader, django_assert_num_queries):
    with django_assert_num_queries(22) as first:
        reader.get(detail_url(scene.convention))
    for weekday in (1, 3, 5):
        scene.slot(weekday, "08:30", "12:30")
    for position in range(1, 13):
        scene.article("{grille_usagers}", position=position)
    with django_assert_num_queries(len(first.captured_queries)):
        reader.get(detail_url(scene.convention))


def test_another_ccas_and_absurd_numbers_are_not_found(scene, reader):
    assert reader.get(detail_url(scene.elsewhere())).status_code == 404
    assert reader.get("/conventions/99999999999999999999999/").status_code == 404
    assert reader.get("/conventions/0/").status_code == 404


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.SOCIAL_WORKER])
def test_the_desk_has_no_conventions(scene, client, role):
    client.force_login(UserFactory(role=role, ccas=scene.ccas, sites=[scene.site]))
    assert client.get(LIST).status_code == 404
    assert client.get(detail_url(scene.convention)).status_code == 404


def test_nor_has_an_agent_or_a_stranger(scene, client):
    assert client.get(LIST).status_code == 302
    client.force_login(agent_of(scene.partner))
    assert client.get(LIST).status_code == 404
    assert client.get(detail_url(scene.convention)).status_code == 404


@pytest.mark.parametrize(("role", "shown"), [(Role.MANAGER, True), (Role.ADMINISTRATOR, True), (Role.RECEPTION, False)])
def test_navigation_shows_the_place_to_those_who_may_go_there(scene, client, role, shown):
    client.force_login(UserFactory(role=role, ccas=scene.ccas, sites=[scene.site]))
    assert (f'href="{LIST}"' in client.get("/usagers/").content.decode()) is shown


def test_only_administrators_are_led_to_the_admin(scene, client):
    change_url = reverse("admin:conventions_convention_change", args=[scene.convention.pk])
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas))
    assert change_url not in page(client.get(detail_url(scene.convention)))
    client.force_login(scene.administrator)
    assert change_url in page(client.get(detail_url(scene.convention)))
