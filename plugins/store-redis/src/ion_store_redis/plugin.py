"""The plugin: its factory and the hooks it implements."""

from __future__ import annotations

from ion_framework import PluginContext, hookimpl
from ion_store_redis.settings import StoreSettings
from ion_store_redis.store import RedisStore

OPEN_S = 2.0
"""Seconds that the start waits for Redis; then it goes on, and each operation tries again."""


class StoreRedis:
    """Provides one store.

    A Redis that is away at the start is no failure of the plugin: another store would then
    take its place, and conversations would be in two.

    Args:
        store: the store.
    """

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    @hookimpl
    def ion_provide_store(self) -> RedisStore:
        """The store of this installation."""
        return self._store

    @hookimpl
    async def ion_startup(self) -> None:
        """Connect."""
        await self._store.open(OPEN_S)

    @hookimpl
    async def ion_shutdown(self) -> None:
        """Close the connections."""
        await self._store.close()


def plugin(context: PluginContext) -> StoreRedis:
    """The plugin of one `Ion`; without a URL it is IDLE, and this is never called.

    Raises:
        SettingsError: a setting cannot be used.
    """
    return StoreRedis(RedisStore(StoreSettings.read(context), context.logger))
