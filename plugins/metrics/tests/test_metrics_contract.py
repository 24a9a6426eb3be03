"""The installed plugin keeps the contract of every monitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ion_framework.testing import MonitorContract


class TestMetrics(MonitorContract):
    """The monitor as it comes."""

    plugin = "metrics"


class TestOpenMetrics(MonitorContract):
    """The monitor when everybody may read it."""

    plugin = "metrics"
    settings: ClassVar[Mapping[str, object]] = {"scope": "open", "sample_s": 0.1}
