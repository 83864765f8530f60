"""What the desk notes of a person: needs for everybody who receives her, notes for the CCAS alone, never a NIR."""

import datetime as dt
import itertools
from html import unescape

import pytest
from django.db import models
from django.urls import URLPattern, get_resolver, reverse
from hypothesis import given
from hypothesis import strategies as st

from bookings.documents import slip_of
from bookings.forms import VisitorForm
from bookings.models import Appointment, Visitor
from bookings.services import book_appointment
from bookings.social_security_numbers import REFUSAL, looks_like_nir, nir_key
from tests.factories import VisitorFactory

from .booking_page import step_three, typed

THURSDAY = dt.date(2026, 3, 5)
NOTE = "Hébergée chez une amie, ne pas appeler le soir."
CREATE = "/usagers/nouveau/"
NIR = "185042505612342"


def text(response) -> str:
    return unescape(response.content.decode())


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


@pytest.fixture
def appointment(desk) -> Appointment:
    """Of a person with every need and a note."""
    Visitor.objects.filter(pk=desk.visitor.pk).update(
        staff_notes=NOTE,
        interpreter_language="arabe",
        needs_wheelchair_access=True,
        phone_only=True,
        phone="+33612345678",
    )
    return book_appointment(
        permanence_id=desk.permanence_at(THURSDAY, "09:00").pk,
        starts_at=desk.at(THURSDAY, "09:00"),
        reason=desk.reason,
        visitor=desk.visitor,
        by=desk.receptionist,
    )


def sent(**changes) -> dict[str, str]:
    return {"last_name": "Zidane", "first_name": "Yazid"} | changes


# --- Notes and needs -----------------------------------------------------------------------------------------------


def test_the_card_has_its_notes_and_needs_in_words(at_desk, desk, appointment):
    page = text(at_desk.get(reverse("bookings:visitor_detail", args=[desk.visitor.pk])))
    for said in (NOTE, "CCAS seulement", "interprète arabe", "fauteuil roulant", "par téléphone"):
        assert said in page, said


def test_needs_are_on_the_appointment_but_neither_they_nor_notes_on_the_slip(at_desk, appointment):
    page = text(at_desk.get(reverse("bookings:appointment_detail", args=[appointment.pk])))
    assert "interprète arabe" in page
    slip = str(slip_of(appointment))
    for said in (NOTE, "arabe", "fauteuil"):
        assert said not in slip


def test_needs_are_beside_the_name_in_lists(at_desk, desk, appointment):
    assert "interprète arabe" in text(at_desk.get("/usagers/"))
    page = at_desk.get(f"{step_three(desk, '09:30')}&q=leila", headers={"HX-Request": "true"})
    assert "interprète arabe, fauteuil roulant et par téléphone" in text(page)


def test_a_card_with_all_that_is_asked(at_desk, desk):
    at_desk.post(
        CREATE,
        sent(
            phone="06 12 34 56 78",
            interpreter_language="dari",
            needs_wheelchair_access="on",
            phone_only="on",
            staff_notes=NOTE,
        ),
    )
    visitor = Visitor.objects.get(last_name="Zidane")
    assert visitor.needs == ["interprète dari", "fauteuil roulant", "par téléphone"]
    assert visitor.staff_notes == NOTE
    url = reverse("bookings:visitor_update", args=[visitor.pk])
    assert NOTE in text(at_desk.get(url))
    at_desk.post(url, sent(staff_notes=""))
    visitor.refresh_from_db()
    assert (visitor.needs, visitor.staff_notes, visitor.phone) == ([], "", "")


def test_needs_are_kept_when_somebody_is_created_while_booking(at_desk, desk):
    at_desk.post(step_three(desk), typed(interpreter_language="dari", needs_wheelchair_access="on"))
    assert Visitor.objects.get(last_name="Zidane").needs == ["interprète dari", "fauteuil roulant"]


def test_the_form_shows_every_field_it_reads(at_desk, desk):
    page = at_desk.get(CREATE)
    for name in VisitorForm.Meta.fields:
        assert f'name="{name}"' in page.content.decode(), name


def test_somebody_without_phone_and_e_mail_is_received_like_anybody(at_desk, desk):
    at_desk.post(CREATE, sent(first_name="", interpreter_language="langue des signes"))
    visitor = Visitor.objects.get(last_name="Zidane")
    done = at_desk.post(step_three(desk), {"who": visitor.pk, "subject": ""}, follow=True)
    assert "Rendez-vous pris pour ZIDANE" in text(done)
    for url in ("/usagers/", reverse("bookings:visitor_detail", args=[visitor.pk])):
        assert "ZIDANE" in text(at_desk.get(url))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("phone_only", "on", "Écrivez son numéro de téléphone, ou décochez cette case."),
        ("interpreter_language", "x" * 61, "60 caractères au plus."),
        ("staff_notes", "x" * 20_001, "20000 caractères au plus."),
        ("staff_notes", "a\x00b", "Le caractère nul n’est pas autorisé."),
    ],
)
def test_each_mistake_has_its_sentence_and_nothing_is_lost(at_desk, desk, field, value, sentence):
    page = at_desk.post(CREATE, sent(**{field: value}))
    assert page.status_code == 200
    errors = page.context["form"].errors[field]
    assert any(sentence in error for error in errors), errors
    assert not Visitor.objects.filter(last_name="Zidane").exists()


def test_what_is_noted_is_escaped(at_desk, desk):
    Visitor.objects.update(staff_notes="<script>alert(1)</script>", interpreter_language="<b>arabe")
    page = at_desk.get(reverse("bookings:visitor_detail", args=[desk.visitor.pk])).content.decode()
    assert "<script>alert" not in page
    assert "<b>arabe" not in page


# --- No partner reads a note ---------------------------------------------------------------------------------------


def _addresses(pks: dict[str, int]) -> list[str]:
    """Every page of this floor, its parameters filled with each of `pks`."""
    found = []
    for pattern in get_resolver("bookings.urls").url_patterns:
        if not isinstance(pattern, URLPattern):
            continue
        parameters = list(pattern.pattern.converters)
        if not parameters:
            found.append(reverse(f"bookings:{pattern.name}"))
        elif all(converter.regex == "[0-9]+" for converter in pattern.pattern.converters.values()):
            found += [reverse(f"bookings:{pattern.name}", args=[pk] * len(parameters)) for pk in pks.values()]
    return found


def test_no_page_of_a_partner_s_agent_holds_a_note(client, desk, appointment, monday_morning):
    monday_morning.move_to(desk.at(THURSDAY, "08:45"))
    client.force_login(desk.agent)
    pks = {"visitor": desk.visitor.pk, "appointment": appointment.pk, "permanence": appointment.permanence_id}
    addresses = _addresses(pks)
    answers = {url: client.get(url) for url in addresses}
    opened = [url for url, answer in answers.items() if answer.status_code == 200]
    assert reverse("bookings:my_schedule") in opened
    for url in opened:
        body = b"".join(answers[url]) if answers[url].streaming else answers[url].content
        assert NOTE not in unescape(body.decode(errors="replace")), url
        assert "ne pas appeler" not in unescape(body.decode(errors="replace")), url
    staff = [reverse("bookings:visitor_list"), reverse("bookings:visitor_detail", args=[desk.visitor.pk])]
    assert not set(staff) & set(opened)


# --- No social security number -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        NIR,
        "1850425056123",
        "1 85 04 25 056 123 42",
        "1 85 04 25 056 123",
        "1-85-04-25-056-123-42",
        "1.85.04.25.056.123",
        "1850425056123 42",
        f"1850 42505 6123 {nir_key('1850425056123'):02d}",
        "185 0425 056 123",
        "1\u00a085\u202f04\u00a025\u00a0056\u00a0123",
        "n° sécu : 2850425056123, à jour",
        "2 85 04 2A 056 123",
        f"28504 2b 0561 23 {nir_key('285042B056123'):02d}",
        "185042A056123",
        "１８５０４２５０５６１２３",
        "١٨٥٠٤٢٥٠٥٦١٢٣",
        "né 03/04/1985 ; 1 85 04 25 056 123 42",
        "7 85 20 99 056 123",
    ],
)
def test_what_looks_like_a_social_security_number(written):
    assert looks_like_nir(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "06 12 34 56 78",
        "+33 6 12 34 56 78",
        "0033612345678",
        "1985-04-03 06 12 34 56 78",
        "03/04/1985 03 81 41 21 21",
        "262 500 564 00018",
        "26250056400018",
        "dossier 1234567",
        "FR76 3000 6000 0112 3456 7890 189",
        "1851425056123",
        "5850425056123",
        "18504250561234",
        "18504250 56123",
        "12 rue du 8 mai 1945, 25000 Besançon, bât. 3 apt 12",
    ],
)
def test_what_does_not(written):
    assert not looks_like_nir(written)


@given(
    st.from_regex(r"[12]\d{2}(0[1-9]|1[0-2])(\d{2}|2A|2B)\d{6}", fullmatch=True),
    st.lists(st.integers(1, 14), max_size=6, unique=True),
    st.sampled_from([" ", ".", "-", "\u00a0"]),
    st.booleans(),
)
def test_a_number_with_its_key_is_seen_however_it_is_spaced(number, cuts, mark, in_words):
    number = number.encode("ascii", "ignore").decode()
    if len(number) != 13:
        return
    whole = f"{number}{nir_key(number):02d}"
    edges = [0, *sorted(cuts), len(whole)]
    spaced = mark.join(whole[start:end] for start, end in itertools.pairwise(edges))
    assert looks_like_nir(f"son numéro {spaced} merci" if in_words else spaced)


@given(st.text(max_size=300))
def test_any_text_is_read(written):
    assert looks_like_nir(written) in (True, False)


def test_a_long_run_of_digits_is_read_at_once():
    assert not looks_like_nir("9 " * 20_000)


@pytest.mark.parametrize("field", ["first_name", "phone", "email", "interpreter_language", "staff_notes", "last_name"])
def test_no_field_of_a_card_takes_one(at_desk, desk, field):
    value = f"a{NIR}@exemple.fr" if field == "email" else f"{NIR}"
    if field in ("last_name", "first_name"):
        value = f"Zidane {NIR}"
    for url in (CREATE, reverse("bookings:visitor_update", args=[desk.visitor.pk])):
        page = at_desk.post(url, sent(**{field: value}))
        assert page.status_code == 200
        assert REFUSAL in page.context["form"].errors[field]
        assert REFUSAL in text(page)
    assert not Visitor.objects.filter(last_name__contains="Zidane").exists()


def test_every_free_text_of_a_card_is_in_the_form_that_refuses():
    free = {
        field.name
        for field in Visitor._meta.get_fields()
        if isinstance(field, models.CharField | models.TextField) and field.editable
    }
    assert free == {"last_name", "first_name", "phone", "email", "interpreter_language", "staff_notes"}
    assert free <= set(VisitorForm.Meta.fields)


def test_neither_does_the_subject_of_an_appointment_nor_a_reason_to_cancel(at_desk, desk, appointment):
    page = at_desk.post(step_three(desk, "10:00"), {"who": desk.visitor.pk, "subject": f"carte {NIR}"})
    assert REFUSAL in page.context["form"].errors["subject"]
    cancel = reverse("bookings:appointment_cancel", args=[appointment.pk])
    page = at_desk.post(cancel, {"cancelled_for": "ccas", "reason": NIR})
    assert REFUSAL in page.context["form"].errors["reason"]
    assert Appointment.objects.count() == 1


def test_there_is_no_field_for_one(db):
    names = {field.name for field in Visitor._meta.get_fields()}
    assert not {"nir", "ssn", "social_security_number"} & names
    assert VisitorFactory()
