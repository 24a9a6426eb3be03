"""Every raw sample of a run as JSON, so that each figure in a document can be made again."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from perf.bench.rows import Row


def write(rows: Sequence[Row], folder: Path, *, quick: bool) -> Path:
    """Write the rows; returns the file.

    Args:
        rows: what was found.
        folder: where files of results go.
        quick: whether it was the quick form, which shows that things work and not how fast.
    """
    now = datetime.now(UTC)
    content = {
        "at": now.isoformat(timespec="seconds"),
        **machine(),
        "quick": quick,
        "rows": [_plain(row) for row in rows],
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"bench-{now:%Y%m%dT%H%M%S%fZ}.json"
    file.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return file


def machine() -> dict[str, object]:
    """What the figures of a run depend on."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
    }


def _plain(row: Row) -> dict[str, Any]:
    found = attrs.asdict(row)
    judged = row.judged if row.target else None
    return {**found, "ratio": row.ratio, "judged": judged, "kept": row.kept}
