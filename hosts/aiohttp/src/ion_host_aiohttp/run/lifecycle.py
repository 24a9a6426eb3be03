"""Where the host stands between start and end, and what has passed through it."""

from __future__ import annotations

import asyncio
from enum import StrEnum

from ion_host_aiohttp.figures.latency import LAST, bucket_of
from ion_host_aiohttp.run.time_limits import TimeLimit, TimeLimits


class Phase(StrEnum):
    """What the host does at the moment."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Lifecycle:
    """The phase of the host; it only moves forward.

    Attributes:
        draining: set as soon as the host is being stopped.
    """

    def __init__(self) -> None:
        self._phase = Phase.STARTING
        self._limits = TimeLimits()
        self.draining = asyncio.Event()

    @property
    def phase(self) -> Phase:
        """The phase now."""
        return self._phase

    @property
    def is_cut_off(self) -> bool:
        """Whether requests have no time left."""
        return self._limits.are_over

    def ready(self) -> None:
        """The host serves, unless it already drains."""
        if self._phase is Phase.STARTING:
            self._phase = Phase.READY

    def drain(self) -> None:
        """The host finishes what it has begun and ends."""
        self._phase = Phase.DRAINING
        self.draining.set()

    def cut_off(self) -> None:
        """Requests have had their time: those that still run are over."""
        self._limits.expire()

    async def release(self, limit: TimeLimit) -> None:
        """Lift a bound of `within`, because another one takes its place.

        Args:
            limit: the bound, of the running task.
        """
        if limit.expired:
            # Its cancellation is on its way and is met here, where everything can still be undone.
            await asyncio.sleep(0)
        limit.lift()

    def within(self, seconds: float) -> TimeLimit:
        """A bound of what is done inside of it: a time, and the end of the host.

        It raises TimeoutError where one of the two came first.
        """
        return self._limits.within(seconds)


class Traffic:
    """Figures over the life of the process.

    Attributes:
        answered: requests answered.
        errors: those of them that the host could not answer: 5xx, but for what says that the
            request is of another protocol.
        from_cache: turns answered from the cache.
        turns: turns that were run, with or without an answer.
        turn_s: seconds that they took together.
        codes: requests answered by the status of the answer; one that is none of HTTP is under 0.
        latencies: requests answered by the bucket of their time.
        personas: replies by persona.
    """

    def __init__(self) -> None:
        self.answered = 0
        self.errors = 0
        self.from_cache = 0
        self.turns = 0
        self.turn_s = 0.0
        self.codes: dict[int, int] = {}
        self.latencies = [0] * (LAST + 1)
        self.personas: dict[str, int] = {}

    def turn_ended(self, duration_s: float) -> None:
        """A turn ended, with or without an answer."""
        self.turns += 1
        self.turn_s += duration_s

    def replied(self, persona: str) -> None:
        """A persona replied."""
        self.personas[persona] = self.personas.get(persona, 0) + 1

    def count(self, status: int, seconds: float | None = None) -> None:
        """A request was answered.

        Args:
            status: status of the answer.
            seconds: time to the answer, or to the beginning of a stream; None where there was
                nothing to do for it.
        """
        self.answered += 1
        code = status if _LEAST_STATUS <= status <= _LAST_STATUS else 0
        self.codes[code] = self.codes.get(code, 0) + 1
        if seconds is not None:
            self.latencies[bucket_of(seconds)] += 1
        self.errors += status >= _SERVER_ERROR and status not in _OTHER_PROTOCOL

    @property
    def error_rate(self) -> float:
        """Share of requests answered with a 5xx status, 0 to 1; 0 before the first."""
        return self.errors / self.answered if self.answered else 0.0


_LEAST_STATUS, _LAST_STATUS, _SERVER_ERROR = 100, 599, 500
_OTHER_PROTOCOL = frozenset({501})
