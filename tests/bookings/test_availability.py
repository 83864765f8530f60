"""Free times: the arithmetic alone, against a naive reference and by its properties."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.availability import Span, free_spans

MIDNIGHT = datetime(2026, 4, 2)


def at(clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return MIDNIGHT + timedelta(hours=int(hours), minutes=int(minutes))


def span(text: str) -> Span:
    start, end = text.split("-")
    return Span(at(start), at(end))


def offered(window: str, busy: list[str], minutes: int, not_before: str = "0:00") -> list[str]:
    times = free_spans(
        span(window), [span(text) for text in busy], duration=timedelta(minutes=minutes), not_before=at(not_before)
    )
    return [f"{time.start:%H:%M}" for time in times]


@pytest.mark.parametrize(
    ("window", "busy", "minutes", "not_before", "expected"),
    [
        ("8:30-10:00", [], 30, "0:00", ["08:30", "09:00", "09:30"]),
        ("8:30-10:10", [], 30, "0:00", ["08:30", "09:00", "09:30"]),
        ("8:30-10:00", ["9:00-9:30"], 30, "0:00", ["08:30", "09:30"]),
        ("8:30-10:00", ["8:30-8:50"], 30, "0:00", ["08:50", "09:20"]),
        ("8:30-10:00", ["9:45-10:00", "8:30-8:50"], 30, "0:00", ["08:50"]),
        ("8:30-10:00", ["8:00-9:00"], 30, "0:00", ["09:00", "09:30"]),
        ("8:30-10:00", ["8:00-11:00"], 30, "0:00", []),
        ("8:30-10:00", ["8:30-9:30", "8:40-9:00"], 30, "0:00", ["09:30"]),
        ("8:30-10:00", [], 30, "8:31", ["09:00", "09:30"]),
        ("8:30-10:00", [], 30, "9:00", ["09:00", "09:30"]),
        ("8:30-10:00", [], 90, "0:00", ["08:30"]),
        ("8:30-10:00", [], 91, "0:00", []),
    ],
)
def test_times_offered(window, busy, minutes, not_before, expected):
    assert offered(window, busy, minutes, not_before) == expected


@pytest.mark.parametrize("minutes", [0, -30])
def test_a_duration_must_be_positive(minutes):
    with pytest.raises(ValueError, match="positive"):
        offered("8:30-10:00", [], minutes)


minute = st.integers(0, 24 * 60)
spans = st.tuples(minute, minute).filter(lambda pair: pair[0] < pair[1])


def to_span(pair: tuple[int, int]) -> Span:
    return Span(MIDNIGHT + timedelta(minutes=pair[0]), MIDNIGHT + timedelta(minutes=pair[1]))


def naive(window: Span, busy: list[Span], duration: timedelta, not_before: datetime) -> list[Span]:
    """The definition, minute by minute: from where the last time or busy span ended, the first that fits."""
    found, start = [], window.start
    while start + duration <= window.end:
        candidate = Span(start, start + duration)
        in_the_way = [taken for taken in busy if taken.overlaps(candidate)]
        if in_the_way:
            start = max(start + timedelta(minutes=1), min(max(taken.end, start) for taken in in_the_way))
        else:
            found.append(candidate)
            start += duration
    return [candidate for candidate in found if candidate.start >= not_before]


@given(spans, st.lists(spans, max_size=12), st.integers(5, 240), minute)
def test_offered_times_equal_the_naive_reference_and_keep_the_rules(window, busy, minutes, earliest):
    window, busy = to_span(window), [to_span(pair) for pair in busy]
    duration, not_before = timedelta(minutes=minutes), MIDNIGHT + timedelta(minutes=earliest)
    times = list(free_spans(window, busy, duration=duration, not_before=not_before))

    assert times == naive(window, busy, duration, not_before)
    for time in times:
        assert window.start <= time.start
        assert time.end <= window.end
        assert time.end - time.start == duration
        assert time.start >= not_before
        assert not any(time.overlaps(taken) for taken in busy)
    assert all(earlier.end <= later.start for earlier, later in pairwise(times))


@given(spans, st.lists(spans, max_size=12), st.integers(5, 240))
def test_no_room_is_missed(window, busy, minutes):
    """Whatever gap is left between busy and offered times is too short for one more."""
    window, busy = to_span(window), [to_span(pair) for pair in busy]
    duration = timedelta(minutes=minutes)
    times = list(free_spans(window, busy, duration=duration, not_before=MIDNIGHT))
    cursor = window.start
    for taken in sorted([*busy, *times, Span(window.end, window.end)]):
        assert min(taken.start, window.end) - cursor < duration
        cursor = max(cursor, taken.end)
