"""What an avenant does to people who are booked: told before, done in force, undone when it is revoked."""

import datetime as dt
import threading
from dataclasses import replace

import pytest
from django.db import connections, transaction

from bookings.generation import generate_permanences
from bookings.models import Appointment, Permanence
from conventions import amendment_preview
from conventions.amendment_preview import preview_of
from conventions.amendments import put_in_force, revoke
from conventions.terms import terms_on
from partners.models import Office, Role
from tests.conventions.scene import Scene
from tests.conventions.test_amendments import WEDNESDAY_ON, draft
from tests.factories import ReasonFactory, UserFactory, VisitorFactory

THURSDAY = dt.date(2026, 1, 8)


@pytest.fixture
def scene(time_machine):
    time_machine.move_to(dt.datetime(2025, 11, 3, 9, tzinfo=dt.UTC))
    return Scene()


def without_thursday_afternoon(scene: Scene):
    before = terms_on(scene.convention, WEDNESDAY_ON)
    afternoon = next(slot for slot in before.slots if slot.weekday == 4 and slot.start_time == dt.time(13, 30))
    return replace(before, slots=tuple(slot for slot in before.slots if slot != afternoon))


@pytest.fixture
def booked(scene) -> Appointment:
    """Leïla Amrani, on Thursday 8 January 2026 at 13h30, which the avenant takes away."""
    generate_permanences(conventions=[scene.convention])
    permanence = Permanence.objects.get(day=THURSDAY, slot=scene.thursday_afternoon)
    return Appointment.objects.create(
        permanence=permanence,
        site=permanence.site,
        partner=permanence.partner,
        visitor=VisitorFactory(ccas=scene.ccas),
        reason=ReasonFactory(partners=[permanence.partner]),
        during=(permanence.during.lower, permanence.during.lower + dt.timedelta(minutes=30)),
        booked_by=scene.administrator,
    )


@pytest.mark.django_db
def test_whoever_loses_her_time_is_named_before_anything_is_done(scene, booked):
    preview = preview_of(
        amendment=draft(scene, without_thursday_afternoon(scene)),
        reader=UserFactory(role=Role.MANAGER, ccas=scene.ccas, sites=[scene.site]),
    )
    assert preview.displaced_count == 1
    assert preview.effects[0].displaced.lines == ("jeudi 8 janvier 2026 à 13h30\u00a0: Leïla AMRANI",)
    booked.refresh_from_db()
    assert booked.to_replace_since is None


@pytest.mark.django_db
def test_a_reader_of_another_space_learns_the_number_only(scene, booked):
    preview = preview_of(
        amendment=draft(scene, without_thursday_afternoon(scene)), reader=UserFactory(role=Role.MANAGER)
    )
    assert (preview.displaced_count, preview.hidden_count) == (1, 1)
    assert preview.effects[0].displaced.lines == ()


@pytest.mark.django_db
def test_what_waited_already_is_not_laid_at_its_door(scene, booked):
    scene.thursday_afternoon.delete()
    generate_permanences(conventions=[scene.convention])
    booked.refresh_from_db()
    assert booked.to_replace_since is not None
    terms = terms_on(scene.convention, WEDNESDAY_ON)
    shorter = replace(terms, slots=terms.slots[1:])
    preview = preview_of(amendment=draft(scene, shorter), reader=scene.administrator)
    assert preview.displaced_count == 0


@pytest.mark.django_db
def test_the_appointment_waits_then_holds_again_when_the_avenant_is_revoked(scene, booked):
    amendment = draft(scene, without_thursday_afternoon(scene))
    answers = put_in_force(amendment=amendment, by=scene.administrator)
    assert answers[0].next_step() is not None
    booked.refresh_from_db()
    assert booked.to_replace_since is not None
    revoke(amendment=amendment, by=scene.administrator)
    booked.refresh_from_db()
    booked.permanence.refresh_from_db()
    assert booked.to_replace_since is None
    assert booked.permanence.orphaned_at is None


@pytest.mark.django_db
def test_whoever_still_fits_keeps_her_time_and_her_date(scene, booked):
    before = terms_on(scene.convention, WEDNESDAY_ON)
    shorter = tuple(
        replace(slot, end_time=dt.time(15, 30)) if slot.weekday == 4 and slot.start_time == dt.time(13, 30) else slot
        for slot in before.slots
    )
    amendment = draft(scene, replace(before, slots=shorter))
    assert preview_of(amendment=amendment, reader=scene.administrator).displaced_count == 0
    put_in_force(amendment=amendment, by=scene.administrator)
    booked.refresh_from_db()
    assert booked.to_replace_since is None
    permanence = Permanence.objects.get(pk=booked.permanence_id)
    assert permanence.slot.end_time == dt.time(15, 30)
    assert permanence.during.upper - permanence.during.lower == dt.timedelta(hours=2)
    revoke(amendment=amendment, by=scene.administrator)
    permanence.refresh_from_db()
    assert permanence.slot.end_time == dt.time(16, 30)
    assert permanence.during.upper - permanence.during.lower == dt.timedelta(hours=3)


@pytest.mark.django_db(transaction=True)
def test_a_page_does_not_wait_for_a_room_that_somebody_holds(scene, monkeypatch):
    monkeypatch.setattr(amendment_preview, "LOCK_TIMEOUT", "100ms")
    amendment = draft(scene, without_thursday_afternoon(scene))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                list(Office.objects.select_for_update())
                held.set()
                done.wait(timeout=30)
        finally:
            connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(timeout=30)
        preview = preview_of(amendment=amendment, reader=scene.administrator)
    finally:
        done.set()
        holder.join()
    assert "Rechargez la page" in preview.refusal
    assert preview_of(amendment=amendment, reader=scene.administrator).refusal == ""
