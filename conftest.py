"""What holds for every test of the repository: a data folder of its own, and the order."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Generator

import pytest

from ion_framework.testing.contracts.holding import contract_items

# Plugins that keep files are on by default. No test writes to, or depends on, the folder of the
# person who runs it; processes that run tests side by side do not share one either.
_folder = tempfile.mkdtemp(prefix="ion-tests-")
os.environ["ION_DATA_DIR"] = _folder
atexit.register(shutil.rmtree, _folder, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs a part of the tests."""
    parser.addoption(
        "--one-in",
        type=int,
        default=1,
        metavar="N",
        help="run the first test of each file, every contract, and of the others one in N",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from what stays until the end: a third of the time went into it.

    Ten thousand tests and their modules are made here, of which nothing is garbage, and each full
    collection of a later test would look at all of it again.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What builds fresh environments comes first: begun last, it would keep one process busy."""
    items.sort(key=lambda item: item.get_closest_marker("environment") is None)
    step: int = config.getoption("--one-in")
    if step > 1:
        kept = _one_in(step, items)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]


def _one_in(step: int, items: list[pytest.Item]) -> set[pytest.Item]:
    contracts = set(contract_items(items))
    first = {item.path: item for item in reversed(items)}
    return {*items[::step], *contracts, *first.values()}
