"""A command line as JSON takes it, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

from ion_framework.settings.loading import CommandLine


def fields_of(line: CommandLine) -> dict[str, Any]:
    """The fields of a command line, as JSON takes them."""
    config = str(line.config) if line.config else None
    return attrs.asdict(line) | {"config": config}


def line_of(fields: dict[str, Any]) -> CommandLine:
    """The command line of its fields."""
    config = fields["config"]
    lists = {name: tuple(fields[name]) for name in ("enable", "disable")}
    return CommandLine(**(fields | lists | {"config": Path(config) if config else None}))
