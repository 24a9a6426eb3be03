"""The installed plugin keeps the contract of every plugin."""

from __future__ import annotations

import subprocess
import sys

from ion_framework.manifest.model import Kind
from ion_framework.testing import PluginContract


class TestLoad(PluginContract):
    """The plugin as it comes."""

    plugin = "load"
    kind = Kind.EXTENSION


def imported_by(*arguments):
    """What a call of ``ion load`` imports."""
    done = subprocess.run(
        (sys.executable, "-P", "-X", "importtime", "-m", "ion_framework.cli", "load", *arguments),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


HEAVY = {"locust", "gevent", "aiohttp", "matplotlib", "rich", "asyncio"}


def test_help_imports_nothing_heavy():
    """The list of commands, and the help of one, import no client, no plots and no locust."""
    assert not HEAVY & imported_by("--help")
    assert not HEAVY & imported_by("gate", "--help")
    assert not HEAVY & imported_by("run", "--help")


def test_summarizing_imports_nothing_heavy(stats):
    """The summary of a file needs nothing beyond Python and click."""
    file = stats("load_test_light_stats.csv", 10)

    assert not HEAVY & imported_by("summarize", str(file))
