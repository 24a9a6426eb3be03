"""Counters over time: what they grew by in any window, in memory that does not grow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ion_framework.slo.history import History


def filled(*readings: tuple[float, float], slots: int = 10, slot_s: float = 60.0) -> History:
    """A history of one counter with these readings."""
    history = History(1, slots, slot_s)
    for at, value in readings:
        history.add(at, (value,))
    return history


def test_nothing_grew_before_the_second_reading():
    """Of one reading, or none, nothing is known to have grown."""
    assert filled().grown(60) == (0.0,)
    assert filled((1000.0, 5.0)).grown(60) == (0.0,)
    assert filled((1000.0, 5.0)).observed_s == 0.0


def test_a_short_history_counts_as_a_whole_window():
    """Where less was observed than the window is long, all that grew counts."""
    assert filled((0.0, 10.0), (30.0, 25.0)).grown(300) == (15.0,)


def test_windows_lie_between_borders():
    """A window that begins between two borders takes its share of what grew between them."""
    history = filled(*((at, float(at)) for at in range(0, 601, 5)))

    assert history.grown(300) == pytest.approx((300.0,))
    assert history.grown(137) == pytest.approx((137.0,))
    assert history.grown(1) == pytest.approx((1.0,))


def test_a_pause_is_spread_evenly():
    """What grew while nobody looked counts as grown evenly over that time."""
    history = filled((0.0, 0.0), (300.0, 300.0), (480.0, 300.0))

    assert history.grown(300) == pytest.approx((120.0,))


def test_a_dip_is_no_growth():
    """A sum that is lower for a while, and then as it was, neither grows nor shrinks."""
    history = filled((0.0, 0.0), (60.0, 100.0), (90.0, 40.0), (120.0, 100.0), (180.0, 110.0))

    assert history.grown(120) == pytest.approx((10.0,))


def test_a_window_longer_than_memory_is_refused():
    """A window that is longer than what is kept is an error, not a wrong answer."""
    with pytest.raises(ValueError, match="only 540 s are kept"):
        filled((0.0, 0.0)).grown(541)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.5, 900), st.integers(0, 50)), min_size=1, max_size=60),
    st.floats(1, 540),
)
def test_it_is_as_if_everything_were_kept(steps, window_s):
    """Whatever is read when, a window grew by what it would with every reading kept."""
    history, kept, at, value = History(1, 10, 60.0), [(0.0, 0.0)], 0.0, 0.0
    history.add(0.0, (0.0,))
    for seconds, more in steps:
        at, value = at + seconds, value + more
        history.add(at, (value,))
        kept.append((at, value))
    (found,) = history.grown(window_s)

    since = at - window_s
    lower = max((each for each in kept if each[0] <= max(since - 60, 0.0)), default=kept[0])
    upper = min((each for each in kept if each[0] >= since + 60), default=kept[-1])
    assert value - upper[1] - 1e-6 <= found <= value - lower[1] + 1e-6


def test_long_times_cost_no_memory():
    """A year of silence between two readings fills no more than the slots."""
    history = filled((0.0, 0.0), (31_536_000.0, 600.0), slots=4, slot_s=60.0)

    assert history.grown(180) == pytest.approx((600 * 180 / 31_536_000,))
    assert len(history._at_borders) == 4
