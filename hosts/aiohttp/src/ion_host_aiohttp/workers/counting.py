"""How many processes a host serves with; apart, because a host of one needs no more of workers."""

from __future__ import annotations

import os

from ion_host_aiohttp.workers.sockets import check_sharing


def process_count(workers: int) -> int:
    """How many processes serve.

    Args:
        workers: the setting; 0 is one for each processor that this process may use.

    Raises:
        IonError: this system does not let more than one serve at one address.
    """
    count = workers or _processors()
    if count > 1:
        check_sharing()
    return count


def _processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
