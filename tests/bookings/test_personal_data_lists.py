"""Elimination lists: who is past the term, two persons for one decision, what is done and what is kept."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from bookings.errors import TimeNotOffered
from bookings.models import (
    DataRequestKind,
    EliminationLine,
    EliminationList,
    EliminationState,
    RetentionRule,
    Visitor,
    VisitorMerge,
)
from bookings.personal_data import eliminating
from bookings.personal_data.data_requests import answer_request, record_request, reopen_request
from bookings.personal_data.eliminating import eliminate, forget_line, rehearse, sweep_eliminations
from bookings.personal_data.elimination_lists import (
    approve_elimination,
    keep_person,
    launch_elimination,
    propose_elimination,
    put_back,
    take_approval_back,
    withdraw_elimination,
)
from bookings.personal_data.retention import choose_months, past_the_term, terms_of
from bookings.services import book_appointment
from bookings.visitor_merging import merge_visitors
from franceservices.errors import DomainError
from partners.models import Role
from tests.factories import SiteFactory, UserFactory, VisitorFactory

from .personal_data import approved_list, eliminated

TUESDAY = dt.date(2026, 3, 3)
MONDAY = dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ELIMINATIONS_ROOT = str(tmp_path / "eliminations")
    return tmp_path / "eliminations"


@pytest.fixture
def house(desk):
    """The desk two years and a day after its only visitor's card was made, with a manager and an administrator."""
    desk.ccas = desk.site.ccas
    desk.manager = UserFactory(role=Role.MANAGER, ccas=desk.ccas)
    desk.administrator = UserFactory(role=Role.ADMINISTRATOR, ccas=desk.ccas)
    Visitor.objects.filter(pk=desk.visitor.pk).update(created_at=dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC))
    desk.visitor.refresh_from_db()
    return desk


def due(house) -> set[Visitor]:
    return set(past_the_term(house.ccas, terms_of(house.ccas)))


def old_card(house, **fields) -> Visitor:
    card = VisitorFactory(ccas=house.ccas, **fields)
    Visitor.objects.filter(pk=card.pk).update(created_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    card.refresh_from_db()
    return card


def book(house, visitor=None):
    return book_appointment(
        permanence_id=house.permanence_at(TUESDAY, "10:00").pk,
        starts_at=house.at(TUESDAY, "10:00"),
        reason=house.reason,
        visitor=visitor or house.visitor,
        by=house.receptionist,
    )


# --- The term ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("created", "is_due"), [("2024-03-01T22:59:59+00:00", True), ("2024-03-01T23:00:00+00:00", False)]
)
def test_the_term_is_two_years_after_the_last_contact_by_the_clock_of_the_space(house, created, is_due):
    """Monday 2 March 2026 in Paris: who had no contact since 2 March 2024, 0h00 there, is past it."""
    Visitor.objects.filter(pk=house.visitor.pk).update(created_at=dt.datetime.fromisoformat(created))
    assert (house.visitor in due(house)) is is_due


def test_an_appointment_a_correction_or_a_request_is_a_contact(house):
    assert due(house) == {house.visitor}
    Visitor.objects.filter(pk=house.visitor.pk).update(corrected_at=MONDAY)
    assert due(house) == set()
    Visitor.objects.filter(pk=house.visitor.pk).update(corrected_at=None)
    book(house)
    assert due(house) == set()


def test_each_space_keeps_as_long_as_it_chose(house):
    other = SiteFactory(ccas=house.ccas, short_name="Ailleurs")
    choose_months(site=other, months=36, by=house.manager)
    assert due(house) == set()  # A card is kept as long as the space that keeps longest.
    choose_months(site=other, months=12, by=house.manager)
    assert due(house) == {house.visitor}
    for months in (5, 61):
        with pytest.raises(DomainError, match=r"6|60"):
            choose_months(site=other, months=months, by=house.manager)
        with pytest.raises(IntegrityError), transaction.atomic():
            RetentionRule.objects.filter(site=other).update(months=months)


def test_an_appointment_to_come_keeps_whatever_the_term(house):
    appointment = book(house)
    appointment.booked_at = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    appointment.save()
    assert due(house) == set()
    with pytest.raises(DomainError, match="rien à proposer"):
        propose_elimination(ccas=house.ccas, by=house.manager)


# --- Two persons ---------------------------------------------------------------------------------------------------


def test_who_proposes_does_not_approve_says_the_service_and_the_database(house):
    elimination = propose_elimination(ccas=house.ccas, by=house.manager)
    with pytest.raises(DomainError, match="Proposée"):
        approve_elimination(elimination=elimination, by=house.administrator)  # Before its rehearsal.
    rehearse(elimination.pk)
    with pytest.raises(DomainError, match="une autre personne"):
        approve_elimination(elimination=elimination, by=house.manager)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        EliminationList.objects.filter(pk=elimination.pk).update(approved_at=MONDAY, approved_by=house.manager)
    assert error.value.__cause__.diag.constraint_name == "elimination_approved_by_another"
    approved = approve_elimination(elimination=elimination, by=house.administrator)
    assert take_approval_back(elimination=approved, by=house.manager).state == EliminationState.REHEARSED


def test_an_approved_list_is_frozen(house):
    stranger = old_card(house)
    elimination = propose_elimination(ccas=house.ccas, by=house.manager)
    keep_person(line=elimination.lines.get(visitor=stranger), because="Décédée, succession", by=house.manager)
    rehearse(elimination.pk)
    approve_elimination(elimination=elimination, by=house.administrator)
    line = elimination.lines.get(visitor=house.visitor)
    for sql in (
        f"UPDATE bookings_eliminationlist SET proposed_by_id = {house.receptionist.pk} WHERE id = {elimination.pk}",
        f"DELETE FROM bookings_eliminationlist WHERE id = {elimination.pk}",
        f"UPDATE bookings_eliminationline SET visitor_id = {VisitorFactory().pk} WHERE id = {line.pk}",
        f"UPDATE bookings_eliminationline SET kept_because = '' WHERE visitor_id = {stranger.pk}",
        f"DELETE FROM bookings_eliminationline WHERE id = {line.pk}",
        "INSERT INTO bookings_eliminationline (list_id, visitor_id, position, last_contact_on, counts, emptied,"
        f" kept_because) VALUES ({elimination.pk}, {VisitorFactory().pk}, 9, '2020-01-01', '{{}}', '{{}}', '')",
    ):
        with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
        assert error.value.__cause__.diag.constraint_name == "elimination_approved_is_frozen"


def test_a_person_is_in_one_open_list_and_a_withdrawn_one_frees_her(house):
    elimination = propose_elimination(ccas=house.ccas, by=house.manager)
    assert (elimination.full_number, due(house)) == ("2026-0001", set())
    withdraw_elimination(elimination=elimination, by=house.administrator)
    assert propose_elimination(ccas=house.ccas, by=house.manager).full_number == "2026-0002"


def test_who_is_kept_stays_and_may_be_put_back(house):
    stranger = old_card(house)
    elimination = propose_elimination(ccas=house.ccas, by=house.manager)
    line = elimination.lines.get(visitor=stranger)
    keep_person(line=line, because="Dossier papier en cours", by=house.manager)
    put_back(line=line, by=house.manager)
    keep_person(line=line, because="Dossier papier en cours", by=house.manager)
    rehearse(elimination.pk)
    approve_elimination(elimination=elimination, by=house.administrator)
    launch_elimination(elimination=elimination, number="2026-0001", by=house.manager)
    eliminate(elimination.pk)
    stranger.refresh_from_db()
    house.visitor.refresh_from_db()
    assert (stranger.anonymised_at, house.visitor.anonymised_at is None) == (None, False)


def test_the_rehearsal_finds_who_is_still_named_elsewhere(house):
    sister = VisitorFactory(ccas=house.ccas, last_name="Autre", staff_notes="Sœur de Leila AMRANI, à rappeler")
    namesake = VisitorFactory(ccas=house.ccas, last_name="Autre", staff_notes="Vient avec M. Amranian Leïla-Rose")
    elimination = propose_elimination(ccas=house.ccas, by=house.manager)
    rehearse(elimination.pk)
    elimination.refresh_from_db()
    found = [(trace["card"], trace["where"], trace["row"], trace["column"]) for trace in elimination.traces]
    assert (house.visitor.pk, "usager", str(sister.pk), "notes internes") in found
    assert str(namesake.pk) not in [row for _card, where, row, _column in found if where == "usager"]
    sister.refresh_from_db()
    assert "AMRANI" in sister.staff_notes


def test_nothing_is_launched_that_could_not_be_written_down(house, settings, tmp_path):
    elimination = approved_list(house.visitor, by=house.manager, approver=house.administrator)
    (tmp_path / "a-file").write_text("")
    settings.ELIMINATIONS_ROOT = str(tmp_path / "a-file")
    with pytest.raises(DomainError, match="ELIMINATIONS_ROOT"):
        launch_elimination(elimination=elimination, number=elimination.full_number, by=house.manager)


def test_an_objection_to_messages_survives_a_merge(house):
    double = VisitorFactory(ccas=house.ccas, email="l@a.example", email_consent=True)
    Visitor.objects.filter(pk=house.visitor.pk).update(email="l@a.example")
    asked = record_request(
        site=house.site,
        visitor=house.visitor,
        kind=DataRequestKind.NO_MESSAGES,
        received_on=house.site.today(),
        by=house.receptionist,
    )
    answer_request(request=asked, is_granted=True, answer="", by=house.manager)
    merge_visitors(kept=double, merged=house.visitor, facts={}, by=house.receptionist)
    double.refresh_from_db()
    asked.refresh_from_db()
    assert (double.email_consent, asked.visitor) == (False, double)


# --- Carried out ---------------------------------------------------------------------------------------------------


def test_nobody_books_or_merges_for_an_anonymised_card(house):
    eliminated(house.visitor, by=house.manager, approver=house.administrator)
    with pytest.raises(TimeNotOffered, match="anonymisée"):
        book(house)
    other = VisitorFactory(ccas=house.ccas)
    with pytest.raises(DomainError, match="anonymisée"):
        merge_visitors(kept=other, merged=house.visitor, facts={}, by=house.receptionist)
    with pytest.raises(DomainError, match="anonymisée"):
        record_request(
            site=house.site,
            visitor=house.visitor,
            kind=DataRequestKind.ACCESS,
            received_on=house.site.today(),
            by=house.receptionist,
        )


def test_it_is_launched_by_its_number_only(house):
    elimination = approved_list(house.visitor, by=house.manager, approver=house.administrator)
    with pytest.raises(DomainError, match="2026-0001"):
        launch_elimination(elimination=elimination, number="2026-0002", by=house.manager)


def test_who_comes_back_between_the_approval_and_the_work_is_kept(house):
    merged, returned, joined = old_card(house), old_card(house), VisitorFactory(ccas=house.ccas)
    elimination = approved_list(house.visitor, by=house.manager, approver=house.administrator)
    launch_elimination(elimination=elimination, number=elimination.full_number, by=house.manager)
    book(house, returned)
    Visitor.objects.filter(pk=house.visitor.pk).update(corrected_at=MONDAY + dt.timedelta(days=1))
    merge_visitors(kept=joined, merged=merged, facts={}, by=house.receptionist)
    eliminate(elimination.pk)
    why = dict(elimination.lines.values_list("visitor", "kept_because"))
    assert "un rendez-vous à venir" in why[returned.pk]
    assert why[house.visitor.pk] == "Un contact a eu lieu depuis la proposition."
    assert "fusionnée" in why[merged.pk]
    assert Visitor.objects.exclude(anonymised_at=None).count() == 0
    elimination.refresh_from_db()
    assert elimination.state == EliminationState.FINISHED


def test_an_interrupted_list_is_taken_up_where_it_was_left(house, monkeypatch, folder):
    """One dies after the first person; the sweep asks for the list again, and each is done once."""
    for _ in range(3):
        old_card(house)
    elimination = approved_list(house.visitor, by=house.manager, approver=house.administrator)
    launch_elimination(elimination=elimination, number=elimination.full_number, by=house.manager)
    calls = []

    def dying(line_id):
        if calls:
            raise KeyboardInterrupt
        calls.append(line_id)
        return forget_line(line_id)

    monkeypatch.setattr(eliminating, "forget_line", dying)
    with pytest.raises(KeyboardInterrupt):
        eliminate(elimination.pk)
    monkeypatch.undo()
    assert Visitor.objects.exclude(anonymised_at=None).count() == 1
    first = EliminationLine.objects.exclude(done_at=None).get()
    connection.cursor().execute("DELETE FROM procrastinate_jobs")
    assert sweep_eliminations() == 1
    eliminate(elimination.pk)
    assert Visitor.objects.exclude(anonymised_at=None).count() == 4
    first_after = EliminationLine.objects.get(pk=first.pk)
    assert first_after.done_at == first.done_at
    assert sweep_eliminations() == 0


# --- Objection to being kept ---------------------------------------------------------------------------------------


def test_an_objection_proposes_her_alone_whatever_the_term(house):
    Visitor.objects.filter(pk=house.visitor.pk).update(created_at=MONDAY)
    old_card(house)
    asked = record_request(
        site=house.site,
        visitor=house.visitor,
        kind=DataRequestKind.NO_KEEPING,
        received_on=house.site.today(),
        by=house.receptionist,
    )
    answered = answer_request(request=asked, is_granted=True, answer="", by=house.manager)
    elimination = EliminationList.objects.get()
    assert [line.visitor for line in elimination.lines.all()] == [house.visitor]
    reopened = reopen_request(request=answered, by=house.manager)
    elimination.refresh_from_db()
    assert (elimination.state, reopened.is_open) == (EliminationState.WITHDRAWN, True)
    book(house)
    with pytest.raises(DomainError, match="un rendez-vous à venir"):
        answer_request(request=reopened, is_granted=True, answer="", by=house.manager)


# --- After a restoration -------------------------------------------------------------------------------------------


def restored(before: dict) -> None:
    """The database as an older backup had it: the card with its facts, nothing of the list. No trigger speaks."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM bookings_eliminationline; DELETE FROM bookings_eliminationlist")
        cursor.execute(
            "UPDATE bookings_visitor SET last_name = %s, phone = %s, anonymised_at = NULL WHERE id = %s",
            [before["last_name"], before["phone"], before["pk"]],
        )
        cursor.execute("SET session_replication_role = origin")


def test_eliminations_are_done_again_on_a_restored_database(house, folder):
    before = {"pk": house.visitor.pk, "last_name": "Amrani", "phone": "+33639980000"}
    done = eliminated(house.visitor, by=house.manager, approver=house.administrator)
    journal = json.loads(next(folder.glob("*.json")).read_text())
    assert [person["card"] for person in journal["people"]] == [house.visitor.pk]
    assert "amrani" not in json.dumps(journal).lower()
    restored(before)
    out = StringIO()
    call_command("reapply_eliminations", "--dry-run", stdout=out)
    assert (Visitor.objects.get(pk=before["pk"]).last_name, EliminationList.objects.count()) == ("Amrani", 0)
    call_command("reapply_eliminations", stdout=out)
    card = Visitor.objects.get(pk=before["pk"])
    assert (card.last_name, card.anonymised_at is None) == ("", False)
    again = EliminationList.objects.get()
    assert (again.full_number, again.approved_by, again.proposed_by) == (
        done.full_number,
        house.administrator,
        house.manager,
    )
    call_command("reapply_eliminations", stdout=out)  # A second time changes nothing.
    assert "1 personne(s) en tout" in out.getvalue()
    assert "0 personne(s) en tout" in out.getvalue()


def test_a_journal_of_another_database_is_refused(house, folder):
    eliminated(house.visitor, by=house.manager, approver=house.administrator)
    path = next(folder.glob("*.json"))
    journal = json.loads(path.read_text())
    restored({"pk": house.visitor.pk, "last_name": "Amrani", "phone": ""})
    path.write_text(json.dumps(journal | {"people": [journal["people"][0] | {"created_at": MONDAY.isoformat()}]}))
    with pytest.raises(CommandError, match="n’est pas celle"):
        call_command("reapply_eliminations")
    path.write_text("{")
    with pytest.raises(CommandError, match="n’est pas lisible"):
        call_command("reapply_eliminations")
    assert Visitor.objects.get(pk=house.visitor.pk).last_name == "Amrani"
    assert VisitorMerge.objects.count() == 0
