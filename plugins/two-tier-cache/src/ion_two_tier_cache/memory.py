"""The memory tier: replies of this process, bounded in entries, bytes and time.

Nothing here awaits, so that tasks of one event loop never see a change half done; the tier
belongs to that loop and takes no locks.

What is stored is shared, not copied: a `CachedReply` is a frozen value whose fields are strings,
numbers and a frozen `Usage` of numbers. Nobody who was handed one can change what the next caller
gets.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import attrs

from ion_framework.pipeline.cache import CachedReply, Hit
from ion_two_tier_cache.expiry import Deadline, ExpiryQueue
from ion_two_tier_cache.sizes import entry_bytes
from ion_two_tier_cache.tags import TagIndex

if TYPE_CHECKING:
    from ion_framework.clock import Clock

LARGEST_SHARE = 10
"""An entry takes at most a tenth of the byte bound, so that one cannot empty the rest."""


@attrs.frozen
class Entry:
    """A stored reply with what the tier knows of it."""

    reply: CachedReply
    tags: tuple[str, ...]
    size: int
    stored_at: float
    deadline: Deadline


@attrs.frozen
class MemoryStats:
    """Truthful figures of the tier since its start.

    Attributes:
        hits: look-ups answered.
        misses: look-ups not answered.
        entries: entries held now, those included that have expired but are still in place.
        bytes: bytes held now, as `ion_two_tier_cache.sizes` counts them.
        stores: entries taken in.
        evictions: fresh entries put out for want of room.
        expired: entries dropped because their time was over.
        oversize: replies not taken in because they alone exceed a tenth of the byte bound.
    """

    hits: int
    misses: int
    entries: int
    bytes: int
    stores: int
    evictions: int
    expired: int
    oversize: int


class MemoryTier:
    """Replies by digest; the one not used for longest goes first.

    An entry lives for the time it was stored with, on the monotonic clock: it is answered before
    ``stored + ttl`` and not from that instant on. Expired entries are dropped when they are looked
    up, and before any fresh one when room is needed. The bounds hold after every call.

    Args:
        max_entries: most entries held.
        max_bytes: most bytes held, as `ion_two_tier_cache.sizes` counts them.
        clock: where the time comes from.
    """

    def __init__(self, *, max_entries: int, max_bytes: int, clock: Clock) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._now = clock.monotonic
        self._entries: OrderedDict[str, Entry] = OrderedDict()  # least recently used first
        self._tags = TagIndex()
        self._queue = ExpiryQueue(self._is_live)
        self._bytes = 0
        self._hits = self._misses = self._stores = 0
        self._evictions = self._expired = self._oversize = 0

    def get(self, digest: str) -> Hit | None:
        """The reply, if it is there and fresh; this makes it the most recently used."""
        entry = self._entries.get(digest)
        now = self._now()
        if entry is None or self._drop_if_expired(entry, now):
            self._misses += 1
            return None
        self._entries.move_to_end(digest)
        self._hits += 1
        return Hit(entry.reply, now - entry.stored_at)

    def put(self, digest: str, reply: CachedReply, ttl_s: float, tags: tuple[str, ...]) -> bool:
        """Store a reply in place of whatever the digest held; returns whether it was taken in.

        Not taken in: a reply with no time to live, and one that alone exceeds a tenth of the byte
        bound. What the digest held before then stays.
        """
        if not ttl_s > 0:  # written so that NaN is no time either
            return False
        size = entry_bytes(digest, reply, tags)
        if size * LARGEST_SHARE > self._max_bytes:
            self._oversize += 1
            return False
        now = self._now()
        if digest in self._entries:
            self._drop(digest)
        self._make_room(size, now)
        self._stores += 1
        deadline = Deadline(now + ttl_s, self._stores, digest)
        self._entries[digest] = Entry(reply, tags, size, now, deadline)
        self._bytes += size
        self._queue.add(deadline)
        self._tags.add(digest, tags)
        return True

    def invalidate(self, tag: str) -> int:
        """Drop every entry with this tag; returns how many of them were fresh."""
        now = self._now()
        fresh = 0
        for digest in self._tags.find(tag):
            if not self._drop_if_expired(self._entries[digest], now):
                self._drop(digest)
                fresh += 1
        return fresh

    def clear(self) -> int:
        """Drop every entry; returns how many of them were fresh."""
        now = self._now()
        fresh = sum(now < entry.deadline.at for entry in self._entries.values())
        self._expired += len(self._entries) - fresh
        self._entries.clear()
        self._tags.clear()
        self._queue.clear()
        self._bytes = 0
        return fresh

    def stats(self) -> MemoryStats:
        """The figures so far."""
        return MemoryStats(
            hits=self._hits,
            misses=self._misses,
            entries=len(self._entries),
            bytes=self._bytes,
            stores=self._stores,
            evictions=self._evictions,
            expired=self._expired,
            oversize=self._oversize,
        )

    def _make_room(self, size: int, now: float) -> None:
        while len(self._entries) >= self._max_entries or self._bytes + size > self._max_bytes:
            passed = self._queue.pop_expired(now)
            if passed is not None:
                self._remove(passed.digest)
                self._expired += 1
            else:
                self._drop(next(iter(self._entries)))
                self._evictions += 1

    def _drop_if_expired(self, entry: Entry, now: float) -> bool:
        if now < entry.deadline.at:
            return False
        self._drop(entry.deadline.digest)
        self._expired += 1
        return True

    def _drop(self, digest: str) -> None:
        self._remove(digest)
        self._queue.leave_behind()

    def _remove(self, digest: str) -> None:
        entry = self._entries.pop(digest)
        self._bytes -= entry.size
        self._tags.discard(digest, entry.tags)

    def _is_live(self, deadline: Deadline) -> bool:
        entry = self._entries.get(deadline.digest)
        return entry is not None and entry.deadline is deadline
