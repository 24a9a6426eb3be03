"""What the tests of this plugin share: stores on files of their own, closed at the end."""

from __future__ import annotations

from contextlib import AsyncExitStack

import attrs
import pytest
from ion_store_sqlite.settings import StoreSettings
from ion_store_sqlite.store import SqliteStore

SETTINGS = StoreSettings(path="", max_bytes=1 << 30, max_turns=10_000, busy_s=5.0)


class StoreMaker:
    """Opens stores on one file, and closes them when the test is over."""

    def __init__(self, stack, file):
        self.file = file
        self._stack = stack

    def make(self, **settings):
        """A store that is not open yet."""
        return SqliteStore(self.file, attrs.evolve(SETTINGS, **settings))

    async def __call__(self, **options):
        """An open store."""
        store = self.make(**options)
        await store.open()
        self._stack.push_async_callback(store.close)
        return store


@pytest.fixture
async def open_store(tmp_path):
    """Opens stores on a file in a folder that is not there yet."""
    async with AsyncExitStack() as stack:
        yield StoreMaker(stack, tmp_path / "folder" / "conversations.sqlite3")
