"""Finding somebody whatever the accents, the case, the order, the hyphens and the spelling of a phone number."""

import unicodedata
from html import unescape
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bookings.models import Visitor
from bookings.visitor_merging import merge_visitors
from bookings.visitor_search import MOST_TERMS, search_terms
from franceservices.phones import format_phone, normalise_phone
from tests.factories import CcasFactory, VisitorFactory

from .booking_page import step_three

LIST = "/usagers/"
NEAREST = "Aucune correspondance exacte"


def text(response) -> str:
    return unescape(response.content.decode())


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


def found_by(words: str) -> list[str]:
    return [visitor.last_name for visitor in Visitor.objects.matching(words)]


# --- What was typed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "words", "numbers"),
    [
        ("Amrâni LEÏLA", ("amrani", "leila"), ()),
        ("D’Agostino-Roy", ("d", "agostino", "roy"), ()),
        ("06 12 34 56 78", (), ("612345678",)),
        ("06.12.34.56.78", (), ("612345678",)),
        ("06-12-34", (), ("61234",)),
        ("+33 6 12 34 56 78", (), ("33612345678",)),
        ("+33 (0)6 12 34 56 78", (), ("33612345678",)),
        ("0033612345678", (), ("33612345678",)),
        ("0594 39 30 00", (), ("594393000",)),
        ("0508 41 12 34", (), ("508411234",)),
        ("amrani 06 12 34 56 78", ("amrani",), ("612345678",)),
        ("5678", (), ("5678",)),
        ("leila85@exemple.fr", ("leila85@exemple", "fr"), ()),
        ("1985leila@exemple.fr", ("1985leila@exemple", "fr"), ()),
        ("12", ("12",), ()),
        ("٠٦", ("٠٦",), ()),
        ("\x00", (), ()),
        ("   ", (), ()),
    ],
)
def test_what_the_words_stand_for(typed, words, numbers):
    terms = search_terms(typed)
    assert (terms.words, terms.numbers) == (words, numbers)


@given(st.text(max_size=200))
def test_any_text_gives_terms(typed):
    terms = search_terms(typed)
    assert len(terms.words) <= MOST_TERMS
    assert all(terms.every)


# --- Names ---------------------------------------------------------------------------------------------------------

LETTERS = "abcdefghijklmnopqrstuvwxyzàâäãåáæçéèêëíîïñóôöõøœúùûüýÿßşğıčćšžłńřđ"
WORD = st.text(LETTERS, min_size=1, max_size=8)
MARKS = st.sampled_from([" ", "-", "'", "’", "  ", "‐"])


@st.composite
def names(draw, most=3):
    """A name of one to three words, joined as names are."""
    words = draw(st.lists(WORD, min_size=1, max_size=most))
    return "".join(f"{word.capitalize()}{draw(MARKS)}" for word in words).rstrip(" -'’‐")


@st.composite
def spellings(draw, *parts):
    """The words of `parts` in any order, each in any case, with its accents composed, decomposed or gone."""
    words = draw(st.permutations([word for part in parts for word in part.replace("’", "'").split()]))
    return draw(MARKS).join(draw(_spelling(word)) for word in words)


def _spelling(word: str) -> st.SearchStrategy[str]:
    bare = "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
    written = [word, bare, unicodedata.normalize("NFD", word)]
    return st.sampled_from([change(one) for one, change in product(written, (str.upper, str.lower, str.title))])


@pytest.mark.django_db
@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_any_spelling_of_a_name_finds_it(data):
    last_name, first_name = data.draw(names(), label="last"), data.draw(names(most=2), label="first")
    Visitor.objects.all().delete()
    visitor = VisitorFactory(last_name=last_name, first_name=first_name)
    typed = data.draw(spellings(last_name, first_name), label="typed")
    assert list(Visitor.objects.matching(typed)) == [visitor]


@pytest.mark.django_db
@given(national=st.from_regex(r"0[67]\d{8}", fullmatch=True), data=st.data())
@example(national="0594393000", data=None)
@example(national="0690123456", data=None)
@example(national="0508411234", data=None)
@settings(deadline=None, max_examples=80)
def test_any_spelling_of_a_phone_finds_it(national, data):
    try:
        e164 = normalise_phone(national)
    except ValueError:
        return
    Visitor.objects.all().delete()
    visitor = VisitorFactory(phone=e164)
    VisitorFactory(last_name="Autre", phone="+33353010000")
    pairs = [national[at : at + 2] for at in range(0, 10, 2)]
    spelt = [
        national,
        *(mark.join(pairs) for mark in (" ", ".", "-", "  ")),
        format_phone(e164),
        e164,
        e164.replace("+", "00"),
        " ".join(pairs[:3]),
        "".join(pairs[2:]),
    ]
    if data is not None:
        spelt = [data.draw(st.sampled_from(spelt))]
    for typed in spelt:
        assert visitor in Visitor.objects.matching(typed), typed


@pytest.mark.parametrize(
    "typed",
    [
        "dagostino",
        "d'agostino",
        "d agostino",
        "D’AGOSTINO jean pierre",
        "jeanpierre dagostino",
        "jean-pierre",
        "agos pier",
        "j.dagostino@exemple.fr",
        "exemple.fr",
        "J_DAGOSTINO",
    ],
)
def test_hyphens_apostrophes_and_addresses(db, typed):
    VisitorFactory(last_name="D’Agostino", first_name="Jean-Pierre", email="J.dAgostino@exemple.fr")
    VisitorFactory(last_name="Autre", first_name="Jean", phone="+33353010000")
    assert "D’Agostino" in found_by(typed)
    assert "Autre" not in found_by(typed)


@pytest.mark.parametrize("typed", ["yilmaz", "YILMAZ", "Yılmaz", "yilmaz aydin", "AYDIN yılmaz"])
def test_a_letter_that_only_the_database_folds(db, typed):
    VisitorFactory(last_name="Yılmaz", first_name="Aydın")
    assert found_by(typed) == ["Yılmaz"]


@pytest.mark.parametrize("typed", ["%", "_", "\\", "%%%%", "a%b", "'; DROP TABLE", "🙂", "\x00", "x" * 5000, "( ) [ *"])
def test_no_words_break_the_search(db, typed):
    VisitorFactory()
    assert list(Visitor.objects.matching(typed)) in ([], list(Visitor.objects.all()))
    assert list(Visitor.objects.resembling(typed)) == []


# --- Slips of the hand ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["amrany", "Amrrani", "amrani leyla", "Lelia Amrani", "amranni leila", "leyla"])
def test_a_slip_of_the_hand_gives_near_names_and_says_so(at_desk, desk, typed):
    VisitorFactory(ccas=desk.site.ccas, last_name="Girardot", first_name="Odile")
    page = at_desk.get(LIST, {"q": typed})
    assert list(page.context["page_obj"].object_list) == [desk.visitor]
    assert f"{NEAREST} pour «\u00a0{typed}\u00a0»\u00a0; noms proches" in text(page)


def test_an_exact_answer_stands_alone(at_desk, desk):
    VisitorFactory(ccas=desk.site.ccas, last_name="Amrany", first_name="Leïla")
    page = at_desk.get(LIST, {"q": "amrani"})
    assert list(page.context["page_obj"].object_list) == [desk.visitor]
    assert NEAREST not in text(page)


def test_the_nearest_come_first(db):
    for last_name in ("Girardin", "Girardot", "Giraud"):
        VisitorFactory(last_name=last_name, first_name="")
    assert Visitor.objects.resembling("guirardot")[0].last_name == "Girardot"


def test_the_booking_page_gives_near_names_too(at_desk, desk):
    page = at_desk.get(f"{step_three(desk)}&q=amrany", headers={"HX-Request": "true"})
    assert page.context["people"].found == [desk.visitor]
    assert "Aucune correspondance exacte\u00a0; noms proches\u00a0:" in text(page)
    assert not page.context["people"].creation_chosen
    assert "Créer «\u00a0amrany\u00a0»" in text(page)


# --- Merged cards --------------------------------------------------------------------------------------------------


def test_a_merged_card_is_found_nowhere(at_desk, desk):
    twin = VisitorFactory(ccas=desk.site.ccas, last_name="Amrany", first_name="Leïla")
    merge_visitors(kept=desk.visitor, merged=twin, facts={}, by=desk.receptionist)
    assert list(at_desk.get(LIST).context["page_obj"].object_list) == [desk.visitor]
    assert list(at_desk.get(LIST, {"q": "amran"}).context["page_obj"].object_list) == [desk.visitor]
    page = at_desk.get(f"{step_three(desk)}&q=leila", headers={"HX-Request": "true"})
    assert page.context["people"].found == [desk.visitor]


# --- Speed ---------------------------------------------------------------------------------------------------------

CROWD = 50_000
_CROWD = """
INSERT INTO bookings_visitor (ccas_id, last_name, first_name, phone, email, interpreter_language,
    needs_wheelchair_access, phone_only, staff_notes, email_consent, sms_consent, created_at)
SELECT %s, initcap(translate(md5(number::text), '0123456789', 'aeioulnrst')), 'Ana',
    '+3335301' || lpad(number::text, 5, '0'), '', '', false, false, '', false, false, now()
FROM generate_series(1, %s) AS number
"""


@pytest.fixture
def crowd(db):
    """50 000 people of one CCAS, and the one who is looked for."""
    ccas = CcasFactory()
    with connection.cursor() as cursor:
        cursor.execute(_CROWD, [ccas.pk, CROWD])
    visitor = VisitorFactory(ccas=ccas, phone="+33612345678")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE bookings_visitor")
    return visitor


def test_the_search_of_fifty_thousand_uses_the_trigram_index(crowd):
    people = Visitor.objects.current().filter(ccas=crowd.ccas)
    for typed in ("amrani", "Amrani Leïla", "06 12 34 56 78", "amr lei"):
        assert "visitor_search_trigram" in people.matching(typed).explain(), typed
        with CaptureQueriesContext(connection) as queries:
            assert list(people.matching(typed)) == [crowd]
        assert len(queries) == 1
    assert "visitor_search_trigram" in people.resembling("amrany leyla").explain()
    with CaptureQueriesContext(connection) as queries:
        assert list(people.resembling("amrany leyla")) == [crowd]
    assert len(queries) == 1
