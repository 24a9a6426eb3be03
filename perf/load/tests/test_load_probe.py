"""The probe: what is counted, in which order, in which form."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web
from ion_load.probe import PRESETS, Reply, Request, probe, tallied

OLD = ["requests", "success", "failed", "success_rate", "avg_response_ms"]


def test_presets_have_the_agreed_numbers():
    """Requests and delays of the four presets are as agreed."""
    assert {
        "light": (10, 500), "medium": (50, 100), "heavy": (200, 10), "stress": (500, 0)
    } == dict(PRESETS)  # fmt: skip


def test_failures_are_not_in_the_average():
    """Average, minimum and maximum are those of successes; refusals count as failed."""
    found = tallied(
        [
            Reply(200, 10.0),
            Reply(204, 21.0),
            Reply(429, 1000.0, "7"),
            Reply(429, 1000.0, "30"),
            Reply(429, 1000.0, "Wed, 21 Oct 2026 07:28:00 GMT"),
            Reply(500, 1000.0),
            Reply(0, 30_000.0, error="TimeoutError"),
        ]
    )

    assert OLD == list(found)[:5]
    assert [7, 2, 5, 28.57, 16] == [found[name] for name in OLD]
    assert (10.0, 21.0) == (found["min_response_ms"], found["max_response_ms"])
    assert (3, 3, 30) == (
        found["rate_limited"], found["retry_after_count"], found["retry_after_max_s"]
    )  # fmt: skip
    assert {"0": 1, "200": 1, "204": 1, "429": 3, "500": 1} == found["status_counts"]
    assert {"TimeoutError": 1} == found["errors"]


def test_a_host_that_was_not_asked_succeeds():
    """Without requests the rate is 100 and the average 0, as in the older tool, with a note."""
    assert [0, 0, 0, 100.0, 0] == [tallied([])[name] for name in OLD]
    assert "was not asked" in tallied([])["note"]
    assert "note" not in tallied([Reply(200, 1.0)])


async def test_requests_follow_each_other(server):
    """A request is sent once the one before is answered and the delay is over."""
    under_way, pauses = [0, 0], []

    async def counting(request):
        under_way[0] += 1
        under_way[1] = max(under_way)
        await asyncio.sleep(0.02)
        under_way[0] -= 1
        return await server.well(request)

    async def pause(seconds):
        pauses.append(seconds)

    server.behave = counting
    replies = await probe(Request("GET", f"{server.url}/x", key="k"), 4, 250, pause)

    assert [200] * 4 == [reply.status for reply in replies]
    assert [0.25] * 3 == pauses
    assert 1 == under_way[1]
    assert "Bearer k" == server.headers[0]["Authorization"]


async def test_two_hosts_are_compared_canary_first(load, server, tmp_path):
    """The canary is asked to the end before the legacy host; the JSON has both sides."""

    async def limited(request):
        if len(server.seen) > 2 and request.path == "/api/v2/health":
            return web.Response(status=429, headers={"Retry-After": "12"})
        return await server.well(request)

    server.behave = limited
    done = await load(
        "probe", "--url", server.url, "--legacy-url", server.url, "--requests", "3",
        "--delay-ms", "0", "--out", "probe.json", "--json",
    )  # fmt: skip

    assert 0 == done.code, done.err
    assert [("GET", "/api/v2/health")] * 3 + [("GET", "/health")] * 3 == server.seen
    raw = (tmp_path / "probe.json").read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    document = json.loads(raw)
    assert document == done.json()
    assert ["timestamp", "canary", "legacy"] == list(document)
    assert [3, 2, 1, 66.67] == [document["canary"][name] for name in OLD[:4]]
    assert [3, 3, 0, 100.0] == [document["legacy"][name] for name in OLD[:4]]
    assert (1, 12) == (
        document["canary"]["rate_limited"], document["canary"]["retry_after_max_s"]
    )  # fmt: skip
    assert isinstance(document["legacy"]["avg_response_ms"], int)


async def test_posts_have_bodies_that_the_host_accepts(load, server):
    """A POST goes to the process endpoint and to the chat, with bodies; both can be given."""
    usual = await load(
        "probe", "--url", server.url, "--legacy-url", server.url, "--method", "POST",
        "--requests", "1",
    )  # fmt: skip
    given = await load(
        "probe", "--url", server.url, "--method", "POST", "--requests", "1", "--path", "/x",
        "--body", '{"a": "가"}',
    )  # fmt: skip

    assert (0, 0) == (usual.code, given.code)
    assert [("POST", "/api/v2/process"), ("POST", "/chat"), ("POST", "/x")] == server.seen
    assert ["user_input", "message"] == [next(iter(json.loads(b))) for b in server.bodies[:2]]
    assert {"a": "가"} == json.loads(server.bodies[2])


async def test_answers_that_say_nothing_have_failed(load, server):
    """An answer 200 of a usual path without what it is there for has failed; others may be any."""

    async def hollow(request):
        return web.Response(text="It works!")

    server.behave = hollow
    few = ("--url", server.url, "--requests", "2", "--delay-ms", "0", "--json")
    usual = await load("probe", *few)
    other = await load("probe", *few, "--path", "/page")

    assert (1, 0) == (usual.code, other.code)
    assert {"answer 200 is not JSON": 2} == usual.json()["canary"]["errors"]
    assert {"200": 2} == usual.json()["canary"]["status_counts"]


async def test_other_failures_end_with_one(load, server):
    """A status that is neither an answer nor a refusal by the rate limit makes the exit code 1."""

    async def broken(request):
        return web.Response(status=500)

    server.behave = broken
    done = await load("probe", "--url", server.url, "--requests", "2", "--delay-ms", "0")

    assert 1 == done.code
    assert "failed                  2" in done.out
    assert "2 × status 500" in done.out


async def test_failures_are_told_with_their_host(load, server):
    """Of two hosts each failure has its host's name; a refusal by the rate limit is none."""

    async def different(request):
        return web.Response(status=429 if request.path == "/health" else 401)

    server.behave = different
    both = ("--url", server.url, "--legacy-url", server.url, "--requests", "2", "--delay-ms", "0")
    done = await load("probe", *both)

    assert 1 == done.code
    assert "canary: 2 × status 401; the host asks for a key" in done.out
    assert "legacy: " not in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--url"),
        (("--url", "http://h", "--body", "{}"), "need --method POST"),
        (("--url", "http://h", "--method", "POST", "--body", "{"), "it is no JSON"),
        (("--url", "http://h", "--path", "x"), "does not begin with /"),
        (("--url", "http://h", "--requests", "0"), "--requests"),
    ],
)
async def test_wrong_probes_are_refused(load, arguments, said):
    """A command line that makes no sense ends with 2 and says what is wrong."""
    done = await load("probe", *arguments)

    assert 2 == done.code
    assert said in done.err
