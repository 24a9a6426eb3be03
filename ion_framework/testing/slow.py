"""Tests that take long run only when they are asked for."""

from __future__ import annotations

import os

import pytest

VARIABLE = "ION_SLOW"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked ``slow``, unless the environment says ``ION_SLOW=1``."""
    if os.environ.get(VARIABLE) == "1":
        return
    skip = pytest.mark.skip(reason=f"slow: runs with {VARIABLE}=1")
    for item in items:
        if item.get_closest_marker("slow") is not None:
            item.add_marker(skip)
