"""The circuit breaker beside a plain model that keeps everything that ever happened."""

import attrs
import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ion_framework.resilience import Breaker, BreakerSettings, Ticket
from ion_framework.testing import VirtualClock

# Binary fractions, so that the model's sums are exact.
STEPS = st.sampled_from([0.125, 0.5, 1.0, 2.0])
VERDICTS = st.sampled_from(["succeeded", "failed", "abandoned"])
COINS = st.sampled_from([0.0, 0.5])
SHAPES = st.sampled_from(
    [
        BreakerSettings(failures=2, open_s=0.5, jitter=0.25, probe_s=1.0),
        BreakerSettings(failures=1, open_s=0.5, jitter=0.0, longest_open_s=2.0, probe_s=2.0),
        BreakerSettings(failures=3, window_s=0.5, open_s=1.0, jitter=0.5, probe_s=0.5),
    ]
)


@attrs.define(eq=False)
class Call:
    """An admitted call of the model, with the real ticket."""

    ticket: Ticket
    era: int
    ended: bool = False


class Model:
    """The rules of a breaker, said as plainly as possible."""

    def __init__(self, settings):
        self.settings = settings
        self.now = 0.0
        self.coin = 0.5
        self.history = ["closed"]
        self.blamed = []
        self.failed_probes = 0
        self.entered = 0.0
        self.wait = 0.0
        self.probe = None
        self.probe_since = None
        self.refused = self.failures = self.successes = 0

    @property
    def state(self):
        """The state that began last."""
        return self.history[-1]

    @property
    def era(self):
        """How many changes there were."""
        return len(self.history)

    def enter(self, state):
        """Change the state."""
        self.history.append(state)
        self.entered, self.blamed, self.probe, self.probe_since = self.now, [], None, None
        if state == "open":
            base = self.settings.open_s * 2.0**self.failed_probes
            spread = self.settings.jitter * (2 * self.coin - 1)
            self.wait = min(base, self.settings.longest_open_s) * (1 + spread)

    def remaining(self):
        """Seconds until a call is admitted."""
        until = self.now
        if self.state == "open":
            until = self.entered + self.wait
        elif self.state == "half_open" and self.probe_since is not None:
            until = self.probe_since + self.settings.probe_s
        return max(0.0, until - self.now)

    def admits(self):
        """Whether a call is admitted now; if so it is."""
        if self.remaining() > 0:
            self.refused += 1
            return False
        if self.state == "open":
            self.enter("half_open")
        if self.state == "half_open":
            self.probe_since = self.now
        return True

    def end(self, call, verdict):
        """A call ended for the first time."""
        self.failures += verdict == "failed"
        self.successes += verdict == "succeeded"
        if verdict == "abandoned" and call is self.probe:
            self.probe = self.probe_since = None
        if call.era != self.era:
            return
        if verdict == "succeeded" and self.state == "half_open":
            self.failed_probes = 0
            self.enter("closed")
        elif verdict == "failed" and self.state == "half_open":
            self.failed_probes += 1
            self.enter("open")
        elif verdict == "failed":
            self.blamed.append(self.now)
            window = [at for at in self.blamed if self.now - at <= self.settings.window_s]
            if len(window) >= self.settings.failures:
                self.enter("open")


class BreakerMachine(RuleBasedStateMachine):
    """Calls, their ends in any order, and time."""

    calls = Bundle("calls")

    @initialize(target=calls, settings=SHAPES)
    def begin(self, settings):
        """Make a breaker and its model, with calls that may end very late."""
        self.model = Model(settings)
        self.clock = VirtualClock(0.0)
        self.told = []
        self.breaker = Breaker(
            settings,
            self.clock,
            random=lambda: self.model.coin,
            on_change=self.told.append,
        )
        return multiple(self.call(), self.call())

    @rule(seconds=STEPS)
    def time_passes(self, seconds):
        """Move both clocks."""
        self.clock.advance(seconds)
        self.model.now += seconds

    @rule(coin=COINS)
    def chance_turns(self, coin):
        """Choose the random numbers from here on."""
        self.model.coin = coin

    @rule(target=calls)
    def call(self):
        """Ask for a ticket; both must agree."""
        admitted = self.model.admits()
        ticket = self.breaker.admit()
        assert (ticket is not None) == admitted
        if ticket is None:
            return multiple()
        call = Call(ticket, self.model.era)
        if self.model.state == "half_open":
            self.model.probe = call
        return call

    @rule(call=calls, verdict=VERDICTS)
    def ends(self, call, verdict):
        """End a call, perhaps not for the first time."""
        getattr(call.ticket, verdict)()
        if not call.ended:
            call.ended = True
            self.model.end(call, verdict)

    @rule(call=consumes(calls))
    def is_lost(self, call):
        """Forget a call without ending it."""

    @precondition(lambda self: self.model.state == "closed")
    @rule()
    def outage_begins(self):
        """Let as many calls fail as open the breaker."""
        for _ in range(self.model.settings.failures):
            if self.model.state == "closed":
                self.ends(self.call(), "failed")

    @precondition(lambda self: self.model.state != "closed")
    @rule(target=calls, verdicts=st.lists(VERDICTS, max_size=3))
    def probes(self, verdicts):
        """Be the probe as soon as possible, once for each verdict, and once without."""
        for verdict in [*verdicts, None]:
            self.time_passes(self.model.remaining())
            call = self.call()
            if verdict is not None:
                self.ends(call, verdict)
        return call

    @invariant()
    def both_say_the_same(self):
        """State, waiting time, figures and changes agree."""
        stats, model = self.breaker.stats, self.model
        assert str(self.breaker.state) == str(stats.state) == model.state
        assert self.breaker.retry_after_s == model.remaining()
        assert ["closed", *(str(change.after) for change in self.told)] == model.history
        assert [str(change.before) for change in self.told] == model.history[:-1]
        assert stats.opened == model.history.count("open")
        assert (stats.refused, stats.failures, stats.successes) == (
            model.refused,
            model.failures,
            model.successes,
        )


def test_breaker_agrees_with_its_model():
    """In 200 random histories the breaker does what a plain model does."""
    run_state_machine_as_test(
        BreakerMachine, settings=hypothesis.settings(max_examples=100, deadline=None)
    )


@pytest.mark.slow
def test_breaker_agrees_with_its_model_at_length():
    """In 3,000 random histories of 50 steps the breaker does what a plain model does."""
    run_state_machine_as_test(
        BreakerMachine,
        settings=hypothesis.settings(max_examples=3000, stateful_step_count=50, deadline=None),
    )
