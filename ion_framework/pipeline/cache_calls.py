"""Asking the cache, contained like every call of a plugin: a cache out of order stops no turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import cast

import attrs

from ion_framework.errors import HookError
from ion_framework.pipeline.cache import CachedReply, CacheKey, Hit, Lease, Miss, Stale, TurnCache
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.receipt import Outcome
from ion_framework.pipeline.trace import Trace

LIMIT_S = 2.0
"""Seconds that one call of the cache may take."""


class CacheCalls:
    """The cache as a turn uses it.

    The port promises that an outage is a miss and never an exception. Who breaks the promise, or
    hangs, is named in the receipt, and the turn goes on without the cache.

    Args:
        cache: the cache.
        provider: the implementation of ``ion_provide_cache`` that it comes from.
    """

    def __init__(self, cache: TurnCache, provider: Implementation) -> None:
        self.cache = cache
        self._provider = provider
        self._lookup = attrs.evolve(
            provider, function=cache.lookup, arguments=("key",), returns=(Hit, Stale, Miss)
        )

    async def lookup(self, key: CacheKey, trace: Trace) -> Hit | Stale | Miss:
        """What the cache has under a key.

        Raises:
            HookError: the cache failed.
        """
        found = await self._call(self._lookup, {"key": key}, trace, _check_served)
        return cast("Hit | Stale | Miss", found)

    async def store(self, lease: Lease, reply: CachedReply, ttl_s: float, trace: Trace) -> None:
        """Fill a missing entry.

        Raises:
            HookError: the cache failed.
        """
        item = self._of_lease(lease.store, "reply", "ttl_s")
        await self._call(item, {"reply": reply, "ttl_s": ttl_s}, trace)

    async def release(self, lease: Lease, trace: Trace) -> None:
        """Give a lease back; a failure stands in the receipt and does not concern the turn."""
        with suppress(HookError):
            await self._call(self._of_lease(lease.release), {}, trace)

    def _of_lease(self, function: Callable[..., object], *arguments: str) -> Implementation:
        return attrs.evolve(self._provider, function=function, arguments=arguments, returns=())

    async def _call(
        self,
        item: Implementation,
        values: Mapping[str, object],
        trace: Trace,
        check: Callable[[Implementation, object], None] | None = None,
    ) -> object:
        started = trace.now_ms()
        try:
            found = await call(item, values, min(LIMIT_S, trace.remaining_s()))
            if check is not None:
                check(item, found)
        except HookError as error:
            trace.note(item, Outcome.FAILED, started, error.reason)
            raise
        return found


def _check_served(item: Implementation, found: object) -> None:
    if isinstance(found, Miss) or isinstance(getattr(found, "reply", None), CachedReply):
        return
    raise HookError(item.hook, item.plugin, "found nothing that can be served")
