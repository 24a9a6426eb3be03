"""What is kept of streams, for whom and for how long."""

from __future__ import annotations

import asyncio
from typing import Any

from ion_host_aiohttp.streaming.replay import MOST_BYTES, Owner, Replay
from ion_host_aiohttp.streaming.replays import MOST_PER_OWNER, Replays, parse_event_id


async def until(condition: Any, seconds: float = 5.0) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  conditions come about in code that has no event
            await asyncio.sleep(0.005)


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _fill(replay: Replay, *events: bytes) -> None:
    for event in events:
        replay.add(event)
    replay.end()


class TestKeeping:
    """What is kept of streams, and for how long."""

    def test_ids(self):
        """An event's id names its stream and its number."""
        assert parse_event_id(" a-b_C:12 ") == ("a-b_C", 12)
        assert parse_event_id("a:b") is None

    async def test_bytes_of_one(self):
        """Of one stream the last events within the bound are kept; what is unread is kept whole."""
        replay = Replay("a", Owner("p", "t"), lambda: None, lambda: None)
        for _ in range(5):
            replay.add(b"x" * (MOST_BYTES // 4))
        assert replay.bytes <= MOST_BYTES
        assert not replay.holds(0)
        assert replay.holds(1)
        assert not replay.holds(6)
        replay.end()
        assert [event async for event in replay.read(3)] == [b"x" * (MOST_BYTES // 4)] * 2

    async def test_number_of_one_owner(self):
        """Of one owner a bounded number of streams that have ended is kept, the newest."""
        replays, owner = Replays(), Owner("p", "t")
        for number in range(MOST_PER_OWNER + 5):
            replay = Replay(str(number), owner, lambda: None, lambda: None)
            await replays.start(replay, _fill(replay, b"a"), lambda: None)
            await asyncio.sleep(0)
        assert replays.known == MOST_PER_OWNER
        assert replays.find("4", owner) is None
        assert replays.find("5", owner) is not None
        await replays.close()

    async def test_time(self):
        """A stream is forgotten some time after its end; one without events at once."""
        replays, owner = Replays(kept_s=0.05), Owner("p", "t")
        for name, events in (("a", (b"x",)), ("b", ())):
            replay = Replay(name, owner, lambda: None, lambda: None)
            await replays.start(replay, _fill(replay, *events), lambda: None)
        await asyncio.sleep(0)
        assert replays.find("a", owner) is not None
        assert replays.find("b", owner) is None
        await until(lambda: not replays.known)

    async def test_the_maker_waits_for_the_reader(self):
        """While somebody reads, only some events are made before they are taken."""
        replay = Replay("a", Owner("p", "t"), lambda: None, lambda: None)

        async def make():
            for number in range(20):
                replay.add(b"%d" % number)
                await replay.room()
            replay.end()

        reader = replay.read(0)
        making = asyncio.create_task(make())
        assert await anext(reader) == b"0"
        await asyncio.sleep(0.02)
        assert replay.last < 10
        assert [event async for event in reader] == [b"%d" % number for number in range(1, 20)]
        await making

    async def test_of_somebody_else(self):
        """A stream is found by its owner alone."""
        replays = Replays()
        replay = Replay("a", Owner("key:1", "t"), lambda: None, lambda: None)
        go = asyncio.Event()
        replays.start(replay, _wait(go), lambda: None)
        assert replays.find("a", Owner("key:1", "t")) is replay
        assert replays.find("a", Owner("key:2", "t")) is None
        assert replays.find("a", Owner("key:1", "u")) is None
        await replays.close()
        assert replays.running == 0
