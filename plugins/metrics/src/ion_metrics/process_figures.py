"""What the system knows of this process."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import attrs

_PROC = Path("/proc/self")


@attrs.frozen
class ProcessFigures:
    """Figures of this process.

    Attributes:
        cpu_s: seconds of processor time since its start.
        threads: threads that run.
        resident_bytes: bytes of memory that it holds, None where the system does not say.
        open_files: file descriptors that it has open, None likewise.
    """

    cpu_s: float
    threads: int
    resident_bytes: float | None = None
    open_files: int | None = None


def process_figures() -> ProcessFigures:
    """The figures now; memory and files only where there is a ``/proc``."""
    return ProcessFigures(time.process_time(), threading.active_count(), _resident(), _open_files())


def _resident() -> float | None:
    try:
        pages = int((_PROC / "statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def _open_files() -> int | None:
    try:
        return sum(1 for _ in (_PROC / "fd").iterdir())
    except OSError:
        return None
