"""The slip on paper: one page that can be read at arm's length, with what the person needs and nothing else."""

import datetime as dt
from io import BytesIO

import pypdf
import pytest
from django.urls import reverse

from bookings.documents import slip_of
from bookings.services import book_appointment, cancel_appointment
from franceservices import pdf
from tests.factories import VisitorFactory

THURSDAY = dt.date(2026, 3, 5)


@pytest.fixture
def appointment(desk):
    desk.site.address, desk.site.phone = "13 avenue de l’Île-de-France", "+33381412121"
    desk.site.save()
    desk.reason.what_to_bring = "Pièce d’identité\n\n• Photo récente"
    desk.reason.save()
    return book_appointment(
        permanence_id=desk.permanence_at(THURSDAY, "09:00").pk,
        starts_at=desk.at(THURSDAY, "09:00"),
        reason=desk.reason,
        visitor=desk.visitor,
        subject="Ne regarde que l’agent",
        by=desk.receptionist,
    )


def printed(client, appointment) -> tuple[str, pypdf.PdfReader]:
    answer = client.get(reverse("bookings:appointment_slip", args=[appointment.pk]))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    document = pypdf.PdfReader(BytesIO(answer.content))
    return " ".join(" ".join(page.extract_text() for page in document.pages).split()), document


def test_the_slip_fits_on_one_page_with_all_it_needs(client, desk, appointment):
    client.force_login(desk.receptionist)
    words, document = printed(client, appointment)
    assert len(document.pages) == 1
    for said in [
        "Leïla AMRANI",
        "jeudi 5 mars 2026",
        "à 9h00",
        "CPAM du Doubs",
        "Espace France Services de Planoise",
        "13 avenue de l’Île-de-France",
        "Carte Vitale",
        "30 min",
        "Pièce d’identité",
        "Photo récente",
        "03 81 41 21 21",
        "imprimé le 2 mars 2026",
    ]:
        assert said in words, said
    assert "Ne regarde que l’agent" not in words


def test_its_file_is_named_after_the_day_and_the_person(client, desk, appointment):
    client.force_login(desk.receptionist)
    answer = client.get(reverse("bookings:appointment_slip", args=[appointment.pk]))
    assert answer["Content-Disposition"] == 'inline; filename="rendez-vous-2026-03-05-leila-amrani.pdf"'


def test_the_longest_names_stay_on_the_page(client, desk, appointment):
    appointment.visitor.last_name, appointment.visitor.first_name = "W" * 100, "M" * 100
    appointment.visitor.save()
    client.force_login(desk.receptionist)
    _, document = printed(client, appointment)
    assert len(document.pages) == 1


def test_a_cancelled_appointment_prints_as_cancelled(client, desk, appointment):
    cancel_appointment(appointment=appointment, cancelled_for="partner", by=desk.receptionist)
    client.force_login(desk.receptionist)
    words, _ = printed(client, appointment)
    assert "Rendez-vous annulé" in words
    assert "Présentez-vous" not in words


def test_a_list_of_papers_is_read_line_by_line(appointment):
    assert slip_of(appointment).what_to_bring == ("Pièce d’identité", "Photo récente")


def test_markup_in_a_name_is_printed_as_it_is(client, desk, appointment, monkeypatch):
    appointment.visitor = VisitorFactory(ccas=desk.site.ccas, last_name="<b>gras</b>", first_name="")
    appointment.save()
    client.force_login(desk.receptionist)
    words, _ = printed(client, appointment)
    assert "<B>GRAS</B>" in words
    assert pdf.VARIANT == "pdf/ua-1"
