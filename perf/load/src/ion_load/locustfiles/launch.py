"""Starts locust so that neither it nor a worker of it outlives whoever ordered the run.

``python -m ion_load.locustfiles.launch PARENT …``: PARENT is the process that orders it, the rest
is for locust. Where that process is killed it cannot end locust any more; Linux does it then. Other
systems have no such service: there, whoever kills it has to end locust as well.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PARENT_DEATH = 1
"""``PR_SET_PDEATHSIG`` of ``prctl(2)``."""


def tie(parent: int, number: signal.Signals) -> None:
    """Have this process get a signal when its parent dies; on Linux only.

    Args:
        parent: id that the parent has if it lives.
        number: the signal.

    Raises:
        OSError: the system refuses.
        SystemExit: the parent is gone already.
    """
    if sys.platform != "linux":
        return
    system = ctypes.CDLL(None, use_errno=True)
    if system.prctl(_PARENT_DEATH, int(number), 0, 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, f"prctl: {os.strerror(code)}")
    if os.getppid() != parent:
        sys.exit(f"the process {parent}, which ordered the load, is gone")


def _launch() -> None:
    """Tie this process to its parent and the workers to this process, then be locust."""
    tie(int(sys.argv[1]), signal.SIGTERM)
    own = os.getpid()
    # A fork forgets the tie. Workers write nothing, so that they need no time to end.
    os.register_at_fork(after_in_child=lambda: tie(own, signal.SIGKILL))
    sys.argv = ["locust", *sys.argv[2:]]
    from locust.main import main  # it changes the standard library: only once it is wanted

    main()  # type: ignore[no-untyped-call]  # locust does not annotate it


if __name__ == "__main__":
    _launch()
