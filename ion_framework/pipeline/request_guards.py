"""Asking the guards of requests: as other guards, but no receipt tells of them.

Every request passes them, and nearly every one of them is a plain function of a trusted plugin that
has nothing to say. Such a function is called as it is; whatever else comes of it is handed to the
dispatcher, which contains it, and names it where it is a failure.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import NoReturn

import attrs

from ion_framework.clock import Clock
from ion_framework.pipeline import families
from ion_framework.pipeline.calling import call_on_loop
from ion_framework.pipeline.families import Budget
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.pipeline.incoming import IncomingRequest
from ion_framework.pipeline.trace import Trace


class RequestGuards:
    """The guards of requests, in order.

    Args:
        implementations: the guards.
        limit_s: seconds for all of them; each gets an equal part of what is left.
    """

    def __init__(self, implementations: Sequence[Implementation], limit_s: float) -> None:
        self._items = tuple((item, _is_plain(item)) for item in implementations)
        self._limit_s = limit_s

    async def ask(self, request: IncomingRequest, clock: Clock) -> None:
        """Ask every guard.

        Raises:
            TurnRefusedError: one of them said no, or failed.
        """
        until, waiting = clock.monotonic() + self._limit_s, len(self._items)
        for item, is_plain in self._items:
            to_ask = _left_after_plain_call(item, request) if is_plain else item
            if to_ask is not None:
                share_s = max(0.0, until - clock.monotonic()) / waiting
                budget = Budget(Trace(clock, share_s), share_s)
                await families.guard((to_ask,), {"request": request}, budget)
            waiting -= 1


def _is_plain(item: Implementation) -> bool:
    """Whether it can be called as it is: on the loop, and with nothing to ask before."""
    bounds = item.containment
    is_free = bounds.bulkhead is None and bounds.quarantine is None
    on_loop = item.mode is not CallMode.THREAD
    return is_free and on_loop and not inspect.iscoroutinefunction(item.function)


def _left_after_plain_call(item: Implementation, request: IncomingRequest) -> Implementation | None:
    """Call a plain guard: None where it has nothing to say, else one that repeats it."""
    try:
        answer = call_on_loop(item, (request,) if item.arguments else ())
    except Exception as error:  # noqa: BLE001  the dispatcher gets it, and contains it
        return attrs.evolve(item, function=_raising(error))
    return None if answer is None else attrs.evolve(item, function=lambda *_: answer)


def _raising(error: Exception) -> Callable[..., NoReturn]:
    def fail(*_: object) -> NoReturn:
        raise error

    return fail
