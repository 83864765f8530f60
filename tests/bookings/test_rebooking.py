"""Another time for an appointment: the service, its page, its history, and two people who want the same time."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.urls import reverse

from bookings.errors import TimeNotOffered, TimeTaken
from bookings.models import Appointment, Notification, Permanence
from bookings.rebooking import rebook
from bookings.services import book_appointment, cancel_appointment, restore_appointment
from franceservices.errors import DomainError
from tests.bookings.booking_page import key, text
from tests.bookings.changes import NEXT_THURSDAY, THURSDAY, TUESDAY, booked, cancellation, decided
from tests.factories import ReasonFactory, SiteFactory, VisitorFactory, agent_of, staff_of


def moved(desk, appointment, clock="10:00", day=NEXT_THURSDAY, **changes) -> Appointment:
    fields = {"by": desk.receptionist} | changes
    return rebook(
        appointment=appointment,
        permanence_id=desk.permanence_at(day, clock).pk,
        starts_at=desk.at(day, clock),
        **fields,
    )


def page_of(appointment) -> str:
    return reverse("bookings:appointment_move", args=[appointment.pk])


def detail_of(appointment) -> str:
    return reverse("bookings:appointment_detail", args=[appointment.pk])


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


# --- The service -------------------------------------------------------------------------------------------------


def test_the_new_one_replaces_the_old_one_which_stays_in_the_history(desk):
    visitor = VisitorFactory(ccas=desk.site.ccas, email="leila@exemple.fr", email_consent=True)
    old = booked(desk, visitor=visitor, subject="Carte perdue")
    Notification.objects.all().delete()
    new = moved(desk, old)
    old.refresh_from_db()
    assert (old.status, old.cancelled_for, old.cancelled_by) == ("cancelled", "visitor", desk.receptionist)
    assert (new.rebooked_from, new.visitor, new.subject, new.reason) == (old, visitor, "Carte perdue", desk.reason)
    assert set(Notification.objects.exclude(kind="reminder").values_list("kind", "appointment")) == {("move", new.pk)}


def test_without_consent_nothing_is_sent(desk):
    moved(desk, booked(desk, visitor=VisitorFactory(ccas=desk.site.ccas, email="a@exemple.fr")))
    assert not Notification.objects.exists()


def test_to_a_time_that_overlaps_her_own(desk):
    old = booked(desk, "09:00")
    new = moved(desk, old, "09:15", THURSDAY)
    assert new.local_start.time() == dt.time(9, 15)


def test_a_time_that_somebody_has_is_refused_and_nothing_changes(desk):
    old, _other = booked(desk), booked(desk, "10:00", NEXT_THURSDAY)
    with pytest.raises(TimeTaken):
        moved(desk, old)
    old.refresh_from_db()
    assert old.is_standing
    assert Appointment.objects.count() == 2


@pytest.mark.parametrize("clock", ["12:15", "08:15"])
def test_a_time_outside_the_permanence_is_refused(desk, clock):
    old = booked(desk)
    morning = desk.permanence_at(NEXT_THURSDAY, "09:00")
    with pytest.raises(TimeNotOffered):
        rebook(appointment=old, permanence_id=morning.pk, starts_at=desk.at(NEXT_THURSDAY, clock), by=desk.receptionist)


def test_a_permanence_for_others_or_of_another_site_is_refused(desk):
    old = booked(desk)
    with pytest.raises(TimeNotOffered, match="ne traite pas ce motif"):
        moved(desk, old, "08:30", TUESDAY)
    with pytest.raises(Permanence.DoesNotExist):
        rebook(appointment=old, permanence_id=999_999, starts_at=desk.at(THURSDAY, "10:00"), by=desk.receptionist)


def test_somebody_received_or_past_is_not_moved(desk, monday_morning):
    received, past = booked(desk, "08:30"), booked(desk, "09:00")
    monday_morning.move_to(desk.at(THURSDAY, "10:00"))
    by = {f"{step}_by": desk.receptionist for step in ("arrived", "started", "finished")}
    at = {f"{step}_at": desk.at(THURSDAY, "08:30") for step in ("arrived", "started", "finished")}
    Appointment.objects.filter(pk=received.pk).update(status="honoured", **by, **at)
    with pytest.raises(DomainError, match="il est noté"):
        moved(desk, received)
    with pytest.raises(DomainError, match="son heure est passée"):
        moved(desk, past)


def test_who_waits_for_another_time_may_move_after_the_old_hour(desk, monday_morning):
    person = booked(desk)
    morning = Permanence.objects.with_parties().get(pk=person.permanence_id)
    decided(cancellation(morning), by=desk.receptionist)
    monday_morning.move_to(desk.at(THURSDAY + dt.timedelta(days=1), "10:00"))
    assert moved(desk, person).is_standing
    assert not Appointment.objects.to_replace().exists()


def test_a_social_worker_s_own_appointment_is_moved_by_the_desk(desk):
    own = book_appointment(
        permanence_id=desk.permanence_at(TUESDAY, "08:30").pk,
        starts_at=desk.at(TUESDAY, "08:30"),
        reason=desk.hard_case,
        subject="Dette",
        by=desk.social_worker,
    )
    new = moved(desk, own, "09:00", dt.date(2026, 3, 10))
    assert (new.social_worker, new.visitor) == (desk.social_worker, None)


def test_an_agent_moves_nobody(desk):
    with pytest.raises(TimeNotOffered, match="accueil"):
        moved(desk, booked(desk), by=desk.agent)


def test_the_old_one_is_not_restored_behind_the_new_one(desk):
    old = booked(desk)
    new = moved(desk, old)
    with pytest.raises(DomainError, match="a été déplacé"):
        restore_appointment(appointment=old, by=desk.receptionist)
    cancel_appointment(appointment=new, cancelled_for="visitor", by=desk.receptionist)
    with pytest.raises(DomainError, match="a été déplacé"):
        restore_appointment(appointment=old, by=desk.receptionist)
    assert restore_appointment(appointment=new, by=desk.receptionist).is_standing


def test_the_last_person_who_leaves_an_orphan_frees_its_office(desk):
    first, second = booked(desk, "09:00"), booked(desk, "10:00")
    Permanence.objects.filter(pk=first.permanence_id).update(orphaned_at=desk.at(TUESDAY, "08:00"))
    moved(desk, first)
    assert Permanence.objects.get(pk=first.permanence_id).status == "planned"
    cancel_appointment(appointment=second, cancelled_for="ccas", by=desk.receptionist)
    orphan = Permanence.objects.get(pk=first.permanence_id)
    assert (orphan.status, orphan.cancelled_by) == ("cancelled", desk.receptionist)


@pytest.mark.django_db(transaction=True)
def test_two_people_who_want_one_time_one_gets_it(desk):
    people = [booked(desk, clock) for clock in ("08:30", "09:00", "09:30", "10:00")]
    gate, outcomes, guard = threading.Barrier(len(people)), [], threading.Lock()

    def wants(person) -> None:
        try:
            connection.ensure_connection()
            gate.wait()
            try:
                moved(desk, person, "11:00")
                outcome = "moved"
            except TimeTaken:
                outcome = "taken"
            with guard:
                outcomes.append(outcome)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(wants, people))
    assert sorted(outcomes) == ["moved", "taken", "taken", "taken"]
    assert Appointment.objects.standing().count() == 4


# --- The page ----------------------------------------------------------------------------------------------------


def test_the_page_offers_the_next_times_and_moves_with_one_click(at_desk, desk):
    old = booked(desk)
    page = at_desk.get(page_of(old))
    assert "Les prochains" in text(page)
    assert key(desk, "09:30") in text(page)
    answer = at_desk.post(
        page_of(old), {"cancelled_for": "visitor", "reason": "", "creneau": key(desk, "10:00", NEXT_THURSDAY)}
    )
    new = Appointment.objects.get(rebooked_from=old)
    assert answer.url == detail_of(new)
    assert "Remplace" in text(at_desk.get(detail_of(new)))
    old_page = text(at_desk.get(detail_of(old)))
    assert "Déplacé au" in old_page
    assert "Rétablir ce rendez-vous" not in old_page


def test_the_appointment_s_page_leads_there(at_desk, desk):
    old = booked(desk)
    assert page_of(old) in text(at_desk.get(detail_of(old)))


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 200),
        ({"cancelled_for": "visitor"}, 409),
        ({"cancelled_for": "nobody", "creneau": "1-20260312T090000"}, 200),
        ({"cancelled_for": "visitor", "creneau": "999999-20260312T090000"}, 409),
        ({"cancelled_for": "visitor", "creneau": "x" * 5000}, 409),
        ({"cancelled_for": "visitor", "creneau": "\x00"}, 409),
        ({"cancelled_for": "visitor", "reason": "x" * 5000, "creneau": "1-20260312T090000"}, 200),
        ({"cancelled_for": "visitor", "reason": "\x00", "creneau": "1-20260312T090000"}, 200),
    ],
)
def test_bad_answers_change_nothing(at_desk, desk, sent, status):
    old = booked(desk)
    assert at_desk.post(page_of(old), sent).status_code == status
    assert Appointment.objects.get() == old
    assert Appointment.objects.get().is_standing


@pytest.mark.parametrize("query", ["jour=abc", "jour=9999-12-31", "partenaire=x", "jour=%00", "retour=" + "x" * 3000])
def test_bad_addresses_are_shown_something(at_desk, desk, query):
    assert at_desk.get(f"{page_of(booked(desk))}?{query}").status_code == 200


def test_a_time_taken_meanwhile_is_told_with_the_next_ones(at_desk, desk):
    old = booked(desk)
    booked(desk, "10:00", NEXT_THURSDAY)
    page = at_desk.post(page_of(old), {"cancelled_for": "visitor", "creneau": key(desk, "10:00", NEXT_THURSDAY)})
    assert page.status_code == 409
    assert "Ce créneau vient d’être pris" in text(page)
    assert "Les prochains" in text(page)


def test_looking_writes_nothing(at_desk, desk):
    old = booked(desk)
    at_desk.get(page_of(old))
    assert Appointment.objects.get().status == "booked"


def test_other_people_s_appointments_do_not_exist(client, desk):
    old = booked(desk)
    stranger = staff_of(SiteFactory())
    for user in (stranger, desk.agent, agent_of(desk.partner)):
        client.force_login(user)
        assert client.get(page_of(old)).status_code == 404
        assert client.post(page_of(old), {"cancelled_for": "visitor"}).status_code == 404


def test_a_reason_without_any_time_says_so(at_desk, desk):
    old = booked(desk)
    Appointment.objects.filter(pk=old.pk).update(reason=ReasonFactory())
    assert "Aucune heure libre" in text(at_desk.get(page_of(old)))
