"""The pages of the money of a convention: what is owed, issuing, correcting, titre and payment, the list, the files."""

import datetime as dt
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine
from django.urls import reverse
from openpyxl import load_workbook
from pypdf import PdfReader

from conventions.issuing import correct_statement, issue_statement, record_payment, record_revenue_order
from conventions.models import Convention, FeeStatement, StatementPeriod
from conventions.statement_documents import statement_pdf
from conventions.statement_search import StatementState, in_state, state_of
from partners.models import Role
from tests.factories import ConventionFactory, FeeTermsFactory, UserFactory, agent_of

from .scene import Scene

LIST = "/etats-liquidatifs/"


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


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("&nbsp;", " ")


def page(response) -> str:
    assert response.status_code == 200
    return " ".join(plain(response.content.decode()).split())


def issued(scene: Scene, year: int = 2025, **fields) -> FeeStatement:
    convention = fields.pop("convention", scene.convention)
    return issue_statement(
        convention=convention,
        period=StatementPeriod.CIVIL_YEAR,
        starts_on=max(convention.starts_on, dt.date(year, 1, 1)),
        ends_on=min(convention.ends_on, dt.date(year, 12, 31)),
        by=scene.administrator,
        **fields,
    )


def fee_url(scene: Scene) -> str:
    return reverse("conventions:convention_fee", args=[scene.convention.pk])


def issue_url(scene: Scene, period: str = "civile", year: str = "2025-04-01") -> str:
    return reverse("conventions:statement_issue", args=[scene.convention.pk, period, year])


# --- the fee of a convention ------------------------------------------------------------------------------------
def test_the_fee_by_both_kinds_of_years(scene, reader):
    text = page(reader.get(fee_url(scene)))
    for fragment in ["3 762,00 €", "940,50 €", "313,50 €", "Par année civile", "Par année de la convention", "à venir"]:
        assert fragment in text
    assert text.count("Émettre l’état liquidatif") == 4


def test_what_is_issued_stands_beside_what_is_owed(scene, reader):
    statement = issued(scene)
    record_revenue_order(statement=statement, number="T-118", on=dt.date(2026, 11, 21), by=scene.administrator)
    text = page(reader.get(fee_url(scene)))
    assert "n° 2026-001" in text
    assert "T-118" in text
    assert "à encaisser" in text
    assert "facturée selon l’autre découpage" in text
    assert text.count("Émettre l’état liquidatif") == 1


def test_a_gap_and_a_stray_statement_offer_a_correction(scene, reader):
    statement, stray = issued(scene), issued(scene, 2026)
    scene.fee.annual_amount = Decimal("1881.00")
    scene.fee.save()
    Convention.objects.filter(pk=scene.convention.pk).update(ends_on=dt.date(2025, 12, 31))
    text = page(reader.get(fee_url(scene)))
    assert "écart de 470,25 €" in text
    assert "hors de la durée" in text
    for each in (statement, stray):
        assert reverse("conventions:statement_correct", args=[each.pk]) in text


def test_a_free_convention_says_so(scene, reader):
    free = ConventionFactory(site=scene.site, partner=scene.partner)
    assert "ne prévoit pas de redevance" in page(reader.get(reverse("conventions:convention_fee", args=[free.pk])))


def test_the_fee_page_takes_as_many_queries_for_many_statements(scene, reader, django_assert_max_num_queries):
    issued(scene)
    issued(scene, 2026)
    with django_assert_max_num_queries(14):
        reader.get(fee_url(scene))


# --- issuing ----------------------------------------------------------------------------------------------------
def test_preview_then_issue(scene, reader):
    text = page(reader.get(issue_url(scene)))
    assert "9 mois × 1 254,00 € / 12 = 940,50 €" in text
    assert "15,64 m² × 2/5 = 6,256 m²" in text
    assert not FeeStatement.objects.exists()
    response = reader.post(issue_url(scene), {"issued_on": "2026-11-20", "expected_amount": "940,50"})
    statement = FeeStatement.objects.get()
    assert response.url == reverse("conventions:statement_detail", args=[statement.pk])
    assert (statement.label, statement.amount, statement.issued_on.day) == ("2026-001", Decimal("940.50"), 20)


def test_a_refusal_keeps_what_was_typed_and_shows_the_amount_of_now(scene, reader):
    response = reader.post(issue_url(scene), {"issued_on": "2026-11-19", "expected_amount": "1,00"})
    text = page(response)
    assert "a changé depuis l’aperçu" in text
    assert 'value="2026-11-19"' in text
    assert 'value="940.50"' in text
    assert not FeeStatement.objects.exists()


@pytest.mark.parametrize(
    ("period", "year"),
    [("lunaire", "2025-04-01"), ("civile", "2025-05-01"), ("civile", "hier"), ("civile", "0000-00-00")],
)
def test_addresses_that_name_no_year(scene, reader, period, year):
    assert reader.get(issue_url(scene, period, year)).status_code == 404


def test_reading_issues_nothing(scene, reader):
    statement = issued(scene)
    for name in ("statement_order", "statement_payment"):
        assert reader.get(reverse(f"conventions:{name}", args=[statement.pk])).status_code == 405


# --- one statement ----------------------------------------------------------------------------------------------
def test_titre_then_payment_with_their_undo(scene, reader):
    statement = issued(scene)
    detail = reverse("conventions:statement_detail", args=[statement.pk])
    assert "Le paiement se note une fois le titre émis." in page(reader.get(detail))
    order = reverse("conventions:statement_order", args=[statement.pk])
    text = page(reader.post(order, {"titre-number": "T-118", "titre-on": "2026-11-21"}, follow=True))
    assert "Le titre n° T-118 est noté." in text
    assert reverse("conventions:statement_order_clear", args=[statement.pk]) in text
    payment = reverse("conventions:statement_payment", args=[statement.pk])
    text = page(reader.post(payment, {"paiement-on": "2026-11-21", "paiement-amount": "940,50 €"}, follow=True))
    assert "Le paiement de 940,50 € est noté." in text
    statement.refresh_from_db()
    assert (statement.revenue_order_number, statement.paid_amount) == ("T-118", Decimal("940.50"))


def test_refused_entries_are_told_beside_what_was_typed(scene, reader):
    statement = issued(scene)
    order = reverse("conventions:statement_order", args=[statement.pk])
    text = page(reader.post(order, {"titre-number": "T-118", "titre-on": "2026-11-20"}))
    assert "Le titre ne peut pas précéder l’état" in text
    assert 'value="T-118"' in text
    assert "Donnez le numéro du titre." in page(reader.post(order, {"titre-on": "2026-11-21"}))


def test_taking_back_asks_first(scene, reader):
    statement = issued(scene)
    record_revenue_order(statement=statement, number="T-118", on=dt.date(2026, 11, 21), by=scene.administrator)
    clear = reverse("conventions:statement_order_clear", args=[statement.pk])
    assert "titre n° T-118 du 21 novembre 2026" in page(reader.get(clear))
    assert "Le titre est retiré." in page(reader.post(clear, follow=True))
    assert reader.get(clear).status_code == 404
    assert reader.get(reverse("conventions:statement_payment_clear", args=[statement.pk])).status_code == 404


def test_correction_shows_both_amounts_and_leaves_both_statements(scene, reader):
    statement = issued(scene, 2026)
    record_revenue_order(statement=statement, number="T-118", on=dt.date(2026, 11, 21), by=scene.administrator)
    scene.fee.annual_amount = Decimal("1045.00")
    scene.fee.save()
    correct = reverse("conventions:statement_correct", args=[statement.pk])
    text = page(reader.get(correct))
    for fragment in ["1 254,00 €", "1 045,00 €", "−209,00 €", "Le titre T-118 a été émis"]:
        assert fragment in text
    assert "Dites pourquoi" in page(reader.post(correct, {"issued_on": "2026-11-21", "expected_amount": "1045,00"}))
    typed = {"reason": "Surface remesurée", "issued_on": "2026-11-21", "expected_amount": "1045,00"}
    text = page(reader.post(correct, typed, follow=True))
    assert "L’état n° 2026-002 remplace l’état n° 2026-001." in text
    assert "(différence : −209,00 €)" in text
    old = page(reader.get(reverse("conventions:statement_detail", args=[statement.pk])))
    assert "Cet état est remplacé par" in old
    assert "est déjà corrigé" in page(reader.get(correct, follow=True))


# --- files ------------------------------------------------------------------------------------------------------
def read_pdf(content: bytes) -> tuple[PdfReader, str]:
    reader = PdfReader(BytesIO(content))
    return reader, " ".join(plain(" ".join(sheet.extract_text() for sheet in reader.pages)).split())


def test_the_pdf_says_everything_and_is_tagged(scene, reader):
    scene.convention.ccas_signatory_title = "La Vice-Présidente"
    scene.convention.save()
    statement = issued(scene, 2026)
    response = reader.get(reverse("conventions:statement_pdf", args=[statement.pk]))
    assert response["Content-Type"] == "application/pdf"
    document, text = read_pdf(response.content)
    for fragment in [
        "CCAS de la Ville de Besançon",
        "État liquidatif n° 2026-001",
        "Exercice 2026 · émis le 21 novembre 2026",
        "CPAM du Doubs",
        "du 1er janvier 2026 au 31 décembre 2026 (année civile)",
        "séance du 19 février 2025",
        "6,256 m² arrondis à l’entier inférieur = 6 m²",
        "12 mois × 1 254,00 € / 12 = 1 254,00 €",
        "Montant à recouvrer 1 254,00 €",
        "à la somme de mille deux cent cinquante-quatre euros (1 254,00 €).",
        "Fait à Besançon, le 21 novembre 2026.",
        "L’ordonnateur",
        "La Vice-Présidente",
        "Sylvie WANLIN",
    ]:
        assert fragment in text
    assert "TVA" not in text
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_the_pdf_of_a_corrected_one_says_what_replaces_it(scene):
    statement = issued(scene)
    new = correct_statement(statement=statement, reason="Erreur", by=scene.administrator)
    old = FeeStatement.objects.with_parties().get(pk=statement.pk)
    day = dt.date(2026, 11, 21)
    assert "Annulé et remplacé par l’état liquidatif n° 2026-002." in read_pdf(statement_pdf(old, printed_on=day))[1]
    assert "Annule et remplace l’état liquidatif n° 2026-001" in read_pdf(statement_pdf(new, printed_on=day))[1]


def test_nothing_typed_becomes_a_formula(scene, reader):
    scene.partner.name = "=1+1"
    scene.partner.save()
    statement = issued(scene)
    for url in (reverse("conventions:statement_xlsx", args=[statement.pk]), reverse("conventions:statement_list_xlsx")):
        sheet = load_workbook(BytesIO(reader.get(url).content)).active
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
        assert [cell.data_type for cell in cells] == ["s"]


def test_the_workbook_ends_with_the_amount_as_a_number(scene, reader):
    response = reader.get(reverse("conventions:statement_xlsx", args=[issued(scene).pk]))
    rows = list(load_workbook(BytesIO(response.content)).active.iter_rows(values_only=True))
    assert rows[-1] == ("Montant (€)", 940.5)
    assert any("9 mois" in plain(str(row[1])) for row in rows)
    assert response["Content-Disposition"] == 'attachment; filename="etat-liquidatif-2026-001.xlsx"'


# --- the list ---------------------------------------------------------------------------------------------------
def test_empty_list_says_what_to_do(reader):
    assert "Aucun état liquidatif n’est encore émis." in page(reader.get(LIST))


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ({}, {"2026-003", "2026-002", "2026-001", "2025-001"}),
        ({"q": "cpam"}, {"2026-003", "2026-002", "2026-001", "2025-001"}),
        ({"q": "2026-002"}, {"2026-002"}),
        ({"q": "t-118"}, {"2025-001"}),
        ({"q": "introuvable"}, set()),
        ({"q": "<script>"}, set()),
        ({"q": "\x00"}, {"2026-003", "2026-002", "2026-001", "2025-001"}),
        ({"annee": "2025"}, {"2025-001"}),
        ({"annee": "n’importe"}, {"2026-003", "2026-002", "2026-001", "2025-001"}),
        ({"etat": "sans-titre"}, {"2026-003", "2026-002"}),
        ({"etat": "a-encaisser"}, set()),
        ({"etat": "paye"}, {"2025-001"}),
        ({"etat": "corrige"}, {"2026-001"}),
        ({"etat": "??", "page": "999"}, {"2026-003", "2026-002", "2026-001", "2025-001"}),
    ],
)
def test_list_filters(scene, reader, query, labels):
    paid = issued(scene, issued_on=dt.date(2025, 12, 31))
    record_revenue_order(statement=paid, number="T-118", on=dt.date(2026, 1, 5), by=scene.administrator)
    record_payment(statement=paid, on=dt.date(2026, 2, 5), amount=paid.amount, by=scene.administrator)
    wrong = issued(scene, 2026)
    correct_statement(statement=wrong, reason="Erreur", by=scene.administrator)
    issued(
        scene,
        2026,
        convention=FeeTermsFactory(convention__site=scene.site, convention__partner=scene.partner).convention,
    )
    found = reader.get(LIST, query)
    assert {statement.label for statement, _state in found.context["rows"]} == labels
    workbook = load_workbook(BytesIO(reader.get(f"{LIST}liste.xlsx", query).content)).active
    assert {row[0] for row in workbook.iter_rows(min_row=2, max_col=1, values_only=True)} - {
        "Total, hors états corrigés"
    } == labels
    for state in StatementState:
        assert all(state_of(each) == state for each in in_state(FeeStatement.objects.all(), state))


def test_list_is_paged_in_few_queries(scene, reader, django_assert_max_num_queries):
    for _ in range(27):
        convention = FeeTermsFactory(convention__site=scene.site, convention__partner=scene.partner).convention
        issued(scene, 2026, convention=convention)
    with django_assert_max_num_queries(10):
        text = page(reader.get(LIST))
    assert "27 états, 33 858,00 € hors états corrigés" in text
    assert "page 1 sur 2" in text


# --- who --------------------------------------------------------------------------------------------------------
def test_the_pages_are_for_managers_of_the_ccas(scene, client):
    statement = issued(scene)
    urls = [
        fee_url(scene),
        issue_url(scene, year="2026-01-01"),
        *(
            reverse(f"conventions:{name}", args=[statement.pk])
            for name in ("statement_detail", "statement_pdf", "statement_xlsx", "statement_correct")
        ),
    ]
    strangers = [
        UserFactory(role=Role.RECEPTION, ccas=scene.ccas, sites=[scene.site]),
        UserFactory(role=Role.ADMINISTRATOR),
        agent_of(scene.partner),
    ]
    for stranger in strangers:
        client.force_login(stranger)
        assert {client.get(url).status_code for url in urls} == {404}
        for name in ("statement_order", "statement_payment", "statement_order_clear", "statement_correct"):
            assert client.post(reverse(f"conventions:{name}", args=[statement.pk])).status_code == 404
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    assert "2026-001" not in page(client.get(LIST))
