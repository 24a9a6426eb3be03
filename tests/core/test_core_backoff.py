"""How long is waited before another try."""

import functools
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.resilience import delay_s, full_jitter

ALMOST_ONE = 1 - 2**-53


@pytest.mark.parametrize(
    ("attempt", "longest"), [(0, 0.25), (1, 0.5), (2, 1.0), (5, 8.0), (10**9, 8.0)]
)
def test_waits_double_up_to_a_bound(attempt, longest):
    """The longest possible wait doubles with each attempt, up to its bound."""
    assert full_jitter(attempt, random=lambda: ALMOST_ONE) == pytest.approx(longest)
    assert full_jitter(attempt, random=lambda: 0.0) == 0


def test_waits_are_spread_evenly():
    """Of many waits, each quarter of the range has its quarter."""
    source = random.Random(7)  # noqa: S311  a jitter, repeatable; nothing secret
    waits = [full_jitter(2, random=source.random) for _ in range(4000)]
    quarters = [sum(1 for wait in waits if int(wait * 4) == quarter) for quarter in range(4)]

    assert sum(quarters) == 4000
    assert all(900 < quarter < 1100 for quarter in quarters)


@given(attempt=st.integers(0, 10**6), factor=st.floats(1, 1e6), base_s=st.floats(0, 1e6))
def test_no_wait_exceeds_its_bound(attempt, factor, base_s):
    """Whatever the attempt, the wait lies between 0 and the bound."""
    assert 0 <= full_jitter(attempt, base_s=base_s, factor=factor, longest_s=3.0) <= 3.0


@pytest.mark.parametrize(
    "wrong", [{"attempt": -1}, {"base_s": -1.0}, {"factor": 0.5}, {"longest_s": float("nan")}]
)
def test_arguments_out_of_range_are_refused(wrong):
    """An argument outside its range is refused, and the message shows it."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        full_jitter(**{"attempt": 0, **wrong})


def test_the_servers_wish_is_honoured_exactly():
    """What the server asked for is waited, without jitter and without our own bound."""
    assert 30.0 == delay_s(0, 30.0, 60.0)
    assert 0.0 == delay_s(3, 0.0, 60.0)
    assert 0.0 == delay_s(3, -5.0, 60.0)


@pytest.mark.parametrize("asked", [2.0, 30.0, float("inf"), float("nan")])
def test_a_wish_that_does_not_fit_means_no_retry(asked):
    """Where the server asks for more than the time that remains, there is no retry."""
    assert delay_s(0, asked, 2.0) is None


def test_a_wait_of_our_own_has_to_fit_as_well():
    """Without a wish the jittered wait counts, and none as long as the remaining time is begun."""
    waits = functools.partial(full_jitter, base_s=1.0, random=lambda: 0.5)

    assert 0.5 == delay_s(0, None, 0.6, jitter=waits)
    assert delay_s(0, None, 0.5, jitter=waits) is None
    assert delay_s(0, None, 0.0) is None


def test_attempts_reach_the_jitter():
    """Each attempt's own wait is asked for."""
    waits = functools.partial(full_jitter, random=lambda: 0.5)
    found = [delay_s(attempt, None, 100.0, jitter=waits) for attempt in range(4)]

    assert all(2 * first == second for first, second in itertools.pairwise(found))
