"""Fee statements: what may be issued, what is frozen, how a mistake is corrected, what comes back from the finances."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from conventions.agreed_terms import SlotTerms
from conventions.amendments import AmendmentText, put_in_force, save_draft
from conventions.billing import read_billing, read_billings
from conventions.issuing import (
    clear_payment,
    clear_revenue_order,
    correct_statement,
    issue_statement,
    record_payment,
    record_revenue_order,
)
from conventions.models import Amendment, Article, BudgetLine, Convention, FeeStatement, StatementPeriod
from conventions.terms import terms_on
from conventions.terms_json import replaced_to_json, terms_to_json
from franceservices.errors import DomainError
from partners.models import Role
from tests.factories import ConventionFactory, FeeTermsFactory, UserFactory

from .scene import Scene

CIVIL, ANNIVERSARY = StatementPeriod.CIVIL_YEAR, StatementPeriod.CONVENTION_YEAR
Y2025 = {"starts_on": dt.date(2025, 4, 1), "ends_on": dt.date(2025, 12, 31)}
Y2026 = {"starts_on": dt.date(2026, 1, 1), "ends_on": dt.date(2026, 12, 31)}
Y2027 = {"starts_on": dt.date(2027, 1, 1), "ends_on": dt.date(2027, 12, 31)}


@pytest.fixture(autouse=True)
def _november_2026():
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def scene(db) -> Scene:
    return Scene()


def issue(scene: Scene, *, period=CIVIL, **fields) -> FeeStatement:
    return issue_statement(convention=scene.convention, period=period, by=scene.administrator, **{**Y2025, **fields})


def amend(scene: Scene, *, effective_on: dt.date, annual_amount: str | None, number: int = 1) -> Amendment:
    """An avenant in force that changes the amount alone; None ends the fee."""
    terms = terms_on(scene.convention, effective_on)
    value = terms_to_json(terms)
    value["fee"] = None if annual_amount is None else {**value["fee"], "annual_amount": annual_amount}
    return Amendment.objects.create(
        convention=scene.convention,
        number=number,
        subject="Mercredi matin",
        effective_on=effective_on,
        proposed=value,
        replaced=replaced_to_json(terms, [], [scene.office.pk]),
        created_by=scene.administrator,
        in_force_at=dt.datetime(2025, 12, 1, tzinfo=dt.UTC),
        in_force_by=scene.administrator,
    )


def refusal(action, **arguments) -> str:
    with pytest.raises(DomainError) as caught, transaction.atomic():
        action(**arguments)
    return caught.value.message.replace("\u00a0", " ").replace("\u202f", " ")


# --- what is owed -----------------------------------------------------------------------------------------------
def test_years_of_besancon_add_up_to_the_term(scene):
    billing = read_billing(scene.convention)
    civil = [billing.owed(*year) for year in billing.years(CIVIL)]
    assert civil == [Decimal("940.50"), Decimal("1254.00"), Decimal("1254.00"), Decimal("313.50")]
    assert [billing.owed(*year) for year in billing.years(ANNIVERSARY)] == [Decimal("1254.00")] * 3
    assert sum(civil) == billing.total == Decimal("3762.00")


def test_an_avenant_counts_from_its_day_only(scene):
    amend(scene, effective_on=dt.date(2026, 1, 1), annual_amount="1881.00")
    billing = read_billing(scene.convention)
    assert [billing.owed(*year) for year in billing.years(CIVIL)] == [
        Decimal("940.50"),
        Decimal("1881.00"),
        Decimal("1881.00"),
        Decimal("470.25"),
    ]
    assert billing.calculation(*Y2026.values()).steps[0].label.endswith("(avenant n°\u00a01)")


def test_wednesday_morning_from_2026_is_in_the_statement_of_2026_and_in_no_earlier_one(scene):
    before = terms_on(scene.convention, Y2026["starts_on"])
    wednesday = SlotTerms("27", scene.office.pk, 3, dt.time(8, 30), dt.time(12, 30), "public", "appointment")
    terms = replace(before, slots=(*before.slots, wednesday), fee=replace(before.fee, annual_amount=Decimal("1881.00")))
    text = AmendmentText(
        number=1, subject="Mercredi matin", reason="", effective_on=Y2026["starts_on"], deliberation=None
    )
    by = scene.administrator
    with time_machine.travel(dt.datetime(2025, 11, 3, 9, 0, tzinfo=dt.UTC), tick=False):
        draft = save_draft(convention=scene.convention, amendment=None, text=text, terms=terms, by=by)
        put_in_force(amendment=draft, by=by)
    of_2025, of_2026 = issue(scene), issue(scene, **Y2026)
    assert (of_2025.amount, of_2026.amount) == (Decimal("940.50"), Decimal("1881.00"))
    said = [
        {line["label"]: line["text"].replace("\u00a0", " ") for line in statement.content["bases"][0]["lines"]}
        for statement in (of_2025, of_2026)
    ]
    assert said[0]["Occupation"] == "2 jours occupés sur 5 ouverts = 2/5"
    assert said[1]["Occupation"] == "3 jours occupés sur 5 ouverts = 3/5"
    assert [reference["label"] for reference in of_2025.content["references"]] == ["Convention", "Délibération"]
    assert of_2026.content["references"][-1]["label"] == "Avenant n°\u00a01"


def test_an_avenant_may_end_the_fee(scene):
    amend(scene, effective_on=dt.date(2026, 7, 1), annual_amount=None)
    billing = read_billing(scene.convention)
    assert billing.owed(*Y2026.values()) == Decimal("627.00")
    assert billing.owed(*Y2027.values()) == 0
    with time_machine.travel(dt.datetime(2027, 2, 1, tzinfo=dt.UTC), tick=False):
        assert "Rien n’est dû" in refusal(issue, scene=scene, **Y2027)


def test_amounts_of_many_conventions_are_those_of_each(scene, django_assert_num_queries):
    amend(scene, effective_on=dt.date(2026, 1, 1), annual_amount="1881.00")
    free = ConventionFactory(site=scene.site, partner=scene.partner)
    FeeTermsFactory(convention=ConventionFactory(site=scene.site, partner=scene.partner))
    conventions = list(Convention.objects.order_by("pk"))
    with django_assert_num_queries(2):
        billings = read_billings(conventions)
    assert [billing.total for billing in billings] == [read_billing(each).total for each in conventions]
    assert not next(billing for billing in billings if billing.convention == free).has_fee


# --- issuing ----------------------------------------------------------------------------------------------------
def test_it_is_numbered_dated_and_says_why(scene):
    Article.objects.create(
        convention=scene.convention, position=4, number="4", title="Implication financière", body="{montant_annuel}"
    )
    BudgetLine.objects.create(
        ccas=scene.ccas, year=2026, service="28000 – MSAP", nature="70878", label="Partenariats", amount=21500
    )
    statement = issue(scene)
    assert (statement.label, statement.amount) == ("2026-001", Decimal("940.50"))
    assert (statement.issued_on, statement.issued_by) == (dt.date(2026, 11, 21), scene.administrator)
    content = statement.content
    assert content["amount"] == "940.50"
    assert content["amount_in_words"] == "neuf cent quarante euros et cinquante centimes"
    assert content["allocation"] == "service 28000 – MSAP, nature 70878"
    references = {reference["label"]: reference["text"] for reference in content["references"]}
    assert references["Redevance fixée par"] == "article 4 (Implication financière)"
    assert "19 février 2025" in references["Délibération"]
    texts = [line["text"].replace("\u00a0", " ") for line in content["bases"][0]["lines"]]
    assert "15,64 m²" in texts
    assert "2 jours occupés sur 5 ouverts = 2/5" in texts
    assert "15,64 m² × 2/5 = 6,256 m²" in texts


def test_a_calculation_that_misses_the_amount_is_left_out(scene):
    scene.fee.annual_amount = Decimal("1564.00")
    scene.fee.save()
    lines = issue(scene).content["bases"][0]["lines"]
    assert [line["label"] for line in lines] == ["Bureau 27", "Tarif", "Arrondi de la surface"]


def test_numbers_follow_one_another_by_year_and_ccas(scene):
    elsewhere = scene.elsewhere()
    FeeTermsFactory(convention=elsewhere)
    other = UserFactory(role=Role.ADMINISTRATOR, ccas=elsewhere.site.ccas)
    first = issue(scene, issued_on=dt.date(2025, 12, 31))
    second = issue(scene, **Y2026)
    there = issue_statement(convention=elsewhere, period=CIVIL, by=other, **Y2026)
    assert [first.label, second.label, there.label] == ["2025-001", "2026-001", "2026-001"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"starts_on": dt.date(2025, 5, 1)}, "n’est pas une année civile de cette convention"),
        ({"period": ANNIVERSARY}, "n’est pas une année de la convention"),
        ({"starts_on": dt.date(2024, 1, 1), "ends_on": dt.date(2024, 12, 31)}, "n’est pas une année civile"),
        (Y2027, "ne commence que le 1er janvier 2027"),
        ({"issued_on": dt.date(2026, 11, 22)}, "ne peut pas être à venir"),
        ({"expected_amount": Decimal("940.00")}, "a changé depuis l’aperçu : 940,50 €, non 940,00 €"),
    ],
)
def test_refusals(scene, fields, sentence):
    assert sentence in refusal(issue, scene=scene, **fields)
    assert not FeeStatement.objects.exists()


def test_what_is_billed_is_not_billed_again(scene):
    issue(scene)
    assert "couvre déjà" in refusal(issue, scene=scene)
    year = {"starts_on": dt.date(2025, 4, 1), "ends_on": dt.date(2026, 3, 31)}
    assert "couvre déjà" in refusal(issue, scene=scene, period=ANNIVERSARY, **year)
    assert issue(scene, **Y2026).number == 2


def test_a_convention_is_billed_by_one_kind_of_year(scene):
    issue(scene)
    year = {"starts_on": dt.date(2026, 4, 1), "ends_on": dt.date(2027, 3, 31)}
    assert "se font par année civile, depuis l’état n° 2026-001" in refusal(
        issue, scene=scene, period=ANNIVERSARY, **year
    )


def test_a_convention_without_fee_has_nothing_to_bill(scene):
    free = ConventionFactory(site=scene.site, partner=scene.partner)
    assert "Rien n’est dû" in refusal(issue_statement, convention=free, period=CIVIL, by=scene.administrator, **Y2026)


def test_dates_of_issue_keep_the_order_of_the_numbers(scene):
    issue(scene, issued_on=dt.date(2026, 3, 1))
    assert "porte déjà la date du 1er mars 2026" in refusal(issue, scene=scene, **Y2026, issued_on=dt.date(2026, 2, 28))
    assert issue(scene, **Y2026, issued_on=dt.date(2026, 3, 1)).number == 2


def test_nobody_issues_for_another_ccas(scene):
    stranger = UserFactory(role=Role.ADMINISTRATOR)
    with pytest.raises(Convention.DoesNotExist):
        issue_statement(convention=scene.convention, period=CIVIL, by=stranger, **Y2025)


# --- frozen -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "change",
    [
        "amount = 1",
        "number = 99",
        "year = 2025",
        "content = '{}'",
        "starts_on = starts_on + 1",
        "issued_on = issued_on - 1",
        "correction_reason = 'autre'",
        "ccas_id = ccas_id + 1",
    ],
)
def test_the_database_refuses_to_change_it(scene, change):
    issue(scene)
    with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE conventions_feestatement SET {change}")


def test_the_database_refuses_to_delete_it_or_to_take_a_correction_back(scene):
    statement = issue(scene)
    with pytest.raises(IntegrityError, match="cannot be deleted"), transaction.atomic():
        statement.delete()
    correct_statement(statement=statement, reason="Erreur", by=scene.administrator)
    with pytest.raises(IntegrityError, match="stays corrected"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE conventions_feestatement SET is_corrected = false")


def test_what_the_convention_says_later_changes_nothing(scene):
    before = issue(scene)
    scene.fee.annual_amount = Decimal("9999.00")
    scene.fee.save()
    scene.partner.name = "Autre nom"
    scene.partner.save()
    after = FeeStatement.objects.get(pk=before.pk)
    assert (after.amount, after.content) == (before.amount, before.content)


# --- correcting -------------------------------------------------------------------------------------------------
def test_a_correction_is_a_new_statement_beside_the_old(scene):
    old = issue(scene, **Y2026)
    amend(scene, effective_on=dt.date(2026, 7, 1), annual_amount="1881.00")
    new = correct_statement(statement=old, reason="  Avenant n° 1\nen vigueur ", by=scene.administrator)
    old.refresh_from_db()
    assert old.is_corrected
    assert old.correction == new
    assert (new.number, new.amount, new.correction_reason) == (2, Decimal("1567.50"), "Avenant n° 1 en vigueur")
    correction = {key: text.replace("\u00a0", " ") for key, text in new.content["correction"].items()}
    assert correction["number"] == "2026-001"
    assert correction["difference"] == "313,50 €"
    assert list(FeeStatement.objects.standing()) == [new]
    assert "déjà corrigé par l’état n° 2026-002" in refusal(
        correct_statement, statement=old, reason="Encore", by=scene.administrator
    )


def test_a_correction_follows_a_term_cut_short(scene):
    old = issue(scene, **Y2026)
    Convention.objects.filter(pk=scene.convention.pk).update(ends_on=dt.date(2026, 6, 30))
    new = correct_statement(statement=old, reason="Dénonciation", by=scene.administrator)
    assert (new.ends_on, new.amount) == (dt.date(2026, 6, 30), Decimal("627.00"))


def test_a_correction_of_what_is_owed_no_more_claims_nothing(scene):
    old = issue(scene, **Y2026)
    Convention.objects.filter(pk=scene.convention.pk).update(ends_on=dt.date(2025, 12, 31))
    new = correct_statement(statement=old, reason="Dénonciation", by=scene.administrator)
    assert (new.starts_on, new.ends_on, new.amount) == (*Y2026.values(), Decimal("0.00"))
    assert new.content["amount_in_words"] == "zéro euro"


@pytest.mark.parametrize(("reason", "sentence"), [("  ", "Dites pourquoi"), ("x" * 301, "dépasser 300")])
def test_a_correction_needs_a_reason(scene, reason, sentence):
    statement = issue(scene)
    assert sentence in refusal(correct_statement, statement=statement, reason=reason, by=scene.administrator)
    statement.refresh_from_db()
    assert not statement.is_corrected


# --- titre and payment ------------------------------------------------------------------------------------------
def test_titre_and_payment_are_written_back_and_taken_back(scene):
    statement = issue(scene, issued_on=dt.date(2026, 1, 15))
    by = scene.administrator
    record_revenue_order(statement=statement, number=" T-2026-118 ", on=dt.date(2026, 1, 20), by=by)
    record_payment(statement=statement, on=dt.date(2026, 2, 10), amount=Decimal("940.50"), by=by)
    statement.refresh_from_db()
    assert (statement.revenue_order_number, statement.paid_amount) == ("T-2026-118", Decimal("940.50"))
    assert "Retirez d’abord le paiement" in refusal(clear_revenue_order, statement=statement, by=by)
    clear_payment(statement=statement, by=by)
    clear_revenue_order(statement=statement, by=by)
    statement.refresh_from_db()
    assert (statement.revenue_order_number, statement.revenue_order_on, statement.paid_on) == ("", None, None)


@pytest.mark.parametrize(
    ("number", "on", "sentence"),
    [
        ("", dt.date(2026, 1, 20), "Donnez le numéro du titre"),
        ("T-1", dt.date(2026, 1, 14), "ne peut pas précéder l’état, émis le 15 janvier 2026"),
        ("T-1", dt.date(2026, 11, 22), "à venir"),
    ],
)
def test_refused_titres(scene, number, on, sentence):
    statement = issue(scene, issued_on=dt.date(2026, 1, 15))
    assert sentence in refusal(record_revenue_order, statement=statement, number=number, on=on, by=scene.administrator)


@pytest.mark.parametrize(
    ("on", "amount", "sentence"),
    [
        (dt.date(2026, 1, 19), "940.50", "Le titre est du 20 janvier 2026"),
        (dt.date(2026, 11, 22), "940.50", "à venir"),
        (dt.date(2026, 2, 1), "0.00", "supérieur à 0"),
        (dt.date(2026, 2, 1), "940.51", "ne peut pas le dépasser"),
    ],
)
def test_refused_payments(scene, on, amount, sentence):
    statement, by = issue(scene, issued_on=dt.date(2026, 1, 15)), scene.administrator
    assert "Notez d’abord le titre" in refusal(
        record_payment, statement=statement, on=on, amount=Decimal(amount), by=by
    )
    record_revenue_order(statement=statement, number="T-1", on=dt.date(2026, 1, 20), by=by)
    assert sentence in refusal(record_payment, statement=statement, on=on, amount=Decimal(amount), by=by)


def test_a_corrected_statement_takes_no_new_titre(scene):
    statement = issue(scene)
    correct_statement(statement=statement, reason="Erreur", by=scene.administrator)
    assert "celui qui le remplace" in refusal(
        record_revenue_order, statement=statement, number="T-1", on=dt.date(2026, 11, 21), by=scene.administrator
    )
