"""The promises of the host, checked at a small scale on real processes.

How fast this machine is, is not tested here: of waits only that they are far from a hang.
"""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("ion_host_aiohttp")
pytest.importorskip("ion_offline")

from perf.reliability.canaries import Canaries, without_echo
from perf.reliability.catalogue import promises
from perf.reliability.command import SEED, check
from perf.reliability.framing import HIDDEN, ambiguous, mutated
from perf.reliability.heavy import heavy_requests
from perf.reliability.malformed import bodies
from perf.reliability.promise import Setting
from perf.reliability.raw_http import responses, responses_are_whole

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def checked(number, scale):
    """The findings of a promise, by what was measured."""
    (promise,) = (promise for promise in promises() if promise.number == number)
    found = check(promise, SEED, scale)
    assert not found.broken
    return {finding.what: finding for finding in found.findings}


def missed(findings, *timed):
    """What is not kept, but for what depends on the machine."""
    return {
        what: finding.figure
        for what, finding in findings.items()
        if not finding.kept and not any(word in what for word in timed)
    }


def test_malformed_bodies():
    """Promise 12 is kept at a small scale, and nobody waits for a second."""
    findings = checked(12, 0.05)

    assert not missed(findings, "longest wait", "resident memory")
    assert max(findings["longest wait of another client"].samples["lag"]) < 1


# The reliability environment runs the whole promise.
@pytest.mark.slow
def test_stalls():
    """Promise 14 plays every heavy request, none of which stalls the host for half a second."""
    for finding in checked(14, 0.2).values():
        assert len(finding.samples) > 50
        assert max(max(samples) for samples in finding.samples.values()) < 0.5


def test_secrets():
    """Promise 23 is kept: no secret is in an answer or a log line."""
    assert not missed(checked(23, 1.0))


def test_log_lines():
    """Promise 24 is kept at a small scale."""
    assert not missed(checked(24, 0.1))


@pytest.mark.slow
def test_framing():
    """Promise 13 is kept at a small scale by both parsers."""
    assert not missed(checked(13, 0.02))


@pytest.mark.slow
def test_slow_clients():
    """Promise 15 is kept at a small scale, but for how fast others are."""
    assert not missed(checked(15, 0.02), "p99")


@pytest.mark.slow
def test_worker_killed():
    """Promise 17 is kept at a small scale, but for how fast the successor is."""
    findings = checked(17, 0.4)

    assert {"lost requests that were sent after its end", "lost requests"} <= findings.keys()


@pytest.mark.slow
def test_overload():
    """Promise 19 finds answers, refusals that say when to come back, and a recovery."""
    findings = checked(19, 0.05)

    assert not missed(findings, "a second under", "p99", "again")


class TestParts:
    """What the checks are made of."""

    def test_responses(self):
        """Responses are told apart by their lengths, whatever their bodies hold."""
        one = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHTTP/1.1 500"
        two = one + b"HTTP/1.0 404 Not Found\r\ncontent-length: 0\r\n\r\n"

        assert responses(two) == (200, 404)
        assert responses_are_whole(two)
        assert not responses_are_whole(two + b"HTTP/1.1 2")
        assert not responses_are_whole(one[:-1])

    def test_ambiguous_requests(self):
        """There are forty ambiguous requests or more, and each hides another one."""
        found = dict(ambiguous())

        assert len(found) >= 40
        assert all(HIDDEN in request for request in found.values())

    def test_seeds(self, tmp_path):
        """The same seed makes the same bodies and heads."""
        first, second = (Setting(1, tmp_path).random("x") for _ in range(2))

        assert list(bodies(first, 50)) == list(bodies(second, 50))
        assert list(mutated(first, 50)) == list(mutated(second, 50))

    def test_heavy_requests(self):
        """Heavy requests are at most about a megabyte, and many come close to it."""
        sizes = [len(request) for _, request in heavy_requests("/chat", "message")]

        assert max(sizes) < 1_100_000
        assert sum(size > 900_000 for size in sizes) > 15

    def test_canaries(self):
        """There are twelve secrets, and only the echo of API v1 is left out of an answer."""
        import attrs

        echo = b'{"detail": [{"input": "canary", "msg": "canary"}]}'

        assert len(attrs.fields(Canaries)) == 12
        assert without_echo(echo).count(b"canary") == 1
        assert without_echo(b"canary") == b"canary"
