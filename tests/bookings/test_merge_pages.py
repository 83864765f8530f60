"""The pages on which two cards are compared, made one, and made two again."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.models import Visitor, VisitorMerge
from partners.models import Role
from tests.factories import UserFactory, VisitorFactory

from .booking_page import step_three
from .merging import booked, compare, merge, record, text, undo_of


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


@pytest.fixture
def twin(desk) -> Visitor:
    return VisitorFactory(ccas=desk.site.ccas, last_name="Amrany", first_name="Leila")


def test_the_page_compares_and_says_what_will_be_done(at_desk, desk, twin):
    Visitor.objects.filter(pk=desk.visitor.pk).update(phone="+33612345678", sms_consent=True, staff_notes="Le matin.")
    Visitor.objects.filter(pk=twin.pk).update(phone="+33381412121", needs_wheelchair_access=True)
    booked(desk, twin)
    page = text(at_desk.get(compare(desk.visitor, twin)))
    for said in [
        "06 12 34 56 78",
        "03 81 41 21 21",
        "accepte les SMS",
        "fauteuil roulant",
        "Le matin.",
        "1 rendez-vous passe sur la fiche gardée",
        "jeu. 5 mars 2026 à 9h00",
        "Garder plutôt l’autre fiche",
        compare(twin, desk.visitor),
    ]:
        assert said in page, said
    assert page.count('name="phone"') == 2
    # What only one card says is no choice.
    assert 'name="birth_date"' not in page


def test_confirming_merges_as_chosen_and_offers_to_undo(at_desk, desk, twin):
    appointment = booked(desk, twin)
    done = at_desk.post(compare(desk.visitor, twin), {"last_name": "merged", "first_name": "kept"}, follow=True)
    merged = VisitorMerge.objects.get()
    assert done.redirect_chain == [(record(desk.visitor), 302)]
    assert "Les deux fiches n’en font plus qu’une\u00a0: Leïla AMRANY." in text(done)
    assert text(done).count(undo_of(merged)) == 2
    assert "Fusionnée ici le 2 mars 2026 à 8h00 par Camille" in text(done)
    appointment.refresh_from_db()
    assert appointment.visitor == desk.visitor
    page = text(at_desk.post(undo_of(merged), follow=True))
    assert "Fusion défaite\u00a0: Leïla AMRANI et Leila AMRANY ont de nouveau chacun leur fiche." in page
    assert "défaite le 2 mars 2026 par Camille" in page
    assert "déjà défaite" in text(at_desk.post(undo_of(merged), follow=True))


@pytest.mark.parametrize("sent", [{"last_name": "both"}, {"phone": "\x00", "x": "kept"}, {"staff_notes": "merged"}, {}])
def test_bad_choices_are_those_of_the_page(at_desk, desk, twin, sent):
    assert at_desk.post(compare(desk.visitor, twin), sent).status_code == 302
    assert Visitor.objects.get(pk=desk.visitor.pk).full_name == "Leïla AMRANI"


def test_confirming_twice_merges_once(at_desk, desk, twin):
    at_desk.post(compare(desk.visitor, twin))
    done = at_desk.post(compare(desk.visitor, twin), follow=True)
    assert "déjà fusionnée" in text(done)
    assert VisitorMerge.objects.count() == 1
    again = at_desk.get(compare(desk.visitor, twin), follow=True)
    assert "Ces deux fiches n’en font déjà qu’une" in text(again)


def test_the_other_card_is_chosen_among_likely_ones_or_by_a_search(at_desk, desk, twin):
    url = reverse("bookings:visitor_merge_choice", args=[desk.visitor.pk])
    Visitor.objects.update(birth_date=dt.date(1985, 4, 3))
    assert compare(desk.visitor, twin) in text(at_desk.get(url))
    Visitor.objects.update(birth_date=None)
    assert compare(desk.visitor, twin) not in text(at_desk.get(url))
    assert compare(desk.visitor, twin) in text(at_desk.get(url, {"q": "AMRANY"}))
    near = text(at_desk.get(url, {"q": "amramy"}))
    assert "Aucune correspondance exacte" in near
    assert compare(desk.visitor, twin) in near
    assert compare(desk.visitor, desk.visitor) not in text(at_desk.get(url, {"q": "leila"}))
    assert "Aucune autre fiche ne répond" in text(at_desk.get(url, {"q": "zzzzz"}))
    merge(desk, desk.visitor, twin)
    old = reverse("bookings:visitor_merge_choice", args=[twin.pk])
    assert at_desk.get(old).url == url


def test_a_correction_of_a_card_that_was_just_merged_is_not_lost_in_silence(at_desk, desk, twin):
    merge(desk, desk.visitor, twin)
    url = reverse("bookings:visitor_update", args=[twin.pk])
    done = at_desk.post(url, {"last_name": "Nouveau", "first_name": ""}, follow=True)
    assert done.redirect_chain == [(record(desk.visitor), 302)]
    assert "vos changements n’ont pas été enregistrés" in text(done)
    assert not Visitor.objects.filter(last_name="Nouveau").exists()


def test_a_booking_for_a_card_that_was_just_merged_is_the_kept_one_s(at_desk, desk, twin):
    merge(desk, desk.visitor, twin)
    assert booked(desk, twin).visitor == desk.visitor
    page = at_desk.post(step_three(desk, "10:00"), {"who": twin.pk, "subject": ""})
    assert "n’est pas connue de cet espace" in text(page)


def test_the_pages_ask_only_and_as_much_for_many_appointments(at_desk, desk, twin):
    choice = reverse("bookings:visitor_merge_choice", args=[desk.visitor.pk])
    counts = []
    for clocks in (["08:30"], ["09:00", "09:30", "10:00", "10:30", "11:00"]):
        for clock in clocks:
            booked(desk, twin, clock)
        for url in (choice, f"{choice}?q=amran", compare(desk.visitor, twin)):
            with CaptureQueriesContext(connection) as queries:
                assert at_desk.get(url).status_code == 200
            assert not [query for query in queries if not query["sql"].startswith("SELECT")]
            counts.append(len(queries))
    assert counts[:3] == counts[3:]
    assert max(counts) <= 9
    assert at_desk.get(undo_of(merge(desk, desk.visitor, twin))).status_code == 405


def test_nobody_else_merges(client, desk, twin):
    stranger = VisitorFactory()
    choice = reverse("bookings:visitor_merge_choice", args=[desk.visitor.pk])
    done = merge(desk, desk.visitor, twin)
    colleague = UserFactory(ccas=stranger.ccas, role=Role.MANAGER)
    other = VisitorFactory(ccas=desk.site.ccas)
    for user in (desk.agent, colleague):
        client.force_login(user)
        assert client.get(choice).status_code == 404
        assert client.get(compare(desk.visitor, other)).status_code == 404
        assert client.post(compare(desk.visitor, other)).status_code == 404
        assert client.post(undo_of(done)).status_code == 404
    client.force_login(desk.receptionist)
    for url in (
        compare(desk.visitor, stranger),
        compare(stranger, desk.visitor),
        "/usagers/9999999999999999999/fusionner/1/",
    ):
        assert client.get(url).status_code == 404
        assert client.post(url).status_code == 404
    assert VisitorMerge.objects.standing().count() == 1
