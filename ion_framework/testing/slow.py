"""What the kit does with the tests that pytest has collected.

Contracts are held: nobody switches one of their tests off without saying so. Tests that take long
run only when they are asked for.
"""

from __future__ import annotations

import os

import pytest

from ion_framework.testing.contracts.guarding import hold_contracts, told_waivers

VARIABLE = "ION_SLOW"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hold contracts, and skip what is marked ``slow``, unless the environment says ``ION_SLOW=1``.

    Raises:
        pytest.UsageError: a test of a contract is switched off without being waived.
    """
    hold_contracts(items)
    if os.environ.get(VARIABLE) == "1":
        return
    skip = pytest.mark.skip(reason=f"slow: runs with {VARIABLE}=1")
    for item in items:
        if item.get_closest_marker("slow") is not None:
            item.add_marker(skip)


def pytest_report_collectionfinish(items: list[pytest.Item]) -> list[str]:
    """Tell which tests of contracts are waived, and why."""
    return told_waivers(items)
