"""Two cards of one person become one, and two again; everything of both is kept."""

import datetime as dt
import itertools
import threading

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connections, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.duplicates import tell_apart
from bookings.models import (
    Appointment,
    Notification,
    NotificationChannel,
    NotificationKind,
    Visitor,
    VisitorDistinction,
    VisitorMerge,
)
from bookings.rebooking import rebook
from bookings.visitor_merging import CHOSEN_FACTS, Side, merge_visitors, undo_merge
from franceservices.errors import DomainError
from partners.models import Role
from tests.factories import UserFactory, VisitorFactory

from .merging import NEXT_THURSDAY, booked, merge, record, snapshot, text, undo_of


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


@pytest.fixture
def twin(desk) -> Visitor:
    return VisitorFactory(ccas=desk.site.ccas, last_name="Amrany", first_name="Leila")


# --- What the card becomes -----------------------------------------------------------------------------------------


def test_each_fact_is_the_chosen_card_s_and_an_empty_one_never_wins_by_itself(desk, twin):
    Visitor.objects.filter(pk=desk.visitor.pk).update(phone="+33612345678", birth_date=dt.date(1985, 4, 3))
    Visitor.objects.filter(pk=twin.pk).update(phone="+33381412121", email="l@exemple.fr", interpreter_language="arabe")
    done = merge(desk, desk.visitor, twin, last_name="merged", phone="kept")
    card = Visitor.objects.get(pk=desk.visitor.pk)
    assert (card.last_name, card.first_name, card.phone) == ("Amrany", "Leïla", "+33612345678")
    assert (card.email, card.birth_date) == ("l@exemple.fr", dt.date(1985, 4, 3))
    assert card.interpreter_language == "arabe"
    assert (done.kept, done.merged, done.made_by) == (card, twin, desk.receptionist)
    assert done.facts_before["last_name"] == "Amrani"


def test_needs_add_up_and_notes_are_all_kept(desk, twin):
    Visitor.objects.filter(pk=desk.visitor.pk).update(needs_wheelchair_access=True, staff_notes="Vient le matin.")
    Visitor.objects.filter(pk=twin.pk).update(phone_only=True, phone="+33612345678", staff_notes="Vit à l’hôtel.")
    merge(desk, desk.visitor, twin)
    card = Visitor.objects.get(pk=desk.visitor.pk)
    assert card.needs == ["fauteuil roulant", "par téléphone"]
    assert card.staff_notes == "Vient le matin.\n\n[De la fiche fusionnée Leila AMRANY]\nVit à l’hôtel."
    assert Visitor.objects.get(pk=twin.pk).staff_notes == "Vit à l’hôtel."


@pytest.mark.parametrize(
    ("mine", "theirs", "chosen", "agrees"),
    [
        (("+33612345678", True), ("+33612345679", False), "kept", True),
        (("+33612345678", True), ("+33612345679", False), "merged", False),
        (("+33612345678", False), ("+33612345679", True), "kept", False),
        (("+33612345678", False), ("+33612345679", True), "merged", True),
        (("+33612345678", False), ("+33612345678", True), "kept", True),
        (("", False), ("+33612345678", True), None, True),
        (("", True), ("", True), None, False),
    ],
)
def test_a_consent_stays_with_the_address_it_was_given_for(desk, twin, mine, theirs, chosen, agrees):
    for card, (phone, consent) in ((desk.visitor, mine), (twin, theirs)):
        email = phone and f"{phone[1:]}@exemple.fr"
        Visitor.objects.filter(pk=card.pk).update(phone=phone, sms_consent=consent, email=email, email_consent=consent)
    merge(desk, desk.visitor, twin, **({"phone": chosen, "email": chosen} if chosen else {}))
    card = Visitor.objects.get(pk=desk.visitor.pk)
    assert (card.sms_consent, card.email_consent) == (agrees, agrees)


def test_appointments_and_their_messages_follow(desk, twin):
    mine, theirs = booked(desk, desk.visitor), booked(desk, twin, "09:30")
    Notification.objects.create(
        site=desk.site,
        appointment=theirs,
        kind=NotificationKind.REMINDER,
        channel=NotificationChannel.SMS,
        recipient="+33612345678",
        dedupe_key="x",
        due_at=timezone.now(),
    )
    done = merge(desk, desk.visitor, twin)
    assert set(desk.visitor.appointments.all()) == {mine, theirs}
    assert Notification.objects.get(appointment__visitor=desk.visitor).appointment == theirs
    assert done.moved["appointments"] == [theirs.pk]


def test_whoever_the_other_was_not_the_one_is_not_either(desk, twin):
    stranger = VisitorFactory(ccas=desk.site.ccas)
    tell_apart(one=twin, other=stranger, by=desk.receptionist)
    done = merge(desk, desk.visitor, twin)
    assert VisitorDistinction.objects.filter(a=desk.visitor, b=stranger).exists()
    undo_merge(merge=done, by=desk.receptionist)
    assert list(VisitorDistinction.objects.values_list("a", "b")) == [(twin.pk, stranger.pk)]


def test_every_table_that_points_to_a_card_is_known_to_the_merge():
    """A new foreign key to a person must be thought of here, or its rows would stay on a card that nobody finds."""
    pointing = {
        f"{relation.related_model.__name__}.{relation.field.name}" for relation in Visitor._meta.related_objects
    }
    above = {f"{label.partition('.')[2]}.visitor" for label in django_settings.VISITOR_MODELS}
    assert pointing - above == {
        "Appointment.visitor",
        "DataRequest.visitor",
        # A list names the card that was read when it was approved; one that joined another since is kept.
        "EliminationLine.visitor",
        "Visitor.merged_into",
        "VisitorDistinction.a",
        "VisitorDistinction.b",
        "VisitorMerge.kept",
        "VisitorMerge.merged",
    }


# --- What is refused -----------------------------------------------------------------------------------------------


def test_a_card_is_not_merged_with_itself_another_ccas_or_twice(desk, twin):
    stranger = VisitorFactory()
    everywhere = UserFactory(is_superuser=True, role=Role.ADMINISTRATOR)
    before = snapshot()
    with pytest.raises(DomainError, match="la même fiche"):
        merge(desk, desk.visitor, desk.visitor)
    with pytest.raises(DomainError, match="pas du même CCAS"):
        merge_visitors(kept=desk.visitor, merged=stranger, facts={}, by=everywhere)
    with pytest.raises(Visitor.DoesNotExist):
        merge(desk, desk.visitor, stranger)
    assert snapshot() == before
    merge(desk, desk.visitor, twin)
    other = VisitorFactory(ccas=desk.site.ccas)
    for kept, merged in ((desk.visitor, twin), (other, twin), (twin, other)):
        with pytest.raises(DomainError, match="déjà fusionnée"):
            merge(desk, kept, merged)


# --- Undoing -------------------------------------------------------------------------------------------------------

PHONES = st.sampled_from(["", "+33612345678", "+33698765432"])
NOTES = st.sampled_from(["", "Vient le matin.", "Vit à l’hôtel.\n\nRappeler."])


@st.composite
def cards(draw) -> dict[str, object]:
    phone, email = draw(PHONES), draw(st.sampled_from(["", "a@exemple.fr", "b@exemple.fr"]))
    return {
        "last_name": draw(st.sampled_from(["Amrani", "Amrany", "Da Silva"])),
        "first_name": draw(st.sampled_from(["", "Leïla", "Leila"])),
        "birth_date": draw(st.none() | st.dates(dt.date(1930, 1, 1), dt.date(2020, 1, 1))),
        "phone": phone,
        "email": email,
        "interpreter_language": draw(st.sampled_from(["", "arabe", "dari"])),
        "needs_wheelchair_access": draw(st.booleans()),
        "phone_only": draw(st.booleans()),
        "staff_notes": draw(NOTES),
        "sms_consent": bool(phone) and draw(st.booleans()),
        "email_consent": bool(email) and draw(st.booleans()),
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    facts=st.lists(cards(), min_size=3, max_size=3),
    choices=st.dictionaries(st.sampled_from(CHOSEN_FACTS), st.sampled_from(list(Side))),
    owners=st.lists(st.integers(0, 2), max_size=4),
    apart=st.booleans(),
    chained=st.booleans(),
)
def test_merging_then_undoing_changes_nothing(desk, facts, choices, owners, apart, chained):
    with transaction.atomic():
        one, two, three = (VisitorFactory(ccas=desk.site.ccas, **of_card) for of_card in facts)
        for owner, clock in zip(owners, ["09:00", "09:30", "10:00", "10:30"], strict=False):
            booked(desk, (one, two, three)[owner], clock)
        if apart:
            tell_apart(one=three, other=two, by=desk.receptionist)
        states, merges = [snapshot()], []
        for kept, merged in ((one, two), (three, one) if chained else (one, three)):
            merges.append(merge_visitors(kept=kept, merged=merged, facts=choices, by=desk.receptionist))
            standing = Visitor.objects.current().exclude(pk=desk.visitor.pk)
            assert sum(card.appointments.count() for card in standing) == len(owners)
            states.append(snapshot())
        for done in reversed(merges):
            assert snapshot() == states.pop()
            undone = undo_merge(merge=done, by=desk.receptionist)
            assert (undone.corrected, undone.appointments) == ((), 0)
        assert snapshot() == states.pop()
        transaction.set_rollback(True)


def test_what_is_newer_than_the_merge_stays_and_is_said(at_desk, desk, twin, monday_morning):
    Visitor.objects.filter(pk=desk.visitor.pk).update(phone="+33612345678")
    moved = booked(desk, twin)
    done = merge(desk, desk.visitor, twin)
    monday_morning.move_to(desk.at(dt.date(2026, 3, 3), "08:00"))
    at_desk.force_login(desk.receptionist)
    since = booked(desk, desk.visitor, "10:00", NEXT_THURSDAY)
    Visitor.objects.filter(pk=desk.visitor.pk).update(phone="+33698765432", sms_consent=True)
    page = text(at_desk.post(undo_of(done), follow=True))
    assert "1 rendez-vous pris depuis la fusion reste sur la fiche gardée." in page
    assert (
        "Corrigé depuis la fusion, donc laissé tel quel sur la fiche gardée\u00a0: téléphone et accord pour les SMS."
        in page
    )
    moved.refresh_from_db()
    since.refresh_from_db()
    assert (moved.visitor, since.visitor) == (twin, desk.visitor)
    card = Visitor.objects.get(pk=desk.visitor.pk)
    assert (card.phone, card.sms_consent) == ("+33698765432", True)


def test_a_number_and_its_consent_are_never_parted(desk, twin):
    Visitor.objects.filter(pk=desk.visitor.pk).update(phone="+33612345678", sms_consent=True)
    Visitor.objects.filter(pk=twin.pk).update(phone="+33698765432")
    done = merge(desk, desk.visitor, twin, phone="merged")
    Visitor.objects.filter(pk=desk.visitor.pk).update(sms_consent=True)
    undo_merge(merge=done, by=desk.receptionist)
    card = Visitor.objects.get(pk=desk.visitor.pk)
    # The new consent is about the number that the merge chose: that number stays with it.
    assert (card.phone, card.sms_consent) == ("+33698765432", True)


def test_merges_are_undone_from_the_last_to_the_first(at_desk, desk, twin):
    other = VisitorFactory(ccas=desk.site.ccas, last_name="Amraní")
    first = merge(desk, desk.visitor, twin)
    second = merge(desk, desk.visitor, other)
    with pytest.raises(DomainError, match="défaites d’abord"):
        undo_merge(merge=first, by=desk.receptionist)
    page = text(at_desk.get(record(desk.visitor)))
    assert undo_of(second) in page
    assert undo_of(first) not in page
    assert "Pour la défaire, défaites d’abord la fusion plus récente." in page
    undo_merge(merge=second, by=desk.receptionist)
    undo_merge(merge=first, by=desk.receptionist)
    with pytest.raises(DomainError, match="déjà défaite"):
        undo_merge(merge=first, by=desk.receptionist)
    assert not Visitor.objects.exclude(merged_into=None).exists()


def test_a_chain_leads_to_its_end_and_is_undone_from_there(at_desk, desk, twin):
    last = VisitorFactory(ccas=desk.site.ccas, last_name="Amrani-Roy")
    appointment = booked(desk, twin)
    first = merge(desk, desk.visitor, twin)
    second = merge(desk, last, desk.visitor)
    appointment.refresh_from_db()
    assert appointment.visitor == last
    for old in (twin, desk.visitor):
        assert at_desk.get(record(old)).url == record(last)
        edit = reverse("bookings:visitor_update", args=[old.pk])
        assert at_desk.get(edit).url == reverse("bookings:visitor_update", args=[last.pk])
        page = at_desk.get(f"/rendez-vous/nouveau/?usager={old.pk}")
        assert page.context["visitor"] == last
    with pytest.raises(DomainError, match=r"AMRANI a été fusionnée ensuite avec celle de .* AMRANI-ROY"):
        undo_merge(merge=first, by=desk.receptionist)
    undo_merge(merge=second, by=desk.receptionist)
    appointment.refresh_from_db()
    assert appointment.visitor == desk.visitor
    undo_merge(merge=first, by=desk.receptionist)
    appointment.refresh_from_db()
    assert appointment.visitor == twin


# --- At the same moment --------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_desks_merge_the_same_cards_both_ways_and_one_is_told(transactional_db, monday_morning):
    """Real threads, real connections: both lock the rows in the order of their ids, so that neither waits for ever."""
    receptionist = UserFactory()
    outcomes: list[str] = []
    for _ in range(5):
        one, two = (VisitorFactory(ccas=receptionist.ccas) for _ in range(2))
        barrier = threading.Barrier(4)

        def run(kept, merged, barrier=barrier):
            try:
                barrier.wait()
                merge_visitors(kept=kept, merged=merged, facts={}, by=receptionist)
                outcomes.append("done")
            except DomainError:
                outcomes.append("told")
            finally:
                connections.close_all()

        pairs = itertools.islice(itertools.cycle([(one, two), (two, one)]), 4)
        threads = [threading.Thread(target=run, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert VisitorMerge.objects.standing().filter(kept__in=[one, two]).count() == 1
    assert sorted(outcomes) == ["done"] * 5 + ["told"] * 15


@pytest.mark.django_db(transaction=True)
def test_a_booking_that_meets_a_merge_goes_to_the_kept_card(transactional_db, desk):
    twin = VisitorFactory(ccas=desk.site.ccas, last_name="Amrany")
    taken: list[Appointment] = []

    def book() -> None:
        try:
            # As a page read it before the merge.
            taken.append(booked(desk, twin))
        finally:
            connections.close_all()

    thread = threading.Thread(target=book)
    with transaction.atomic():
        merge(desk, desk.visitor, twin)
        thread.start()
        thread.join(timeout=1)
        assert thread.is_alive()  # It waits for the merge.
    thread.join(timeout=30)
    assert [appointment.visitor for appointment in taken] == [desk.visitor]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["merge", "move"])
def test_a_move_that_meets_a_merge_leaves_nothing_on_the_merged_card(transactional_db, desk, first):
    twin = VisitorFactory(ccas=desk.site.ccas, last_name="Amrany")
    old = booked(desk, twin)
    faults: list[Exception] = []

    def move() -> None:
        rebook(
            appointment=old,
            permanence_id=desk.permanence_at(NEXT_THURSDAY, "09:00").pk,
            starts_at=desk.at(NEXT_THURSDAY, "09:00"),
            by=desk.receptionist,
        )

    actions = {"merge": lambda: merge(desk, desk.visitor, twin), "move": move}

    def run_the_other() -> None:
        try:
            actions["move" if first == "merge" else "merge"]()
        except (DatabaseError, DomainError, AttributeError) as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run_the_other)
    with transaction.atomic():
        actions[first]()
        thread.start()
        thread.join(timeout=1)
        assert thread.is_alive()
    thread.join(timeout=30)
    assert faults == []
    assert set(Appointment.objects.values_list("visitor", flat=True)) == {desk.visitor.pk}
    assert Appointment.objects.count() == 2
