"""aiocache's interface over the tiers, for who uses aiocache and its decorators.

    from aiocache import cached
    from ion_two_tier_cache.aiocache_adapter import IonCache

    @cached(cache=IonCache, ttl=60, namespace="weather")
    async def forecast(city): ...

It needs the extra ``aiocache``. The other way round, any aiocache backend as the tier that
processes share, is `ion_two_tier_cache.aiocache_tier`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from aiocache.base import BaseCache  # type: ignore[import-untyped]  # aiocache ships no types
from aiocache.serializers import JsonSerializer  # type: ignore[import-untyped]  # see above

from ion_framework.clock import Clock, SystemClock
from ion_two_tier_cache.key_values import Key, KeyValues
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.tiers import Tiers

if TYPE_CHECKING:
    from ion_two_tier_cache.redis_tier import RedisTier

L1_TTL_S = 5.0
"""Seconds after which the others notice at the latest that one process has set or deleted."""


class IonCache(BaseCache):  # type: ignore[misc]  # aiocache ships no types
    """A cache of aiocache: bounded, exact in its namespaces and times, and without aliasing.

    Where it differs from aiocache's own caches: ``clear`` drops what is in this cache's namespace
    (or in the one that is named; without either, what is in none) and nothing else, neither other
    namespaces nor keys of other programs (for everything there is `clear_everything`); what a
    caller gets is a copy; a time belongs to the value it was given
    with, also after ``clear``. Keys are text (any other key counts as ``str(key)``).

    ``add`` and ``increment``, and with them ``cached_stampede``, exclude each other within this
    process. With Redis others see a change after `L1_TTL_S` seconds at most, and a value without a
    time is kept for a week. What is set or deleted while Redis is out of order holds in this
    process at once, and for the others when Redis is back; where there is no room to note it until
    then, the answer is False or 0. ``None`` cannot be told from nothing: so it is in aiocache's
    interface.

    Args:
        serializer: turns values into text or bytes; JSON unless another is given.
        plugins: aiocache's plugins.
        namespace: the namespace of keys that name none.
        key_builder: makes another name of a key and its namespace; namespaces stay exact.
        timeout: seconds that a call may take. None by default: the tiers have bounds of their own.
        ttl: seconds that values live which name no time; None: without end.
        max_entries: most values held in memory, 1 or more.
        max_bytes: most bytes that they may take.
        redis_url: a Redis to share values with other processes. It is opened by the first call and
            closed by ``close``. It belongs to one event loop at a time: once that has ended, the
            first call in another connects anew.
        redis_namespace: first part of every key in Redis.
        clock: where the time comes from.

    Raises:
        ValueError: the address or the namespace of Redis cannot be used.
        RuntimeError: by a call with Redis, in an event loop beside another that still runs.
    """

    NAME = "ion"

    def __init__(  # noqa: PLR0913  aiocache's six, and the bounds and places of the tiers
        self,
        *,
        serializer: Any = None,
        plugins: Any = None,
        namespace: str | None = None,
        key_builder: Any = None,
        timeout: float | None = None,
        ttl: float | None = None,
        max_entries: int = 1000,
        max_bytes: int = 64 << 20,
        redis_url: str | None = None,
        redis_namespace: str = "ion-aiocache",
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            serializer=serializer or JsonSerializer(),
            plugins=plugins,
            namespace=namespace,
            timeout=timeout,
            ttl=ttl,
        )
        self._key_builder = key_builder
        clock = clock or SystemClock()
        memory = MemoryTier(max_entries=max_entries, max_bytes=max_bytes, clock=clock)
        self._tiers = Tiers(memory, None, L1_TTL_S, "redis", clock=clock)
        self._redis: RedisTier | None = None
        self._make_redis: Callable[[], RedisTier] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        if redis_url is not None:
            self._make_redis = partial(_make_redis, redis_url, redis_namespace, clock, self._tiers)
            self._redis = self._tiers.remote = self._make_redis()
        self._values = KeyValues(self._tiers, clock)

    def _build_key(self, key: Any, namespace: str | None = None) -> Key:
        space = namespace if namespace is not None else self.namespace
        name = self._key_builder(key, space) if self._key_builder else _name_of(key)
        return Key(id(self), space or "", str(name))

    async def clear_everything(self) -> None:
        """Drop every value, in all namespaces, of every cache with the same ``redis_namespace``."""
        await (await self._ready()).clear(None)

    async def _ready(self) -> KeyValues:
        if self._redis is not None and self._make_redis is not None:
            loop = asyncio.get_running_loop()
            if self._loop is not loop:
                if self._loop is not None:
                    _check_ended(self._loop)
                    # Connections and tasks of the other loop are gone with it.
                    self._redis = self._tiers.remote = self._make_redis()
                self._loop = loop
                self._values.go_on()
            await self._redis.open()
        return self._values

    async def _get(self, key: Key, **_: Any) -> Any:
        held = await (await self._ready()).read(key)
        return None if held is None else held.value

    async def _gets(self, key: Key, **_: Any) -> Any:
        return await self._get(key)

    async def _multi_get(self, keys: Iterable[Key], **_: Any) -> list[Any]:
        return list(await asyncio.gather(*(self._get(key) for key in keys)))

    async def _set(
        self, key: Key, value: Any, ttl: Any = None, _cas_token: Any = None, _conn: Any = None
    ) -> bool:
        values = await self._ready()
        if _cas_token is not None:
            return await values.swap(key, value, ttl, _cas_token)
        return await values.write(key, value, ttl)

    async def _multi_set(
        self, pairs: Iterable[tuple[Key, Any]], ttl: Any = None, _conn: Any = None
    ) -> bool:
        values = await self._ready()
        return all([await values.write(key, value, ttl) for key, value in pairs])

    async def _add(self, key: Key, value: Any, ttl: Any = None, _conn: Any = None) -> bool:
        if not await (await self._ready()).add(key, value, ttl):
            raise ValueError(f"Key {key.name} already exists, use .set to update the value")
        return True

    async def _exists(self, key: Key, _conn: Any = None) -> bool:
        return await (await self._ready()).read(key) is not None

    async def _increment(self, key: Key, delta: int, _conn: Any = None) -> int:
        result = 0

        def add(stored: Any) -> Any:
            nonlocal result
            result = delta if stored is None else _whole(self.serializer.loads(stored)) + delta
            return self.serializer.dumps(result)

        await (await self._ready()).change(key, add)
        return result

    async def _expire(self, key: Key, ttl: float, _conn: Any = None) -> bool:
        return await (await self._ready()).expire(key, ttl)

    async def _delete(self, key: Key, _conn: Any = None) -> int:
        return await (await self._ready()).delete(key)

    async def _clear(self, namespace: str | None = None, _conn: Any = None) -> bool:
        space = namespace if namespace is not None else self.namespace
        await (await self._ready()).clear(space or "")
        return True

    async def _raw(self, command: str, *_: Any, **__: Any) -> Any:
        if command != "stats":
            raise ValueError(f"unknown raw command {command!r}; the only one is 'stats'")
        return {**self._tiers.figures(), "values": {"owed": self._values.owed}}

    async def _redlock_release(self, key: Key, value: Any) -> int:
        return await (await self._ready()).delete(key, value)

    async def _close(self, *_: Any, **__: Any) -> None:
        if self._redis is None or self._loop is not asyncio.get_running_loop():
            return
        lost = await self._values.close()
        if lost:
            _Log().error("values_lost", values=lost)
        await self._redis.close()
        self._loop = None


def _make_redis(url: str, namespace: str, clock: Clock, tiers: Tiers) -> RedisTier:
    # redis costs 100 ms and is not needed for memory alone.
    from ion_two_tier_cache.redis_settings import RedisSettings
    from ion_two_tier_cache.redis_tier import RedisTier

    def forget(tag: str | None) -> None:
        tiers.forget(tag)

    settings = RedisSettings(url=url, namespace=namespace)
    return RedisTier(settings, clock=clock, logger=cast("Any", _Log()), on_invalidate=forget)


def _check_ended(loop: asyncio.AbstractEventLoop) -> None:
    if loop.is_running():
        raise RuntimeError(
            "this IonCache with Redis is in use in another event loop, which still runs: give each "
            "event loop an IonCache of its own, or close this one there before"
        )


class _Log:
    """Python's own logging, which aiocache uses, in the form of a structured logger."""

    def __init__(self) -> None:
        self._logger = logging.getLogger("ion_two_tier_cache")

    def debug(self, event: str, **values: object) -> None:
        self._logger.debug("%s %s", event, values)

    def info(self, event: str, **values: object) -> None:
        self._logger.info("%s %s", event, values)

    def warning(self, event: str, **values: object) -> None:
        self._logger.warning("%s %s", event, values)

    def error(self, event: str, **values: object) -> None:
        self._logger.error("%s %s", event, values)


def _name_of(key: Any) -> Any:
    return key.value if isinstance(key, Enum) else key


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise TypeError("Value is not an integer") from None
