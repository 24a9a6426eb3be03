"""The in-memory store passes the contract of stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from ion_framework import Ion
from ion_framework.plugin_host.discovery import inline
from ion_framework.settings.model import Settings
from ion_framework.testing import MemoryStore, StoreContract, make_manifest
from ion_framework.testing.builders import persona_plugin, standard_parts


class TestMemoryStore(StoreContract):
    """The contract, on a store that the `Ion` objects of one test share."""

    plugin = "shelves"
    waived: ClassVar[Mapping[str, str]] = {
        "test_distribution_and_package_carry_its_name": "it lives in this process only",
        "test_it_is_graded_gold": "it lives in this process only",
        "make": "no installation finds what no distribution brings",
    }

    @pytest.fixture(autouse=True)
    def _empty(self):
        self.store = MemoryStore()

    def make(self) -> Ion:
        """An `Ion` with the store, and simple stand-ins for everything else."""
        candidate = inline(make_manifest("shelves", "store"), lambda _context: self.store)
        others = (*standard_parts("store"), *map(persona_plugin, self.companions))
        return Ion(Settings(), source=lambda: (candidate, *others), environ={})

    def test_no_distribution_brings_it(self):
        """It lives in this process, so that no distribution brings it."""
        assert self.record(self.make()).candidate.folder is None
