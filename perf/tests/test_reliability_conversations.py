"""The promise of conversations: what it counts, and the promise itself at a small scale."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("ion_host_aiohttp")
pytest.importorskip("ion_store_sqlite")

from perf.reliability.catalogue import promises
from perf.reliability.command import SEED, check
from perf.reliability.promise_conversations import _findings
from perf.reliability.talkers import Talk


def kept(*messages):
    """What a host has kept: each message under its number, answered."""
    return [
        {"turn_number": number, "user_message": text, "ai_response": f"to {text}"}
        for number, text in enumerate(messages, 1)
    ]


def faults(messages):
    """What is not kept of a conversation of two acknowledged turns, where this is what is left."""
    talk = Talk("s", ["a", "b"], [(1, "to a"), (2, "to b")])
    found = _findings("Store", ((talk, messages),), 2, 1)
    return [finding.what.partition(": ")[2] for finding in found if not finding.kept]


def test_what_is_whole_is_kept():
    """Both turns in their order are no fault, and neither is one that nobody was told of."""
    assert not faults(kept("a", "b"))


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        (kept("a"), "acknowledged turns lost"),
        (kept("a", "b", "b"), "turns doubled"),
        (kept("b", "a"), "conversations out of order"),
    ],
)
def test_every_fault_is_seen(messages, fault):
    """A turn that is lost, doubled or displaced is counted as such."""
    assert fault in faults(messages)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are killed")
def test_the_promise_at_a_small_scale():
    """Promise 33 is kept by a few conversations and two kills on every store that there is."""
    (promise,) = (promise for promise in promises() if promise.number == 33)
    found = check(promise, SEED, 0.08)
    assert not found.broken
    assert not [finding for finding in found.findings if not finding.kept]
