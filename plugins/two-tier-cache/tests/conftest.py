"""What the tests of the Redis tier share: tiers that are closed, entries, and a log to read."""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import AsyncExitStack

import attrs
import pytest
from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.redis_settings import RedisSettings
from ion_two_tier_cache.redis_tier import RedisTier
from msgspec.structs import replace

from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import CachedReply
from ion_framework.pipeline.chunks import Usage


class RecordingLogger:
    """Remembers every line, with its level; takes the place of structlog's logger."""

    def __init__(self):
        self.lines = []

    def __getattr__(self, level):
        """A method for every level."""
        return lambda event, **values: self.lines.append((level, event, values))

    def events(self, *levels):
        """Names of the events of some levels, in order."""
        return [event for level, event, _ in self.lines if level in levels]


PATIENT_S = 5.0
"""Seconds that a call of Redis may take in tests that are not about one that is slow."""


class TierMaker:
    """Opens tiers, and closes them when the test is over."""

    def __init__(self, stack):
        self._stack = stack

    async def __call__(
        self, url, *, clock=None, on_invalidate=None, timeout_s=PATIENT_S, **settings
    ):
        """An open tier with a log of its own."""
        log, heard = RecordingLogger(), []
        tier = RedisTier(
            RedisSettings(url, timeout_s=timeout_s, **settings),
            clock=clock or SystemClock(),
            logger=log,
            on_invalidate=on_invalidate or heard.append,
        )
        await tier.open()
        self._stack.push_async_callback(tier.close)
        return Opened(tier, log, heard)


@attrs.frozen
class Opened:
    """A tier, its log, and the invalidations that it heard of."""

    tier: RedisTier
    log: RecordingLogger
    heard: list

    async def store(self, digest, entry):
        """Look up, store, and wait until that is written."""
        found = await self.tier.get(digest, entry.tags)
        assert found.tokens.known
        written = self.tier.stats().counts.writes
        assert self.tier.put(digest, entry, found.tokens)
        await _until(lambda: self.tier.stats().counts.writes > written)

    async def survive(self, seconds=1.5):
        """Take 20 turns at a time for a while; returns how long the slowest call took."""
        slowest, number = 0.0, 0
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            number += 20
            turns = (self._turn(_digest(number + n)) for n in range(20))
            slowest = max(slowest, *await asyncio.gather(*turns))
            await asyncio.sleep(0.02)
        return slowest

    async def heals(self, within_s=20.0):
        """Wait until an entry can be stored and found again."""
        begun = time.monotonic()
        while not await self._works():
            assert time.monotonic() < begun + within_s, "it did not heal"
            await asyncio.sleep(0.05)

    async def _turn(self, digest):
        """Look up, take the lease and store; returns how long the slower call took."""
        begun = time.monotonic()
        found = await self.tier.get(digest, _entry().tags)
        between = time.monotonic()
        lease = await self.tier.acquire(digest)
        ended = time.monotonic()
        self.tier.put(digest, _entry(), found.tokens, lease)
        return max(between - begun, ended - between)

    async def _works(self):
        digest = _digest(time.monotonic())
        found = await self.tier.get(digest, _entry().tags)
        if not self.tier.put(digest, _entry(), found.tokens):
            return False
        await asyncio.sleep(0.05)
        return (await self.tier.get(digest, _entry().tags)).entry is not None


@pytest.fixture
async def open_tier():
    """Opens tiers that are closed at the end of the test."""
    async with AsyncExitStack() as stack:
        yield TierMaker(stack)


def _digest(name):
    return hashlib.sha256(str(name).encode()).hexdigest()


def _entry(content="an answer", tags=("persona:lua", "tenant:a"), **changes):
    now = time.time()
    reply = CachedReply(content, Usage(10, 20, None, 0.5), "model-1", "offline", now)
    return replace(Entry(reply, tags, now, 60.0, 3600.0, 3600.0, 0.5), **changes)


async def _until(condition, within_s=10.0):
    deadline = time.monotonic() + within_s
    while not (done := condition()):
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.005)
    return done


@pytest.fixture
def digest():
    """Makes the digest of a name."""
    return _digest


@pytest.fixture
def make_entry():
    """Makes an entry, made just now."""
    return _entry


@pytest.fixture
def until():
    """Waits until something holds."""
    return _until
