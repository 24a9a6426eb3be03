"""What the files of a run are called, and the durations of the command line."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

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


class Duration(click.ParamType):
    """A time on the command line: ``90``, ``90s``, ``2m``, ``1h30m``; becomes seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The seconds; fails where the text is no duration of more than zero and up to a week."""
        if isinstance(value, int | float):
            return float(value)
        found = _PARTS.fullmatch(value.strip())
        hours, minutes, seconds = found.groups() if found else (None, None, None)
        total = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)
        if not 0 < total <= _LONGEST_S:
            self.fail(f"{value!r} is no duration: write 90s, 2m or 1h30m, up to 168h", param, ctx)
        return total


def spoken(seconds: float) -> str:
    """A duration as the command line writes it."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = (f"{hours:.0f}h" if hours else "", f"{minutes:.0f}m" if minutes else "")
    return "".join(parts) + (f"{left:g}s" if left or not any(parts) else "")
