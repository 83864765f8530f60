"""The budget of the partnerships: planned, contractual, issued, received, and the lines written on the page."""

import datetime as dt
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine
from django.urls import reverse
from openpyxl import load_workbook

from conventions.budget import copy_budget_lines, read_budget
from conventions.issuing import correct_statement, issue_statement, record_payment, record_revenue_order
from conventions.models import BudgetLine, Convention, StatementPeriod
from franceservices.errors import DomainError
from partners.models import Role
from tests.factories import ConventionFactory, FeeTermsFactory, PartnerFactory, UserFactory, agent_of

from .scene import Scene

PAGE = "/budget/"


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
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas, sites=[scene.site]))
    return client


def line(scene: Scene, year: int = 2025, **fields) -> BudgetLine:
    values = {
        "service": "28000 – MSAP",
        "nature": "70878",
        "label": "Partenariats",
        "amount": Decimal("21500.00"),
        **fields,
    }
    return BudgetLine.objects.create(ccas=scene.ccas, year=year, **values)


def page(response) -> str:
    assert response.status_code == 200
    text = response.content.decode().replace("\u00a0", " ").replace("\u202f", " ").replace("&nbsp;", " ")
    return " ".join(text.split())


def issued(scene: Scene, year: int, issued_on: dt.date):
    return issue_statement(
        convention=scene.convention,
        period=StatementPeriod.CIVIL_YEAR,
        starts_on=max(scene.convention.starts_on, dt.date(year, 1, 1)),
        ends_on=dt.date(year, 12, 31),
        issued_on=issued_on,
        by=scene.administrator,
    )


# --- the figures ------------------------------------------------------------------------------------------------
def test_the_year_2025_of_besancon(scene):
    line(scene)
    statement = issued(scene, 2025, dt.date(2025, 12, 15))
    by = scene.administrator
    record_revenue_order(statement=statement, number="T-1", on=dt.date(2025, 12, 20), by=by)
    record_payment(statement=statement, on=dt.date(2026, 1, 20), amount=Decimal("940.00"), by=by)
    budget = read_budget(scene.ccas, 2025)
    total = budget.total
    assert (total.planned, total.contractual) == (Decimal("21500.00"), Decimal("940.50"))
    assert (total.issued, total.received) == (Decimal("940.50"), Decimal("940.00"))
    assert (total.planned_gap, total.to_issue, total.to_receive) == (
        Decimal("20559.50"),
        Decimal("0.00"),
        Decimal("0.50"),
    )
    [(partner, figures)] = budget.partners
    assert (partner, figures.planned, figures.planned_gap) == (scene.partner, None, None)
    assert budget.shared == Decimal("21500.00")


def test_issued_is_by_exercice_and_leaves_out_what_was_corrected(scene):
    statement = issued(scene, 2025, dt.date(2025, 12, 15))
    assert read_budget(scene.ccas, 2025).total.issued == Decimal("940.50")
    correct_statement(statement=statement, reason="Erreur", issued_on=dt.date(2026, 1, 15), by=scene.administrator)
    assert read_budget(scene.ccas, 2025).total.issued == 0
    assert read_budget(scene.ccas, 2026).total.issued == Decimal("940.50")


def test_contractual_leaves_out_drafts_and_other_ccas(scene):
    FeeTermsFactory(convention=scene.elsewhere())
    draft = ConventionFactory(
        site=scene.site, partner=PartnerFactory(), starts_on=dt.date(2027, 1, 1), ends_on=dt.date(2029, 12, 31)
    )
    FeeTermsFactory(convention=draft)
    assert read_budget(scene.ccas, 2027).total.contractual == Decimal("1254.00")
    Convention.objects.filter(pk=draft.pk).update(signed_on=dt.date(2026, 11, 1))
    assert read_budget(scene.ccas, 2027).total.contractual == Decimal("2508.00")


def test_lines_of_a_partner_stand_in_its_row(scene):
    line(scene, 2026, partner=scene.partner, amount=Decimal("1000.00"))
    line(scene, 2026, partner=scene.partner, label="Complément", amount=Decimal("200.00"))
    budget = read_budget(scene.ccas, 2026)
    [(_partner, figures)] = budget.partners
    assert (figures.planned, figures.planned_gap) == (Decimal("1200.00"), Decimal("-54.00"))
    assert budget.shared == 0


def test_figures_take_as_many_queries_for_many_partners(scene, django_assert_num_queries):
    with django_assert_num_queries(5):
        read_budget(scene.ccas, 2026)
    for _ in range(5):
        FeeTermsFactory(convention=ConventionFactory(site=scene.site, partner=PartnerFactory()))
    with django_assert_num_queries(5):
        assert len(read_budget(scene.ccas, 2026).partners) == 6


# --- copying ----------------------------------------------------------------------------------------------------
def test_copying_takes_what_is_not_there(scene):
    line(scene)
    line(scene, label="Autre", amount=Decimal("10.00"))
    line(scene, 2026, amount=Decimal("1.00"))
    assert [each.label for each in copy_budget_lines(ccas=scene.ccas, year=2026, by=scene.administrator)] == ["Autre"]
    assert sorted(BudgetLine.objects.filter(year=2026).values_list("amount", flat=True)) == [1, 10]
    assert BudgetLine.objects.filter(year=2025).count() == 2
    with pytest.raises(DomainError):
        copy_budget_lines(ccas=scene.ccas, year=2026, by=scene.administrator)


def test_copying_asks_first(scene, reader):
    line(scene)
    copy = reverse("conventions:budget_copy", args=[2026])
    assert copy in page(reader.get(PAGE))
    assert "21 500,00 €" in page(reader.get(copy))
    assert not BudgetLine.objects.filter(year=2026).exists()
    assert "1 ligne de 2025 reprise." in page(reader.post(copy, follow=True))
    assert "n’a aucune ligne" in page(reader.get(copy))
    assert "n’a aucune ligne" in page(reader.post(copy, follow=True))


# --- the page ---------------------------------------------------------------------------------------------------
def test_the_page_sets_them_side_by_side(scene, reader):
    line(scene)
    text = page(reader.get(PAGE, {"annee": "2025"}))
    for fragment in ["Budget 2025", "CPAM", "21 500,00 €", "940,50 €", "20 559,50 €", "28000 – MSAP", "70878"]:
        assert fragment in text
    assert "les états liquidatifs émis en 2025 et non corrigés" in text


@pytest.mark.parametrize("year", ["", "abc", "99999", "1900", "٢٠٢٥", "-1"])
def test_a_year_that_is_none_is_this_year(reader, year):
    assert "Budget 2026" in page(reader.get(PAGE, {"annee": year}))


def test_an_empty_year_says_what_to_do(scene, reader):
    text = page(reader.get(PAGE, {"annee": "2040"}))
    assert "Aucune ligne budgétaire pour cet exercice." in text
    assert f"{reverse('conventions:budget_line_add')}?annee=2040" in text


def test_lines_are_searched_and_paged(scene, reader):
    for number in range(30):
        line(scene, 2026, label=f"Ligne {number:02}")
    assert "page 1 sur 2" in page(reader.get(PAGE))
    text = page(reader.get(PAGE, {"q": "ligne 07"}))
    assert "1 ligne ·" in text
    assert "Aucune ligne ne répond" in page(reader.get(PAGE, {"q": "introuvable"}))


def test_a_line_is_added_changed_and_deleted_after_a_question(scene, reader):
    typed = {"year": "2026", "service": "28000 – MSAP", "nature": "70878", "label": "Bureaux", "amount": "21 500,00"}
    assert "La ligne « Bureaux » est enregistrée." in page(
        reader.post(reverse("conventions:budget_line_add"), typed, follow=True)
    )
    added = BudgetLine.objects.get()
    assert (added.ccas, added.amount, added.partner) == (scene.ccas, Decimal("21500.00"), None)
    edit = reverse("conventions:budget_line_edit", args=[added.pk])
    assert 'value="21 500,00"' in page(reader.get(edit))
    reader.post(edit, {**typed, "amount": "500", "partner": scene.partner.pk})
    added.refresh_from_db()
    assert (added.amount, added.partner) == (Decimal("500.00"), scene.partner)
    delete = reverse("conventions:budget_line_delete", args=[added.pk])
    assert "Supprimer cette ligne ?" in page(reader.get(delete))
    assert "est supprimée" in page(reader.post(delete, follow=True))
    assert not BudgetLine.objects.exists()


def test_the_same_line_twice_and_a_negative_amount_are_refused(scene, reader):
    line(scene, 2026)
    typed = {"year": "2026", "service": "28000 – MSAP", "nature": "70878", "label": "Partenariats", "amount": "1"}
    text = page(reader.post(reverse("conventions:budget_line_add"), typed))
    assert "Cette ligne existe déjà pour cet exercice." in text
    assert 'value="Partenariats"' in text
    text = page(reader.post(reverse("conventions:budget_line_add"), {**typed, "label": "Autre", "amount": "-1"}))
    assert "supérieure ou égale à 0" in text
    assert BudgetLine.objects.count() == 1


def test_the_workbook_has_the_figures_and_the_lines(scene, reader):
    line(scene, label="=cmd()")
    book = load_workbook(BytesIO(reader.get(f"{PAGE}budget.xlsx", {"annee": "2025"}).content))
    figures = list(book["Budget 2025"].iter_rows(values_only=True))
    assert figures[-1][:3] == ("Total", 21500, 940.5)
    cell = book["Lignes"]["D2"]
    assert (cell.value, cell.data_type) == ("=cmd()", "s")


def test_the_pages_are_for_managers_of_the_ccas(scene, client):
    kept = line(scene)
    urls = [PAGE, reverse("conventions:budget_line_add"), reverse("conventions:budget_copy", args=[2026])]
    lines = [reverse(f"conventions:budget_line_{name}", args=[kept.pk]) for name in ("edit", "delete")]
    for stranger in (UserFactory(role=Role.RECEPTION, ccas=scene.ccas, sites=[scene.site]), agent_of(scene.partner)):
        client.force_login(stranger)
        assert {client.get(url).status_code for url in [*urls, *lines]} == {404}
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    assert "21 500" not in page(client.get(PAGE, {"annee": "2025"}))
    assert {client.get(url).status_code for url in lines} == {404}
    assert {client.post(url).status_code for url in lines} == {404}
