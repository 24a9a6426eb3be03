"""What is counted: numbers that only grow, of one process or added up over several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2, 2.5, 5, 7.5, 10)
"""Seconds: the upper bounds of the durations' classes; those that ``ion-metrics`` has, too."""

_CLASSES = len(BOUNDS) + 1


def _none_yet() -> tuple[float, ...]:
    return (0.0,) * _CLASSES


@attrs.frozen
class Counts:
    """What happened since a beginning.

    Attributes:
        errors: requests of callers that were answered 5xx, but for 501, or whose answer ended
            with such an error after its beginning.
        turns: turns that asked the cache.
        hits: those of them that it answered, with an old answer or a fresh one.
        durations: requests of callers by the time to the beginning of their answer: one number
            for each of `BOUNDS`, up to and with the bound, and one for those that took longer.
        due: turns that were to be answered: those that were, and those that were not through the
            installation's own fault.
        unanswered: those of them that were not answered as they should be: not at all, or by a
            stand-in.
    """

    errors: float = 0.0
    turns: float = 0.0
    hits: float = 0.0
    durations: tuple[float, ...] = attrs.field(factory=_none_yet)
    due: float = 0.0
    unanswered: float = 0.0

    @property
    def requests(self) -> float:
        """Requests of callers: no probes, not Prometheus's, and no lasting connections."""
        return sum(self.durations)

    @property
    def error_rate(self) -> float | None:
        """Share of requests that failed, 0 to 1; None without any."""
        requests = self.requests
        return self.errors / requests if requests > 0 else None

    @property
    def hit_rate(self) -> float | None:
        """Share of turns that the cache answered, 0 to 1; None without any."""
        return self.hits / self.turns if self.turns > 0 else None

    @property
    def unanswered_rate(self) -> float | None:
        """Share of turns that were not answered as they should be, 0 to 1; None without any."""
        return self.unanswered / self.due if self.due > 0 else None

    def slower(self, seconds: float) -> float:
        """Requests that took longer than so many seconds.

        Exact where that is one of `BOUNDS`; else those of the class around it count as evenly
        spread over it. Beyond the last bound nothing is known, and its number counts.
        """
        below = within = 0.0
        for bound, number in zip(BOUNDS, self.durations, strict=False):
            if bound > seconds:
                within += number * (seconds - below) / (bound - below)
                break
            within += number
            below = bound
        return self.requests - within

    def quantile(self, share: float) -> float | None:
        """Seconds within which a share of the requests was answered, as Prometheus estimates it.

        ``histogram_quantile``: linear within a class, and the last bound beyond it.

        Args:
            share: 0 to 1.

        Returns:
            seconds; None without a request.
        """
        rank = share * self.requests
        if rank <= 0:
            return None
        below = counted = 0.0
        for bound, number in zip(BOUNDS, self.durations, strict=False):
            if counted + number >= rank:
                return below + (bound - below) * (rank - counted) / number
            below, counted = bound, counted + number
        return below

    def row(self) -> tuple[float, ...]:
        """Its numbers in a row."""
        return (self.errors, self.turns, self.hits, self.due, self.unanswered, *self.durations)

    @classmethod
    def of_row(cls, row: Sequence[float]) -> Counts:
        """The counts whose `row` it is."""
        errors, turns, hits, due, unanswered, *durations = row
        return cls(errors, turns, hits, tuple(durations), due, unanswered)


WIDTH = len(Counts().row())
"""Numbers in a row."""


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of counts."""
    rows = [each.row() for each in counts]
    return Counts.of_row(tuple(map(sum, zip(*rows, strict=True)))) if rows else Counts()
