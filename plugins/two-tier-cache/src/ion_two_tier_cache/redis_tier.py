"""The tier that processes share: entries, leases and invalidations in Redis.

Nothing here raises for a Redis that is out of order, and nothing waits for one longer than the
setting ``timeout_s``, but for `RedisTier.invalidate` and `RedisTier.clear`, which look through all
entries.
"""

from __future__ import annotations

import random as random_module
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ion_framework.resilience.redis_address import read_url
from ion_two_tier_cache.coherence import Coherence, Hearing
from ion_two_tier_cache.envelope import seal
from ion_two_tier_cache.keys import Keys
from ion_two_tier_cache.redis_client import make_commands
from ion_two_tier_cache.redis_context import RedisContext
from ion_two_tier_cache.redis_found import NOTHING, NOTHING_AT_ALL, Found, FoundMany
from ion_two_tier_cache.redis_invalidation import Invalidations
from ion_two_tier_cache.redis_link import RedisLink
from ion_two_tier_cache.redis_lookup import Lookups, Question
from ion_two_tier_cache.redis_renewal import Renewals
from ion_two_tier_cache.redis_stats import RedisStats
from ion_two_tier_cache.remote_lease import LeaseKeeper, RemoteLease
from ion_two_tier_cache.write_behind import Write, WriteBehind

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_framework.clock import Clock
    from ion_two_tier_cache.entry import Entry
    from ion_two_tier_cache.redis_settings import RedisSettings
    from ion_two_tier_cache.redis_tokens import Tokens

_FLUSH_S = 1.0

__all__ = ["Found", "RedisTier"]


class RedisTier:
    """Entries by digest, in Redis. It belongs to the event loop that opens it.

    Attributes:
        coherent: whether invalidations by other processes are heard of just now.
        hearing_epoch: a number that is raised whenever `coherent` changes, and is never lowered. If
            it is the same at two moments, and `coherent` is true, every invalidation between them
            was heard of.

    Args:
        settings: address and bounds.
        clock: where the time comes from.
        logger: for one line a change of state.
        on_invalidate: called with a tag that somebody, this tier included, has invalidated, or with
            None where anything may have been: all entries, or the connection over which
            invalidations are heard of was lost (`coherent` is False by then). Must not raise.
        random: a number from 0 to below 1, for jitter.

    Raises:
        ValueError: the URL cannot be used; says why, without the URL's secrets.
    """

    def __init__(
        self,
        settings: RedisSettings,
        *,
        clock: Clock,
        logger: FilteringBoundLogger,
        on_invalidate: Callable[[str | None], None],
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._address = read_url(settings.url)
        self._on_invalidate = on_invalidate
        self._context = RedisContext(settings, clock, logger, random, Keys(settings.namespace))
        self._parts: _Parts | None = None
        # Plain attributes, because both are asked for twice with every look-up.
        self.coherent = False
        self.hearing_epoch = 0

    async def open(self) -> None:
        """Start the work in the background. Does not wait for Redis, which may be away."""
        if self._parts is None:
            self._parts = self._make_parts()
            self._parts.writer.start()
            self._parts.coherence.start()

    async def close(self) -> None:
        """Write what is queued and give leases back, for at most a second; then disconnect."""
        parts, self._parts = self._parts, None
        if parts is not None:
            self._hearing_changed(False)
            await parts.lookups.close()
            await parts.keeper.give_all_back()
            await parts.writer.close(_FLUSH_S)
            await parts.keeper.close()
            await parts.invalidations.close()
            await parts.coherence.close()
            await parts.link.close()

    def get(self, digest: str, tags: tuple[str, ...]) -> Awaitable[Found]:
        """Look up; look-ups of one turn of the event loop travel together.

        Takes at most ``timeout_s``, and no time while Redis is left alone. Never raises.
        """
        return _nothing() if self._parts is None else self._parts.lookups.get(digest, tags)

    async def find_many(self, questions: Sequence[Question], waited_s: float) -> FoundMany:
        """Look up many at once; see `FindsMany.find_many`."""
        if self._parts is None:
            return NOTHING_AT_ALL
        return await self._parts.lookups.find_many(questions, waited_s)

    def put(
        self, digest: str, entry: Entry, tokens: Tokens, lease: RemoteLease | None = None
    ) -> bool:
        """Queue an entry to be written; returns whether it was taken.

        Not taken: the queue is full, Redis is out of order, the tokens are not known, the entry is
        too large or not of a kind that is kept. The lease is given back in every case, after the
        entry was written; nobody has to release it any more.
        """
        keeper = lease.hand_over() if lease is not None else None
        write = self._write(digest, entry, tokens, lease if keeper is not None else None)
        if write is not None and self._parts is not None and self._parts.writer.offer(write):
            return True
        self._context.counts.dropped += 1
        if keeper is not None and lease is not None:
            keeper.give_back(lease)
        return False

    async def acquire(self, digest: str) -> RemoteLease | None:
        """Take the lease of a digest; None: somebody else has it.

        Where Redis is out of order, a lease that binds nobody. Never raises.
        """
        if self._parts is None:
            return RemoteLease.local(digest)
        return await self._parts.keeper.acquire(digest)

    async def invalidate(self, tag: str) -> int:
        """Make every entry with this tag invalid, in every process.

        Returns how many were removed from Redis, as far as it could be asked. What Redis could not
        be told holds in this process from now on, and in all others as soon as Redis is back; until
        then it is logged, and shown as ``owed``. Never raises for an outage.
        """
        await self.tell(tag)
        return await self.sweep(tag)

    async def clear(self) -> int:
        """Make every entry of the namespace invalid, in every process; else as `invalidate`."""
        await self.tell(None)
        return await self.sweep(None)

    async def tell(self, tag: str | None) -> bool:
        """The first step of `invalidate`, or with None of `clear`, and the one that counts.

        Returns whether Redis was told. If so, no process finds an entry with the tag there any more
        that was begun before, and the others have been told; if not, it is owed, as `invalidate`
        says. Either way this process finds none. It takes some round trips.
        """
        return self._parts is not None and await self._parts.invalidations.tell(tag)

    async def sweep(self, tag: str | None) -> int:
        """The second step: remove what `tell` has made invalid; returns how many there were.

        Looks through all entries, which takes seconds in a large Redis. 0 where Redis could not be
        told.
        """
        return 0 if self._parts is None else await self._parts.invalidations.sweep(tag)

    def stats(self) -> RedisStats:
        """The figures so far."""
        parts = self._parts
        return RedisStats(
            counts=attrs.evolve(self._context.counts),
            troubles=dict(parts.link.troubles) if parts else {},
            breakers=parts.link.breakers if parts else {},
            queued=parts.writer.waiting if parts else 0,
            queued_bytes=parts.writer.waiting_bytes if parts else 0,
            leases_held=parts.keeper.held if parts else 0,
            owed=parts.invalidations.owed if parts else 0,
            coherence=(parts.coherence.hearing if parts else Hearing.DOWN).value,
            scripts=parts.keeper.scripts if parts else True,
        )

    def _hear(self, tag: str | None) -> None:
        """Pass an invalidation on, to look-ups under way first."""
        if self._parts is not None:
            self._parts.lookups.hear(tag)
        self._on_invalidate(tag)

    def _changed(self, coherence: Coherence, hears: bool) -> None:
        """Note what the present listener says; one that is being closed may still say something."""
        if self._parts is not None and self._parts.coherence is coherence:
            self._hearing_changed(hears)

    def _hearing_changed(self, hears: bool) -> None:
        self.coherent = hears
        self.hearing_epoch += 1

    def _make_parts(self) -> _Parts:
        settings, context = self._context.settings, self._context
        timeout_s = self._address.timeout_s or settings.timeout_s
        connections = self._address.connections or settings.connections
        commands = make_commands(
            self._address,
            timeout_s=timeout_s,
            connections=connections,
            logger=context.logger,
            random=context.random,
        )
        link = RedisLink(commands, context, timeout_s=timeout_s, connections=connections)
        writer = WriteBehind(link, most=settings.queue_entries, most_bytes=settings.queue_bytes)
        invalidations = Invalidations(context, link)
        coherence = Coherence(
            context,
            commands,
            self._hear,
            on_change=lambda hears: self._changed(coherence, hears),
        )
        return _Parts(
            link=link,
            writer=writer,
            invalidations=invalidations,
            lookups=Lookups(context, link, writer, invalidations),
            keeper=LeaseKeeper(context, link, writer),
            coherence=coherence,
            renewals=Renewals(context),
        )

    def _write(
        self, digest: str, entry: Entry, tokens: Tokens, lease: RemoteLease | None
    ) -> Write | None:
        """What writes an entry and gives its lease back; None: it is not to be written."""
        parts = self._parts
        life_ms = int((entry.expires_at - self._context.clock.time()) * 1000)
        if parts is None or not parts.link.writable or not tokens.known or life_ms < 1:
            return None
        if entry.lifetime_s > self._context.settings.longest_life_s:
            return None
        try:
            envelope = seal(digest, entry, tokens)
        except (ValueError, OverflowError, TypeError):
            return None
        if len(envelope) > self._context.settings.max_value_bytes:
            return None
        store = ("SET", self._context.keys.entry(digest), envelope, "PX", life_ms)
        back = parts.keeper.giving_back(lease) if lease is not None else ()
        renewals = parts.renewals.due(entry.tags)
        after = 1 + len(back)

        def done(results: list[Any] | None) -> None:
            if self._written(len(envelope), results) and results is not None:
                taken = zip(renewals, results[after:], strict=True)
                parts.renewals.renewed(tuple(one for one, result in taken if result == 1))
            if lease is not None:
                parts.keeper.gave_back(lease, None if results is None else results[1:after])

        return Write((store, *back, *renewals), len(envelope), done)

    def _written(self, size: int, results: list[Any] | None) -> bool:
        if results is None or isinstance(results[0], BaseException):
            self._context.counts.write_failures += 1
            return False
        self._context.counts.writes += 1
        self._context.counts.bytes_out += size
        return True


async def _nothing() -> Found:
    return NOTHING


@attrs.frozen
class _Parts:
    """What an open tier consists of."""

    link: RedisLink
    writer: WriteBehind
    invalidations: Invalidations
    lookups: Lookups
    keeper: LeaseKeeper
    coherence: Coherence
    renewals: Renewals
