"""« Expliquer un montant »: the calculations that give it exactly, the golden ones first, and the page that asks."""

from decimal import Decimal
from fractions import Fraction
from html import unescape

import pytest
from django.urls import reverse

from conventions.explaining import Explanation, Share, areas_of, explanations
from partners.models import Role
from tests.factories import ConventionFactory, UserFactory

from .scene import Scene

BESANCON = [
    Share(Fraction(2, 5), "jours"),
    Share(Fraction(4, 10), "demi-journées"),
    Share(Fraction(14, 36), "heures"),
    Share(Fraction(25, 72), "heures des usagers"),
    Share(Fraction(1), "toute la semaine"),
]


def spoken(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def explained(amount: str, *, rate: str | None = "209.00") -> list[Explanation]:
    return explanations(
        Decimal(amount),
        areas=areas_of([("bureau 27", Decimal("15.64"))]),
        shares=BESANCON,
        agreed_rate=Decimal(rate) if rate else None,
    )


def lines(amount: str, **asked) -> list[str]:
    return [spoken(found.line) for found in explained(amount, **asked)]


def test_1254_is_six_whole_square_metres():
    first = explained("1254")[0]
    assert spoken(first.line) == (
        "15,64 m² × 2/5 = 6,256 m² ; 6,256 m² arrondis à l’entier inférieur = 6 m² ; 6 m² × 209,00 €/m² = 1 254,00 €"
    )
    assert first.shares == ("jours", "demi-journées")
    assert first.roundings == "surface au m² inférieur ou le plus proche"
    assert first.is_agreed_rate


def test_1254_is_also_fifteen_square_metres_two_days_in_five():
    found = next(one for one in explained("1254") if spoken(one.line).startswith("15 m² × 2/5"))
    assert spoken(found.line) == "15 m² × 2/5 = 6 m² ; 6 m² × 209,00 €/m² = 1 254,00 €"
    assert found.roundings == "sans arrondi"
    assert "entier inférieur (15" in found.area


def test_1564_is_250_euros_a_square_metre():
    first, second = explained("1564")
    assert spoken(first.line) == "15,64 m² × 2/5 = 6,256 m² ; 6,256 m² × 250,00 €/m² = 1 564,00 €"
    assert not first.is_agreed_rate
    assert second.shares == ("toute la semaine",)


@pytest.mark.parametrize(
    ("amount", "start"),
    [
        ("1307.50", "15,64 m² × 2/5"),
        ("1271.18", "15,64 m² × 7/18"),
        ("1134.99", "15,64 m² × 25/72"),
        ("1045.00", "15,64 m² × 25/72"),
        ("3268.76", "15,64 m² × 1"),
    ],
)
def test_the_amounts_of_the_golden_table_are_found(amount, start):
    assert any(line.startswith(start) for line in lines(amount))
    assert all(
        line.endswith(f"{spoken(f'{Decimal(amount):,.2f}').replace(',', ' ').replace('.', ',')} €")
        for line in lines(amount)
    )


def test_an_amount_that_nothing_gives_gives_nothing():
    assert lines("1254.01") == []
    assert explanations(Decimal(1254), areas=[], shares=BESANCON, agreed_rate=Decimal(209)) == []


def test_without_an_agreed_rate_round_ones_are_tried():
    assert all(not found.is_agreed_rate for found in explained("1564", rate=None))
    assert lines("1564", rate=None)[0].endswith("250,00 €/m² = 1 564,00 €")


def test_a_float_is_refused():
    with pytest.raises(TypeError):
        explanations(1254.0, areas=[], shares=[], agreed_rate=None)


def test_two_offices_are_tried_alone_and_together():
    areas = areas_of([("bureau 1", Decimal("10.00")), ("bureau 2", Decimal("12.50"))])
    assert {area.m2 for area in areas} == {
        Decimal(10),
        Decimal("12.50"),
        Decimal(12),
        Decimal(13),
        Decimal("22.50"),
        Decimal(22),
        Decimal(23),
    }


# --- The page ----------------------------------------------------------------------------------------------------


@pytest.fixture
def scene(db) -> Scene:
    return Scene()


@pytest.fixture
def ask(scene, client):
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas))
    address = reverse("conventions:amount_explain", args=[scene.convention.pk])

    def read(**asked) -> str:
        response = client.get(address, asked)
        assert response.status_code == 200
        return " ".join(spoken(unescape(response.content.decode())).split())

    return read


def test_the_page_explains_what_is_asked(ask):
    text = ask(montant="1 564 €")
    assert "2 calculs donnent 1 564,00 €" in text
    assert "6,256 m² × 250,00 €/m² = 1 564,00 €" in text
    assert "2 jours occupés sur 5 ouverts = 2/5" in text
    assert "Avec un autre tarif, rond" in text
    text = ask(montant="1254")
    assert "Avec le tarif convenu" in text
    assert "15 m² × 2/5 = 6 m²" in text


def test_it_proposes_the_two_amounts_of_the_agreement(ask):
    text = ask()
    assert "Montant de la convention : 1 254,00 €" in text
    assert "Montant de la délibération : 1 564,00 €" in text
    assert "?montant=1564%2C00" in text


@pytest.mark.parametrize("typed", ["", "abc", "-5", "0", "1e9", "99999999999999", "1,234", "nan", "\x00", "1'; drop"])
def test_bad_input_is_told_and_kept(ask, typed):
    text = ask(montant=typed)
    assert "Cherche" in text
    assert "aria-invalid" in text or "error" in text


def test_an_amount_nobody_can_explain(ask):
    assert "Aucun calcul essayé ne donne ce montant" in ask(montant="1254,01")


def test_without_an_office_there_is_nothing_to_calculate(scene, client):
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas))
    bare = ConventionFactory(site=scene.site, partner=scene.partner)
    text = client.get(reverse("conventions:amount_explain", args=[bare.pk]), {"montant": "100"}).content.decode()
    assert "il n’y a rien à calculer" in text


def test_out_of_the_perimeter_there_is_none(scene, client):
    client.force_login(scene.administrator)
    assert client.get(reverse("conventions:amount_explain", args=[scene.elsewhere().pk])).status_code == 404
    client.force_login(UserFactory(role=Role.RECEPTION, ccas=scene.ccas, sites=[scene.site]))
    assert client.get(reverse("conventions:amount_explain", args=[scene.convention.pk])).status_code == 404
