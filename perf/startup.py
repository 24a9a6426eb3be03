"""Start and size: ``python -m perf.startup``.

Every run measures the baseline and ION one right after the other, so that whatever else the
machine does meets both. Budgets are compared with medians, never with the best run.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from ion_framework.plugin_host.discovery import installed
from ion_framework.testing import PluginPackage
from perf.processes import free_port, ion, lifetime_ms, python, resident_mb, served, unconfigured
from perf.report import RESULTS, Budget, Judged, Measurement, publish

PLUGINS = 20
"""Plugins in all: those of this repository, and generated ones to make up the number."""

IMPORT_MS = 80.0
LIST_MS = 150.0
READY_MS = 1000.0
RESIDENT_MB = 75.0

BARE_PYTHON = python("-c", "pass")
BARE_SERVER = Path(__file__).with_name("bare_server.py")


@attrs.frozen
class Command:
    """A command whose lifetime is compared with that of a Python that does nothing.

    Attributes:
        what: name in the table.
        command: the command.
        over_ms: milliseconds that it may take over the baseline.
        environ: variables that it gets.
    """

    what: str
    command: Sequence[str]
    over_ms: float
    environ: Mapping[str, str] = attrs.field(factory=dict)


def commands(plugins: Path) -> tuple[Command, ...]:
    """What is promised of processes that come and go."""
    return (
        Command("import ion_framework", python("-c", "import ion_framework"), IMPORT_MS),
        Command(
            f"ion plugins, {PLUGINS} installed",
            ion("plugins"),
            LIST_MS,
            {"PYTHONPATH": str(plugins)},
        ),
    )


def write_plugins(folder: Path) -> None:
    """Write data-only personas as pip would have installed them, up to the promised number."""
    for number in range(PLUGINS - len(installed())):
        PluginPackage(name=f"perf-{number:02}").write(folder)


def measure_command(command: Command, runs: int, folder: Path) -> Measurement:
    """Measure one command against a Python that does nothing."""
    bare, samples = [], []
    environ = unconfigured(command.environ)
    lifetime_ms(command.command, folder, environ)  # byte code is compiled once, not in a sample
    for _ in range(runs):
        bare.append(lifetime_ms(BARE_PYTHON, folder, unconfigured()))
        samples.append(lifetime_ms(command.command, folder, environ))
    budget = Budget(command.over_ms, Judged.OVER_BARE)
    return Measurement(command.what, "ms", tuple(samples), tuple(bare), budget)


def serve_command(name: str, port: int) -> tuple[str, ...]:
    """The command that serves on a port: ION's host, or aiohttp with one handler."""
    if name == "ion":
        return ion("serve", "--port", str(port))
    return python(str(BARE_SERVER), str(port))


def measure_server(runs: int, folder: Path) -> tuple[Measurement, ...]:
    """Measure when ``ion serve`` is ready and how much memory it holds then."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    sizes: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        for name in ("bare", "ion"):
            port = free_port()
            with served(serve_command(name, port), port, folder, unconfigured()) as (pid, ready_ms):
                times[name].append(ready_ms)
                size = resident_mb(pid)
                sizes[name] += [] if size is None else [size]
    ready = Measurement(
        "ion serve, ready", "ms", tuple(times["ion"]), tuple(times["bare"]), Budget(READY_MS)
    )
    if not sizes["ion"]:
        return (ready,)  # this system does not say
    return ready, Measurement(
        "ion serve, resident", "MB", tuple(sizes["ion"]), tuple(sizes["bare"]), Budget(RESIDENT_MB)
    )


def measure(runs: int) -> tuple[Measurement, ...]:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as name:
        folder, plugins = Path(name, "empty"), Path(name, "plugins")
        folder.mkdir()
        plugins.mkdir()
        write_plugins(plugins)
        found = [measure_command(command, runs, folder) for command in commands(plugins)]
        return (*found, *measure_server(runs, folder))


def main() -> int:
    """Measure, print, write; see ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m perf.startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="samples of each (default: 15)")
    parser.add_argument("--check", action="store_true", help="exit code 1 when over a budget")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for raw samples")
    given = parser.parse_args()
    return publish("startup", measure(given.runs), given.results, check=given.check)


if __name__ == "__main__":
    raise SystemExit(main())
