"""A running host deletes what expired long ago, whatever store keeps it."""

from __future__ import annotations

import asyncio
import time

from ion_host_aiohttp.run.sweeping import sweeping

from ion_framework.settings.conversations import ConversationSettings
from ion_framework.settings.model import Settings
from ion_framework.testing import MemoryStore
from ion_framework.testing.contracts.store.values import make_conversation

HOUR_S = 3600.0
SETTINGS = Settings(conversations=ConversationSettings(sweep_s=0.05, keep_hours=1))


async def names(store):
    """The conversations that a store has."""
    return {conversation.id async for conversation, _ in store.everything()}


async def until(condition, within_s=20.0):
    """Wait until something holds."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110  a sweep sets no event
            await asyncio.sleep(0.01)


async def test_a_sweep_deletes_what_was_kept_long_enough(hosting, make):
    """What expired longer than keep_hours ago is deleted, what expired since then is not."""
    store, now = MemoryStore(), time.time()
    ends = {"over": now - 2 * HOUR_S, "kept": now - HOUR_S / 2, "open": now + HOUR_S}
    for name, expires_at in ends.items():
        await store.create(make_conversation(name, expires_at=expires_at))
    plugins = (*make.standard(), make.plugin("shelves", "store", store))
    async with hosting(*plugins, settings=SETTINGS) as host, sweeping(host.service):

        async def told():
            return bool(host.lines("expired conversations deleted"))

        await until(told)
        (line,) = host.lines("expired conversations deleted")
        assert line["count"] == 1
        assert await names(store) == {"kept", "open"}


async def test_a_sweep_that_fails_is_told_and_tried_again(hosting, make):
    """A store that is out of order is warned of, and swept once it is well again."""
    store = MemoryStore()
    await store.create(make_conversation("over", expires_at=1.0))
    store.out_of_order = "the disk is full"
    plugins = (*make.standard(), make.plugin("shelves", "store", store))
    async with hosting(*plugins, settings=SETTINGS) as host, sweeping(host.service):

        async def warned():
            return bool(host.lines("expired conversations stay"))

        async def empty():
            return not await names(store)

        await until(warned)
        assert host.lines("expired conversations stay")[0]["reason"] == "the disk is full"
        store.out_of_order = ""
        await until(empty)
