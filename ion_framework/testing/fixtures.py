"""pytest fixtures of the kit."""

from __future__ import annotations

import pytest

from ion_framework.testing.virtual_time import VirtualClock


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """A clock that stands still until it is moved."""
    return VirtualClock()
