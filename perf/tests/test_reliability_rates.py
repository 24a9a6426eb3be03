"""The parts of the promise about rate limits that need neither processes nor time."""

from __future__ import annotations

import pytest

pytest.importorskip("ion_host_aiohttp")
pytest.importorskip("limits")


from perf.reliability import promise_rate_limit as promise
from perf.reliability.command import SEED
from perf.reliability.promise import Setting


def asked(*began, took=0.5, caller="a", status=200):
    """Requests that were sent at these times."""
    return [promise.Asked(caller, at, at + took, status, alone=False) for at in began]


def test_no_minute_of_virtual_time_holds_more(tmp_path):
    """Under fifty requests a second of virtual time each minute holds thirty, and one has them."""
    assert promise._virtual(Setting(SEED, tmp_path, 0.05)) == 30


def test_only_what_passed_for_certain_within_a_window_counts():
    """A request that may have been decided after the window does not count, nor one refused."""
    items = [*asked(0, 30, 59.4, 59.6), *asked(10, status=429), *asked(1, 2, caller="b")]

    assert promise._busiest(items, 60) == 3
