"""What holds for every test of the repository: a data folder of its own, and the order."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

import pytest

# Plugins that keep files are on by default. No test writes to, or depends on, the folder of the
# person who runs it; processes that run tests side by side do not share one either.
_folder = tempfile.mkdtemp(prefix="ion-tests-")
os.environ["ION_DATA_DIR"] = _folder
atexit.register(shutil.rmtree, _folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What builds fresh environments comes first: begun last, it would keep one process busy."""
    items.sort(key=lambda item: item.get_closest_marker("environment") is None)
