"""A moving window kept exactly: how much was asked when, and when more may be asked.

A log is a flat tuple ``(time, number, time, number, …)``, the oldest first, times in seconds of
whatever clock its keeper goes by. A window of ``w`` seconds at the time ``now`` holds what came
after ``now - w`` up to ``now``, so the promise "at most N in any window" is checked against every
window there is, not against those that begin at full minutes, and not by an estimate.

What comes within one `TICK` of the window is kept as one pair with the latest time. So a log has
at most ``1 / TICK`` pairs a window, whatever the limit, and what is merged counts a little longer
than it must, never shorter.
"""

from __future__ import annotations

import math
from typing import TypeAlias

TICK = 1 / 120
"""Share of a window: half a second of a minute."""

Log: TypeAlias = tuple[float, ...]
"""Pairs of a time and a number, one after the other, the oldest first."""


def added(log: Log, now: float, number: int, window_s: float) -> Log:
    """A log with so much more, asked now.

    Args:
        log: the log; nothing in it is later than ``now``.
        now: the time.
        number: how much is asked; 0 changes nothing.
        window_s: length of the window in seconds.
    """
    if not number:
        return log
    tick_s = window_s * TICK
    if log and math.floor(log[-2] / tick_s) == math.floor(now / tick_s):
        more = (*log[:-2], now, log[-1] + number)
    else:
        more = (*log, now, number)
    _latest[0] = more, _whole(log) + number
    return more


def _whole(log: Log) -> int:
    """All that a log holds. It is asked for several times of one log, before and after it grows."""
    known, number = _latest[0]
    if known is log:
        return number
    number = int(sum(log[1::2]))
    _latest[0] = log, number
    return number


_latest: list[tuple[Log, int]] = [((), 0)]
"""The log that was added up last, held so that no other one can take its identity."""


def pruned(log: Log, after: float) -> Log:
    """A log without what lies at or before a time."""
    start = 0
    while start < len(log) and log[start] <= after:
        start += 2
    return log[start:] if start else log


def total(log: Log, after: float) -> int:
    """How much was asked after a time."""
    if not log or log[0] > after:
        return _whole(log)
    found = 0.0
    for index in range(len(log) - 2, -1, -2):
        if log[index] <= after:
            break
        found += log[index + 1]
    return int(found)


def free_at(log: Log, now: float, window_s: float, room: int) -> float:
    """The time from which a window holds at most ``room``, if nothing more is asked.

    With a room below 0, which no window has, it is a whole window from now.
    """
    if room < 0:
        return now + window_s
    held = total(log, now - window_s)
    if held <= room:
        return now
    for index in range(0, len(log), 2):
        if log[index] > now - window_s:
            held -= int(log[index + 1])
            if held <= room:
                return log[index] + window_s
    return now
