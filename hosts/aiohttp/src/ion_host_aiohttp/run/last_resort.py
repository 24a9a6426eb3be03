"""The end of a process that does not end by itself."""

from __future__ import annotations

import os
import sys
import threading

LONGEST_STOP_S = 7.0
"""Seconds between SIGTERM and the end, whatever plugins do. Platforms kill after 8 or more."""


def end_within(seconds: float, code: int) -> None:
    """End the process after this time, unless it has ended by then.

    A thread, because a plugin that blocks the event loop would hold up everything on it; a daemon,
    because it must not keep a process alive that is done.
    """
    timer = threading.Timer(seconds, end_now, args=(code,))
    timer.daemon = True
    timer.start()


def end_now(code: int) -> None:
    """End the process without waiting for anything, but for what is already printed."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
