"""The promises about streams, checked at a small scale."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("ion_host_aiohttp")
pytest.importorskip("ion_gemini")

from perf.reliability.catalogue import promises
from perf.reliability.command import SEED, check

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are those of Linux")


def checked(number, scale):
    """The findings of a promise, by what was measured."""
    (promise,) = (promise for promise in promises() if promise.number == number)
    found = check(promise, SEED, scale)
    assert not found.broken
    return {finding.what: finding for finding in found.findings}


def test_callers_who_leave():
    """Promise 18: whoever leaves ends what was asked of the model, and leaves no task behind."""
    findings = checked(18, 0.02)

    assert findings["leaked tasks"].kept
    took = [max(f.samples["took"]) for what, f in findings.items() if "upstream" in what]
    assert len(took) == 3
    assert max(took) < 2.5


# The reliability environment runs the whole promise.
@pytest.mark.slow
def test_the_end_of_a_host_under_load():
    """Promise 16: nothing in flight is dropped, and every stream and WebSocket is told."""
    findings = checked(16, 0.1)

    late = {"exit"}
    wrong = {
        what: finding.figure
        for what, finding in findings.items()
        if not finding.kept and what not in late and "refused" not in what
    }
    assert not wrong
