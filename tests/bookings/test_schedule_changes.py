"""One date changed: nobody is forgotten, all or nothing, and undone as a whole."""

import datetime as dt
import threading

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from bookings import schedule_changes
from bookings.errors import SituationChanged, TimeTaken
from bookings.exceptional_dates import add_permanence
from bookings.generation import generate_permanences
from bookings.impact import impact_of
from bookings.models import (
    Appointment,
    Notification,
    Permanence,
    PermanenceRevision,
    ScheduleChange,
    ScheduleChangeKind,
)
from bookings.schedule_changes import Settled, Settlement, carry_out, undo_change
from bookings.services import cancel_appointment
from conventions.models import Audience, PermanenceSlot
from franceservices.errors import DomainError
from tests.bookings.changes import (
    NEXT_THURSDAY,
    THURSDAY,
    TUESDAY,
    booked,
    cancellation,
    decided,
    new_hours,
    six,
)
from tests.factories import ConventionFactory, OfficeFactory, PartnerFactory, slot_of


@pytest.fixture
def morning(desk) -> Permanence:
    return Permanence.objects.with_parties().get(pk=desk.permanence_at(THURSDAY, "09:00").pk)


def states() -> dict[str, int]:
    return {
        "moved": Appointment.objects.filter(rebooked_from__isnull=False).count(),
        "cancelled": Appointment.objects.filter(status="cancelled", rebooked_as=None).count(),
        "waiting": Appointment.objects.to_replace().count(),
    }


# --- Nobody is forgotten -----------------------------------------------------------------------------------------


def test_each_of_six_is_moved_cancelled_with_a_notice_or_in_the_worklist(desk, morning):
    people = six(desk)
    Notification.objects.all().delete()
    decision = cancellation(morning)
    impact = impact_of(decision)
    assert impact.leaving == people
    choices = [Settlement.REBOOK, Settlement.CANCEL, Settlement.LATER] * 2
    settled = {
        person.pk: Settled(choice, (impact.proposals[person.pk].permanence.pk, impact.proposals[person.pk].start))
        for person, choice in zip(people, choices, strict=True)
    }
    change = carry_out(decision=decision, settled=settled, signature=impact.signature, by=desk.receptionist)
    morning.refresh_from_db()
    assert (morning.status, morning.cancellation_reason, morning.cancelled_by) == (
        "cancelled",
        "Agent malade",
        desk.receptionist,
    )
    assert (morning.edited_by, change.revisions.count()) == (desk.receptionist, 1)
    assert states() == {"moved": 2, "cancelled": 2, "waiting": 2}
    for person in people:
        person.refresh_from_db()
    assert [person.status for person in people] == ["cancelled", "cancelled", "booked"] * 2
    assert people[0].rebooked_as.during.lower == impact.proposals[people[0].pk].start
    assert {person.cancelled_for for person in people if person.status == "cancelled"} == {"partner"}
    # Persons 0, 2 and 4 agreed to e-mails: 0 was moved, 4 cancelled, 2 waits and gets nothing yet.
    told = set(Notification.objects.exclude(kind="reminder").values_list("kind", "appointment"))
    assert told == {("move", people[0].rebooked_as.pk), ("cancellation", people[4].pk)}


def test_two_people_are_never_proposed_the_same_time(desk, morning):
    six(desk)
    proposals = impact_of(cancellation(morning)).proposals
    times = [(time.permanence.pk, time.start) for time in proposals.values()]
    assert len(times) == 6
    assert len(set(times)) == 6
    assert all(time.start >= morning.during.lower for time in proposals.values())
    assert all(time.permanence.pk != morning.pk for time in proposals.values())


def test_an_appointment_without_a_choice_stops_everything(desk, morning):
    people = six(desk)
    settled = {person.pk: Settled(Settlement.LATER) for person in people[:5]}
    with pytest.raises(SituationChanged):
        carry_out(decision=cancellation(morning), settled=settled, by=desk.receptionist)
    assert Permanence.objects.get(pk=morning.pk).status == "planned"


def test_a_booking_between_preview_and_confirmation_stops_everything(desk, morning):
    impact = impact_of(cancellation(morning))
    booked(desk, "11:30")
    with pytest.raises(SituationChanged):
        carry_out(decision=cancellation(morning), settled={}, signature=impact.signature, by=desk.receptionist)
    assert not ScheduleChange.objects.exists()


def test_a_proposed_time_taken_meanwhile_stops_everything(desk, morning):
    people = six(desk)
    decision = cancellation(morning)
    impact = impact_of(decision)
    taken = impact.proposals[people[-1].pk]
    settled = {
        person.pk: Settled(
            Settlement.REBOOK, (impact.proposals[person.pk].permanence.pk, impact.proposals[person.pk].start)
        )
        for person in people
    }
    start = taken.start
    booked(desk, f"{start:%H:%M}", start.date())
    with pytest.raises(TimeTaken):
        carry_out(decision=decision, settled=settled, signature=impact.signature, by=desk.receptionist)
    assert states() == {"moved": 0, "cancelled": 0, "waiting": 0}
    assert not ScheduleChange.objects.exists()


def test_somebody_who_cancelled_meanwhile_stops_everything(desk, morning):
    people = six(desk)
    impact = impact_of(cancellation(morning))
    cancel_appointment(appointment=people[0], cancelled_for="visitor", by=desk.receptionist)
    settled = {person.pk: Settled(Settlement.LATER) for person in people}
    with pytest.raises(SituationChanged):
        carry_out(decision=cancellation(morning), settled=settled, signature=impact.signature, by=desk.receptionist)


# --- All or nothing ----------------------------------------------------------------------------------------------


def test_a_fault_half_way_leaves_nothing(desk, morning, monkeypatch):
    six(desk)
    calls = []

    def third_time_fails(**given):
        calls.append(given)
        if len(calls) == 3:
            raise RuntimeError("power cut")
        return cancel_appointment(**given)

    monkeypatch.setattr(schedule_changes, "cancel_appointment", third_time_fails)
    with pytest.raises(RuntimeError):
        decided(cancellation(morning), by=desk.receptionist, choice=Settlement.CANCEL)
    assert len(calls) == 3
    assert states() == {"moved": 0, "cancelled": 0, "waiting": 0}
    assert Permanence.objects.get(pk=morning.pk).status == "planned"
    assert not ScheduleChange.objects.exists()
    assert not PermanenceRevision.objects.exists()


# --- Shorter, moved, elsewhere -----------------------------------------------------------------------------------


def test_who_still_fits_stays_and_who_does_not_is_listed(desk, morning):
    people = six(desk)
    decision = new_hours(desk, morning, "08:30", "10:00")
    impact = impact_of(decision)
    assert impact.staying == people[:3]
    assert impact.leaving == people[3:]
    decided(decision, by=desk.receptionist)
    morning.refresh_from_db()
    assert morning.local_end.time() == dt.time(10, 0)
    assert list(Appointment.objects.to_replace()) == people[3:]
    assert [person.rebooked_from_id for person in people[:3]] == [None] * 3


def test_a_moved_date_offers_its_own_new_hours(desk, morning):
    person = booked(desk, "08:30")
    decision = new_hours(desk, morning, "10:00", "12:30")
    assert impact_of(decision).proposals[person.pk].start == desk.at(THURSDAY, "10:00")


def test_another_office_keeps_everybody(desk, morning):
    people = six(desk)
    office = OfficeFactory(site=desk.site, label="112")
    decision = new_hours(desk, morning, "08:30", "12:30", office=office)
    assert decision.kind == ScheduleChangeKind.NEW_OFFICE
    assert impact_of(decision).staying == people
    decided(decision, by=desk.receptionist)
    morning.refresh_from_db()
    assert morning.office == office


def test_an_office_taken_says_by_whom_and_when(desk, morning):
    other = ConventionFactory(site=desk.site, partner=PartnerFactory(short_name="CAF"))
    office = OfficeFactory(site=desk.site, label="112")
    slot_of(other, 4, "11:00", "12:00", office=office)
    generate_permanences(conventions=[other])
    decision = new_hours(desk, morning, "08:30", "12:30", office=office)
    with pytest.raises(DomainError, match="Bureau 112 est pris par CAF, jeudi 5 mars 2026, 11h00–12h00"):
        decided(decision, by=desk.receptionist)
    with pytest.raises(DomainError, match="Bureau 112 est pris par CAF"):
        add_permanence(
            convention=desk.convention,
            office=office,
            day=THURSDAY,
            start_time=dt.time(11, 30),
            end_time=dt.time(13, 0),
            audience=Audience.PUBLIC,
            reason="Renfort",
            by=desk.receptionist,
        )


def test_who_was_received_keeps_the_hours_that_were_held(desk, morning, monday_morning):
    """The agent leaves at 10h00: what is left is taken away, what was held stays."""
    people = six(desk)
    monday_morning.move_to(desk.at(THURSDAY, "10:00"))
    Appointment.objects.filter(pk=people[0].pk).update(
        status="honoured",
        **{f"{step}_at": desk.at(THURSDAY, "08:30") for step in ("arrived", "started", "finished")},
        **{f"{step}_by": desk.receptionist for step in ("arrived", "started", "finished")},
    )
    impact = impact_of(cancellation(morning))
    assert impact.leaving == people[3:]
    decided(cancellation(morning), by=desk.receptionist)
    morning.refresh_from_db()
    assert (morning.status, morning.local_end.time()) == ("planned", dt.time(10, 0))


# --- One more date -----------------------------------------------------------------------------------------------


def extra(desk, day=dt.date(2026, 3, 4), **changes):
    fields = {
        "convention": desk.convention,
        "office": OfficeFactory(site=desk.site),
        "day": day,
        "start_time": dt.time(9, 0),
        "end_time": dt.time(12, 0),
        "audience": Audience.PUBLIC,
        "reason": "Rattrapage",
        "by": desk.receptionist,
    } | changes
    return add_permanence(**fields)


def test_an_exceptional_date_is_booked_like_any_other(desk):
    change = extra(desk)
    added = change.revisions.get().permanence
    assert (added.origin, added.day, added.slot) == ("exceptional", dt.date(2026, 3, 4), None)
    booked(desk, "09:00", dt.date(2026, 3, 4))
    with pytest.raises(DomainError, match="Des rendez-vous sont pris dans cette permanence"):
        undo_change(change=change, by=desk.receptionist)


def test_an_exceptional_date_taken_back_is_cancelled(desk):
    change = extra(desk)
    undo_change(change=change, by=desk.receptionist)
    assert change.revisions.get().permanence.status == "cancelled"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"day": dt.date(2026, 4, 6)}, "fermé ce jour-là.: [Ll]undi de Pâques"),
        ({"day": dt.date(2029, 1, 3)}, "La convention court"),
        ({"day": dt.date(2026, 3, 2), "start_time": dt.time(7, 0)}, "déjà passée"),
    ],
)
def test_an_exceptional_date_that_cannot_be(desk, changes, sentence):
    with pytest.raises(DomainError, match=sentence):
        extra(desk, **changes)
    assert not Permanence.objects.filter(origin="exceptional").exists()


# --- Undoing -----------------------------------------------------------------------------------------------------


def test_undoing_gives_everything_back_that_nobody_has_moved(desk, morning):
    people = six(desk)
    change = decided(cancellation(morning), by=desk.receptionist)
    assert undo_change(change=change, by=desk.social_worker) == 1
    morning.refresh_from_db()
    assert (morning.status, morning.cancelled_at, morning.edited_at) == ("planned", None, None)
    assert not Appointment.objects.to_replace().exists()
    assert all(Appointment.objects.get(pk=person.pk).is_standing for person in people)
    change.refresh_from_db()
    assert change.undone_by == desk.social_worker
    with pytest.raises(DomainError, match="déjà défait"):
        undo_change(change=change, by=desk.receptionist)


def test_undoing_new_hours_gives_the_old_ones_back(desk, morning):
    before = (morning.during, morning.office_id)
    office = OfficeFactory(site=desk.site)
    change = decided(new_hours(desk, morning, "09:00", "10:00", office=office), by=desk.receptionist)
    undo_change(change=change, by=desk.receptionist)
    morning.refresh_from_db()
    assert (morning.during, morning.office_id) == before


def test_undoing_is_refused_when_the_office_has_another_use(desk, morning):
    change = decided(cancellation(morning), by=desk.receptionist)
    extra(desk, THURSDAY, office=morning.office)
    with pytest.raises(DomainError, match=r"est pris par CPAM, jeudi 5 mars 2026, 9h00–12h00\. Rien n’a été changé"):
        undo_change(change=change, by=desk.receptionist)
    change.refresh_from_db()
    assert change.undone_at is None


def test_undoing_is_refused_under_a_later_change(desk, morning):
    first = decided(new_hours(desk, morning, "08:30", "11:00"), by=desk.receptionist)
    morning.refresh_from_db()
    decided(new_hours(desk, morning, "08:30", "10:00"), by=desk.receptionist)
    with pytest.raises(DomainError, match="Un changement plus récent"):
        undo_change(change=first, by=desk.receptionist)


def test_undoing_is_refused_when_somebody_is_booked_in_the_new_hours(desk, morning):
    change = decided(new_hours(desk, morning, "08:30", "13:30"), by=desk.receptionist)
    booked(desk, "13:00")
    with pytest.raises(DomainError, match="Des rendez-vous sont pris dans le nouvel horaire"):
        undo_change(change=change, by=desk.receptionist)


def test_what_is_past_is_not_undone(desk, morning, monday_morning):
    change = decided(cancellation(morning), by=desk.receptionist)
    monday_morning.move_to(desk.at(THURSDAY + dt.timedelta(days=1), "08:00"))
    with pytest.raises(DomainError, match="passées"):
        undo_change(change=change, by=desk.receptionist)


def test_generation_leaves_changed_dates_alone(desk, morning):
    decided(new_hours(desk, morning, "08:30", "10:00"), by=desk.receptionist)
    generate_permanences(conventions=[desk.convention])
    morning.refresh_from_db()
    assert morning.local_end.time() == dt.time(10, 0)
    assert Permanence.objects.filter(day=THURSDAY).count() == 2


# --- The weekly grid ---------------------------------------------------------------------------------------------


def test_a_grid_that_changes_next_month_keeps_the_past_and_lists_the_orphans(desk, monday_morning):
    kept = booked(desk, "09:00", dt.date(2026, 3, 26))
    orphan = booked(desk, "09:00", dt.date(2026, 4, 2))
    slot = PermanenceSlot.objects.get(weekday=4, start_time=dt.time(8, 30))
    slot.ends_on = dt.date(2026, 3, 31)
    slot.save()
    slot_of(desk.convention, 5, "08:30", "12:30", starts_on=dt.date(2026, 4, 1))
    report = generate_permanences(conventions=[desk.convention])
    assert [found.day for found in report.orphaned] == [dt.date(2026, 4, 2)]
    assert list(Appointment.objects.to_replace()) == [orphan]
    assert report.next_step() == ("Voir «\u00a0À replacer\u00a0»", "/a-replacer/")
    kept.refresh_from_db()
    assert (kept.to_replace_since, kept.permanence.orphaned_at) == (None, None)
    days = set(Permanence.objects.filter(orphaned_at=None).values_list("day", flat=True))
    assert {dt.date(2026, 3, 26), dt.date(2026, 4, 3)} <= days
    mornings = Permanence.objects.filter(during__contains=desk.at(dt.date(2026, 4, 9), "09:00"))
    assert not mornings.exists()
    # The grid foresees the date after all: nobody waits any more.
    slot.ends_on = dt.date(2028, 12, 31)
    slot.save()
    generate_permanences(conventions=[desk.convention])
    assert not Appointment.objects.to_replace().exists()


# --- Races and cuts, with real connections -----------------------------------------------------------------------


def test_the_preview_costs_the_same_for_one_and_for_six(desk, morning):
    counts = []
    for clocks in (["08:30"], ["09:00", "09:30", "10:00", "10:30", "11:00"]):
        for clock in clocks:
            booked(desk, clock)
        with CaptureQueriesContext(connection) as queries:
            impact_of(cancellation(morning))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


@pytest.mark.django_db(transaction=True)
def test_a_connection_killed_half_way_leaves_nothing(desk, morning, monkeypatch):
    six(desk)
    reached, killed = threading.Event(), threading.Event()
    backends, faults = [], []

    def waits_to_be_killed(**given):
        cancelled = cancel_appointment(**given)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backends.append(cursor.fetchone()[0])
        reached.set()
        killed.wait(10)
        return cancelled

    monkeypatch.setattr(schedule_changes, "cancel_appointment", waits_to_be_killed)

    def desk_of_another() -> None:
        try:
            decided(cancellation(morning), by=desk.receptionist, choice=Settlement.CANCEL)
        except OperationalError as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    thread = threading.Thread(target=desk_of_another)
    thread.start()
    assert reached.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", backends)
    killed.set()
    thread.join(10)
    assert len(faults) == 1
    assert states() == {"moved": 0, "cancelled": 0, "waiting": 0}
    assert Permanence.objects.get(pk=morning.pk).status == "planned"
    assert not ScheduleChange.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_booking_under_way_is_waited_for_and_seen(desk, morning):
    """Somebody books while the change is confirmed: the change waits for her, then finds her in the list."""
    impact = impact_of(cancellation(morning))
    holds, outcome = threading.Event(), []

    def books() -> None:
        try:
            with transaction.atomic():
                booked(desk, "11:00", visitor=desk.visitor)
                holds.set()
                threading.Event().wait(0.5)
        finally:
            connections.close_all()

    thread = threading.Thread(target=books)
    thread.start()
    assert holds.wait(10)
    try:
        carry_out(decision=cancellation(morning), settled={}, signature=impact.signature, by=desk.receptionist)
    except SituationChanged as refusal:
        outcome.append(refusal)
    thread.join(10)
    assert len(outcome) == 1
    assert Appointment.objects.get().is_standing
    assert Permanence.objects.get(pk=morning.pk).status == "planned"


def test_the_days_of_the_scene(desk):
    """The control of the dates above: a Tuesday and two Thursdays with permanences."""
    for day in (TUESDAY, THURSDAY, NEXT_THURSDAY):
        assert Permanence.objects.filter(day=day).exists()
