"""Load that does not wait for answers: each request is timed from the instant at which it was due.

A loop that sends the next request after the answer to the last one hides every stall: while the
host hangs nothing is sent, and so nothing is measured (Gil Tene calls it coordinated omission).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

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
    """

    status: int
    failure: str = ""
    degraded: bool = False


@attrs.frozen
class Shot:
    """One request.

    Attributes:
        due_s: when it was due, in seconds since the begin of the load.
        ended_s: when its answer was there.
        answer: what came back.
    """

    due_s: float
    ended_s: float
    answer: Answer

    @property
    def took_ms(self) -> float:
        """Milliseconds from the instant at which it was due to the end of its answer."""
        return (self.ended_s - self.due_s) * 1000


async def open_loop(
    send: Send, rate: float, seconds: float, clock: Callable[[], float] = time.perf_counter
) -> tuple[Shot, ...]:
    """Send requests at a constant rate, whatever becomes of them; gives them as they were due.

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
    return tuple(await asyncio.gather(*tasks))


async def _shoot(send: Send, number: int, due_s: float, elapsed: Callable[[], float]) -> Shot:
    try:
        answer = await send(number)
    except Exception as error:  # noqa: BLE001  whatever the client raises is a failed request
        answer = Answer(0, f"{type(error).__name__}: {error}".rstrip(": "))
    return Shot(due_s, elapsed(), answer)
