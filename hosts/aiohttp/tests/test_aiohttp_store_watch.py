"""A store of conversations that is gone is told by health, in time and in words."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
from ion_host_aiohttp.store_watch import FRESH_S, StoreWatch

from ion_framework import hookimpl
from ion_framework.testing import MemoryStore, VirtualClock


@attrs.frozen
class Figures:
    """What the store tells of itself."""

    open: int


class Hanging(MemoryStore):
    """A store that can be made to hang, as a database does whose process is stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = False
        self.pings = 0

    @hookimpl
    def ion_provide_store(self) -> Hanging:
        """Itself."""
        return self

    async def ping(self) -> None:
        """Return at once, or never."""
        self.pings += 1
        if self.hangs:
            await asyncio.Event().wait()
        await super().ping()

    def stats(self) -> Figures:
        """The figures."""
        return Figures(open=3)


class Stubborn(Hanging):
    """One that does not even let go of who gives up."""

    async def ping(self) -> None:
        """Hang until it is thawed, cancelled or not."""
        self.pings += 1
        while self.hangs:
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue


async def get(host: Any, path: str) -> Any:
    """The body of an answer in English."""
    async with host.session.get(path, headers={"Accept-Language": "en"}) as response:
        return await response.json()


async def test_a_store_that_hangs_is_told_and_the_host_stays_ready(hosting, make):
    """Health is degraded with the reason, in every form; readiness and messages go on."""
    store = Hanging()
    async with hosting(*make.standard(), make.plugin("shelves", "store", store)) as host:
        store.hangs = True
        started = asyncio.get_running_loop().time()
        v1, v2 = await get(host, "/health"), await get(host, "/api/v2/health")
        took = asyncio.get_running_loop().time() - started
        status = await get(host, "/api/v2/status")
        ready = await host.session.get("/health/ready")
        answered = await host.session.post("/api/v2/process", json={"user_input": "hello"})

    assert (v1["status"], v1["conversation_store"]) == (
        "degraded",
        {"enabled": True, "connected": False},
    )
    assert [reason["code"] for reason in v1["reasons"]] == ["store_out"]
    assert "store of conversations does not answer" in v1["reasons"][0]["message"]
    assert (v2["healthy"], v2["dependencies"]["store"]) == (False, "unavailable")
    assert status["status"] == "degraded"
    assert status["store"] == {"serves": False, "stats": {"open": 3}}
    assert (ready.status, answered.status) == (200, 200)
    assert store.pings == 1
    assert took < 5


async def test_a_failed_operation_is_told_at_once(hosting, make):
    """What came of the latest use of the store is known without asking it."""
    store = Hanging()
    async with hosting(*make.standard(), make.plugin("shelves", "store", store)) as host:
        store.out_of_order = "gone"
        failed, _, _ = await host.told("/api/v2/conversations/start", user_id="ann")
        gone = await get(host, "/api/v2/health")
        store.out_of_order = ""
        served, _, _ = await host.told("/api/v2/conversations/start", user_id="ann")
        back = await get(host, "/api/v2/health")

    assert (failed, served) == (503, 200)
    assert [gone["dependencies"]["store"], back["dependencies"]["store"]] == [
        "unavailable",
        "healthy",
    ]
    assert store.pings == 0


async def test_a_host_without_a_store_lacks_none(hosting, make):
    """Who keeps no conversations is healthy, and told so."""
    async with hosting(*make.standard()) as host:
        v2, status = await get(host, "/api/v2/health"), await get(host, "/api/v2/status")

    assert (v2["healthy"], v2["dependencies"]["store"], status["store"]) == (True, "disabled", None)


async def test_a_store_that_comes_back_is_found_again():
    """After its pause the store is asked anew, and one question at a time is enough."""
    clock, store = VirtualClock(), Stubborn()
    watch = StoreWatch(store, clock, ping_s=0.05)
    store.hangs = True
    await asyncio.gather(watch.look(), watch.look())
    first = watch.serves
    clock.advance(FRESH_S)
    await watch.look()
    second, asked = watch.serves, store.pings
    store.hangs = False
    await asyncio.sleep(0.05)
    clock.advance(FRESH_S)
    await watch.look()
    await watch.close()

    assert (first, second, watch.serves) == (False, False, True)
    assert asked == 1
