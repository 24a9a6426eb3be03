"""What every store of conversations has to hold."""

from __future__ import annotations

import asyncio

import pytest

from ion_framework.testing.contracts.store.copies import CopyTests
from ion_framework.testing.contracts.store.keeping import KeepingTests
from ion_framework.testing.contracts.store.lists import ListTests
from ion_framework.testing.contracts.store.renewals import RenewalTests
from ion_framework.testing.contracts.store.rights import RightsTests

__all__ = ["StoreContract"]


class StoreContract(KeepingTests, RightsTests, RenewalTests, ListTests, CopyTests):
    """Subclass with ``plugin = "<name>"`` to test a plugin that provides a store.

    The store has to be empty before each test, and two `Ion` objects of one test share it: a
    fixture of the subclass sees to that, for example by ``settings`` that name a new file.
    """

    @pytest.mark.parametrize(
        ("examples", "steps"), [(15, 30), pytest.param(300, 60, marks=pytest.mark.slow)]
    )
    def test_it_does_what_a_dictionary_does(self, examples: int, steps: int) -> None:
        """Any sequence of calls gives what the same calls give on dictionaries."""
        from ion_framework.testing.contracts.store.machine import compare  # imports hypothesis

        with asyncio.Runner() as runner:
            opened = self.stored()
            store = runner.run(opened.__aenter__())
            try:
                compare(store, runner, examples=examples, steps=steps)
            finally:
                runner.run(opened.__aexit__(None, None, None))
