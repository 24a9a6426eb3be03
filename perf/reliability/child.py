"""Processes that run a module of this package beside the check."""

from __future__ import annotations

from pathlib import Path

from perf.processes import python, unconfigured

ROOT = Path(__file__).resolve().parents[2]


def command(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of this package.

    Args:
        module: its name in this package.
        arguments: of its command line.
    """
    return python("-m", f"perf.reliability.{module}", *arguments)


def environ() -> dict[str, str]:
    """What it needs: no settings of ION, and this checkout to import from."""
    return unconfigured({"PYTHONPATH": str(ROOT)})
