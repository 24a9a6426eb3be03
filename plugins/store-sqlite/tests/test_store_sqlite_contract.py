"""The plugin keeps the core's contract for stores of conversations."""

from __future__ import annotations

import pytest

from ion_framework.testing import StoreContract


class TestStoreSqlite(StoreContract):
    """The contract, run against the installed plugin with a new file for each test."""

    plugin = "store-sqlite"

    @pytest.fixture(autouse=True)
    def file(self, tmp_path_factory):
        """The plugin is told of a file that is not there yet."""
        folder = tmp_path_factory.mktemp("store")
        type(self).settings = {"path": str(folder / "made" / "conversations.sqlite3")}
