"""How long a thread has waited for a processor: time in which nobody can blame its code."""

from __future__ import annotations

from pathlib import Path

THREADS = Path("/proc/self/task")
"""Where Linux has a folder for each thread of the process that asks."""

_NS = 1e9


class RunQueue:
    """The waiting of one thread, ready to run while others had the processors.

    Linux counts it, within a processor quota as well: the second number of ``schedstat``, in
    nanoseconds (its Documentation/scheduler/sched-stats.rst). Elsewhere it is not known.

    Args:
        thread: number that the system has for the thread (``threading.get_native_id``).
        threads: where the folders of threads lie.
    """

    def __init__(self, thread: int, threads: Path = THREADS) -> None:
        self._file = threads / str(thread) / "schedstat"

    def waited_s(self) -> float:
        """Seconds for which it has waited since it began; 0.0 where that is not known."""
        try:
            return int(self._file.read_bytes().split()[1]) / _NS
        except (OSError, IndexError, ValueError):
            return 0.0
