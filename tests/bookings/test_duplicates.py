"""Cards that may be one person's: shown before a new one is made, on the card, and as pairs to settle."""

import datetime as dt
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.duplicates import LikelyPairs, Likeness, forget_distinction, likely_duplicates, tell_apart
from bookings.models import Visitor, VisitorDistinction
from bookings.visitor_merging import merge_visitors
from franceservices.errors import DomainError
from tests.factories import VisitorFactory

PAGE, TELL_APART, CREATE = "/usagers/doublons/", "/usagers/doublons/distinguer/", "/usagers/nouveau/"
BORN = dt.date(1985, 4, 3)


def text(response) -> str:
    return unescape(response.content.decode())


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


@pytest.fixture
def card(desk):
    """A function that makes a card of the desk's CCAS."""
    return lambda last_name="Amrani", first_name="Leïla", **facts: VisitorFactory(
        ccas=desk.site.ccas, last_name=last_name, first_name=first_name, **facts
    )


def pairs_of(desk, words: str = "") -> list[tuple[Visitor, Visitor, set[str]]]:
    pairs = LikelyPairs(ccas=desk.site.ccas, words=words)
    found = pairs[0:25]
    assert pairs.count() == len(found)
    return [(pair.a, pair.b, set(pair.likenesses)) for pair in found]


# --- Which pairs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "twin", "likenesses"),
    [
        ({}, {"last_name": "AMRANI", "first_name": "leila"}, {Likeness.NAME}),
        ({}, {"last_name": "Leila", "first_name": "Amrani"}, {Likeness.NAME}),
        (
            {"last_name": "Da Silva", "first_name": "Ana"},
            {"last_name": "Silva", "first_name": "Ana-Da"},
            {Likeness.NAME},
        ),
        ({"phone": "+33612345678"}, {"last_name": "Autre", "first_name": "", "phone": "+33612345678"}, {"phone"}),
        ({"email": "L.a@exemple.fr"}, {"last_name": "Autre", "first_name": "", "email": "l.A@exemple.fr"}, {"email"}),
        ({"birth_date": BORN}, {"last_name": "Amrany", "birth_date": BORN}, {Likeness.BIRTH_DATE}),
        ({"birth_date": BORN}, {"birth_date": BORN}, {Likeness.NAME, Likeness.BIRTH_DATE}),
        ({"birth_date": BORN}, {"birth_date": dt.date(1958, 4, 3)}, {Likeness.NAME}),
        (
            {"birth_date": BORN, "phone": "+33612345678", "email": "l@exemple.fr"},
            {"birth_date": BORN, "phone": "+33612345678", "email": "l@exemple.fr"},
            set(Likeness),
        ),
        ({"birth_date": BORN}, {"last_name": "Girardot", "first_name": "Odile", "birth_date": BORN}, None),
        ({}, {"last_name": "Benali", "first_name": "Karim"}, None),
    ],
)
def test_what_makes_two_cards_alike(desk, card, mine, twin, likenesses):
    Visitor.objects.all().delete()
    first, second = card(**mine), card(**twin)
    assert pairs_of(desk) == ([(first, second, likenesses)] if likenesses else [])
    compared = {name: getattr(second, name) for name in ("last_name", "first_name", "birth_date", "phone", "email")}
    # The card's own page says the same as the list of pairs.
    found = likely_duplicates(ccas=desk.site.ccas, apart_from=second, **compared)
    assert list(found) == ([first] if likenesses else [])


def test_the_likeliest_come_first_and_homonyms_born_on_other_days_last(desk, card):
    Visitor.objects.all().delete()
    homonyms = [card("Petit", "Ana", birth_date=BORN), card("Petit", "Ana", birth_date=dt.date(2001, 1, 1))]
    of_name = [card("Zola", "Ana"), card("Zola", "Ana")]
    sure = [card("Vian", "Ana", birth_date=BORN), card("Vian", "Ana", birth_date=BORN)]
    assert [[a, b] for a, b, _ in pairs_of(desk)] == [sure, of_name, homonyms]


def test_cards_of_another_ccas_and_merged_ones_make_no_pair(desk, card):
    VisitorFactory(last_name="Amrani", first_name="Leïla")
    twin = card()
    merge_visitors(kept=desk.visitor, merged=twin, facts={}, by=desk.receptionist)
    assert pairs_of(desk) == []


def test_the_search_keeps_the_pairs_that_hold_such_a_card(desk, card):
    twin = card()
    card("Petit", "Ana")
    card("Petit", "Ana")
    assert [(a, b) for a, b, _ in pairs_of(desk, "leila")] == [(desk.visitor, twin)]
    assert pairs_of(desk, "personne") == []
    assert len(pairs_of(desk)) == 2


# --- Said to be two persons ----------------------------------------------------------------------------------------


def test_two_persons_are_told_apart_once_and_for_all(at_desk, desk, card):
    twin = card()
    done = at_desk.post(TELL_APART, {"a": twin.pk, "b": desk.visitor.pk}, follow=True)
    assert "sont deux personnes" in text(done)
    distinction = VisitorDistinction.objects.get()
    assert (distinction.a, distinction.b, distinction.by) == (desk.visitor, twin, desk.receptionist)
    assert pairs_of(desk) == []
    assert "a peut-être une autre fiche" not in text(at_desk.get(reverse("bookings:visitor_detail", args=[twin.pk])))
    at_desk.post(TELL_APART, {"a": desk.visitor.pk, "b": twin.pk})
    assert VisitorDistinction.objects.count() == 1
    undo = reverse("bookings:distinction_forget", args=[distinction.pk])
    assert undo in text(done)
    at_desk.post(undo)
    assert len(pairs_of(desk)) == 1
    assert at_desk.post(undo).status_code == 404


def test_told_apart_from_the_card_one_stays_on_it(at_desk, desk, card):
    here = reverse("bookings:visitor_detail", args=[card().pk])
    page = text(at_desk.get(here))
    assert "Cette personne a peut-être une autre fiche." in page
    answer = at_desk.post(TELL_APART, {"a": desk.visitor.pk, "b": Visitor.objects.last().pk, "retour": here})
    assert answer.url == here


@pytest.mark.parametrize(
    "back", ["https://ailleurs.example/", "//ailleurs.example/usagers/", "/connexion/", "\x00", ""]
)
def test_one_is_sent_back_to_a_page_of_ours_only(at_desk, desk, card, back):
    answer = at_desk.post(TELL_APART, {"a": desk.visitor.pk, "b": card().pk, "retour": back})
    assert answer.url == PAGE


@pytest.mark.parametrize("a", ["", "abc", "0", "99999999999999999999", "-1", "\x00", "١"])
def test_a_card_that_is_none_is_a_404(at_desk, desk, a):
    assert at_desk.post(TELL_APART, {"a": a, "b": desk.visitor.pk}).status_code == 404
    assert at_desk.post(TELL_APART, {"b": desk.visitor.pk}).status_code == 404


def test_one_card_is_not_two_persons(at_desk, desk):
    done = at_desk.post(TELL_APART, {"a": desk.visitor.pk, "b": desk.visitor.pk}, follow=True)
    assert "Choisissez deux fiches différentes" in text(done)
    assert not VisitorDistinction.objects.exists()
    with pytest.raises(DomainError):
        tell_apart(one=desk.visitor, other=VisitorFactory(), by=desk.receptionist)


def test_a_distinction_taken_back(desk, card):
    distinction = tell_apart(one=card(), other=desk.visitor, by=desk.receptionist)
    assert pairs_of(desk) == []
    forget_distinction(distinction=distinction)
    assert len(pairs_of(desk)) == 1


# --- Pages ---------------------------------------------------------------------------------------------------------


def test_the_page_says_why_and_what_to_do(at_desk, desk, card):
    Visitor.objects.update(birth_date=BORN, phone="+33612345678")
    twin = card("Amrani", "Leila", birth_date=dt.date(1958, 4, 3), phone="+33612345678")
    page = text(at_desk.get(PAGE))
    for said in [
        "même nom",
        "même téléphone",
        "naissances différentes",
        "3 avril 1985",
        "06 12 34 56 78",
        "Fusionner…",
    ]:
        assert said in page, said
    assert reverse("bookings:visitor_merge", args=[desk.visitor.pk, twin.pk]) in page
    assert "1 rapprochement" in page
    assert PAGE in text(at_desk.get("/usagers/"))


@pytest.mark.parametrize("query", ["q=%00", "q=%25&page=abc", "page=-1", "page=999", f"q={'x' * 5000}", "q=<script>"])
def test_any_address_has_an_answer(at_desk, card, query):
    card()
    page = at_desk.get(f"{PAGE}?{query}")
    assert page.status_code == 200
    assert "<script>" not in page.content.decode().split("<main")[1]


def test_the_empty_page_says_so(at_desk):
    assert "Aucun doublon probable" in text(at_desk.get(PAGE))
    assert "Aucun doublon probable à ce nom." in text(at_desk.get(PAGE, {"q": "zola"}))


def test_the_pages_ask_only(at_desk, desk, card):
    card()
    for url in (PAGE, f"{PAGE}?q=leila", reverse("bookings:visitor_detail", args=[desk.visitor.pk])):
        with CaptureQueriesContext(connection) as queries:
            at_desk.get(url)
        assert not [query for query in queries if not query["sql"].lstrip().startswith(("SELECT", "WITH"))]
    assert at_desk.get(TELL_APART).status_code == 405


def test_a_new_card_with_a_known_e_mail_is_shown_the_other_first(at_desk, desk):
    Visitor.objects.update(email="Leila@exemple.fr")
    sent = {"last_name": "Autre", "first_name": "", "email": "leila@exemple.fr"}
    page = at_desk.post(CREATE, sent)
    assert "Cette personne existe peut-être déjà." in text(page)
    assert Visitor.objects.count() == 1
    assert at_desk.post(CREATE, sent | {"seen": desk.visitor.pk}).status_code == 302


def test_a_correction_that_makes_two_cards_alike_says_so(at_desk, desk, card):
    other = card("Petit", "Ana")
    sent = {"last_name": "Amrani", "first_name": "Leila"}
    done = at_desk.post(reverse("bookings:visitor_update", args=[other.pk]), sent, follow=True)
    assert "Fiche mise à jour" in text(done)
    assert "Cette personne a peut-être une autre fiche." in text(done)
    assert reverse("bookings:visitor_merge", args=[other.pk, desk.visitor.pk]) in text(done)


def test_others_have_no_such_pages(client, desk, card):
    twin = card()
    distinction = tell_apart(one=twin, other=desk.visitor, by=desk.receptionist)
    forget = reverse("bookings:distinction_forget", args=[distinction.pk])
    stranger = VisitorFactory()
    client.force_login(desk.agent)
    assert client.get(PAGE).status_code == 404
    assert client.post(TELL_APART, {"a": twin.pk, "b": desk.visitor.pk}).status_code == 404
    assert client.post(forget).status_code == 404
    client.force_login(desk.receptionist)
    assert client.post(TELL_APART, {"a": stranger.pk, "b": desk.visitor.pk}).status_code == 404
    strangers = tell_apart(one=stranger, other=VisitorFactory(ccas=stranger.ccas), by=desk.receptionist)
    assert client.post(reverse("bookings:distinction_forget", args=[strangers.pk])).status_code == 404
    assert VisitorDistinction.objects.count() == 2


# --- Five thousand -------------------------------------------------------------------------------------------------

_CROWD = """
INSERT INTO bookings_visitor (ccas_id, last_name, first_name, birth_date, phone, email, interpreter_language,
    needs_wheelchair_access, phone_only, staff_notes, email_consent, sms_consent, created_at)
SELECT %s, initcap(translate(md5((number %% 4900)::text), '0123456789', 'aeioulnrst')), 'Ana',
    date '1950-01-01' + number %% 9000, '+3335301' || lpad((number %% 4950)::text, 5, '0'), '', '', false, false, '',
    false, false, now()
FROM generate_series(1, 5000) AS number
"""


def test_five_thousand_cards_cost_no_more_queries_than_two(at_desk, desk, card):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page = at_desk.get(PAGE)
        assert page.status_code == 200
        return len(captured)

    card()
    few = queries()
    with connection.cursor() as cursor:
        cursor.execute(_CROWD, [desk.site.ccas_id])
        cursor.execute("ANALYZE bookings_visitor")
    assert queries() == few <= 8
    # 100 names and 50 phones come twice, 2 cards of the test besides.
    assert LikelyPairs(ccas=desk.site.ccas).count() == 100 + 50 + 1


def test_no_more_pairs_are_read_than_a_desk_settles(at_desk, desk, card, monkeypatch):
    monkeypatch.setattr("bookings.duplicates.MOST_PAIRS", 2)
    card()
    card()
    assert LikelyPairs(ccas=desk.site.ccas).count() == 2
    assert "2 rapprochements, les plus probables" in text(at_desk.get(PAGE))
