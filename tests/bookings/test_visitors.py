"""People received: found, registered, corrected, and shown with their appointments, to their own CCAS only."""

import datetime as dt
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.models import Visitor
from bookings.services import book_appointment
from tests.factories import VisitorFactory

THURSDAY = dt.date(2026, 3, 5)
LIST, CREATE = "/usagers/", "/usagers/nouveau/"


def text(response) -> str:
    return unescape(response.content.decode())


def typed(**changes) -> dict[str, str]:
    return {"last_name": "Zidane", "first_name": "Yazid", "birth_date": "", "phone": "", "email": ""} | changes


def address(name: str, visitor: Visitor) -> str:
    return reverse(f"bookings:{name}", args=[visitor.pk])


def booked(desk, clock="09:00", day=THURSDAY, visitor=None):
    return book_appointment(
        permanence_id=desk.permanence_at(day, clock).pk,
        starts_at=desk.at(day, clock),
        reason=desk.reason,
        visitor=visitor or desk.visitor,
        by=desk.receptionist,
    )


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


@pytest.fixture
def stranger(db) -> Visitor:
    """Known to another CCAS."""
    return VisitorFactory(last_name="Amrani", first_name="Ailleurs")


# --- The list --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["amrani leila", "LEILA", "Amrâni", "06 12 34 56 78", "exemple.fr"])
def test_the_search_forgives(at_desk, desk, stranger, words):
    Visitor.objects.filter(pk=desk.visitor.pk).update(phone="+33612345678", email="leila@exemple.fr")
    VisitorFactory(ccas=desk.site.ccas, last_name="Benali", first_name="Karim")
    page = at_desk.get(LIST, {"q": words})
    assert list(page.context["page_obj"].object_list) == [desk.visitor]


@pytest.mark.parametrize("words", ["\x00", "x" * 5000, "🙂", "<script>alert(1)</script>", "%", "'"])
def test_any_words_may_be_searched(at_desk, words):
    page = at_desk.get(LIST, {"q": words, "page": "abc"})
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_nobody_found_can_be_created_with_the_same_words(at_desk):
    page = at_desk.get(LIST, {"q": "zidane yazid"})
    assert "Personne ne répond à «\u00a0zidane yazid\u00a0»." in text(page)
    form = at_desk.get(CREATE, {"q": "zidane yazid"}).context["form"]
    assert (form["last_name"].value(), form["first_name"].value()) == ("Zidane", "Yazid")


def test_the_list_has_pages_and_a_constant_number_of_queries(at_desk, desk):
    counts = []
    for count in (1, 29):
        for _ in range(count):
            VisitorFactory(ccas=desk.site.ccas)
        booked(desk, "09:00" if count == 1 else "09:30", visitor=Visitor.objects.last())
        with CaptureQueriesContext(connection) as queries:
            page = at_desk.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 7
    assert len(page.context["page_obj"].object_list) == 25
    assert len(at_desk.get(f"{LIST}?page=2").context["page_obj"].object_list) == 6


def test_the_next_appointment_stands_beside_the_name(at_desk, desk):
    booked(desk)
    assert "jeu. 5 mars 2026 à 9h00" in text(at_desk.get(LIST))


def test_people_are_listed_by_name(at_desk, desk):
    VisitorFactory(ccas=desk.site.ccas, last_name="Éluard", first_name="Paul")
    VisitorFactory(ccas=desk.site.ccas, last_name="Zola", first_name="Émile")
    names = [visitor.last_name for visitor in at_desk.get(LIST).context["page_obj"].object_list]
    assert names == ["Amrani", "Éluard", "Zola"]


# --- A record ----------------------------------------------------------------------------------------------------


def test_a_record_shows_who_she_is_and_what_comes(at_desk, desk, monday_morning):
    Visitor.objects.update(birth_date=dt.date(1985, 4, 3), phone="+594594393000", email="leila@exemple.fr")
    coming = booked(desk, day=dt.date(2026, 3, 12))
    past = booked(desk)
    monday_morning.move_to(desk.at(dt.date(2026, 3, 6), "08:00"))
    at_desk.force_login(desk.receptionist)
    page = at_desk.get(address("visitor_detail", desk.visitor))
    for said in [
        "Leïla AMRANI",
        "3 avril 1985 (40 ans)",
        "0594 39 30 00",
        "leila@exemple.fr",
        "jeu. 12 mars 2026 à 9h00",
    ]:
        assert said in text(page), said
    assert f"/rendez-vous/nouveau/?usager={desk.visitor.pk}" in text(page)
    assert list(page.context["page_obj"].object_list) == [coming]
    page = at_desk.get(address("visitor_detail", desk.visitor) + "?liste=passes&page=abc")
    assert list(page.context["page_obj"].object_list) == [past]


def test_a_record_asks_the_database_as_much_for_many_appointments(at_desk, desk):
    counts = []
    for clocks in (["08:30"], ["09:00", "09:30", "10:00", "10:30"]):
        for clock in clocks:
            booked(desk, clock)
        with CaptureQueriesContext(connection) as queries:
            at_desk.get(address("visitor_detail", desk.visitor))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


# --- Registering and correcting ------------------------------------------------------------------------------------


def test_a_name_is_enough(at_desk, desk):
    done = at_desk.post(CREATE, typed(first_name=""), follow=True)
    visitor = Visitor.objects.get(last_name="Zidane")
    assert (visitor.ccas, visitor.created_by) == (desk.site.ccas, desk.receptionist)
    assert "Fiche créée pour ZIDANE." in text(done)


def test_a_likely_duplicate_is_shown_first(at_desk, desk):
    page = at_desk.post(CREATE, typed(last_name="amrani", first_name="LEILA"))
    assert "Cette personne existe peut-être déjà." in text(page)
    assert address("visitor_detail", desk.visitor) in text(page)
    assert Visitor.objects.count() == 1
    at_desk.post(CREATE, typed(last_name="amrani", first_name="LEILA", seen=desk.visitor.pk))
    assert Visitor.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("last_name", "", "Écrivez le nom de la personne."),
        ("last_name", "x" * 5000, "100 caractères au plus."),
        ("birth_date", "31/02/1985", "n’existe pas dans le calendrier"),
        ("birth_date", "2199-01-01", "dans le futur"),
        ("phone", "3646", "n’est pas un numéro de téléphone valide"),
        ("email", "\x00@exemple.fr", "courriel"),
    ],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_each_mistake_has_its_sentence(at_desk, desk, is_new, field, value, sentence):
    url = CREATE if is_new else address("visitor_update", desk.visitor)
    page = at_desk.post(url, typed(**{field: value}))
    assert page.status_code == 200
    assert any(sentence in error for error in page.context["form"].errors[field])
    assert page.context["form"][field].value() == value
    assert list(Visitor.objects.values_list("last_name", flat=True)) == ["Amrani"]


def test_a_record_can_be_corrected(at_desk, desk):
    Visitor.objects.update(phone="+33381412121", birth_date=dt.date(1985, 4, 3))
    url = address("visitor_update", desk.visitor)
    page = text(at_desk.get(url))
    assert 'value="03 81 41 21 21"' in page
    assert 'value="03/04/1985"' in page
    at_desk.post(url, typed(last_name="Amrani-Roy", phone="0612345678"))
    desk.visitor.refresh_from_db()
    assert (desk.visitor.last_name, desk.visitor.phone, desk.visitor.birth_date) == (
        "Amrani-Roy",
        "+33612345678",
        None,
    )


def test_a_page_that_is_only_read_writes_nothing(at_desk, desk):
    for url in [LIST, CREATE, address("visitor_detail", desk.visitor), address("visitor_update", desk.visitor)]:
        with CaptureQueriesContext(connection) as queries:
            at_desk.get(url)
        assert not [query for query in queries if not query["sql"].startswith("SELECT")], url


# --- Perimeter ---------------------------------------------------------------------------------------------------


def test_people_of_another_ccas_are_a_404(at_desk, stranger):
    assert stranger.full_name not in text(at_desk.get(LIST))
    assert at_desk.get(address("visitor_detail", stranger)).status_code == 404
    assert at_desk.get(address("visitor_update", stranger)).status_code == 404
    assert at_desk.post(address("visitor_update", stranger), typed()).status_code == 404
    assert at_desk.get("/usagers/99999999999999999999/").status_code == 404


def test_a_partner_s_agent_has_no_list_of_people(client, desk):
    client.force_login(desk.agent)
    pages = [LIST, CREATE, address("visitor_detail", desk.visitor), address("visitor_update", desk.visitor)]
    assert [client.get(url).status_code for url in pages] == [404] * 4
    assert client.post(CREATE, typed()).status_code == 404
