"""Many uses of one office at one time at once, whatever their kind: a loan, a date of the grid, an exceptional date."""

import datetime as dt
from functools import partial

import pytest
import time_machine

from bookings.exceptional_dates import add_permanence
from bookings.generation import generate_permanences
from bookings.loans import cancel_loan, lend_office, restore_loan
from bookings.models import Permanence, PermanenceRevision
from bookings.schedule_changes import undo_change
from conventions.models import Audience
from partners.models import Partner
from tests.bookings.schedules import open_all_week
from tests.factories import ConventionFactory, OfficeFactory, PartnerFactory, SiteFactory, slot_of, staff_of
from tests.racing import Outcome, deadlocks, overlapping_pairs, race, without_guards

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
CLIENTS = 32
ROUNDS = 20
ASCENSION = dt.date(2026, 5, 14)
THURSDAYS = [dt.date(2026, 3, 5) + dt.timedelta(days=7 * number) for number in range(ROUNDS + 1)]
# One for each round.
DAYS = [day for day in THURSDAYS if day != ASCENSION]
MORNING = {"start_time": dt.time(8, 30), "end_time": dt.time(12, 30)}
LONGEST_TURN = 2
"""Seconds that the last of 32 may wait for the others, each of which asks a dozen queries."""


class Contest:
    """An office that the grid of one partner foresees on Thursday mornings, and that everybody else wants too."""

    def __init__(self) -> None:
        self.site = SiteFactory()
        open_all_week(self.site)
        self.office = OfficeFactory(site=self.site, label="27")
        self.by = staff_of(self.site)
        self.convention = ConventionFactory(site=self.site)
        slot_of(self.convention, 4, "08:30", "12:30", office=self.office)
        self.guest = ConventionFactory(site=self.site)
        self.borrowers: list[Partner] = [PartnerFactory() for _ in range(4)]

    def lend(self, day: dt.date, number: int) -> None:
        """The CCAS's own services in one of five, so that their partner is made in the race too."""
        borrower = None if number % 5 == 4 else self.borrowers[number % 4]
        lend_office(office=self.office, day=day, borrower=borrower, purpose="Entretiens", by=self.by, **MORNING)

    def generate(self, day: dt.date) -> None:
        generate_permanences(conventions=[self.convention], first=day, last=day)

    def add(self, day: dt.date) -> None:
        add_permanence(
            convention=self.guest,
            office=self.office,
            day=day,
            audience=Audience.PUBLIC,
            reason="Affluence",
            by=self.by,
            **MORNING,
        )

    def round(self, day: dt.date) -> Outcome:
        """16 loans, 8 exceptional dates and 8 generations of the grid, all for the same morning."""
        actions = [partial(self.lend, day, number) for number in range(CLIENTS // 2)]
        actions += [partial(self.add, day), partial(self.generate, day)] * (CLIENTS // 4)
        return race(actions)

    def standing(self, day: dt.date) -> list[Permanence]:
        return list(Permanence.objects.standing().filter(office=self.office, day=day))


@pytest.fixture
def contest():
    with time_machine.travel(dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)):
        yield Contest()


def test_one_morning_of_one_office_goes_to_exactly_one(contest):
    before = deadlocks()
    for day in DAYS:
        outcome = contest.round(day)
        assert outcome.faults == []
        found = contest.standing(day)
        assert len(found) == 1
        # A generation whose date finds no room is not refused: it reports the conflict.
        assert outcome.done + len(outcome.refusals) == CLIENTS
        assert all(found[0].partner.short_name in refusal for refusal in outcome.refusals)
        assert outcome.slowest_seconds < LONGEST_TURN
    assert deadlocks() == before


def test_partly_overlapping_loans_never_overlap(contest):
    before = deadlocks()
    for day in DAYS:
        times = [(dt.time(8 + number // 2, 30 * (number % 2)), number) for number in range(2, 8)]
        actions = [
            partial(
                lend_office,
                office=contest.office,
                day=day,
                start_time=start,
                end_time=dt.time(start.hour + 1, start.minute),
                borrower=contest.borrowers[number % 4],
                purpose="Entretiens",
                by=contest.by,
            )
            for start, number in times * 5
        ]
        outcome = race(actions)
        assert outcome.faults == []
        assert outcome.done >= 2
        assert overlapping_pairs([found.during for found in contest.standing(day)]) == 0
    assert deadlocks() == before


def test_giving_back_and_taking_back_one_loan_at_once_never_deadlocks(contest):
    """Two ways lead to the end of a loan: its own page, and the list of changes."""
    before = deadlocks()
    loan = lend_office(
        office=contest.office, day=DAYS[0], borrower=None, purpose="Entretiens", by=contest.by, **MORNING
    )
    change = PermanenceRevision.objects.get(permanence=loan).change
    for _ in range(ROUNDS):
        outcome = race(
            [
                *[partial(cancel_loan, loan=loan, by=contest.by)] * 4,
                *[partial(restore_loan, loan=loan, by=contest.by)] * 4,
                *[partial(undo_change, change=change, by=contest.by)] * 4,
                *[partial(contest.add, DAYS[0])] * 4,
            ]
        )
        assert outcome.faults == []
        assert len(contest.standing(DAYS[0])) <= 1
        loan.refresh_from_db()
        change.refresh_from_db()
        assert (loan.cancelled_at is None) == (change.undone_at is None)
    assert deadlocks() == before


def test_control_without_lock_and_constraint_the_same_race_doubles(contest, monkeypatch):
    with without_guards(monkeypatch, Permanence, "permanence_office_free"):
        doubled = 0
        for day in DAYS:
            outcome = contest.round(day)
            assert outcome.faults == []
            doubled = max(doubled, len(contest.standing(day)))
            if doubled > 1:
                break
        assert doubled > 1
