"""What a process that only serves leaves out, and how its garbage collector starts."""

from __future__ import annotations

import gc
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner
from ion_host_aiohttp.run.collecting import forget_the_start, put_off
from ion_host_aiohttp.workers.counting import process_count

from ion_framework.cli.contributed import Contributed, plugin_source
from ion_framework.plugin_host.discovery import installed


def run(program: str) -> str:
    """What a Python program prints in a process of its own."""
    command = (sys.executable, "-P", "-c", program)
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_a_host_does_without_rich():
    """The logging library comes without what it takes for terminals, which others still get."""
    shown = run(
        "import sys\n"
        "from ion_host_aiohttp.run.lean import load_structlog\n"
        "load_structlog()\n"
        "import structlog\n"
        "print('rich' in sys.modules, 'structlog.dev' in sys.modules)\n"
        "import rich.console\n"
        "load_structlog()\n"
        "print('rich' in sys.modules)\n"
    )

    assert shown.split() == ["False", "True", "True"]


def test_the_endpoints_bring_no_more_than_they_need():
    """What only recordings, conversations and several processes take is not imported with them."""
    shown = run(
        "import sys\n"
        "import ion_host_aiohttp.run.command, ion_host_aiohttp.run.serving\n"
        "print([name for name in sys.modules if name in (\n"
        "    'ion_framework.recording.patterns', 'ion_framework.conversations.memory.requests',\n"
        "    'ion_host_aiohttp.workers.supervisor', 'ion_framework.cli.translating')])\n"
    )

    assert shown.strip() == "[]"


def test_the_collector_works_as_usual_once_a_host_serves():
    """While a host starts little is collected; afterwards the thresholds are those of before."""
    before = gc.get_threshold()
    try:
        put_off()
        during = gc.get_threshold()
        forget_the_start()
        assert during > gc.get_threshold() == before
        assert gc.get_freeze_count() > 0
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def test_plugins_are_read_once_for_a_command():
    """A command finds the plugins as they were read to find it, each with its manifest."""
    asked, found = [], []

    def source():
        asked.append(True)
        return installed()

    @click.command()
    @click.pass_context
    def command(context: click.Context) -> None:
        context.meta["ion_framework.cli.contributed"] = contributed
        found.extend(plugin_source(context)())

    contributed = Contributed(source)
    assert "serve" in contributed.names()
    assert CliRunner().invoke(command).exit_code == 0

    assert len(asked) == 1
    assert all(each.read is not None for each in found if each.first_party)
    assert tuple(found) == installed()


@pytest.mark.parametrize(("asked", "wanted"), [(1, 1), (3, 3)])
def test_processes_are_as_many_as_were_asked_for(asked, wanted):
    """A number is taken as it is, and none is one for each processor."""
    assert process_count(asked) == wanted
    assert process_count(0) >= 1
