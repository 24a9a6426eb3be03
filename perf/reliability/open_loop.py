"""Load that does not wait for answers, as `ion_load` makes it, for senders that tell failures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ion_load import open_loop as ion_load
from ion_load.open_loop import Answer, Load, quantile

__all__ = ["Load", "Send", "open_loop", "quantile"]

Send = Callable[[int], Awaitable[str]]
"""Sends the request of this number; gives what went wrong, empty where nothing did."""


async def open_loop(send: Send, rate: float, seconds: float) -> Load:
    """Send requests at a constant rate, whatever becomes of them.

    Args:
        send: sends one; an exception of it is a failure with the exception's name.
        rate: requests a second.
        seconds: length of the load.
    """

    async def answer(number: int) -> Answer:
        return Answer(0, await send(number))

    return await ion_load.open_loop(answer, rate, seconds)
