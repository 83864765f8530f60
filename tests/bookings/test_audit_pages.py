"""The journal of an administrator and the history of an object: in French, within the perimeter, at a constant cost."""

import datetime as dt
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from bookings.models import Appointment, Visitor
from bookings.services import book_appointment, cancel_appointment
from partners.models import Role, User
from tests.factories import FeeTermsFactory, SiteFactory, VisitorFactory, staff_of

JOURNAL = "/journal/"
TUESDAY = dt.date(2026, 3, 3)
# The clock of the tests stands in March 2026, PostgreSQL's does not.
EVER = "?du="


def text(response) -> str:
    return response.content.decode().replace("\u00a0", " ")


def history(slug: str, number: int) -> str:
    return reverse("audit:object", args=[slug, number])


@pytest.fixture
def appointment(desk) -> Appointment:
    booked = book_appointment(
        permanence_id=desk.permanence_at(TUESDAY, "10:00").pk,
        starts_at=desk.at(TUESDAY, "10:00"),
        reason=desk.reason,
        visitor=desk.visitor,
        by=desk.receptionist,
    )
    cancel_appointment(appointment=booked, cancelled_for="visitor", reason="Empêchée", by=desk.receptionist)
    return booked


@pytest.fixture
def administrator(desk) -> User:
    return staff_of(desk.site, role=Role.ADMINISTRATOR, first_name="Hélène", last_name="Vuillemin")


@pytest.fixture
def as_administrator(client, administrator):
    client.force_login(administrator)
    return client


def test_the_history_of_an_appointment_is_told_in_words(client, desk, appointment):
    client.force_login(desk.receptionist)
    page = text(client.get(history("rendez-vous", appointment.pk)))
    assert "mardi 3 mars 2026, 10h00 à 10h30" in page
    assert desk.visitor.full_name in page
    for words in ("Modification", "Création", "Motif de l’annulation", "Empêchée", "Annulé", "l’usager"):
        assert words in page, words
    for technical in ("cancelled", "visitor_id", "_at", "bookings.appointment"):
        assert technical not in page.split("<table")[1].split("</table>")[0], technical


def test_the_history_of_a_convention_holds_its_fee_and_its_grid(client, desk):
    terms = FeeTermsFactory(convention=desk.convention, annual_amount="1254.00")
    type(terms).objects.filter(pk=terms.pk).update(annual_amount="1300.50")
    client.force_login(staff_of(desk.site, role=Role.MANAGER))
    page = text(client.get(history("convention", desk.convention.pk)))
    assert "<del>1254,00</del>" in page
    assert "<ins>1300,50</ins>" in page
    assert "mardi" in page


@pytest.mark.parametrize(
    "slug", ["convention", "usager", "rendez-vous", "compte", "permanence", "espace", "partenaire"]
)
def test_nobody_from_elsewhere_reads_a_history(client, desk, appointment, slug):
    numbers = {
        "convention": desk.convention.pk,
        "usager": desk.visitor.pk,
        "rendez-vous": appointment.pk,
        "compte": desk.receptionist.pk,
        "permanence": appointment.permanence_id,
        "espace": desk.site.pk,
    }
    for stranger in (desk.agent, staff_of(SiteFactory(), role=Role.ADMINISTRATOR)):
        client.force_login(stranger)
        status = client.get(history(slug, numbers.get(slug, 10**9))).status_code
        assert status == 404, stranger.role


def test_a_receptionist_reads_neither_the_journal_nor_a_convention_s_history_nor_who_read(client, desk):
    client.force_login(staff_of(desk.site, role=Role.MANAGER))
    client.get(reverse("bookings:visitor_detail", args=[desk.visitor.pk]))
    assert "Consultation" in text(client.get(history("usager", desk.visitor.pk)))
    assert client.get(JOURNAL).status_code == 404
    client.force_login(desk.receptionist)
    assert client.get(JOURNAL).status_code == 404
    assert client.get(history("convention", desk.convention.pk)).status_code == 404
    assert "Consultation" not in text(client.get(history("usager", desk.visitor.pk)))


def test_what_is_no_page_has_no_history(as_administrator, desk):
    assert as_administrator.get(history("conditions-financieres", 1)).status_code == 404
    assert as_administrator.get("/historique/rien/1/").status_code == 404


def test_the_history_of_a_removed_object_is_left_to_the_administrators_of_its_ccas(client, administrator, desk):
    visitor = VisitorFactory(ccas=desk.site.ccas, last_name="Partie")
    number = visitor.pk
    Visitor.objects.filter(pk=number).delete()
    client.force_login(administrator)
    page = text(client.get(history("usager", number)))
    assert "Suppression" in page
    assert "Partie" in page
    for other in (desk.receptionist, staff_of(SiteFactory(), role=Role.ADMINISTRATOR)):
        client.force_login(other)
        assert client.get(history("usager", number)).status_code == 404


def test_the_journal_holds_the_ccas_and_no_other(as_administrator, desk):
    VisitorFactory(ccas=desk.site.ccas, last_name="Dici")
    VisitorFactory(ccas=SiteFactory().ccas, last_name="Dailleurs")
    page = text(as_administrator.get(JOURNAL + EVER))
    assert "Dici" in page
    assert "Dailleurs" not in page


def test_the_journal_is_searched(as_administrator, client, administrator, desk):
    desk.receptionist.last_name = "Roussel"
    desk.receptionist.save()
    client.force_login(desk.receptionist)
    response = client.post(reverse("bookings:visitor_update", args=[desk.visitor.pk]), {"last_name": "Bakari"})
    client.force_login(administrator)
    number = response.headers["X-Request-ID"]
    found = {
        "personne": client.get(JOURNAL, {"du": "", "personne": "rousse"}),
        "requête": client.get(JOURNAL, {"requete": number}),
        "objet": client.get(JOURNAL, {"objet": "usager", "numero": desk.visitor.pk, "action": "update"}),
        "origine": client.get(JOURNAL, {"du": "", "origine": "request"}),
    }
    for name, page in found.items():
        assert [told.event.request_id for told in page.context["events"]] == [number], name
    nobody = client.get(JOURNAL, {"du": "", "personne": "personne de ce nom"})
    assert "Aucun évènement ne répond" in text(nobody)


@pytest.mark.parametrize(
    "query",
    [
        {"du": "hier"},
        {"du": "0001-01-01"},
        {"du": "2026-03-02", "au": "2026-03-01"},
        {"numero": "12"},
        {"numero": "9" * 40, "objet": "usager"},
        {"objet": "rien"},
        {"requete": "zz"},
        {"personne": "\x00"},
        {"page": "-4"},
    ],
)
def test_a_search_that_makes_no_sense_is_told_and_breaks_nothing(as_administrator, desk, query):
    assert as_administrator.get(JOURNAL, query).status_code == 200
    assert as_administrator.get("/journal/export.csv", query).status_code in (200, 302)


def test_the_journal_costs_the_same_for_one_line_and_for_a_page(as_administrator, desk):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            as_administrator.get(JOURNAL, {"du": "", "objet": "usager"})
        return len(queries)

    asked()
    few = asked()
    for number in range(30):
        VisitorFactory(ccas=desk.site.ccas, last_name=f"N{number}")
    assert asked() == few


def test_the_journal_is_exported_as_text_and_as_a_workbook(as_administrator, desk, appointment):
    query = {"objet": "rendez-vous", "numero": appointment.pk}
    csv = as_administrator.get("/journal/export.csv", query).content.decode()
    assert csv.splitlines()[0].lstrip("\ufeff").startswith("Date;Heure;Fait par;Courriel;Action;Objet")
    assert "Motif de l’annulation\u00a0: — → Empêchée" in csv
    book = load_workbook(BytesIO(as_administrator.get("/journal/export.xlsx", query).content))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[0][:3] == ("Date", "Heure", "Fait par")
    assert len(rows) == 3
    exports = as_administrator.get(JOURNAL, {"du": "", "action": "read"})
    assert {told.kind for told in exports.context["events"]} == {"journal"}


def test_too_long_an_export_is_refused_with_a_sentence(as_administrator, desk, monkeypatch):
    monkeypatch.setattr("partners.audit.views.EXPORTED_AT_MOST", 3)
    response = as_administrator.get("/journal/export.csv", {"du": ""}, follow=True)
    assert "Choisissez une période plus courte" in text(response)


def test_the_pages_of_an_object_lead_to_its_history(as_administrator, desk, appointment):
    pages = {
        reverse("bookings:visitor_detail", args=[desk.visitor.pk]): history("usager", desk.visitor.pk),
        reverse("bookings:appointment_detail", args=[appointment.pk]): history("rendez-vous", appointment.pk),
        reverse("conventions:convention_detail", args=[desk.convention.pk]): history("convention", desk.convention.pk),
        reverse("accounts:account_detail", args=[desk.receptionist.pk]): history("compte", desk.receptionist.pk),
    }
    for page, link in pages.items():
        assert f'href="{link}"' in text(as_administrator.get(page)), page
        assert as_administrator.get(link).status_code == 200


def test_what_a_forgotten_person_was_called_is_no_longer_told(as_administrator, desk):
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_forget('bookings.visitor', %s)", [desk.visitor.pk])
    page = text(as_administrator.get(history("usager", desk.visitor.pk)))
    assert "effacé avec les données de la personne" in page
    assert "Anonymisation" in page
