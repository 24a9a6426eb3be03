"""The promise on headers, whole: it takes few seconds."""

from __future__ import annotations

from perf.reliability.catalogue import promises
from perf.reliability.command import SEED, check


def test_every_response_has_its_headers():
    """Promise 22 is kept: every route, status and kind of origin."""
    (promise,) = (promise for promise in promises() if promise.number == 22)
    found = check(promise, SEED, 1.0)

    assert not found.broken
    assert not {item.what: item.figure for item in found.findings if not item.kept}
