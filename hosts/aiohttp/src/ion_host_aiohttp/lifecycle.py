"""Where the host stands between start and end, and what has passed through it."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """What the host does at the moment."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Lifecycle:
    """The phase of the host; it only moves forward."""

    def __init__(self) -> None:
        self._phase = Phase.STARTING

    @property
    def phase(self) -> Phase:
        """The phase now."""
        return self._phase

    def ready(self) -> None:
        """The host serves, unless it already drains."""
        if self._phase is Phase.STARTING:
            self._phase = Phase.READY

    def drain(self) -> None:
        """The host finishes what it has begun and ends."""
        self._phase = Phase.DRAINING


class Traffic:
    """Figures over the life of the process.

    Attributes:
        answered: requests answered.
        errors: those of them answered with a 5xx status.
        from_cache: turns answered from the cache.
    """

    def __init__(self) -> None:
        self.answered = 0
        self.errors = 0
        self.from_cache = 0

    def count(self, status: int) -> None:
        """A request was answered with this status."""
        self.answered += 1
        self.errors += status >= _SERVER_ERROR

    @property
    def error_rate(self) -> float:
        """Share of requests answered with a 5xx status, 0 to 1; 0 before the first."""
        return self.errors / self.answered if self.answered else 0.0


_SERVER_ERROR = 500
