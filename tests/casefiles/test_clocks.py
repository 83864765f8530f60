"""Golden tables of the clocks: month ends, 29 February, the renewal window. No database."""

import datetime as dt

import pytest

from casefiles.clocks import (
    Awaited,
    RenewalState,
    acknowledgement_due_on,
    decision_due_on,
    line_clock,
    renewable_until,
    renewal_window,
    rights_end,
    tacit_on,
)
from franceservices.dates import add_months


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-15", 2, "2026-03-15"),
        ("2025-12-31", 2, "2026-02-28"),
        ("2023-12-31", 2, "2024-02-29"),
        ("2023-12-30", 2, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-07-31", 2, "2026-09-30"),
        ("2026-11-30", 1, "2026-12-30"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2028-03-31", -3, "2027-12-31"),
        ("2026-01-31", 0, "2026-01-31"),
    ],
)
def test_months_are_calendar_months(start, months, end):
    assert add_months(day(start), months) == day(end)


def test_a_moment_has_no_month_to_add():
    with pytest.raises(TypeError):
        add_months(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), 1)


@pytest.mark.parametrize(
    ("received", "tacit"),
    [
        ("2026-01-15", "2026-03-15"),
        ("2025-12-31", "2026-02-28"),
        ("2023-12-29", "2024-02-29"),
        ("2023-12-31", "2024-02-29"),
        ("2024-02-29", "2024-04-29"),
        ("2019-09-30", "2019-11-30"),
        ("2019-10-31", "2019-12-31"),
    ],
)
def test_two_months_of_silence_decide(received, tacit):
    assert tacit_on(day(received), months=2) == day(tacit)


def test_silence_without_effect():
    assert tacit_on(day("2026-01-15"), months=None) is None


@pytest.mark.parametrize(
    ("days", "months", "expected"),
    [(60, None, "2026-03-01"), (None, 2, "2026-02-28"), (None, None, None), (366, None, "2027-01-01")],
)
def test_a_decision_is_expected_in_days_or_in_months(days, months, expected):
    received = day("2025-12-31")
    assert decision_due_on(received, days=days, months=months) == (day(expected) if expected else None)


def test_an_acknowledgement_is_expected_in_days():
    assert acknowledgement_due_on(day("2024-02-20"), days=15) == day("2024-03-06")
    assert acknowledgement_due_on(day("2026-02-20"), days=15) == day("2026-03-07")


@pytest.mark.parametrize(
    ("start", "months", "last_day"),
    [
        ("2026-03-01", 12, "2027-02-28"),
        ("2027-03-01", 12, "2028-02-29"),
        ("2026-01-01", 12, "2026-12-31"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-01-15", 12, "2027-01-14"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-10-31", 1, "2026-11-30"),
    ],
)
def test_rights_end_the_day_before_or_with_a_short_month(start, months, last_day):
    assert rights_end(day(start), months=months) == day(last_day)


def clock(today: str, *, received: str | None = None, due: str | None = None, tacit: str | None = None):
    return line_clock(
        today=day(today),
        acknowledgement_due_on=day("2026-03-10"),
        received_on=day(received) if received else None,
        decision_due_on=day(due) if due else None,
        tacit_on=day(tacit) if tacit else None,
    )


@pytest.mark.parametrize(("today", "left", "late"), [("2026-03-09", 1, False), ("2026-03-10", 0, False)])
def test_an_acknowledgement_may_come_on_the_last_day(today, left, late):
    found = clock(today)
    assert (found.awaited, found.days_left, found.is_late) == (Awaited.ACKNOWLEDGEMENT, left, late)


def test_an_acknowledgement_is_late_the_day_after():
    found = clock("2026-03-11")
    assert (found.days_left, found.is_late) == (-1, True)


def test_a_decision_is_awaited_once_the_file_is_received():
    found = clock("2026-03-20", received="2026-03-05", due="2026-05-05", tacit="2026-05-05")
    assert (found.awaited, found.due_on, found.is_late) == (Awaited.DECISION, day("2026-05-05"), False)
    assert not found.is_tacit_reached


@pytest.mark.parametrize(("today", "reached"), [("2026-05-05", False), ("2026-05-06", True)])
def test_silence_decides_when_its_last_day_is_over(today, reached):
    assert clock(today, received="2026-03-05", due="2026-05-05", tacit="2026-05-05").is_tacit_reached is reached


def test_nothing_is_late_without_a_date():
    found = clock("2030-01-01", received="2026-03-05")
    assert (found.due_on, found.days_left, found.is_late) == (None, None, False)


@pytest.mark.parametrize(
    ("today", "state", "left"),
    [
        ("2026-09-01", RenewalState.NOT_YET, 121),
        ("2026-09-02", RenewalState.OPEN, 120),
        ("2026-11-01", RenewalState.OPEN, 60),
        ("2026-11-02", RenewalState.LATE, 59),
        ("2026-12-31", RenewalState.LATE, 0),
        ("2027-01-01", RenewalState.ENDED, -1),
    ],
)
def test_rights_are_renewed_from_120_to_60_days_before_their_end(today, state, left):
    window = renewal_window(day("2026-12-31"), today=day(today))
    assert (window.opens_on, window.closes_on) == (day("2026-09-02"), day("2026-11-01"))
    assert (window.state, window.days_left) == (state, left)


def test_the_window_of_rights_that_end_on_29_february():
    window = renewal_window(day("2028-02-29"), today=day("2027-11-01"))
    assert (window.opens_on, window.closes_on) == (day("2027-11-01"), day("2027-12-31"))


def test_what_is_to_be_renewed_today():
    assert renewable_until(day("2026-09-02")) == (day("2026-09-02"), day("2026-12-31"))
