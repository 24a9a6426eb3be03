"""Asking the cache, contained like every call of a plugin: a cache out of order stops no turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import cast

import attrs

from ion_framework.errors import HookError
from ion_framework.pipeline.cache import (
    CachedRefusal,
    CachedReply,
    CacheKey,
    Flight,
    Hit,
    Lease,
    Lookup,
    Miss,
    Pending,
    Refused,
    Settled,
    Stale,
    TurnCache,
)
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.containment import Containment
from ion_framework.pipeline.families import outcome_of
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.supervision import keep
from ion_framework.pipeline.trace import Trace

LIMIT_S = 2.0
"""Seconds that ending a lease may take."""

SETTLED = (Hit, Stale, Miss, Refused)

_FREE = Containment()
"""For what a turn has begun and others wait for: it is ended in quarantine, too, and to wait for
another turn takes no place from those who ask."""


class CacheCalls:
    """The cache as a turn uses it.

    The port promises that an outage is a miss and never an exception. Who breaks the promise, or
    hangs, is named in the receipt, and the turn goes on without the cache.

    Args:
        cache: the cache.
        provider: the implementation of ``ion_provide_cache`` that it comes from.
        lookup_s: seconds that a look-up may take, as far as the turn has them.
    """

    def __init__(self, cache: TurnCache, provider: Implementation, lookup_s: float) -> None:
        self.cache = cache
        self._lookup_s = lookup_s
        self._provider = provider
        self._lookup = attrs.evolve(
            provider,
            function=cache.lookup,
            arguments=("key",),
            returns=(*SETTLED, Pending),
            unclaimed=self._give_back,
        )

    async def lookup(self, key: CacheKey, trace: Trace) -> Lookup:
        """What the cache has under a key.

        Raises:
            HookError: the cache failed.
        """
        limit_s = min(self._lookup_s, trace.remaining_s())
        fair = limit_s >= self._lookup_s
        found = await self._call(self._lookup, {"key": key}, trace, limit_s, fair=fair)
        return cast("Lookup", found)

    async def wait(self, flight: Flight, trace: Trace, limit_s: float) -> Settled:
        """What comes of the turn that is making an answer.

        Args:
            flight: what that turn is making.
            trace: the notes of the turn that waits.
            limit_s: seconds that it may wait.

        Raises:
            HookError: the cache failed, or the time was up before the other's answer.
        """
        item = attrs.evolve(self._lookup, function=flight.wait, arguments=(), containment=_FREE)
        # The time is the turn's own, and the answer another turn's: neither is the cache's fault.
        return cast("Settled", await self._call(item, {}, trace, limit_s, fair=False))

    async def store(self, lease: Lease, reply: CachedReply, ttl_s: float, trace: Trace) -> None:
        """Keep an answer.

        Raises:
            HookError: the cache failed.
        """
        item = self._of_lease(lease.store, "reply", "ttl_s")
        # Whoever waits for this entry must not pay for a turn that has no time left.
        await self._call(item, {"reply": reply, "ttl_s": ttl_s}, trace, LIMIT_S)

    async def share(self, lease: Lease, reply: CachedReply, trace: Trace) -> None:
        """Hand on an answer that is not kept; a failure stands in the receipt."""
        with suppress(HookError):
            item = self._of_lease(lease.share, "reply")
            await self._call(item, {"reply": reply}, trace, LIMIT_S)

    async def refuse(self, lease: Lease, refusal: CachedRefusal, trace: Trace) -> None:
        """Hand on that there is no answer; a failure of the cache stands in the notes."""
        with suppress(HookError):
            item = attrs.evolve(self._of_lease(lease.refuse, "refusal"), containment=_FREE)
            await self._call(item, {"refusal": refusal}, trace, LIMIT_S)

    async def release(self, lease: Lease, trace: Trace) -> None:
        """Give a lease back; a failure stands in the receipt and does not concern the turn.

        Whoever leaves meanwhile, and be it for the second time, leaves at once, and the lease is
        given back all the same.
        """
        await asyncio.shield(keep(self._release(lease, trace)))

    async def _release(self, lease: Lease, trace: Trace) -> None:
        with suppress(HookError):
            await self._call(self._releasing(lease), {}, trace, LIMIT_S)

    async def _give_back(self, found: object) -> None:
        """Release the lease in what came when its turn had left: others may wait for it."""
        lease = _lease_in(found)
        if lease is not None:
            with suppress(HookError):
                await call(self._releasing(lease), {}, LIMIT_S)

    def _releasing(self, lease: Lease) -> Implementation:
        try:
            release: Callable[[], object] = lease.release
        except Exception as error:  # noqa: BLE001  what is no lease fails in the call, like any other fault
            release = partial(_fail, error)
        return attrs.evolve(self._of_lease(release), containment=_FREE)

    def _servable(self, found: object) -> object:
        if _is_usable(cast("Lookup", found)):
            return found
        keep(self._give_back(found))
        raise ValueError("found nothing that can be served")

    def _of_lease(self, function: Callable[..., object], *arguments: str) -> Implementation:
        return attrs.evolve(self._provider, function=function, arguments=arguments, returns=())

    async def _call(
        self,
        item: Implementation,
        values: Mapping[str, object],
        trace: Trace,
        limit_s: float,
        *,
        fair: bool = True,
    ) -> object:
        started = trace.spent_ms()
        accept = self._servable if item.returns else None
        try:
            return await call(item, values, limit_s, fair=fair, accept=accept)
        except HookError as error:
            trace.note(item, outcome_of(error), started, error.reason)
            raise


def _lease_in(found: object) -> Lease | None:
    if isinstance(found, Miss):
        return found.lease
    return found.refresh if isinstance(found, Hit | Stale) else None


def _fail(error: Exception) -> None:
    raise error


def _is_usable(found: Lookup) -> bool:
    if isinstance(found, Pending):
        spare: object = found.spare
        return spare is None or (
            isinstance(spare, Stale) and isinstance(cast("object", spare.reply), CachedReply)
        )
    if isinstance(found, Hit | Stale):
        return isinstance(found.reply, CachedReply)
    return not isinstance(found, Refused) or isinstance(found.refusal, CachedRefusal)
