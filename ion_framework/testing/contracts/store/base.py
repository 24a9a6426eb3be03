"""What the parts of the contract of stores share: the store under test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from typing import ClassVar

from ion_framework.conversations.store import ConversationStore
from ion_framework.manifest.model import Kind
from ion_framework.testing.contracts.plugin import PluginContract


class StoreTests(PluginContract):
    """The plugin under test, opened as a store."""

    kind: ClassVar[Kind | None] = Kind.STORE

    @asynccontextmanager
    async def stored(self, **settings: object) -> AsyncIterator[ConversationStore]:
        """The store of a running `Ion`.

        Args:
            settings: further settings of the plugin.
        """
        contract = copy(self)
        # On the copy alone: other stores of the same test keep the settings of their class.
        vars(contract)["settings"] = {**self.settings, **settings}
        async with contract.running() as ion:
            (store,) = ion.provisions.stores
            assert isinstance(store, ConversationStore)
            yield store
