"""Processes with their children, for servers that are made of several."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path


def reap(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children at once, and wait until all are gone."""
    # Stopped first, it starts no child any more while its children are being listed.
    send(signal.SIGSTOP, process.pid)
    family = children(process.pid)
    send(signal.SIGKILL, process.pid, *family)
    process.wait()
    # They may hold what the next server needs, such as PostgreSQL's shared memory.
    while any(_lives(child) for child in family):
        time.sleep(0.005)


def send(number: signal.Signals, *pids: int) -> None:
    """Send a signal to processes; those that are gone are passed over."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(parent: int) -> list[int]:
    """The processes that a process has started and that live."""
    listed = subprocess.run(  # our own words
        ["ps", "-A", "-o", "pid=,ppid="],  # noqa: S607  wherever ps is
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (line.split() for line in listed.stdout.splitlines())
    return [int(pid) for pid, of in pairs if int(of) == parent]
