"""What articles say once their placeholders are filled, and plain text as blocks."""

import datetime as dt

import pytest

from conventions.deadlines import term_in_months
from conventions.models import BookingMode
from conventions.placeholders import PLACEHOLDERS
from conventions.text_blocks import text_blocks
from conventions.texts import filled_articles, placeholder_values, term_sentence
from tests.factories import ConventionFactory, OfficeFactory, slot_of

from .scene import Scene


@pytest.fixture
def scene(db) -> Scene:
    return Scene()


def test_every_placeholder_has_a_value(scene):
    values = placeholder_values(scene.convention)
    assert set(values) == set(PLACEHOLDERS)
    assert all(values.values())
    assert not any("à compléter" in value for value in values.values())


def test_values_come_from_the_rows(scene):
    values = placeholder_values(scene.convention)
    assert values["montant_annuel"] == "1\u202f254,00\u00a0€"
    assert values["tarif_m2"] == "209,00\u00a0€"
    assert (values["bureau"], values["numero_bureau"], values["surface"]) == ("bureau 27", "27", "15,64\u00a0m²")
    assert values["grille_usagers"].splitlines() == [
        "- Le mardi de 10h00 à 12h30 et de 13h30 à 16h30",
        "- Le jeudi de 8h30 à 12h30 et de 13h30 à 16h30",
    ]
    assert values["grille_travailleurs_sociaux"] == "- Le mardi de 8h30 à 10h00"
    assert "- Le mardi de 10h00 à 12h30 et de 13h30 à 17h00" in values["horaires_ouverture"].splitlines()
    assert (values["duree"], values["preavis"]) == ("3\u00a0ans", "3\u00a0mois")
    assert (values["debut"], values["terme"]) == ("1er avril 2025", "31 mars 2028")
    assert values["espace"] == "Espace France Services de Planoise"


def test_what_sets_a_line_apart_is_said(scene):
    other = OfficeFactory(site=scene.site, label="28")
    slot_of(
        scene.convention,
        5,
        "08:30",
        "10:00",
        office=other,
        mode=BookingMode.WALK_IN,
        starts_on=dt.date(2026, 1, 1),
        ends_on=dt.date(2026, 6, 30),
    )
    lines = placeholder_values(scene.convention)["grille_usagers"].splitlines()
    assert lines[0] == "- Le mardi de 10h00 à 12h30 et de 13h30 à 16h30 (bureau 27)"
    assert lines[-1] == (
        "- Le vendredi de 8h30 à 10h00 (bureau 28, sans rendez-vous, du 1er janvier 2026 au 30 juin 2026)"
    )


def test_a_missing_fact_is_marked_and_named(db):
    convention = ConventionFactory()
    values = placeholder_values(convention)
    assert values["montant_annuel"] == "[à compléter\u00a0: montant annuel]"
    assert values["surface"] == "[à compléter\u00a0: surface du bureau]"
    assert values["grille_usagers"] == "[à compléter\u00a0: créneaux ouverts aux usagers]"


def test_articles_are_filled_in_their_order(scene):
    scene.article("Second : {preavis}.", position=2)
    scene.article("Premier : {montant_annuel}.\n\n{grille_usagers}", position=1)
    first, second = filled_articles(scene.convention)
    assert first.blocks[0].lines == ["Premier : 1\u202f254,00\u00a0€."]
    assert first.blocks[1].points[0].text == "Le mardi de 10h00 à 12h30 et de 13h30 à 16h30"
    assert second.blocks[0].lines == ["Second : 3\u00a0mois."]


def test_an_article_names_what_it_asks_for_in_vain(scene):
    scene.fee.delete()
    scene.article("{montant_annuel} pour {bureau}")
    assert filled_articles(scene.convention)[0].missing == ("montant annuel",)


def test_an_unknown_placeholder_stays_as_it_was_typed(scene):
    """Refused when it is typed; a text that came another way must not break the page."""
    article = scene.article("texte")
    type(article).objects.filter(pk=article.pk).update(body="Voir {inconnu}.")
    assert filled_articles(scene.convention)[0].blocks[0].lines == ["Voir {inconnu}."]


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "expected"),
    [
        ("2025-04-01", "2028-03-31", "3 ans"),
        ("2016-08-09", "2019-08-08", "3 ans"),
        ("2025-01-01", "2025-12-31", "1 an"),
        ("2025-01-01", "2026-06-30", "1 an et 6 mois"),
        ("2025-01-15", "2025-02-14", "1 mois"),
        ("2025-01-01", "2025-01-01", "1 jour"),
        ("2024-02-29", "2025-02-28", "1 an"),
        ("2025-01-01", "2026-02-10", "1 an, 1 mois et 10 jours"),
    ],
)
def test_term_as_a_sentence(starts_on, ends_on, expected):
    convention = ConventionFactory.build(
        site=None, partner=None, starts_on=dt.date.fromisoformat(starts_on), ends_on=dt.date.fromisoformat(ends_on)
    )
    assert term_sentence(convention).replace("\u00a0", " ") == expected


def test_whole_months_and_days_left():
    assert term_in_months(dt.date(2025, 1, 31), dt.date(2025, 2, 28)) == (1, 0)
    assert term_in_months(dt.date(2025, 1, 31), dt.date(2025, 2, 27)) == (0, 28)


def test_plain_text_becomes_blocks():
    blocks = text_blocks(
        "1.1 Horaires\r\n\r\nPremière ligne\nseconde ligne :\n- un\n- deux\n  - deux et demi\n\n\n2 – Objectifs\n"
    )
    assert [block.kind for block in blocks] == ["heading", "paragraph", "list", "heading"]
    assert blocks[1].lines == ["Première ligne", "seconde ligne :"]
    assert [(point.text, point.points) for point in blocks[2].points] == [("un", []), ("deux", ["deux et demi"])]


@pytest.mark.parametrize("text", ["", "   \n \n", "\r\n"])
def test_empty_text_has_no_block(text):
    assert text_blocks(text) == []
