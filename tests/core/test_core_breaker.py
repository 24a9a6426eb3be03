"""The circuit breaker, on a clock that stands still until it is moved."""

import pytest

from ion_framework.resilience import Breaker, BreakerChange, BreakerSettings, BreakerState
from ion_framework.testing import VirtualClock

EVEN = 0.5
"""The random number that leaves an open time as it is set."""


class Watched:
    """A breaker with its clock, its coin and the changes it told of."""

    def __init__(self, **settings):
        self.clock = VirtualClock(0.0)
        self.coin = EVEN
        self.changes = []
        self.breaker = Breaker(
            BreakerSettings(**settings),
            self.clock,
            random=lambda: self.coin,
            on_change=self.changes.append,
        )

    def fail(self, times=1):
        """Let calls be admitted and fail."""
        for _ in range(times):
            self.breaker.admit().failed()

    def open(self):
        """Open the closed breaker."""
        self.fail(3)
        assert self.breaker.state is BreakerState.OPEN

    def probe(self):
        """Wait for the open time to be over, and be the probe."""
        self.clock.advance(self.breaker.retry_after_s)
        return self.breaker.admit()

    def states(self):
        """The states entered so far."""
        return [str(change.after) for change in self.changes]


@pytest.fixture
def watched():
    """A breaker with the default settings."""
    return Watched()


def test_it_opens_after_failures_within_the_window(watched):
    """The third failure within a second opens it, and the next call is refused."""
    watched.fail(2)
    watched.clock.advance(1.0)
    assert watched.breaker.state is BreakerState.CLOSED

    watched.fail()

    assert watched.breaker.state is BreakerState.OPEN
    assert watched.breaker.admit() is None


def test_failures_far_apart_do_not_open_it(watched):
    """Failures that do not lie within one window leave it closed."""
    for _ in range(20):
        watched.fail()
        watched.clock.advance(0.51)

    assert watched.breaker.state is BreakerState.CLOSED
    assert watched.changes == []


def test_successes_between_failures_do_not_hide_them(watched):
    """It opens on failures within the window even where other calls succeed."""
    for _ in range(3):
        watched.breaker.admit().succeeded()
        watched.fail()

    assert watched.breaker.state is BreakerState.OPEN


@pytest.mark.parametrize(("coin", "seconds"), [(0.0, 0.4), (0.5, 0.5), (1.0, 0.6)])
def test_the_open_time_has_jitter(watched, coin, seconds):
    """The open time lies within the jitter's share of what is set."""
    watched.coin = coin
    watched.open()

    assert watched.breaker.retry_after_s == pytest.approx(seconds)
    watched.clock.advance(seconds - 0.01)
    assert watched.breaker.admit() is None
    watched.clock.advance(0.02)
    assert watched.breaker.retry_after_s == 0
    assert watched.breaker.admit() is not None


def test_one_probe_is_out_at_a_time(watched):
    """While the probe has no verdict, every other call is refused."""
    watched.open()
    probe = watched.probe()

    assert watched.breaker.state is BreakerState.HALF_OPEN
    assert [watched.breaker.admit() for _ in range(5)] == [None] * 5
    probe.succeeded()
    assert watched.breaker.state is BreakerState.CLOSED
    assert watched.breaker.admit() is not None


def test_a_failed_probe_opens_it_again(watched):
    """After a failed probe, calls are refused for another open time."""
    watched.open()
    watched.probe().failed()

    assert watched.breaker.state is BreakerState.OPEN
    assert watched.breaker.retry_after_s == pytest.approx(0.5)


def test_an_abandoned_probe_gives_its_place_back(watched):
    """When the probe's caller leaves, the next call is the probe, and nothing was decided."""
    watched.open()
    watched.probe().abandoned()

    assert watched.breaker.state is BreakerState.HALF_OPEN
    assert watched.breaker.retry_after_s == 0
    watched.breaker.admit().succeeded()
    assert watched.breaker.state is BreakerState.CLOSED
    assert watched.states() == ["open", "half_open", "closed"]


def test_a_lost_probe_does_not_block_for_ever(watched):
    """A probe that never ends keeps the others out for a limited time only."""
    watched.open()
    lost = watched.probe()
    assert watched.breaker.retry_after_s == pytest.approx(5.0)
    watched.clock.advance(5.0)

    second = watched.breaker.admit()
    lost.abandoned()

    assert second is not None
    assert watched.breaker.admit() is None


def test_a_probe_that_is_left_too_late_opens_nothing(watched):
    """A probe that is abandoned after another one has failed does not shorten the open time."""
    watched.open()
    slow = watched.probe()
    watched.clock.advance(5.0)
    second = watched.breaker.admit()
    slow.failed()
    second.abandoned()

    assert watched.breaker.state is BreakerState.OPEN
    assert watched.breaker.retry_after_s == pytest.approx(0.5)


def test_the_verdict_of_a_slow_probe_counts(watched):
    """A probe slower than its time still closes the breaker, so that slow calls cannot lock it."""
    watched.open()
    slow = watched.probe()
    watched.clock.advance(6.0)
    second = watched.breaker.admit()
    slow.succeeded()

    assert watched.breaker.state is BreakerState.CLOSED
    second.failed()
    assert watched.breaker.state is BreakerState.CLOSED
    assert watched.breaker.stats.failures == 4


def test_a_late_success_does_not_close_it(watched):
    """A call from before the opening succeeds, and the breaker stays open."""
    early = watched.breaker.admit()
    watched.open()
    early.succeeded()

    assert watched.breaker.state is BreakerState.OPEN


def test_late_failures_do_not_open_it_again(watched):
    """Calls from before the outage that fail after it leave the breaker closed."""
    early = [watched.breaker.admit() for _ in range(5)]
    watched.open()
    watched.probe().succeeded()
    for ticket in early:
        ticket.failed()

    assert watched.breaker.state is BreakerState.CLOSED


def test_failures_before_an_outage_are_forgotten_after_it():
    """After closing, it takes as many failures as ever to open again."""
    watched = Watched(window_s=60.0)
    watched.open()
    watched.probe().succeeded()
    watched.fail(2)

    assert watched.breaker.state is BreakerState.CLOSED


def test_a_ticket_ends_once(watched):
    """After its first end a ticket says nothing more."""
    ticket = watched.breaker.admit()
    ticket.succeeded()
    for _ in range(5):
        ticket.failed()
        ticket.abandoned()

    assert watched.breaker.state is BreakerState.CLOSED
    assert (watched.breaker.stats.successes, watched.breaker.stats.failures) == (1, 0)


def test_the_open_time_grows_where_that_is_set():
    """Failed probes double the open time up to its bound, and closing resets it."""
    watched = Watched(longest_open_s=3.0)
    watched.open()
    waits = []
    for _ in range(5):
        waits.append(round(watched.breaker.retry_after_s, 6))
        watched.probe().failed()
    watched.probe().succeeded()
    watched.open()

    assert waits == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert watched.breaker.retry_after_s == pytest.approx(0.5)


def test_each_change_is_told_once(watched):
    """Every change of state is told once, with its time and the failures of the outage."""
    watched.open()
    for _ in range(100):
        watched.breaker.admit()
    watched.probe().failed()
    watched.clock.advance(0.5)
    watched.breaker.admit().succeeded()

    closed, opened, half = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
    assert watched.changes == [
        BreakerChange(closed, opened, at=0.0, failures=3),
        BreakerChange(opened, half, at=0.5, failures=3),
        BreakerChange(half, opened, at=0.5, failures=4),
        BreakerChange(opened, half, at=1.0, failures=4),
        BreakerChange(half, closed, at=1.0, failures=4),
    ]


def test_it_counts(watched):
    """Its figures are the openings, refusals and verdicts since it was made."""
    watched.breaker.admit().succeeded()
    watched.breaker.admit().abandoned()
    watched.open()
    watched.breaker.admit()
    watched.probe().failed()

    stats = watched.breaker.stats
    assert stats.state is BreakerState.OPEN
    assert (stats.opened, stats.refused, stats.failures, stats.successes) == (2, 1, 4, 1)


def test_a_closed_breaker_admits_at_once(watched):
    """While closed there is nothing to wait for."""
    assert watched.breaker.retry_after_s == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("failures", 0),
        ("window_s", 0),
        ("open_s", 0),
        ("open_s", float("inf")),
        ("jitter", 1),
        ("jitter", -0.1),
        ("longest_open_s", 0.4),
        ("longest_open_s", float("inf")),
        ("probe_s", float("nan")),
        ("probe_s", float("inf")),
    ],
)
def test_settings_out_of_range_are_refused(name, value):
    """A setting outside its range is refused by name, so that no breaker blocks for ever."""
    with pytest.raises(ValueError, match=name):
        BreakerSettings(**{name: value})
