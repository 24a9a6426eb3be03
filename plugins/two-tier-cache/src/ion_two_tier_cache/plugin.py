"""The plugin: its factory and the one hook it implements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ion_framework import PluginContext, hookimpl
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.settings import CacheSettings

if TYPE_CHECKING:
    from ion_framework.pipeline.cache import TurnCache


class TwoTierCachePlugin:
    """Provides one cache, made when the plugin is activated."""

    def __init__(self, cache: TwoTierCache) -> None:
        self._cache = cache

    @hookimpl
    def ion_provide_cache(self) -> TurnCache:
        """The cache of this installation."""
        return self._cache


def plugin(context: PluginContext) -> TwoTierCachePlugin:
    """Make the plugin from its settings and the clock it is given."""
    settings = context.settings_as(CacheSettings)
    memory = MemoryTier(
        max_entries=settings.max_entries, max_bytes=settings.max_bytes, clock=context.clock
    )
    return TwoTierCachePlugin(TwoTierCache(memory))
