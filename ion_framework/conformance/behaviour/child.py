"""The process in which a plugin is tried: ``python -m … CONTROL_FOLDER HOME``."""

from __future__ import annotations

import sys
from pathlib import Path

from ion_framework.conformance.behaviour.order import Order, write_result
from ion_framework.conformance.behaviour.progress import Progress
from ion_framework.conformance.behaviour.trial import Trial
from ion_framework.conformance.behaviour.watching import Watcher

MEMORY_BYTES = 4 * 1024**3
CPU_S = 100
FILE_BYTES = 256 * 1024**2


def main(control: Path, home: Path) -> None:
    """Try the plugin that the order names, and write down what was found.

    Args:
        control: the folder of the order and of the result.
        home: a folder in which it may do as it likes.
    """
    _limit()
    order = Order.read(control)
    watcher = Watcher(control)
    watcher.install()
    progress = Progress(control, order.name)
    trial = Trial(order, home, watcher, progress)
    trial.run()
    write_result(control, progress.found)
    progress.leave(0)


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
    main(Path(sys.argv[1]), Path(sys.argv[2]))
