"""The process in which a plugin is tried: ``python -m … HOME``, with the order on its input."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

from ion_framework.conformance.behaviour.order import Order
from ion_framework.conformance.behaviour.progress import Progress
from ion_framework.conformance.behaviour.trial import Trial
from ion_framework.conformance.behaviour.watching import Watcher

MEMORY_BYTES = 4 * 1024**3
CPU_S = 100
FILE_BYTES = 256 * 1024**2


def main(home: Path) -> None:
    """Try the plugin that the order names, and tell what is found.

    Args:
        home: a folder in which it may do as it likes.
    """
    _limit()
    order = Order.read(sys.stdin.readline())
    watcher = Watcher(home)
    watcher.install()
    progress = Progress(_channel())
    Trial(order, home, watcher, progress).run()
    progress.finish()


def _channel() -> TextIO:
    """The pipe of standard output, out of the way of whatever the plugin prints."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return channel


def _limit() -> None:
    try:
        import resource  # there is none on Windows
    except ImportError:
        return
    wanted = {
        # Not the address space: threads and files that are mapped take much of it and no memory.
        resource.RLIMIT_DATA: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in wanted.items():
        _, hard = resource.getrlimit(kind)
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (most, hard))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
