"""The slip on paper: what was sent, whatever changed since."""

import datetime as dt
from io import BytesIO

import pypdf
import pytest

from casefiles.documents import slip_document, slip_pdf
from casefiles.models import DocumentState
from casefiles.services import mark_urgent, set_document_state
from tests.factories import VisitorFactory


@pytest.fixture
def slip(cases):
    urgent = mark_urgent(file=cases.complete(social_notes="Vit seule"), urgency="Opération le 12 mars", by=cases.clerk)
    set_document_state(
        document=urgent.documents.get(label="Livret de famille"), state=DocumentState.NOT_APPLICABLE, by=cases.clerk
    )
    plain = VisitorFactory(ccas=cases.site.ccas, last_name="de Souza", first_name="", birth_date=None)
    return cases.send(urgent, cases.complete(visitor=plain))


def text_of(content: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(content)).pages)


def test_the_paper_says_what_was_sent(cases, slip):
    document = slip_document(slip, printed_on=dt.date(2026, 3, 2))
    assert document["number"] == "2026-0001"
    assert (document["total"], document["urgent_total"]) == ("2 dossiers", "1 urgent")
    first, second = document["lines"]
    assert (first["name"], first["birth_date"], first["urgency"]) == (
        "HORTH Élise",
        "29 février 1960",
        "Opération le 12 mars",
    )
    assert first["documents"] == ["Pièce d’identité", "RIB", "Livret de famille\u00a0: sans objet"]
    assert (second["name"], second["birth_date"], second["is_urgent"]) == ("DE SOUZA", "", False)


def test_the_paper_stays_as_it_was_sent(cases, slip, django_assert_num_queries):
    before = slip_document(slip)
    cases.visitor.last_name = "Autre"
    cases.visitor.save()
    cases.site.name = "Autre espace"
    cases.site.save()
    with django_assert_num_queries(1):
        assert slip_document(slip) == before


def test_the_pdf_is_tagged_french_and_says_no_secret(cases, slip):
    content = slip_pdf(slip)
    reader = pypdf.PdfReader(BytesIO(content))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "fr"
    text = " ".join(text_of(content).split())
    for words in (
        "Bordereau de transmission n° 2026-0001",
        "CGSS de la Guyane",
        "HORTH Élise",
        "2 dossiers, dont 1 urgent",
    ):
        assert words in text.replace("\u00a0", " ")
    assert "Vit seule" not in text
