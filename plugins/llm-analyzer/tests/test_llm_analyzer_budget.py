"""The budget of calls, on a clock that stands still until it is moved."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from ion_llm_analyzer.budget import TokenBucket

from ion_framework.testing import VirtualClock


def test_a_minutes_worth_may_be_taken_at_once() -> None:
    """After a rest the whole minute's budget is there, and not one call more."""
    clock = VirtualClock()
    bucket = TokenBucket(3, clock)
    clock.advance(3600)

    assert [True, True, True, False] == [bucket.take() for _ in range(4)]


def test_it_fills_evenly() -> None:
    """With three a minute there is one more every twenty seconds."""
    clock = VirtualClock()
    bucket = TokenBucket(3, clock)
    taken = [bucket.take() for _ in range(4)]
    for seconds in (19.0, 1.0, 0.0, 20.0):
        clock.advance(seconds)
        taken.append(bucket.take())

    assert [True, True, True, False, False, True, False, True] == taken


@given(st.integers(1, 100), st.lists(st.floats(0, 90), max_size=200))
def test_no_stretch_of_time_gives_more_than_its_share(
    calls_per_minute: int, waits: list[float]
) -> None:
    """Over any time at most one budget and what has flowed in since is given out."""
    clock = VirtualClock(0.0)
    bucket = TokenBucket(calls_per_minute, clock)
    taken = 0
    for wait in waits:
        clock.advance(wait)
        taken += bucket.take()

    assert taken <= calls_per_minute * (1 + clock.monotonic() / 60) + 1e-6
