"""The fee of a convention, from its rows: the golden amounts of office 27, the gaps, and what is missing."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest

from conventions.fees import AmountRounding, AreaRounding, ProrationBasis
from conventions.pricing import explain_fee
from tests.factories import ConventionFactory, OfficeFactory, OpeningHoursFactory, slot_of

from .scene import Scene


@pytest.fixture
def scene(db) -> Scene:
    return Scene()


@pytest.mark.parametrize(
    ("basis", "counts_social_workers", "area_rounding", "expected"),
    [
        (ProrationBasis.DAYS, True, AreaRounding.DOWN, "1254.00"),
        (ProrationBasis.HALF_DAYS, True, AreaRounding.DOWN, "1254.00"),
        (ProrationBasis.HOURS, True, AreaRounding.DOWN, "1254.00"),
        (ProrationBasis.HOURS, False, AreaRounding.DOWN, "1045.00"),
        (ProrationBasis.DAYS, True, AreaRounding.NEAREST, "1254.00"),
        (ProrationBasis.DAYS, True, AreaRounding.NONE, "1307.50"),
        (ProrationBasis.HOURS, True, AreaRounding.NONE, "1271.18"),
        (ProrationBasis.HOURS, False, AreaRounding.NONE, "1134.99"),
    ],
)
def test_golden_amounts_of_office_27(scene, basis, counts_social_workers, area_rounding, expected):
    scene.fee.basis = basis
    scene.fee.counts_social_worker_slots = counts_social_workers
    scene.fee.area_rounding = area_rounding
    scene.fee.save()
    fee = explain_fee(scene.convention)
    assert fee.computed_amount == Decimal(expected)
    assert fee.agrees == (expected == "1254.00")
    assert bool(fee.gap) != fee.agrees


def test_the_deliberation_announced_310_euros_more(scene):
    fee = explain_fee(scene.convention)
    assert fee.gap == ""
    assert "1\u202f564,00\u00a0€" in fee.deliberated_gap
    assert "310,00\u00a0€ de plus" in fee.deliberated_gap


def test_the_steps_are_those_a_reader_would_write(scene):
    (office_fee,) = explain_fee(scene.convention).offices
    assert office_fee.ratio == Fraction(2, 5)
    assert [step.text.replace("\u00a0", " ").replace("\u202f", " ") for step in office_fee.steps] == [
        "2 jours occupés sur 5 ouverts = 2/5",
        "15,64 m² × 2/5 = 6,256 m²",
        "6,256 m² arrondis à l’entier inférieur = 6 m²",
        "6 m² × 209,00 €/m² = 1 254,00 €",
    ]


@pytest.mark.parametrize("area_rounding", list(AreaRounding))
@pytest.mark.parametrize("amount_rounding", list(AmountRounding))
def test_every_step_has_its_label(scene, area_rounding, amount_rounding):
    scene.fee.area_rounding, scene.fee.amount_rounding = area_rounding, amount_rounding
    scene.fee.save()
    (office_fee,) = explain_fee(scene.convention).offices
    assert all(step.label and step.text for step in office_fee.steps)
    assert len(office_fee.steps) == len(office_fee.breakdown.steps) + 1


def test_only_what_is_valid_on_the_day_counts(scene):
    """A third day from 2027 on; longer opening until the end of 2026."""
    scene.slot(5, "08:30", "12:30", starts_on=dt.date(2027, 1, 1))
    OpeningHoursFactory(
        site=scene.site,
        weekday=6,
        starts_on=dt.date(2020, 1, 1),
        ends_on=dt.date(2026, 12, 31),
    )
    assert explain_fee(scene.convention, on=dt.date(2026, 6, 1)).offices[0].ratio == Fraction(2, 6)
    assert explain_fee(scene.convention, on=dt.date(2027, 6, 1)).offices[0].ratio == Fraction(3, 5)


def test_a_day_out_of_the_term_is_moved_into_it(scene):
    assert explain_fee(scene.convention, on=dt.date(2020, 1, 1)).on == dt.date(2025, 4, 1)
    assert explain_fee(scene.convention, on=dt.date(2040, 1, 1)).on == dt.date(2028, 3, 31)


def test_two_offices_add_up(scene):
    second = OfficeFactory(site=scene.site, label="28", area_m2=Decimal("10.00"))
    slot_of(scene.convention, 1, "08:30", "12:30", office=second)
    fee = explain_fee(scene.convention)
    assert [office_fee.breakdown.amount for office_fee in fee.offices] == [Decimal("1254.00"), Decimal("418.00")]
    assert fee.computed_amount == Decimal("1672.00")
    assert "418,00\u00a0€ de plus" in fee.gap


def test_a_fixed_ratio_needs_neither_grid_nor_opening_hours(scene):
    scene.site.opening_hours.all().delete()
    scene.convention.allocations.get().slots.all().delete()
    scene.fee.basis, scene.fee.fixed_ratio_numerator, scene.fee.fixed_ratio_denominator = ProrationBasis.FIXED, 2, 5
    scene.fee.save()
    assert explain_fee(scene.convention).computed_amount == Decimal("1254.00")


def test_nothing_is_owed_without_terms(db):
    assert explain_fee(ConventionFactory()) is None


def test_what_is_missing_is_said(scene):
    scene.fee.rate_per_m2 = None
    scene.fee.save()
    scene.office.area_m2 = None
    scene.office.save()
    scene.site.opening_hours.all().delete()
    fee = explain_fee(scene.convention, on=dt.date(2026, 11, 21))
    assert fee.computed_amount is None
    assert fee.gap == ""
    assert fee.contractual_amount == Decimal("1254.00")
    assert "le tarif au m² n’est pas renseigné" in fee.obstacle
    assert "la surface n’est pas renseignée (bureau 27)" in fee.obstacle
    assert "les horaires d’ouverture manquent au 21 novembre 2026" in fee.obstacle


def test_an_empty_grid_and_no_office_are_said(scene):
    scene.convention.allocations.all().delete()
    fee = explain_fee(scene.convention, on=dt.date(2026, 11, 21))
    assert "aucun bureau n’est mis à disposition" in fee.obstacle
    assert "la grille hebdomadaire est vide au 21 novembre 2026" in fee.obstacle


def test_queries_do_not_grow_with_the_grid(scene, django_assert_num_queries):
    convention = type(scene.convention).objects.with_parties().get()
    with django_assert_num_queries(5):
        explain_fee(convention)
    for weekday in (1, 3, 5):
        office = OfficeFactory(site=scene.site, label=f"Salle {weekday}")
        slot_of(scene.convention, weekday, "08:30", "12:30", office=office)
    with django_assert_num_queries(5):
        explain_fee(convention)
