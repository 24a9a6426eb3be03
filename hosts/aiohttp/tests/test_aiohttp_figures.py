"""``GET /api/v2/figures`` and its stream, at a real host on a real socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from ion_host_aiohttp.access.caller import Caller, Scope
from ion_host_aiohttp.rates.limiter import Unlimited
from ion_host_aiohttp.service import ServiceLimits

PATH = "/api/v2/figures"
STREAM = "/api/v2/figures/stream"


class Door:
    """Lets everybody in with one scope.

    Args:
        scope: the scope.
    """

    required = True

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def metered(self, _limiter: Any) -> Unlimited:
        """No limits."""
        return Unlimited()

    async def identify(self, _credentials: Any, _address: str) -> Caller:
        """Who it is."""
        return Caller(principal="key:test", scopes=frozenset({self._scope}))

    async def close(self) -> None:
        """Nothing to let go of."""


async def say(host: Any, *texts: str) -> None:
    """Have messages answered."""
    for text in texts:
        async with host.session.post("/chat", json={"message": text}) as response:
            assert 200 == response.status


async def figures(host: Any) -> Any:
    """The figures now."""
    async with host.session.get(PATH) as response:
        assert 200 == response.status
        return await response.json()


async def events(response: Any) -> Any:
    """The events of a stream, as they come."""
    lines: list[str] = []
    async for line in response.content:
        if line.strip():
            lines.append(line.decode().rstrip("\n"))
        elif lines:
            fields = dict(each.split(": ", 1) for each in lines if not each.startswith(":"))
            lines = []
            if "data" in fields:
                yield fields["event"], json.loads(fields["data"])


async def first(response: Any, kind: str, condition: Any = lambda _: True) -> Any:
    """The first event of a kind for which something holds."""
    async with asyncio.timeout(30):
        async for name, data in events(response):
            if name == kind and condition(data):
                return data
    raise AssertionError(f"the stream ended without {kind}")


async def test_everything_that_happened_is_counted(hosting):
    """Requests by code and class, latencies, replies by persona and look-ups by tier are told."""
    async with hosting() as host:
        await say(host, "I am frustrated", "I am frustrated", "I am curious")
        await host.session.get("/nowhere")
        found = await figures(host)

    assert (4, 0, 0) == (found["requests"], found["errors"], found["throttled"])
    assert ({"200": 3, "404": 1}, {"2xx": 3, "4xx": 1}) == (found["codes"], found["classes"])
    assert {"lua": 2, "elro": 1} == found["personas"]
    assert (3, 1, 1) == (found["turns"], found["from_cache"], found["processes"])
    assert (
        4 == found["latency"]["count"] == sum(each["count"] for each in found["latency"]["buckets"])
    )
    assert (
        0 < found["latency"]["p50_ms"] <= found["latency"]["p95_ms"] <= found["latency"]["p99_ms"]
    )
    assert [("memory", 1, 2)] == [(t["name"], t["hits"], t["misses"]) for t in found["tiers"]]
    assert found["memory_bytes"] > 1_000_000
    assert found["cpu_s"] > 0
    assert {"lua", "parrot"} <= {each["name"] for each in found["plugins"]}


@pytest.mark.parametrize(("language", "reason"), [("ko", "실행 중입니다"), ("en", "runs")])
async def test_reasons_are_told_in_the_language_of_who_looks(hosting, language, reason):
    """Why plugins have their status is told in Korean where that is asked for."""
    headers = {"Accept-Language": language}
    async with hosting() as host:
        async with host.session.get(PATH, headers=headers) as response:
            found = (await response.json())["plugins"]
        async with host.session.get(STREAM, headers=headers) as response:
            told = (await first(response, "plugins"))["plugins"]

    assert {reason} == {each["reason"] for each in (*found, *told) if each["status"] == "active"}


@pytest.mark.parametrize("path", [PATH, STREAM])
async def test_figures_are_for_administrators(hosting, path):
    """Without the scope admin they are refused, and the answer names the scope."""
    async with hosting(door=Door(Scope.READ)) as host, host.session.get(path) as refused:
        body = await refused.json()

    assert 403 == refused.status
    assert "admin" in body["error"]["message"]


@pytest.mark.parametrize("interval", ["0", "61", "fast"])
async def test_intervals_have_a_range(hosting, interval):
    """An interval outside 1 to 60 seconds is refused."""
    async with (
        hosting() as host,
        host.session.get(STREAM, params={"interval_s": interval}) as response,
    ):
        assert 422 == response.status


async def test_the_stream_tells_what_happens_while_it_is_watched(hosting):
    """History and plugins come first, then points whose totals grow with what happens."""
    async with hosting() as host, host.session.get(STREAM) as response:
        told = events(response)
        history, plugins = await anext(told), await anext(told)
        await say(host, "I am frustrated", "I am curious")
        point = await first(response, "point", lambda data: data["totals"]["requests"] == 2)

    assert ("history", "plugins") == (history[0], plugins[0])
    assert 0 == history[1]["before"]["requests"]
    assert {"lua", "parrot"} <= {each["name"] for each in plugins[1]["plugins"]}
    assert {"lua": 1, "elro": 1} == point["totals"]["personas"]
    assert point["requests_s"] > 0
    assert 1 == point["processes"]


async def test_a_change_of_a_plugin_is_told(hosting):
    """Who watches hears of a plugin that was taken out."""
    async with hosting() as host, host.session.get(STREAM) as response:
        await first(response, "plugins")
        await host.service.ion.changes.disable("elro", unguarded=False)
        told = await first(response, "plugins")

    assert "disabled" == next(each["status"] for each in told["plugins"] if each["name"] == "elro")


async def test_the_stream_says_that_the_host_stops(hosting):
    """When the host drains, the stream ends with an event and not with a broken connection."""
    async with hosting() as host, host.session.get(STREAM) as response:
        await first(response, "plugins")
        host.service.lifecycle.drain()
        assert {"reason": "stopping"} == await first(response, "end")


async def test_the_stream_ends_before_the_longest_time(hosting):
    """Before the bound of all streams cuts it off it asks its reader to come again."""
    async with (
        hosting(limits=ServiceLimits(stream_s=3.0)) as host,
        host.session.get(STREAM) as response,
    ):
        assert {"reason": "in_time"} == await first(response, "end")


async def test_who_leaves_does_not_count_as_slow(hosting, talk):
    """A watch over the figures that was left counts as 499, and by no time at all."""
    async with hosting() as host:
        async with host.session.get(STREAM) as response:
            await first(response, "point")
            response.close()
        await talk.until(lambda: host.service.traffic.answered == 1)
        found = await figures(host)

    assert {"499": 1} == found["codes"]
    assert found["latency"]["p99_ms"] is None
