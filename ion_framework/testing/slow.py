"""What the kit does with the tests that pytest has collected.

Contracts are held: nobody switches one of their tests off without saying so. Tests that take long
run only when they are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from ion_framework.testing.contracts.guarding import (
    ContractError,
    check_collected,
    skip_waived,
    told_waivers,
)
from ion_framework.testing.contracts.holding import (
    SLOW,
    check_kept,
    check_place,
    contract_items,
    of_contract,
    own_marks,
)

VARIABLE = "ION_SLOW"


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> None:
    """Refuse a contract of which something is switched off, or that nothing would collect.

    Raises:
        pytest.Collector.CollectError: something is; says what, and how to waive it.
    """
    try:
        check_collected(obj)
        is_collected = isinstance(obj, type) and collector.istestclass(obj, name)
        check_place(obj, name, collector.obj, is_collected=is_collected)
    except ContractError as error:
        raise pytest.Collector.CollectError(str(error)) from error


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, object, object]:
    """Skip what is waived, and what is ``slow`` unless the environment says ``ION_SLOW=1``.

    Raises:
        pytest.UsageError: something else takes tests of a contract away.
    """
    contracts = contract_items(items)
    skip_waived(items)
    if os.environ.get(VARIABLE) != "1":
        skip = pytest.mark.skip(reason=f"slow: runs with {VARIABLE}=1")
        for item in items:
            if _is_slow(item):
                item.stash[SLOW] = skip.mark
                item.add_marker(skip)
    result = yield
    check_kept(config, contracts, items)
    return result


def _is_slow(item: pytest.Item) -> bool:
    """Of a contract only what the kit calls slow: a mark of the class would take all of it away."""
    if of_contract(item):
        return any(mark.name == "slow" for mark in own_marks(item))
    return item.get_closest_marker("slow") is not None


def pytest_report_collectionfinish(items: list[pytest.Item]) -> list[str]:
    """Tell which tests of contracts are waived, and why."""
    return told_waivers(items)
