"""Failures in a row by the order of beginnings, beside a plain model that remembers everything."""

import attrs
import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from ion_framework.resilience.failure_row import FailureRow, RowTry

LEAST_S, MOST_S = 1.0, 8.0
# Binary fractions, so that the model's sums are exact.
STEPS = st.sampled_from([0.125, 0.5, 1.0, 4.0])


@attrs.define(eq=False)
class Seen:
    """A try of the model, with the real one."""

    real: RowTry
    began: float
    end: str = ""
    at: float = 0.0
    given_up: bool = False
    dropped: bool = False


class RowMachine(RuleBasedStateMachine):
    """Tries that begin and end in any order; the row is counted from scratch each time."""

    tries = Bundle("tries")

    def __init__(self):
        super().__init__()
        self.row = FailureRow(LEAST_S, MOST_S)
        self.now = 0.0
        self.seen = []
        self.wait = None

    @property
    def patience(self):
        """Twice the longest recent wait, within the bounds."""
        return MOST_S if self.wait is None else min(MOST_S, max(LEAST_S, 2 * self.wait))

    def look(self):
        """Give up the oldest tries that took too long; what was given up stays so."""
        for one in (each for each in self.seen if not each.dropped):
            if not one.end and not one.given_up:
                if one.began > self.now - self.patience:
                    return
                one.given_up = True

    @rule(seconds=STEPS)
    def time_passes(self, seconds):
        """Move the time."""
        self.now += seconds

    @rule(target=tries)
    def begins(self):
        """A try begins."""
        one = Seen(self.row.begin(self.now), self.now)
        self.seen.append(one)
        return one

    @rule(one=tries)
    def speaks(self, one):
        """A try has its first word."""
        if not one.end:
            counted = [other for other in self.seen if self.counts(other)]
            self.row.spoke(one.real, self.now)
            one.end = "spoke"
            waited, before = self.now - one.began, self.wait
            shorter = before is not None and waited < before
            self.wait = before + (waited - before) / 32 if shorter else waited
            if not one.dropped:
                for other in [*counted, *self.seen[: self.seen.index(one) + 1]]:
                    other.dropped = True
                self.look()

    @rule(one=tries)
    def fails(self, one):
        """A try fails."""
        if not one.end:
            self.row.failed(one.real, self.now)
            one.end, one.at = "failed", self.now
            if not one.dropped:
                self.look()

    @rule(one=tries)
    def is_left(self, one):
        """A caller leaves its try."""
        if not one.end:
            self.row.left(one.real, self.now)
            one.end = "left"
            if not one.dropped:
                self.look()

    @rule()
    def restarts(self):
        """The breaker changes its state."""
        self.row.restart()
        for one in self.seen:
            one.dropped = True

    def counts(self, one):
        """Whether a failure stands in the row: nothing is expected of any older try."""
        older = self.seen[: self.seen.index(one)]
        held = any(not (o.end or o.given_up or o.dropped) for o in older)
        return one.end == "failed" and not one.dropped and not held

    @invariant()
    def both_say_the_same(self):
        """Count, duration and patience agree."""
        times = [one.at for one in self.seen if self.counts(one)]
        assert self.row.patience_s == self.patience
        assert self.row.count == len(times)
        assert self.row.lasted_s == (max(times) - min(times) if times else 0.0)


def test_a_row_agrees_with_its_model():
    """In 300 random histories the row counts what a plain model counts."""
    run_machine(RowMachine, settings=hypothesis.settings(max_examples=150, deadline=None))


@pytest.mark.slow
def test_a_row_agrees_with_its_model_at_length():
    """In 3,000 random histories of 60 steps the row counts what a plain model counts."""
    run_machine(
        RowMachine,
        settings=hypothesis.settings(max_examples=3000, stateful_step_count=60, deadline=None),
    )


def test_a_failure_waits_for_older_tries():
    """A failure counts when every try that began before it has ended."""
    row = FailureRow(LEAST_S, MOST_S)
    older, younger = row.begin(0.0), row.begin(0.1)

    row.failed(younger, 0.2)
    before = row.count
    row.left(older, 0.3)

    assert (before, row.count) == (0, 1)


def test_an_answer_ends_the_row_of_what_began_before():
    """Failures of tries that began before one that spoke never count, whenever they come."""
    row = FailureRow(LEAST_S, MOST_S)
    early, late, speaking = row.begin(0.0), row.begin(0.1), row.begin(0.2)

    row.failed(early, 0.3)
    row.spoke(speaking, 2.0)
    row.failed(late, 3.0)

    assert row.count == 0


def test_a_hanging_try_holds_back_for_a_time_only():
    """What a hanging try holds back counts once it has taken twice the usual wait."""
    row = FailureRow(LEAST_S, MOST_S)
    row.spoke(row.begin(0.0), 1.0)
    row.begin(10.0)
    counts = []
    for tenth in range(101, 131):
        row.failed(row.begin(tenth / 10), tenth / 10)
        counts.append(row.count)

    assert row.patience_s == 2.0
    assert counts[:19] == [0] * 19
    assert counts[-1] == 30


def test_memory_is_bounded():
    """Beyond its bound the row forgets the oldest try, and counts on."""
    row = FailureRow(LEAST_S, MOST_S, most_held=3)
    hanging = [row.begin(0.0) for _ in range(1000)]
    for _ in range(3):
        row.failed(row.begin(0.5), 0.5)

    assert (row.count, len(row._waiting)) == (3, 0)
    row.failed(hanging[0], 0.6)
    assert row.count == 4


def test_no_more_is_remembered_than_is_under_way():
    """With 1,000 tries at once, a third of which answer, no more than 1,000 are remembered."""
    row, begun, most = FailureRow(LEAST_S, MOST_S * 10), [], 0
    for number in range(20_000):
        now = number / 100
        begun.append(row.begin(now))
        if number >= 1000:
            (row.failed if number % 3 else row.spoke)(begun[number - 1000], now)
        most = max(most, len(row._waiting))

    assert most <= 1001
    assert row.count < 3
