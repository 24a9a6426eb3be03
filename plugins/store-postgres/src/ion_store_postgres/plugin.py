"""The plugin: its factory and the hooks it implements."""

from __future__ import annotations

from ion_framework import PluginContext, hookimpl
from ion_store_postgres.settings import StoreSettings
from ion_store_postgres.store import PostgresStore

OPEN_S = 2.0
"""Seconds that the start waits for PostgreSQL; then it goes on, and each operation tries again."""


class StorePostgres:
    """Provides one store.

    A PostgreSQL that is away at the start is no failure of the plugin: another store would then
    take its place, and conversations would be in two.

    Args:
        store: the store.
    """

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    @hookimpl
    def ion_provide_store(self) -> PostgresStore:
        """The store of this installation."""
        return self._store

    @hookimpl
    async def ion_startup(self) -> None:
        """Connect and make the tables."""
        await self._store.open(OPEN_S)

    @hookimpl
    async def ion_shutdown(self) -> None:
        """Close the connections."""
        await self._store.close()


def plugin(context: PluginContext) -> StorePostgres:
    """The plugin of one `Ion`; without a URL it is IDLE, and this is never called.

    Raises:
        SettingsError: a setting cannot be used.
    """
    return StorePostgres(PostgresStore(StoreSettings.read(context), context.logger))
