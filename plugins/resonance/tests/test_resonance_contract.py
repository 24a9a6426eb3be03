"""The installed plugin keeps the contracts of an analyser and a router."""

from __future__ import annotations

from ion_framework.testing import AnalyzerContract, RouterContract


class TestResonanceAnalyzer(AnalyzerContract):
    """The analyser's side of the plugin."""

    plugin = "resonance"


class TestResonanceRouter(RouterContract):
    """The router's side of the plugin."""

    plugin = "resonance"
