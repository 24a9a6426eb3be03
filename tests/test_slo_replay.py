"""The alerts in the host and those of Prometheus's rule files say the same of the same series."""

from __future__ import annotations

import importlib.util

import pytest

from ion_framework.settings.slo import SloSettings
from ion_framework.slo.counts import BOUNDS, Counts
from ion_framework.slo.evaluator import Evaluator
from ion_framework.slo.rules import BURNS, rules_of
from ion_framework.testing import VirtualClock
from tests.support.repository import ROOT

alerts = pytest.importorskip("ion_metrics.boards.alerts")
names = pytest.importorskip("ion_metrics.names")

OURS = {rule.name: rule for rule in rules_of(SloSettings())}
THEIRS = {alert.name: alert for alert in (*alerts.THRESHOLDS, *alerts.burn_alerts())}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MINUTES = 8 * 60
FAST, SLOW = 3, 12
"""Classes of durations: 50 ms, and 5 s."""


def seconds(text: str) -> float:
    """A length of time as Prometheus writes it."""
    return float(text[:-1]) * SECONDS[text[-1]]


@pytest.fixture(scope="module")
def replay_class():
    """What evaluates PromQL in the tests of ``ion-metrics``."""
    file = ROOT / "plugins" / "metrics" / "tests" / "conftest.py"
    spec = importlib.util.spec_from_file_location("metrics_promql", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Replay


def minutes(kind: str):
    """Requests, errors, slow requests and hits of each minute of a host."""
    for minute in range(MINUTES):
        inside = 240 <= minute < 300
        errors = {"outage": 600 if 240 <= minute < 245 else 0, "errors": 60 if inside else 0}
        slow = 60 if kind == "slow" and inside else 6
        hits = 300 if kind == "cold" and inside else 570
        yield 600, errors.get(kind, 0), slow, hits


def told_by_both(kind: str, replay_class) -> list[tuple[int, str, bool, bool]]:
    """For every tenth minute and every rule, whether it holds: here, and for Prometheus."""
    clock, replay, found = VirtualClock(0.0), replay_class(), []
    evaluator = Evaluator(SloSettings(), clock)
    evaluator.take(Counts())
    durations, errors, turns, hits = [0.0] * (len(BOUNDS) + 1), 0, 0, 0
    add(replay, 0.0, Counts())
    for minute, (number, failed, slow, found_hits) in enumerate(minutes(kind), start=1):
        clock.advance(60)
        durations[FAST] += number - slow
        durations[SLOW] += slow
        errors, turns, hits = errors + failed, turns + number, hits + found_hits
        counts = Counts(errors, turns, hits, tuple(durations))
        evaluator.take(counts)
        add(replay, clock.time(), counts)
        if minute % 10 == 5 and minute > 60:
            found += compared(minute, evaluator, replay, clock.time())
    return found


def add(replay, at: float, counts: Counts) -> None:
    """The samples that Prometheus would have taken."""
    labels = {"method": "POST", "route": "/chat"}
    requests = names.HTTP_REQUESTS.name
    replay.add(at, requests, counts.requests - counts.errors, **labels, status="200")
    replay.add(at, requests, counts.errors, **labels, status="503")
    replay.add(at, requests, at, method="GET", route="/health/live", status="200")
    counted = 0.0
    for bound, number in zip((*map(str, BOUNDS), "+Inf"), counts.durations, strict=True):
        counted += number
        replay.add(at, f"{names.HTTP_DURATION.name}_bucket", counted, **labels, le=bound)
    replay.add(at, names.CACHE_TURNS.name, counts.hits, status="hit")
    replay.add(at, names.CACHE_TURNS.name, counts.turns - counts.hits, status="miss")


def compared(minute: int, evaluator: Evaluator, replay, at: float):
    """Each rule at an instant: its number, whether it holds here and there."""
    ours = {alert.rule: alert for alert in evaluator.report().alerts}
    for window, expr in alerts.recorded().items():
        for value in replay.at(at, expr).values():
            replay.add(at, window, value)
    for name, rule in OURS.items():
        here = rule.holds(ours[name].value)
        yield minute, name, here, bool(replay.at(at, THEIRS[name].expr))


@pytest.mark.once
@pytest.mark.parametrize("kind", ["healthy", "outage", "errors", "slow", "cold"])
def test_they_say_the_same(kind, replay_class):
    """Over eight hours every rule holds here exactly where it holds for Prometheus."""
    found = told_by_both(kind, replay_class)
    held = {name for _, name, here, _ in found if here}

    assert [each for each in found if each[2] is not each[3]] == []
    assert (
        held
        == {
            "healthy": set(),
            "outage": {
                *("IonErrorRateHigh", "IonErrorBudgetBurn14_4x", "IonErrorBudgetBurn6x"),
                *("IonErrorBudgetBurn3x", "IonErrorBudgetBurn1x"),
            },
            "errors": {
                *("IonErrorRateHigh", "IonErrorBudgetBurn14_4x", "IonErrorBudgetBurn6x"),
                *("IonErrorBudgetBurn3x", "IonErrorBudgetBurn1x"),
            },
            "slow": {"IonLatencyHigh"},
            "cold": {"IonCacheHitRateLow"},
        }[kind]
    )


@pytest.mark.parametrize("name", OURS)
def test_they_have_the_same_severity_and_patience(name):
    """A rule is as urgent here as in the rule files, and waits no longer than there."""
    rule, alert = OURS[name], THEIRS[name]

    assert rule.severity.value == alert.severity
    assert rule.lasts_s <= seconds(alert.lasts)


def test_they_have_the_same_numbers():
    """Factors, windows, the objective and the classes of durations are those of the rule files."""
    assert [(burn.factor, burn.long_s, burn.short_s) for burn in BURNS] == [
        (burn.factor, seconds(burn.long), seconds(burn.short)) for burn in alerts.BURNS
    ]
    assert SloSettings().availability == alerts.OBJECTIVE
    assert BOUNDS == names.HTTP_BUCKETS
