"""Figures of a store, for monitoring."""

from __future__ import annotations

import threading

import attrs


@attrs.frozen
class StoreStats:
    """What a store holds and does; of times and writes, those of this process.

    Attributes:
        conversations: how many there are.
        turns: how many turns they have.
        feedback: how many feedbacks there are.
        bytes: size of the database, its log not included.
        waiting: writes that wait.
        writes: writes that were worked through, those that failed included.
        groups: in how many groups that was.
        write_ms: milliseconds from asking for a write to its end, on average.
        longest_write_ms: the longest of them.
    """

    conversations: int
    turns: int
    feedback: int
    bytes: int
    waiting: int
    writes: int
    groups: int
    write_ms: float
    longest_write_ms: float


class Latency:
    """Counts calls and how long they took, waiting included. Several threads may do so."""

    def __init__(self) -> None:
        self.calls = 0
        self.groups = 0
        self.longest_s = 0.0
        self._total_s = 0.0
        self._lock = threading.Lock()

    @property
    def mean_s(self) -> float:
        """Seconds of a call on average."""
        return self._total_s / self.calls if self.calls else 0.0

    def note_group(self) -> None:
        """Count a group that is about to be worked through."""
        with self._lock:
            self.groups += 1

    def note_call(self, took_s: float) -> None:
        """Count a call that was done or has failed."""
        with self._lock:
            self.calls += 1
            self._total_s += took_s
            self.longest_s = max(self.longest_s, took_s)
