"""The memory tier: entries of this process, bounded in entries, bytes and time.

Which entries stay is decided by W-TinyLFU: a small window takes in what is new, and what leaves it
is kept only if it was asked for more often of late than what would have to make way. So a flood of
messages that come once does not wash out the ones that come again. What is asked for is counted as
soon as the tier is half full. The library theine (2.0) has the
same policy in Rust, but does not serve: it bounds entries and not bytes, knows no tags, reads the
machine's clock, counts no evictions, and starts a thread as soon as it is imported.

Nothing here awaits, so that tasks of one event loop never see a change half done; the tier
belongs to that loop and takes no locks.

What is stored is shared, not copied: an `Entry` is a frozen value, and so is all that it holds.
Nobody who was handed one can change what the next caller gets.
"""

from __future__ import annotations

import random as random_module
from typing import TYPE_CHECKING

import attrs

from ion_two_tier_cache.admission import Admission
from ion_two_tier_cache.climber import WindowClimber
from ion_two_tier_cache.expiry import Deadline, ExpiryQueue
from ion_two_tier_cache.segments import PROBATION, Segments, Slot
from ion_two_tier_cache.sizes import ENTRY_OVERHEAD, entry_bytes
from ion_two_tier_cache.tags import TagIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ion_framework.clock import Clock
    from ion_two_tier_cache.entry import Entry

LARGEST_SHARE = 10
"""An entry takes at most a tenth of the byte bound, so that one cannot empty the rest."""


@attrs.frozen
class MemoryStats:
    """Truthful figures of the tier since its start.

    ``stores`` is at all times the sum of ``entries``, ``evictions``, ``expired``, ``replaced`` and
    ``dropped``.

    Attributes:
        hits: look-ups answered.
        misses: look-ups not answered.
        entries: entries held now, those included that have expired but are still in place.
        bytes: bytes held now, as `ion_two_tier_cache.sizes` counts them.
        stores: entries taken in.
        evictions: entries put out for want of room.
        rejected: those of the evictions that had just left the window and were not asked for often
            enough to stay.
        expired: entries dropped because their time was over.
        replaced: entries that gave way to a later one of the same digest.
        dropped: entries that a caller dropped, one by one, by tag or with all others.
        oversize: entries not taken in because they alone exceed a tenth of the byte bound.
        window: entries in the window now.
        protected: entries in the protected segment now.
    """

    hits: int
    misses: int
    entries: int
    bytes: int
    stores: int
    evictions: int
    rejected: int
    expired: int
    replaced: int
    dropped: int
    oversize: int
    window: int
    protected: int


class MemoryTier:
    """Entries by digest; the one that is wanted least makes way first.

    An entry is answered as long as it is not gone by the wall clock and has not stayed longer, on
    the monotonic clock, than it was stored for; not from either instant on. What is over is dropped
    when it is looked up, and before anything else when room is needed. The bounds hold after every
    call. Beside them stands the frequency sketch: at least 1 kB, at most 32 bytes for each of the
    entries that the bounds allow.

    Args:
        max_entries: most entries held, 1 or more.
        max_bytes: most bytes held, as `ion_two_tier_cache.sizes` counts them.
        clock: where the time comes from.
        random: a number from 0 to below 1, for admission.
    """

    def __init__(
        self,
        *,
        max_entries: int,
        max_bytes: int,
        clock: Clock,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._now = clock.monotonic
        self._wall = clock.time
        # The byte bound may allow for far fewer than were asked for.
        capacity = max(1, min(max_entries, max_bytes // ENTRY_OVERHEAD))
        self._admission = Admission(capacity, random)
        self._climber = WindowClimber(capacity)
        self._counts_requests = False
        self._segments = Segments(capacity, max_bytes, self._climber.share)
        self._orders = tuple(segment.slots for segment in self._segments.numbered)
        self._slots: dict[str, Slot] = {}
        self._tags = TagIndex()
        self._queue = ExpiryQueue(self._is_live)
        self._bytes = 0
        self._cut_serial, self._cut_at, self._cut_s = 0, 0.0, 0.0
        self._hits = self._misses = self._stores = self._oversize = 0
        self._evictions = self._rejected = self._expired = self._replaced = self._dropped = 0

    def get(self, digest: str) -> Entry | None:
        """The entry, if it is there and not gone; this is a use of it."""
        if self._counts_requests:
            self._admission.request(digest)
        slot = self._slots.get(digest)
        if slot is None or self._is_over(slot):
            self._misses += 1
            if slot is not None:
                self._expire(slot)
            return None
        self._hits += 1
        place = slot.place
        if place == PROBATION:
            self._segments.use(slot)
        else:
            self._orders[place].move_to_end(digest)
        return slot.entry

    def put(self, digest: str, entry: Entry, residence_s: float) -> bool:
        """Store an entry in place of whatever the digest held; returns whether it was taken in.

        Not taken in: an entry that is gone or may not stay at all, and what the digest held before
        remains; an entry that alone exceeds a tenth of the byte bound, and what the digest held
        before is dropped, since it is older.

        Args:
            digest: what it is found by.
            entry: what to store.
            residence_s: the longest that it may stay here, in seconds on the monotonic clock.
        """
        return self._take_in(digest, entry, residence_s, self._now(), self._wall())

    def put_all(self, entries: Sequence[tuple[str, Entry]], stays_s: Iterable[float]) -> None:
        """`put` for many, in the same instant.

        Args:
            entries: digests and entries.
            stays_s: how long each of them may stay.
        """
        now, wall = self._now(), self._wall()
        for (digest, entry), residence_s in zip(entries, stays_s, strict=True):
            self._take_in(digest, entry, residence_s, now, wall)

    def drop(self, digest: str) -> bool:
        """Drop one entry; returns whether there was one, not gone."""
        slot = self._slots.get(digest)
        if slot is None:
            return False
        if self._is_over(slot):
            self._expire(slot)
            return False
        self._remove(slot)
        self._dropped += 1
        return True

    def invalidate(self, tag: str) -> int:
        """Drop every entry with this tag; returns how many of them were not gone."""
        return sum(map(self.drop, self._tags.find(tag)))

    def clear(self) -> int:
        """Drop every entry; returns how many of them were not gone.

        What was asked for how often stays known: that has nothing to do with what was stored.
        """
        over = sum(map(self._is_over, self._slots.values()))
        dropped = len(self._slots) - over
        self._expired += over
        self._dropped += dropped
        self._slots.clear()
        self._segments.clear()
        self._tags.clear()
        self._queue.clear()
        self._bytes = 0
        return dropped

    def shorten(self, residence_s: float) -> None:
        """Let everything that is here now stay for so many seconds at most, or a part of them.

        The entries leave one by one in the second half of that time, and not all in one instant,
        after which everybody would have to make everything anew at once. What is stored from now on
        is not concerned.
        """
        now = self._now()
        if now < self._cut_at + self._cut_s:
            # What was shortened before must not gain time.
            for slot in [slot for slot in self._slots.values() if self._is_cut(slot)]:
                self.drop(slot.digest)
        self._cut_serial, self._cut_at, self._cut_s = self._stores, now, residence_s

    def stats(self) -> MemoryStats:
        """The figures so far."""
        return MemoryStats(
            hits=self._hits,
            misses=self._misses,
            entries=len(self._slots),
            bytes=self._bytes,
            stores=self._stores,
            evictions=self._evictions,
            rejected=self._rejected,
            expired=self._expired,
            replaced=self._replaced,
            dropped=self._dropped,
            oversize=self._oversize,
            window=len(self._segments.window.slots),
            protected=len(self._segments.protected.slots),
        )

    def _take_in(
        self, digest: str, entry: Entry, residence_s: float, now: float, wall: float
    ) -> bool:
        """`put` at a certain instant, on the monotonic clock and on the wall clock."""
        ends_at = entry.expires_at
        left_s = ends_at - max(wall, entry.made_at)
        if not (residence_s > 0 and left_s > 0):  # written so that NaN is no time either
            return False
        size = entry_bytes(digest, entry)
        if size * LARGEST_SHARE > self._max_bytes:
            self._oversize += 1
            self.drop(digest)
            return False
        self._stores += 1
        at = now + min(residence_s, left_s)
        slot = Slot(digest, entry, size, Deadline(at, self._stores, digest), ends_at)
        self._insert(slot)
        self._keep_bounds(slot, now)
        return True

    def _insert(self, slot: Slot) -> None:
        """Put a slot in place: of the earlier one of its digest, else into the window."""
        digest = slot.digest
        earlier = self._slots.get(digest)
        if earlier is not None:
            self._remove(earlier)
            self._replaced += 1
        self._slots[digest] = slot
        self._bytes += slot.size
        self._queue.add(slot.deadline)
        self._tags.add(digest, slot.entry.tags)
        if earlier is None:
            self._segments.window.add(slot)
        else:
            self._segments.numbered[earlier.place].add(slot)
            self._segments.use(slot)

    def _keep_bounds(self, newest: Slot, now: float) -> None:
        """Keep the bounds of the window and of the tier; the newest slot stays."""
        asked = self._hits + self._misses
        if asked >= self._climber.due_at and self._climber.climb(self._hits, asked):
            self._segments.divide(self._climber.share)
        spilled = self._segments.spill()
        entries, size = len(self._slots), self._bytes
        if not self._counts_requests:
            # As Caffeine does: in a cache that never gets so far nobody has to make way.
            self._counts_requests = 2 * entries >= self._max_entries or 2 * size >= self._max_bytes
        if entries > self._max_entries or size > self._max_bytes:
            self._make_room(newest, spilled, now)

    def _make_room(self, newest: Slot, spilled: list[Slot], now: float) -> None:
        """Put out what has expired, and then what is wanted least, until the bounds hold."""
        while len(self._slots) > self._max_entries or self._bytes > self._max_bytes:
            passed = self._queue.pop_expired(now)
            if passed is not None:
                self._take_out(self._slots[passed.digest])
                self._expired += 1
            else:
                self._evict(newest, spilled)

    def _evict(self, newest: Slot, spilled: list[Slot]) -> None:
        """Put out one entry: what has left the window fights for its place until there is room."""
        while spilled and self._slots.get(spilled[-1].digest) is not spilled[-1]:
            spilled.pop()
        candidate = spilled[-1] if spilled else None
        others = (slot for slot in self._segments.in_order() if slot not in (newest, candidate))
        # Over the bounds, the newest is never alone: without a candidate there is another.
        loser = next(others) if candidate is None else self._duel(candidate, next(others, None))
        self._remove(loser)
        self._evictions += 1

    def _duel(self, candidate: Slot, rival: Slot | None) -> Slot:
        if rival is not None and self._admission.admits(candidate.digest, rival.digest):
            return rival
        self._rejected += 1
        return candidate

    def _is_over(self, slot: Slot) -> bool:
        now, deadline = self._now(), slot.deadline
        if now >= deadline.at or self._wall() >= slot.ends_at:
            return True
        if deadline.serial > self._cut_serial:
            return False
        return now >= self._cut_at + self._cut_s * _part(slot.digest)

    def _is_cut(self, slot: Slot) -> bool:
        return slot.deadline.serial <= self._cut_serial

    def _expire(self, slot: Slot) -> None:
        self._remove(slot)
        self._expired += 1

    def _remove(self, slot: Slot) -> None:
        """Take a slot out whose deadline is still in the queue."""
        self._take_out(slot)
        self._queue.leave_behind()

    def _take_out(self, slot: Slot) -> None:
        del self._slots[slot.digest]
        self._segments.numbered[slot.place].remove(slot)
        self._bytes -= slot.size
        self._tags.discard(slot.digest, slot.entry.tags)

    def _is_live(self, deadline: Deadline) -> bool:
        slot = self._slots.get(deadline.digest)
        return slot is not None and slot.deadline is deadline


def _part(digest: str) -> float:
    """A number from 0.5 to 1 that is the same for a digest every time."""
    return 0.5 + hash(digest) % _PARTS / (2 * _PARTS)


_PARTS = 1024
