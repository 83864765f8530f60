"""What nobody should send to the booking page, and somebody will: a sentence each time, nothing lost, never a fault."""

import datetime as dt

import pytest

from bookings.generation import generate_permanences
from bookings.models import Appointment, Visitor
from tests.factories import (
    ConventionFactory,
    slot_of,
)

from .booking_page import THURSDAY, address, step_three, text, typed


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


# --- What nobody should type, and somebody will ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "choices",
    [
        {"motif": "<script>alert(1)</script>"},
        {"motif": "\x00"},
        {"motif": "x" * 5000},
        {"creneau": "1-20260305T080000"},
        {"jour": "0000-00-00"},
        {"page": "abc"},
        {"usager": "abc"},
        {"usager": "99999999999999999999"},
        {"usager": "-1"},
        {"usager": "²"},
        {"partenaire": "<b>"},
        {"q": "\x00"},
        {"q": "'; drop table bookings_visitor; --"},
        {"q": "🙂" * 2000},
    ],
)
def test_a_garbled_address_still_gives_the_reasons(at_desk, choices):
    page = at_desk.get(address(**choices))
    assert page.status_code == 200
    assert page.context["step"] == 1
    assert "<script>alert" not in page.content.decode()


def test_an_unknown_reason_says_so(at_desk):
    assert "Ce motif n’est pas proposé dans cet espace." in text(at_desk.get(address(motif="<script>")))


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"creneau": "99999999999999999999-20260305T080000"}, "Ce créneau n’existe pas."),
        ({"creneau": "999999999999999999-20260305T080000"}, "Ce créneau n’existe pas."),
        ({"creneau": "<script>"}, "Ce créneau n’existe pas."),
        ({"creneau": "12-99999999T999999"}, "Ce créneau n’existe pas."),
        ({"creneau": "12-00010101T000000"}, "Ce créneau n’existe pas."),
        ({"creneau": "\x00"}, "Les prochains"),
        ({"jour": "0000-00-00"}, "n’est pas une date"),
        ({"jour": "2026-02-30"}, "n’est pas une date"),
        ({"jour": "0001-01-01"}, "n’est pas une date"),
        ({"jour": "\x00"}, "Les prochains"),
        ({"jour": "1999-01-01"}, "Les prochains"),
        ({"jour": "2199-12-31"}, "Aucun créneau libre"),
        ({"partenaire": "<b>"}, "Ce partenaire ne traite pas ce motif ici."),
    ],
)
def test_a_garbled_time_leads_back_to_the_times_with_a_sentence(at_desk, desk, choices, sentence):
    page = at_desk.get(address(motif=desk.reason.slug, **choices))
    assert page.status_code == 200
    assert page.context["step"] == 2
    assert sentence in text(page)


@pytest.mark.parametrize(
    ("clock", "day", "sentence"),
    [
        ("12:15", THURSDAY, "Cette heure est en dehors de la permanence."),
        ("09:00", dt.date(2026, 2, 26), "Ce créneau n’existe pas."),
    ],
)
def test_a_time_that_cannot_be_had_is_refused_on_both_ways(at_desk, desk, clock, day, sentence):
    permanence = desk.permanence_at(THURSDAY, "09:00")
    pk = permanence.pk if day == THURSDAY else permanence.pk + 10_000
    wrong = address(motif=desk.reason.slug, creneau=f"{pk}-{desk.at(day, clock).astimezone(dt.UTC):%Y%m%dT%H%M%S}")
    assert sentence in text(at_desk.get(wrong))
    posted = at_desk.post(wrong, typed())
    assert posted.status_code == 409
    assert sentence in text(posted)
    assert posted.context["person_form"]["last_name"].value() == "Zidane"
    assert Visitor.objects.count() == 1


def test_a_time_that_passed_meanwhile_is_refused(at_desk, desk, monday_morning):
    url = step_three(desk)
    monday_morning.move_to(desk.at(THURSDAY, "09:05"))
    at_desk.force_login(desk.receptionist)
    posted = at_desk.post(url, typed())
    assert "Cette heure est déjà passée." in text(posted)
    assert posted.context["next_offers"][0].time.start == desk.at(THURSDAY, "09:30")


def test_a_permanence_of_another_ccas_does_not_exist(at_desk, desk):
    convention = ConventionFactory(partner=desk.partner)
    slot_of(convention, 4, "08:30", "12:30")
    generate_permanences(conventions=[convention])
    permanence = convention.permanences.first()
    url = address(motif=desk.reason.slug, creneau=f"{permanence.pk}-20260305T080000")
    assert "Ce créneau n’existe pas." in text(at_desk.get(url))
    assert "Ce créneau n’existe pas." in text(at_desk.post(url, typed()))
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("last_name", "", "Écrivez le nom de la personne."),
        ("last_name", "é" * 5000, "100 caractères au plus."),
        ("last_name", "Zidane 🙂", "retirez «\u00a0🙂\u00a0»"),
        ("last_name", "<script>alert(1)</script>", "Un nom s’écrit avec des lettres"),
        ("last_name", "Zi\x00dane", "invisibles"),
        ("last_name", "---", "Un nom contient au moins une lettre."),
        ("first_name", "\u202eYazid", "retirez les caractères invisibles"),
        ("first_name", "x" * 101, "100 caractères au plus."),
        ("birth_date", "31/02/1985", "«\u00a031/02/1985\u00a0» n’existe pas dans le calendrier."),
        ("birth_date", "01/01/0001", "vérifiez l’année"),
        ("birth_date", "03/03/2026", "Cette date de naissance est dans le futur."),
        ("birth_date", "03/04/85", "n’est pas une date"),
        ("birth_date", "hier", "n’est pas une date"),
        ("birth_date", "9" * 5000, "n’est pas une date"),
        ("phone", "12", "n’est pas un numéro de téléphone valide"),
        ("phone", "0" * 5000, "40 caractères au plus."),
        ("email", "zizou@", "Un courriel s’écrit comme nom@exemple.fr."),
        ("email", "a" * 5000 + "@exemple.fr", "254 caractères au plus."),
        ("subject", "x" * 201, "200 caractères au plus"),
    ],
)
def test_each_mistake_has_its_sentence_and_nothing_typed_is_lost(at_desk, desk, field, value, sentence):
    page = at_desk.post(step_three(desk), typed(**{field: value}))
    assert page.status_code == 200
    form = page.context["form" if field == "subject" else "person_form"]
    assert any(sentence in error for error in form.errors[field])
    assert form[field].value() == value
    assert page.context["person_form"]["last_name"].value() == typed(**{field: value})["last_name"]
    assert (Visitor.objects.count(), Appointment.objects.count()) == (1, 0)


@pytest.mark.parametrize("who", ["", "abc", "999999999999999999", "99999999999999999999", "²", "new\x00"])
def test_somebody_must_be_chosen(at_desk, desk, who):
    page = at_desk.post(step_three(desk), {"who": who, "subject": "Carte perdue"})
    assert page.status_code == 200
    assert page.context["form"].errors["who"]
    assert page.context["form"]["subject"].value() == "Carte perdue"


@pytest.mark.parametrize("birth_date", ["03/04/1985", "3.4.1985", "03041985", "1985-04-03", "3 4 1985"])
def test_a_birth_date_is_read_as_people_write_it(at_desk, desk, birth_date):
    at_desk.post(step_three(desk), typed(birth_date=birth_date))
    assert Visitor.objects.get(last_name="Zidane").birth_date == dt.date(1985, 4, 3)


def test_a_name_is_stored_with_single_spaces(at_desk, desk):
    at_desk.post(step_three(desk), typed(last_name="  Ben   Salah ", first_name="O’Brian-Éloïse"))
    assert Visitor.objects.filter(last_name="Ben Salah", first_name="O’Brian-Éloïse").exists()


def test_typed_markup_comes_back_as_text(at_desk, desk):
    page = at_desk.get(step_three(desk, q="<img src=x onerror=alert(1)>"))
    assert "<img src=x" not in page.content.decode()
