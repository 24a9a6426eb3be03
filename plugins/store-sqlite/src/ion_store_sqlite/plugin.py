"""The plugin: its factory and the hooks it implements."""

from __future__ import annotations

from pathlib import Path

from ion_framework import PluginContext, hookimpl
from ion_store_sqlite.settings import StoreSettings
from ion_store_sqlite.store import SqliteStore

FILE = "conversations.sqlite3"


class SqliteStorePlugin:
    """Provides one store, which opens its file when the `Ion` starts.

    Args:
        store: the store.
    """

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    @hookimpl
    def ion_provide_store(self) -> SqliteStore:
        """The store of this installation."""
        return self._store

    @hookimpl
    async def ion_startup(self) -> None:
        """Open the file.

        Raises:
            StoreError: it cannot be used; says why. The plugin is FAILED then.
        """
        await self._store.open()

    @hookimpl
    async def ion_shutdown(self) -> None:
        """Finish what is being written and close the file."""
        await self._store.close()


def plugin(context: PluginContext) -> SqliteStorePlugin:
    """Make the plugin from its settings; touches no file."""
    settings = context.settings_as(StoreSettings)
    file = Path(settings.path).expanduser() if settings.path else context.data_dir / FILE
    return SqliteStorePlugin(SqliteStore(file, settings))
