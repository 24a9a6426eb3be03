"""Values that Redis could not be given yet, and deletions that it was not told of.

While Redis is out of order it keeps the old value. So what was set or deleted meanwhile is held
here, goes before whatever is found there, and is written as soon as Redis is back.
"""

from __future__ import annotations

import asyncio
import random as random_module
from typing import TYPE_CHECKING

from ion_two_tier_cache.ending import end
from ion_two_tier_cache.entry import Freshness
from ion_two_tier_cache.sizes import entry_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from ion_framework.clock import Clock
    from ion_two_tier_cache.entry import Entry
    from ion_two_tier_cache.tiers import Tiers

MOST = 1000
"""Most values that are owed."""

MOST_BYTES = 16 << 20
"""Most bytes that they take, as `ion_two_tier_cache.sizes` counts them."""

RETRY_S = 0.5
"""Seconds, half as long again or half as short at random, after which it is tried again."""


class OwedValues:
    """What is owed to the tier that processes share, by digest.

    Args:
        tiers: the tiers.
        clock: where the time comes from.
        random: a number from 0 to below 1.
    """

    def __init__(
        self, tiers: Tiers, clock: Clock, random: Callable[[], float] = random_module.random
    ) -> None:
        self._tiers = tiers
        self._now = clock.time
        self._random = random
        self._owed: dict[str, Entry] = {}
        self._bytes = 0
        self._paying: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._owed)

    def find(self, digest: str) -> Entry | None:
        """What is owed under a digest, None where nothing is."""
        entry = self._owed.get(digest)
        if entry is not None and entry.state(self._now()) is Freshness.GONE:
            self.drop(digest)
            return None
        return entry

    def add(self, digest: str, entry: Entry) -> bool:
        """Owe an entry in place of whatever was owed before; returns whether there was room."""
        self.drop(digest)
        size = entry_bytes(digest, entry)
        if len(self._owed) >= MOST or self._bytes + size > MOST_BYTES:
            return False
        self._owed[digest] = entry
        self._bytes += size
        self.go_on()
        return True

    def go_on(self) -> None:
        """See to it that what is owed is paid in this event loop, though it came up in another."""
        paying = self._paying
        if self._owed and (paying is None or paying.done() or self._is_of_another_loop(paying)):
            self._paying = asyncio.get_running_loop().create_task(self._pay())

    def drop(self, digest: str) -> None:
        """Owe nothing under a digest any more."""
        entry = self._owed.pop(digest, None)
        if entry is not None:
            self._bytes -= entry_bytes(digest, entry)

    def drop_all(self, tag: str | None) -> None:
        """Owe nothing with a tag any more, or with None nothing at all."""
        for digest, entry in tuple(self._owed.items()):
            if tag is None or tag in entry.tags:
                self.drop(digest)

    async def close(self) -> int:
        """Give up what is still owed; returns how much that was."""
        paying, self._paying = self._paying, None
        if paying is not None and not self._is_of_another_loop(paying):
            await end(paying)
        lost = len(self._owed)
        self.drop_all(None)
        return lost

    def _is_of_another_loop(self, task: asyncio.Task[None]) -> bool:
        return task.get_loop() is not asyncio.get_running_loop()

    async def _pay(self) -> None:
        while self._owed:
            await asyncio.sleep(RETRY_S * (0.5 + self._random()))
            for digest in tuple(self._owed):
                if not await self._paid(digest):
                    break

    async def _paid(self, digest: str) -> bool:
        """Write what is owed under a digest; returns whether it makes sense to go on."""
        remote, entry = self._tiers.remote, self.find(digest)
        if remote is None or entry is None:
            return remote is not None
        mark = self._tiers.mark()
        found = await remote.get(digest, entry.tags)
        if not found.tokens.known:
            return False
        if self._owed.get(digest) is not entry:
            return True
        if found.entry is not None and found.entry.made_at > entry.made_at:
            # Another process was later: its value stands.
            self.drop(digest)
        elif remote.put(digest, entry, found.tokens):
            self.drop(digest)
            self._tiers.promote(digest, entry, found.tokens, mark)
        return True
