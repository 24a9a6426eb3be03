"""The promise about what a long run leaves behind, checked at a small scale."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("ion_host_aiohttp")
pytest.importorskip("ion_offline")

from perf.reliability.catalogue import promises
from perf.reliability.command import SEED, check

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is held is read from /proc")


@pytest.mark.slow
def test_soak():
    """Promise 34: everything is answered, and no task, thread or file is left behind."""
    (promise,) = (promise for promise in promises() if promise.number == 34)
    found = check(promise, SEED, 0.002)

    assert not found.broken
    wrong = {
        finding.what: finding.figure
        for finding in found.findings
        if not finding.kept and "memory" not in finding.what
    }
    assert not wrong


def test_the_soak_is_in_the_catalogue():
    """Promise 34 is found by its number, and is none of those of every commit."""
    (promise,) = (promise for promise in promises() if promise.number == 34)

    assert "200,000 requests" in promise.title
    assert not promise.fast
