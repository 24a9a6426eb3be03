"""What the files of a run are called, and the durations of the command line."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import click

STAMP = "%Y%m%d_%H%M%S"
LATEST = "summary_latest.md"
_PARTS = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")
_LONGEST_S = 7 * 24 * 3600


def stem(scenario: str, began: datetime) -> str:
    """What the names of a scenario's files begin with: locust adds ``_stats.csv`` and others."""
    return f"load_test_{scenario}_{began:{STAMP}}"


def summary_name(scenarios: str, began: datetime) -> str:
    """The name of the summary of a run."""
    return f"summary_{scenarios}_{began:{STAMP}}.md"


def time_in(path: Path) -> datetime | None:
    """When the run began by the name of one of its files; None where the name does not say."""
    found = re.search(r"_(\d{8}_\d{6})(?=[_.])", path.name)
    try:
        return datetime.strptime(found[1], STAMP).astimezone() if found else None
    except ValueError:
        return None


def duration(_: click.Context, option: click.Parameter, text: str | None) -> float | None:
    """A duration of the command line in seconds: ``90``, ``90s``, ``2m``, ``1h30m``.

    Raises:
        click.BadParameter: it is none, or not more than zero and up to a week.
    """
    if text is None:
        return None
    found = _PARTS.fullmatch(text.strip())
    hours, minutes, seconds = found.groups() if found else (None, None, None)
    total = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)
    if not 0 < total <= _LONGEST_S:
        raise click.BadParameter(
            f"{text!r} is no duration: write 90s, 2m or 1h30m, up to 168h", param=option
        )
    return total


def spoken(seconds: float) -> str:
    """A duration as the command line writes it."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = (f"{hours:.0f}h" if hours else "", f"{minutes:.0f}m" if minutes else "")
    return "".join(parts) + (f"{left:g}s" if left or not any(parts) else "")
