"""The promises about plugins that misbehave, at a scale that shows that their checks work."""

from __future__ import annotations

import pytest

pytest.importorskip("ion_host_aiohttp")

from perf.reliability.command import SEED, check
from perf.reliability.fault_plugin import FAULTS, HOOKS, code_of
from perf.reliability.promise_guard_cost import PROMISE as GUARD_COST

SLOW_MACHINE = 10.0


def test_the_cost_of_the_guard_is_measured():
    """Promise 30 has a figure for async and for plain hooks, far from what would be noticed."""
    found = check(GUARD_COST, SEED, 0.1)

    assert not found.broken
    assert ["async", "plain"] == [f.what.split("party's ")[1].split()[0] for f in found.findings]
    for finding in found.findings:
        assert 0 < float(finding.figure.split()[0]) < 30 * SLOW_MACHINE


def test_there_is_a_fault_for_each_of_the_twelve():
    """The plugin of promise 26 has a branch for every fault and an implementation of every hook."""
    code = code_of(HOOKS)

    assert 12 == len(FAULTS) == len(set(FAULTS))
    assert all(f'"{fault}"' in code for fault in FAULTS)
    assert all(f"async def {hook}(" in code for hook in HOOKS)
    compile(code, "faulty", "exec")
