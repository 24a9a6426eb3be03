"""Alerts on a virtual clock: outages fire and resolve, health and silence never do."""

from __future__ import annotations

import random

import attrs
import pytest

from ion_framework.settings.slo import SloSettings
from ion_framework.slo.alarm import AlarmState
from ion_framework.slo.counts import BOUNDS, Counts
from ion_framework.slo.evaluator import EVERY_S, Evaluator, Origin
from ion_framework.slo.notice import NoticeState
from ion_framework.slo.rules import BURNS, DAY_S, rules_of
from ion_framework.testing import VirtualClock

FAST, SLOW = 3, 12
"""Classes of durations: 50 ms, and 5 s."""

FIRING, RESOLVED = NoticeState.FIRING, NoticeState.RESOLVED


class Host:
    """A host that is asked at a steady rate and looked at every few seconds.

    Args:
        settings: objectives and limits.
        every_s: seconds between two looks.

    Attributes:
        told: the notices, each with the seconds since the beginning.
    """

    def __init__(self, settings: SloSettings | None = None, every_s: float = EVERY_S) -> None:
        self.clock = VirtualClock()
        self.evaluator = Evaluator(settings or SloSettings(), self.clock, Origin("ion-1"))
        self._every_s = every_s
        self._durations = [0.0] * (len(BOUNDS) + 1)
        self._errors = self._turns = self._hits = self._unanswered = 0.0
        self._began = self.clock.time()
        self.told = []
        self._look()

    @property
    def counts(self) -> Counts:
        """What was counted."""
        durations = tuple(self._durations)
        return Counts(
            self._errors, self._turns, self._hits, durations, sum(durations), self._unanswered
        )

    def ask(
        self,
        number: float = 1,
        *,
        errors: float = 0,
        slow: float = 0,
        hits: float | None = 1,
        unanswered: float = 0,
    ):
        """Ask so many times; some fail, some are slow, and some of the turns hit the cache."""
        self._durations[FAST] += number - slow
        self._durations[SLOW] += slow
        self._errors += errors
        self._unanswered += unanswered
        if hits is not None:
            self._turns += number
            self._hits += number * hits

    def run(self, seconds: float, rate: float = 10.0, **shares: float) -> None:
        """Let time pass while it is asked so often a second; shares of it fail or are slow."""
        hits = shares.pop("hits", 1.0)
        for _ in range(round(seconds / self._every_s)):
            self.clock.advance(self._every_s)
            number = rate * self._every_s
            more = {name: number * share for name, share in shares.items()}
            self.ask(number, **more, hits=hits)
            self._look()

    def of(self, rule: str) -> list[tuple[float, NoticeState]]:
        """When a rule was told of, and how."""
        return [(at, notice.state) for at, notice in self.told if notice.rule == rule]

    def _look(self) -> None:
        at = self.clock.time() - self._began
        self.told += [(at, notice) for notice in self.evaluator.take(self.counts)]


def test_an_outage_is_told_within_two_minutes_and_over_after_it():
    """Five minutes without an answer fire the fast burn within two, once, and it resolves."""
    host = Host()
    host.run(7200)
    host.run(300, errors=1.0)
    host.run(3600)

    (fired, first), (over, last) = host.of("IonErrorBudgetBurn14_4x")
    assert (first, last) == (FIRING, RESOLVED)
    assert 7200 < fired <= 7200 + 120
    assert 7500 < over < 7500 + 600
    assert [state for _, state in host.of("IonErrorRateHigh")] == [FIRING, RESOLVED]


def test_a_slower_burn_waits_for_the_faster_one():
    """While the fastest burn fires no slower one is told; what still fires is told after it."""
    host = Host(every_s=30)
    host.run(7200)
    host.run(2400, errors=1.0)
    host.run(7200)

    ((_, first), (over, last)) = host.of("IonErrorBudgetBurn14_4x")
    assert (first, last) == (FIRING, RESOLVED)
    slower = host.of("IonErrorBudgetBurn6x")
    assert [state for _, state in slower] == [FIRING, RESOLVED]
    assert over <= slower[0][0]
    assert not any(
        over > at for burn in ("3x", "1x") for at, _ in host.of(f"IonErrorBudgetBurn{burn}")
    )


def test_other_limits_are_gone_by_from_now_on():
    """New objectives keep what was counted and what fires, which is over by its new limit."""
    host = Host()
    host.run(7200, errors=0.1, slow=0.2)
    before = {each.name: each for each in host.evaluator.report().objectives}
    host.evaluator.adopt(SloSettings(error_rate=0.5, latency_s=7.0, period_days=90), Origin("b"))
    host.run(600, errors=0.1, slow=0.2)
    after = {each.name: each for each in host.evaluator.report().objectives}

    assert [state for _, state in host.of("IonErrorRateHigh")] == [FIRING, RESOLVED]
    assert host.told[-1][1].host == "b"
    assert after["availability"].requests == before["availability"].requests + 600 * 10
    assert after["availability"].bad == pytest.approx(before["availability"].bad + 600)
    assert after["latency"].bad == pytest.approx(before["latency"].bad)


def test_what_is_seen_is_told_beside_what_is_needed():
    """An alert says how many requests its emptiest window has, and how many it needs."""
    host = Host()
    host.run(60, rate=0.1)

    report = host.evaluator.report().alerts[0]
    assert (report.value, report.seen, report.least) == (None, 6, 10)


def test_a_healthy_day_is_quiet():
    """A day with one failure in 5000, one slow in 50 and 90 % hits tells nothing."""
    chance = random.Random(7)  # noqa: S311  a day that is the same every time
    host = Host(every_s=60)
    for _ in range(24 * 60):
        number = chance.randint(50, 900)
        host.clock.advance(60)
        failed = sum(chance.random() < 0.0002 for _ in range(number))
        host.ask(number, errors=failed, slow=number // 50, hits=0.9)
        host.told += [(0.0, each) for each in host.evaluator.take(host.counts)]

    assert host.told == []
    assert not host.evaluator.report().is_firing


@pytest.mark.parametrize("errors", [0, 1])
def test_silence_and_single_requests_never_alarm(errors):
    """A host that is asked once an hour, or never, tells nothing, whatever comes of it."""
    host = Host(every_s=60)
    for _ in range(48):
        host.run(3540, rate=0)
        host.clock.advance(60)
        host.ask(errors, errors=errors, slow=errors, hits=0)

    assert host.told == []


@pytest.mark.parametrize(
    ("rule", "shares", "healthy"),
    [
        ("IonErrorRateHigh", {"errors": 0.06}, {"errors": 0.04}),
        ("IonLatencyHigh", {"slow": 0.06}, {"slow": 0.04}),
        ("IonTurnsUnanswered", {"unanswered": 0.06}, {"unanswered": 0.04}),
        ("IonCacheHitRateLow", {"hits": 0.79}, {"hits": 0.81}),
    ],
)
def test_thresholds(rule, shares, healthy):
    """What lies beyond a limit for as long as the rule says is told, what lies within is not."""
    bad, good = Host(every_s=15), Host(every_s=15)
    bad.run(3600, **shares)
    good.run(3600, **healthy)

    (told,) = bad.of(rule)
    lasts_s = next(each.lasts_s for each in rules_of(SloSettings()) if each.name == rule)
    assert told[0] >= lasts_s
    assert good.of(rule) == []


@pytest.mark.parametrize("burn", BURNS, ids=lambda burn: f"{burn.factor:g}x")
def test_burn_rates(burn):
    """A budget that burns a tenth faster than a factor is told of, a tenth slower is not."""
    name = f"IonErrorBudgetBurn{burn.factor:g}x".replace(".", "_")
    for pace, told in ((1.1, [FIRING]), (0.9, [])):
        host = Host(SloSettings(repeat_s=604800.0), every_s=120)
        host.run(4 * DAY_S, errors=burn.factor * pace * 0.001)

        assert [state for _, state in host.of(name)] == told


def test_a_value_that_wavers_is_one_alert():
    """A rate that goes to and fro over its limit is told once, until it is clear of it."""
    host = Host(every_s=15)
    host.run(900, errors=0.06)
    for _ in range(10):
        host.run(300, errors=0.048)
        host.run(300, errors=0.053)
    wavering = host.of("IonErrorRateHigh")
    host.run(900, errors=0.01)

    assert [state for _, state in wavering] == [FIRING]
    assert [state for _, state in host.of("IonErrorRateHigh")] == [FIRING, RESOLVED]


def test_it_is_told_again_while_it_goes_on():
    """An alert that still fires is told again after the time for that, with the same id."""
    host = Host(SloSettings(repeat_s=3600.0), every_s=15)
    host.run(3 * 3600, errors=0.5)
    told = [notice for _, notice in host.told if notice.rule == "IonErrorRateHigh"]

    assert [notice.repeated for notice in told] == [0, 1, 2]
    assert len({notice.id for notice in told}) == 1


def test_silence_ends_an_alert():
    """An alert whose requests cease is over, and says that there is nothing to measure."""
    host = Host()
    host.run(900, errors=0.5)
    host.run(900, rate=0)

    last = [notice for _, notice in host.told if notice.rule == "IonErrorRateHigh"][-1]
    assert (last.state, last.value) == (RESOLVED, None)


def test_a_second_outage_is_another_alert():
    """Two outages with health between them are two alerts with ids of their own."""
    host = Host()
    for _ in range(2):
        host.run(900, errors=0.5)
        host.run(1800)
    ids = [notice.id for _, notice in host.told if notice.rule == "IonErrorRateHigh"]

    assert len(ids) == 4
    assert len(set(ids)) == 2


class TestReport:
    """How everything is at a moment."""

    def test_the_budget(self):
        """An hour of 14.4 times the allowed failures uses up 2 % of the budget of 30 days."""
        host = Host(every_s=60)
        host.run(3600, errors=0.0144)
        availability, latency = host.evaluator.report().objectives

        assert availability.consumed == pytest.approx(0.02)
        assert availability.left == pytest.approx(0.98)
        assert availability.burn_rate == pytest.approx(14.4)
        left_s = availability.spent_at - host.clock.time()
        assert left_s == pytest.approx(0.98 * 30 * DAY_S / 14.4)
        assert (latency.consumed, latency.spent_at) == (0.0, None)

    def test_the_budget_of_latency(self):
        """Requests slower than the objective use up the budget of latency alone."""
        host = Host(SloSettings(period_days=1), every_s=60)
        host.run(DAY_S, slow=0.1)
        availability, latency = host.evaluator.report().objectives

        assert latency.actual == pytest.approx(0.9)
        assert latency.consumed == pytest.approx(2.0)
        assert latency.left == pytest.approx(-1.0)
        assert latency.spent_at is None
        assert availability.consumed == 0.0

    def test_what_is_older_than_the_period_is_forgiven(self):
        """Failures of before the period do not count any more."""
        host = Host(SloSettings(period_days=1), every_s=600)
        host.run(3600, errors=1.0)
        host.run(2 * DAY_S)

        assert host.evaluator.report().objectives[0].consumed == pytest.approx(0.0)

    def test_pending_and_firing(self):
        """A rule that holds is pending until it has held for long enough."""
        host = Host()
        host.run(120, errors=0.5)
        states = {each.rule: each.state for each in host.evaluator.report().alerts}
        assert states["IonErrorRateHigh"] is AlarmState.PENDING
        host.run(300, errors=0.5)
        states = {each.rule: each.state for each in host.evaluator.report().alerts}
        assert states["IonErrorRateHigh"] is AlarmState.FIRING
        assert host.evaluator.report().is_firing


@pytest.mark.parametrize(
    "changes",
    [
        {"availability": 1.0},
        {"latency_s": 8.0},
        {"hit_rate": 1.5},
        {"least_requests": 0},
        {"period_days": 91},
        {"repeat_s": 5.0},
        {"url": "ion.example"},
    ],
)
def test_settings_have_ranges(changes):
    """A setting outside its range is refused, by its name."""
    with pytest.raises(ValueError, match=next(iter(changes))):
        attrs.evolve(SloSettings(), **changes)


def test_limits_that_can_never_be_met_turn_a_rule_off():
    """A limit of 1 for errors and of 0 for hits tell nothing, whatever happens."""
    host = Host(SloSettings(error_rate=1.0, hit_rate=0.0), every_s=15)
    host.run(3600, errors=1.0, hits=0.0)

    assert host.of("IonErrorRateHigh") == []
    assert host.of("IonCacheHitRateLow") == []
