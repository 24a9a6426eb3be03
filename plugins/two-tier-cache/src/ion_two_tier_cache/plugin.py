"""The plugin: its factory and the hooks it implements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ion_framework import PluginContext, hookimpl
from ion_framework.errors import SettingsError
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.settings import CacheSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from ion_framework.pipeline.cache import TurnCache
    from ion_two_tier_cache.redis_tier import RedisTier


class TwoTierCachePlugin:
    """Provides one cache, made when the plugin is activated."""

    def __init__(self, cache: TwoTierCache) -> None:
        self._cache = cache

    @hookimpl
    def ion_provide_cache(self) -> TurnCache:
        """The cache of this installation."""
        return self._cache

    @hookimpl
    async def ion_startup(self) -> None:
        """Begin to use Redis, if it is configured; does not wait for it."""
        await self._cache.open()

    @hookimpl
    async def ion_shutdown(self) -> None:
        """Write what is queued and close the connections."""
        await self._cache.close()


def plugin(context: PluginContext) -> TwoTierCachePlugin:
    """Make the plugin from its settings and the clock it is given.

    Raises:
        SettingsError: the address of Redis or the namespace cannot be used.
    """
    settings = context.settings_as(CacheSettings)
    memory = MemoryTier(
        max_entries=settings.max_entries, max_bytes=settings.max_bytes, clock=context.clock
    )
    cache = TwoTierCache(
        memory,
        context.clock,
        rules=settings.rules(),
        make_remote=_redis(settings, context) if settings.redis_url else None,
        l1_ttl_s=settings.l1_ttl_s,
        lead_s=settings.longest_lead_s,
    )
    return TwoTierCachePlugin(cache)


def _redis(
    settings: CacheSettings, context: PluginContext
) -> Callable[[Callable[[str | None], None]], RedisTier]:
    # Its import costs 100 ms, which who runs without Redis must not pay.
    from ion_two_tier_cache.redis_settings import RedisSettings
    from ion_two_tier_cache.redis_tier import RedisTier

    def make(on_invalidate: Callable[[str | None], None]) -> RedisTier:
        try:
            redis = RedisSettings(
                url=settings.redis_url or "",
                namespace=settings.namespace,
                timeout_s=settings.redis_timeout_s,
            )
            return RedisTier(
                redis, clock=context.clock, logger=context.logger, on_invalidate=on_invalidate
            )
        except ValueError as error:
            raise SettingsError(f"plugin.{context.name}: {error}") from error

    return make
