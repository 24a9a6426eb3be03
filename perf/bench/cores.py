"""Which processes run on which core, so that client and server do not take each other's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def all_cores() -> frozenset[int]:
    """The cores that this process may use; empty where the system does not say."""
    return frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset()


def server_cores(processes: int) -> frozenset[int]:
    """The cores of a server: the first where it is one process, all where it is more."""
    known = all_cores()
    return frozenset({min(known)}) if known and processes == 1 else known


def client_cores() -> frozenset[int]:
    """The core of the load, and of what stands in for other machines: the last."""
    known = all_cores()
    return frozenset({max(known)}) if known else known


@contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """Start processes inside that stay on these cores; with none nothing is bound."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def processor_s(pid: int) -> float | None:
    """Seconds of processor time of a process and its children; None without /proc."""
    ticks = 0
    for one in _family(pid):
        try:
            stat = Path(f"/proc/{one}/stat").read_text("ascii")
        except OSError:
            return None
        user, system = stat.rpartition(")")[2].split()[11:13]
        ticks += int(user) + int(system)
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    """A process and those that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.is_file():
        return [pid]
    found = [pid]
    for child in children.read_text("ascii").split():
        found += _family(int(child))
    return found
