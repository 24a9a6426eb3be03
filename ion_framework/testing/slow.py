"""What the kit does with the tests that pytest has collected.

Contracts are held: nobody switches one of their tests off without saying so. Tests that take long
run only when they are asked for.
"""

from __future__ import annotations

import os

import pytest

from ion_framework.testing.contracts.guarding import (
    ContractError,
    check_collected,
    skip_waived,
    told_waivers,
)

VARIABLE = "ION_SLOW"


def pytest_pycollect_makeitem(obj: object) -> None:
    """Refuse a contract of which something is switched off.

    Raises:
        pytest.Collector.CollectError: something is; says what, and how to waive it.
    """
    try:
        check_collected(obj)
    except ContractError as error:
        raise pytest.Collector.CollectError(str(error)) from error


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is waived, and what is ``slow`` unless the environment says ``ION_SLOW=1``."""
    skip_waived(items)
    if os.environ.get(VARIABLE) == "1":
        return
    skip = pytest.mark.skip(reason=f"slow: runs with {VARIABLE}=1")
    for item in items:
        if item.get_closest_marker("slow") is not None:
            item.add_marker(skip)


def pytest_report_collectionfinish(items: list[pytest.Item]) -> list[str]:
    """Tell which tests of contracts are waived, and why."""
    return told_waivers(items)
