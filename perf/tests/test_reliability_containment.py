"""The promises about plugins that misbehave, at a scale that shows that their checks work."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("ion_host_aiohttp")

from perf.reliability.catalogue import promises
from perf.reliability.command import SEED, check
from perf.reliability.fault_plugin import EXEMPT, EXEMPT_IN, FAULTS, HOOKS, code_of
from perf.reliability.promise_hook_faults import MOST_FAULTS, _hosts_of

SLOW_MACHINE = 10.0
SCALE = 0.05
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads processor time from /proc")


def checked(number):
    """The findings of a promise at a small scale, by the first words of what was measured."""
    (promise,) = (promise for promise in promises() if promise.number == number)
    found = check(promise, SEED, SCALE)
    assert not found.broken
    return found.findings


def missed(findings, *but):
    """What was not kept, without what says something of the machine."""
    return [f for f in findings if not f.kept and not any(word in f.what for word in but)]


def test_faults_in_hooks_are_answered_and_named():
    """Promise 26: some faults in some hooks end in answers in time, and each culprit is named."""
    findings = checked(26)

    assert not missed(findings, "longest time")
    assert "a task that it left behind sleeps" in findings[3].figure
    assert max(findings[0].samples["took"]) < 2.25 * SLOW_MACHINE


def test_plugins_that_cannot_be_imported_are_named():
    """Promise 27: the host comes up beside them, and the doctor names every one of them."""
    assert not missed(checked(27), "the host answers")


@linux
@pytest.mark.slow
def test_a_hanging_persona_has_all_its_places_taken():
    """Promise 28: other personas answer while every place is taken, and calls find none."""
    findings = checked(28)

    assert not missed(findings, "p99")
    assert "16 before, 16 after" in findings[0].figure
    assert len(findings[2].samples["beside"]) == len(findings[2].samples["without"]) == 30


# The reliability environment runs the whole promise.
@pytest.mark.slow
@linux
def test_a_raising_monitor_is_left_out():
    """Promise 29: no request fails by the monitor, which is in quarantine after five lines."""
    findings = checked(29)

    assert not missed(findings, "refused", "added")
    assert "quarantined" in findings[3].figure
    assert findings[4].figure == "1 of changes, 5 of failures"


@pytest.mark.slow
def test_the_cost_of_the_guard_is_measured():
    """Promise 30 has figures for async and for plain hooks, far from what would be noticed."""
    findings = checked(30)

    assert ["async", "plain"] == [f.what.split("party's ")[1].split()[0] for f in findings]
    for finding in findings:
        assert 0 < float(finding.figure.split()[0]) < 30 * SLOW_MACHINE
        assert {"processor time of a call", "wall time of a call"} == set(finding.samples)


def test_there_is_a_fault_for_each_of_the_twelve():
    """The plugin of promise 26 has a branch for every fault and an implementation of every hook."""
    code = code_of(HOOKS)

    assert 12 == len(FAULTS) == len(set(FAULTS))
    assert all(f'"{fault}"' in code for fault in FAULTS)
    assert all(f"async def {hook}(" in code for hook in HOOKS)
    compile(code, "faulty", "exec")


def test_no_host_sees_enough_faults_of_a_hook_for_quarantine():
    """All faults of all hooks fit into three hosts, and none of them sees five of one hook."""
    pairs = [(fault, hook) for fault in FAULTS for hook in HOOKS]
    hosts = _hosts_of(pairs)

    assert pairs == [pair for host in hosts for pair in host]
    assert len(hosts) == 3
    for host in hosts:
        assert all([hook for _, hook in host].count(hook) <= MOST_FAULTS for hook in HOOKS)


def test_every_exemption_is_of_a_fault_and_has_a_reason():
    """Only faults after which nothing has failed are exempt from being named."""
    assert {"thread", "task", "mutate"} == set(EXEMPT) <= set(FAULTS)
    assert all(fault in FAULTS and hook in HOOKS for fault, hook in EXEMPT_IN)
    assert all([*EXEMPT.values(), *EXEMPT_IN.values()])
