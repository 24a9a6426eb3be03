"""The retry budget: retries are a share of the requests, whatever happens."""

from fractions import Fraction

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ion_framework.resilience import RetryBudget

TENTH = Fraction(1, 10)


def test_an_outage_is_retried_within_the_budget():
    """When every call fails, retries are at most the ratio of the requests and the reserve."""
    budget = RetryBudget(ratio=0.1, reserve=10)
    retries = 0
    for _ in range(10_000):
        budget.deposit()
        for _ in range(2):
            retries += budget.withdraw()

    assert 1000 < retries <= 1000 + 10
    assert budget.granted == retries
    assert budget.refused == 20_000 - retries


def test_success_does_not_pay_for_a_storm():
    """However many requests succeeded, no more than the reserve can be retried in one moment."""
    budget = RetryBudget(ratio=0.1, reserve=10)
    for _ in range(100_000):
        budget.deposit()

    assert budget.balance == 10
    assert [budget.withdraw() for _ in range(12)] == [True] * 10 + [False] * 2


def test_tenths_add_up_exactly():
    """Ten tenths are one retry, not a little less."""
    budget = RetryBudget(ratio=0.1, reserve=0)
    for _ in range(10):
        assert not budget.withdraw()
        budget.deposit()

    assert budget.withdraw()
    assert not budget.withdraw()


@pytest.mark.parametrize("wrong", [{"ratio": 1.5}, {"ratio": float("nan")}, {"reserve": -1}])
def test_a_budget_out_of_range_is_refused(wrong):
    """A ratio or reserve outside its range is refused by name."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryBudget(**wrong)


class BudgetMachine(RuleBasedStateMachine):
    """Requests and retries in any order, beside exact fractions."""

    @initialize(reserve=st.sampled_from([0, 1, 2]), tenths=st.sampled_from([0, 3, 10]))
    def begin(self, reserve, tenths):
        """Make a budget and its model."""
        self.reserve, self.ratio = reserve, tenths * TENTH
        self.budget = RetryBudget(ratio=tenths / 10, reserve=reserve)
        self.balance = Fraction(reserve)
        self.requests = self.granted = self.refused = 0

    @rule()
    def request(self):
        """A first attempt."""
        self.budget.deposit()
        self.requests += 1
        self.balance = min(self.balance + self.ratio, Fraction(max(1, self.reserve)))

    @rule()
    def retry(self):
        """A retry, granted where the model has a whole token."""
        allowed = self.balance >= 1
        assert self.budget.withdraw() == allowed
        self.balance -= allowed
        self.granted += allowed
        self.refused += not allowed

    @invariant()
    def both_say_the_same(self):
        """Balance and figures agree, and the promise holds."""
        assert self.budget.balance == float(self.balance)
        assert (self.budget.granted, self.budget.refused) == (self.granted, self.refused)
        assert self.budget.granted <= self.ratio * self.requests + self.reserve


def test_budget_agrees_with_its_model():
    """In 200 random histories the budget does what exact fractions do."""
    run_state_machine_as_test(
        BudgetMachine, settings=hypothesis.settings(max_examples=100, deadline=None)
    )


@pytest.mark.slow
def test_budget_agrees_with_its_model_at_length():
    """In 3,000 random histories of 50 steps the budget does what exact fractions do."""
    run_state_machine_as_test(
        BudgetMachine,
        settings=hypothesis.settings(max_examples=3000, stateful_step_count=50, deadline=None),
    )
