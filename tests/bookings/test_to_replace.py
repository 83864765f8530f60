"""The worklist of people who wait for another time: it stays until it is empty."""

import datetime as dt
import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.generation import generate_permanences
from bookings.models import Appointment, Permanence
from bookings.next_times import NextTimes
from bookings.schedule_changes import Settled, Settlement, carry_out
from bookings.services import book_appointment, cancel_appointment
from conventions.models import PermanenceSlot
from tests.bookings.booking_page import key, text
from tests.bookings.changes import CLOCKS, THURSDAY, booked, cancellation, decided, new_hours
from tests.factories import ConventionFactory, SiteFactory, VisitorFactory, slot_of, staff_of

PAGE = "/a-replacer/"
TUESDAY = dt.date(2026, 3, 3)


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


def cancel_morning(desk, day=THURSDAY):
    morning = Permanence.objects.with_parties().get(pk=desk.permanence_at(day, "09:00").pk)
    return decided(cancellation(morning), by=desk.receptionist)


def named(desk, last_name, phone="") -> Appointment:
    return booked(
        desk,
        CLOCKS[Appointment.objects.count()],
        visitor=VisitorFactory(ccas=desk.site.ccas, last_name=last_name, first_name="Leïla", phone=phone),
    )


def test_it_names_who_waits_why_and_the_next_times(at_desk, desk):
    named(desk, "Amrani", phone="+33639980001")
    cancel_morning(desk)
    page = text(at_desk.get(PAGE))
    for said in (
        "Leïla AMRANI",
        "06 39 98 00 01",
        "Annulation\u00a0: Agent malade",
        "jeu. 5 mars 2026 à 8h30",
        "Choisir une autre heure",
        "Annuler et prévenir",
    ):
        assert said in page, said
    assert page.count('name="creneau"') == 3


def test_one_click_moves_and_the_list_empties(at_desk, desk):
    person = named(desk, "Amrani")
    cancel_morning(desk)
    assert "À replacer <span" in text(at_desk.get("/agenda/"))
    sent = {
        "cancelled_for": "partner",
        "reason": "",
        "retour": "a-replacer",
        "creneau": key(desk, "14:00"),
    }
    answer = at_desk.post(reverse("bookings:appointment_move", args=[person.pk]), sent)
    assert answer.url == PAGE
    page = text(at_desk.get(PAGE))
    assert "Personne n’attend une autre heure" in page
    assert "À replacer <span" not in page
    person.refresh_from_db()
    assert person.cancelled_for == "partner"


def test_it_stays_after_the_old_hour(at_desk, desk, monday_morning):
    named(desk, "Amrani")
    cancel_morning(desk)
    monday_morning.shift(dt.timedelta(days=9))
    at_desk.force_login(desk.receptionist)
    page = text(at_desk.get(PAGE))
    assert "Leïla AMRANI" in page
    assert "heure passée" in page


def test_pages_say_so_where_the_rest_of_the_permanence_is_held(at_desk, desk):
    late = booked(desk, "11:00")
    decision = new_hours(desk, Permanence.objects.with_parties().get(pk=late.permanence_id), "08:30", "10:30")
    carry_out(decision=decision, settled={late.pk: Settled(Settlement.LATER)}, by=desk.receptionist)
    board = text(at_desk.get(reverse("bookings:today"), {"jour": THURSDAY.isoformat()}))
    assert "<span>1 à replacer</span>" in board
    rows = text(at_desk.get(reverse("bookings:appointment_list"))).partition("Jour et heure")[2]
    assert "À replacer" in rows


def test_dates_that_left_the_grid_are_listed(at_desk, desk):
    named(desk, "Amrani")
    PermanenceSlot.objects.filter(weekday=4, start_time=dt.time(8, 30)).delete()
    generate_permanences(conventions=[desk.convention])
    assert "La grille hebdomadaire ne prévoit plus cette date." in text(at_desk.get(PAGE))


def test_search_by_name_phone_and_reason(at_desk, desk):
    for name, phone in (("Amrani", "+33639980001"), ("Lefèvre-Dupont", "+33639980002")):
        named(desk, name, phone)
    cancel_morning(desk)
    for query, expected in (
        ("lefevre", ["Lefèvre-Dupont"]),
        ("06 39 98 00 01", ["Amrani"]),
        ("carte vitale", ["Amrani", "Lefèvre-Dupont"]),
        ("zzz", []),
        ("x" * 5000, []),
        ("\x00", ["Amrani", "Lefèvre-Dupont"]),
    ):
        rows = at_desk.get(PAGE, {"q": query}).context["rows"]
        assert [row["appointment"].visitor.last_name for row in rows] == expected, query


def test_pages_of_twenty_five_at_a_constant_cost(at_desk, desk):
    counts = []
    for weeks in (1, 5):
        for week in range(weeks):
            day = THURSDAY + dt.timedelta(weeks=week)
            if desk.site.permanences.filter(day=day, status="planned").count() < 2:
                continue
            for clock in CLOCKS:
                booked(desk, clock, day)
            cancel_morning(desk, day)
        with CaptureQueriesContext(connection) as queries:
            assert at_desk.get(PAGE).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 11
    assert len(at_desk.get(PAGE).context["rows"]) == 25
    assert len(at_desk.get(f"{PAGE}?page=2").context["rows"]) == 5
    assert at_desk.get(f"{PAGE}?page=abc").status_code == 200


def test_other_spaces_and_agents_see_nothing_of_it(client, desk):
    named(desk, "Amrani")
    cancel_morning(desk)
    client.force_login(desk.agent)
    assert client.get(PAGE).status_code == 404
    client.force_login(staff_of(SiteFactory()))
    assert client.get(PAGE).context["rows"] == []


def test_an_appointment_of_another_site_is_not_counted(at_desk, desk):
    convention = ConventionFactory(partner=desk.partner)
    slot_of(convention, 4, "08:30", "12:30")
    generate_permanences(conventions=[convention])
    permanence = convention.permanences.with_parties().first()
    book_appointment(
        permanence_id=permanence.pk,
        starts_at=permanence.during.lower,
        reason=desk.reason,
        visitor=VisitorFactory(ccas=convention.site.ccas),
        by=staff_of(convention.site),
    )
    decided(cancellation(permanence), by=staff_of(convention.site))
    assert Appointment.objects.to_replace().count() == 1
    assert at_desk.get(PAGE).context["rows"] == []


def test_one_click_cancels_on_the_side_of_the_change_and_is_undone(at_desk, desk):
    person = named(desk, "Amrani")
    cancel_morning(desk)
    page = text(at_desk.post(f"{PAGE}{person.pk}/annuler/", follow=True))
    assert "Rendez-vous annulé pour Leïla AMRANI." in page
    undo = undo_of(page, person)
    person.refresh_from_db()
    assert (person.status, person.cancelled_for) == ("cancelled", "partner")
    assert person.cancellation_reason == "Annulation\u00a0: Agent malade"
    assert person.to_replace_since is None
    assert "attend de nouveau" in text(at_desk.post(undo, follow=True))
    assert list(Appointment.objects.to_replace()) == [person]
    assert "n’est pas annulé" in text(at_desk.post(undo, follow=True))


def undo_of(page: str, person: Appointment) -> str:
    """The address that the message of a cancellation posts to."""
    (address,) = re.findall(rf'action="({PAGE}{person.pk}/remettre/\?preuve=[^"]+)"', page)
    return html.unescape(address)


def test_only_that_very_cancellation_is_undone_and_for_an_hour(at_desk, desk, monday_morning):
    waiting, other = named(desk, "Amrani"), named(desk, "Benali")
    cancel_appointment(appointment=other, cancelled_for="ccas", by=desk.receptionist)
    cancel_morning(desk)
    undo = undo_of(text(at_desk.post(f"{PAGE}{waiting.pk}/annuler/", follow=True)), waiting)
    # One that never waited has no proof, and nobody else's serves.
    for address in (f"{PAGE}{other.pk}/remettre/", undo.replace(f"/{waiting.pk}/", f"/{other.pk}/")):
        assert "ne peut plus être défaite ici" in text(at_desk.post(address, follow=True))
    monday_morning.shift(dt.timedelta(hours=1, seconds=1))
    assert "ne peut plus être défaite ici" in text(at_desk.post(undo, follow=True))
    assert not Appointment.objects.to_replace().exists()
    assert set(Appointment.objects.values_list("status", flat=True)) == {"cancelled"}


def test_nobody_is_offered_what_another_is(at_desk, desk):
    for last_name in ("Amrani", "Benali", "Costa"):
        named(desk, last_name)
    cancel_morning(desk)
    rows = at_desk.get(PAGE).context["rows"]
    keys = [time.key for row in rows for time in row["times"]]
    assert len(keys) == len(set(keys)) == 9
    # All get a first time before anybody gets a second.
    first, second = ([row["times"][place].start for row in rows] for place in (0, 1))
    assert max(first) < min(second)


def test_where_times_are_short_each_has_one_and_nobody_is_left_without(desk):
    waiting = [named(desk, last_name) for last_name in ("Amrani", "Benali", "Costa")]
    cancel_morning(desk)
    # Tuesday morning alone: five half hours of the public.
    times = NextTimes(site=desk.site, days=2, windows={desk.permanence_at(TUESDAY, "14:00").pk: None})
    shared, free = times.shared_out(waiting, each=3), times.for_reason(desk.reason)
    keys = [time.key for person in waiting for time in shared[person.pk]]
    assert sorted(keys) == sorted({time.key for time in free})
    assert sorted(len(shared[person.pk]) for person in waiting) == [1, 2, 2]
    late = times.shared_out([waiting[0]], each=3)[waiting[0].pk]
    assert [time.key for time in late] == [time.key for time in free[:3]]


def test_only_who_waits_for_another_time_is_cancelled_from_the_list(at_desk, desk):
    person = named(desk, "Amrani")
    assert "n’attend plus" in text(at_desk.post(f"{PAGE}{person.pk}/annuler/", follow=True))
    assert Appointment.objects.get(pk=person.pk).status == "booked"
    for action in ("annuler", "remettre"):
        assert at_desk.get(f"{PAGE}{person.pk}/{action}/").status_code == 405
