"""Load that does not wait for answers: each request is timed from the instant at which it was due.

A loop that sends the next request after the answer to the last one hides every stall: while the
host hangs nothing is sent, and so nothing is measured (Gil Tene calls it coordinated omission).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence

import attrs

Send = Callable[[int], Awaitable["Answer"]]
"""Sends the request of this number."""


@attrs.frozen
class Answer:
    """What came back.

    Attributes:
        status: HTTP status, 0 where no answer came.
        failure: what went wrong, empty where nothing did.
        degraded: whether the host calls the answer degraded.
        timed_out: whether no answer came in the time that a request has.
    """

    status: int
    failure: str = ""
    degraded: bool = False
    timed_out: bool = False

    @property
    def has_latency(self) -> bool:
        """Whether the time that it took says how fast the host is.

        It does where an answer came, and where none came in time. A connection that was refused or
        cut off ends in no time, and would make a host that is not there the fastest of all.
        """
        return bool(self.status) or self.timed_out


@attrs.frozen
class Shot:
    """One request.

    Attributes:
        due_s: when it was due, in seconds since the begin of the load.
        began_s: when it was sent.
        ended_s: when its answer was there.
        answer: what came back.
    """

    due_s: float
    began_s: float
    ended_s: float
    answer: Answer

    @property
    def took_s(self) -> float:
        """Seconds from the instant at which it was due to the end of its answer."""
        return self.ended_s - self.due_s

    @property
    def took_ms(self) -> float:
        """The same in milliseconds."""
        return self.took_s * 1000

    @property
    def failure(self) -> str:
        """What went wrong, empty where nothing did."""
        return self.answer.failure


@attrs.frozen
class Load:
    """What became of the requests, in the order in which they were due.

    Attributes:
        rate: requests a second that were asked for.
        shots: the requests.
    """

    rate: float
    shots: tuple[Shot, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """What went wrong."""
        return tuple(shot.failure for shot in self.shots if shot.failure)

    @property
    def sent_rate(self) -> float:
        """Requests a second that were really sent, by the instants at which they were."""
        if len(self.shots) < 2:  # noqa: PLR2004  one request has no rate
            return self.rate
        began = [shot.began_s for shot in self.shots]
        return (len(began) - 1) / (max(began) - min(began))

    def between(self, start_s: float, end_s: float) -> Load:
        """The requests that were due in this part of the load."""
        kept = tuple(shot for shot in self.shots if start_s <= shot.due_s < end_s)
        return Load(self.rate, kept)

    def took_s(self) -> tuple[float, ...]:
        """How long each took, failed ones included."""
        return tuple(shot.took_s for shot in self.shots)

    def quantile_s(self, share: float) -> float:
        """The time within which this share of the requests had ended; NaN without requests."""
        return quantile(self.took_s(), share)


def quantile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least this share of all do not exceed; NaN without samples."""
    if not samples:
        return math.nan
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


async def open_loop(
    send: Send, rate: float, seconds: float, clock: Callable[[], float] = time.perf_counter
) -> Load:
    """Send requests at a constant rate, whatever becomes of them.

    Args:
        send: sends one; what it raises is a failure with the exception's name.
        rate: requests a second.
        seconds: length of the load; answers may take longer.
        clock: tells the time in seconds.
    """
    began = clock()

    def elapsed() -> float:
        return clock() - began

    tasks = []
    for number in range(max(1, round(rate * seconds))):
        due_s = number / rate
        # A late loop catches up at once: what was due is sent, and timed, as due.
        wait_s = due_s - elapsed()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        tasks.append(asyncio.create_task(_shoot(send, number, due_s, elapsed)))
    return Load(rate, tuple(await asyncio.gather(*tasks)))


async def _shoot(send: Send, number: int, due_s: float, elapsed: Callable[[], float]) -> Shot:
    began_s = elapsed()
    try:
        answer = await send(number)
    except Exception as error:  # noqa: BLE001  whatever the client raises is a failed request
        told = f"{type(error).__name__}: {error}".rstrip(": ")
        answer = Answer(0, told, timed_out=isinstance(error, TimeoutError))
    return Shot(due_s, began_s, elapsed(), answer)
