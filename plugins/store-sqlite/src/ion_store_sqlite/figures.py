"""Figures of a store, for monitoring."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from ion_store_sqlite.calls import AnyCall


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
    """Counts calls and how long they took, waiting included."""

    def __init__(self) -> None:
        self.calls = 0
        self.groups = 0
        self.longest_s = 0.0
        self._total_s = 0.0

    @property
    def mean_s(self) -> float:
        """Seconds of a call on average."""
        return self._total_s / self.calls if self.calls else 0.0

    def note(self, calls: list[AnyCall]) -> None:
        """Count a group that was worked through just now; only one thread may do so."""
        now = time.perf_counter()
        self.calls += len(calls)
        self.groups += 1
        for call in calls:
            took = now - call.made_at
            self._total_s += took
            self.longest_s = max(self.longest_s, took)
