"""Starting and stopping plugins: ``ion_startup`` and ``ion_shutdown``."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Sequence

import attrs

from ion_framework.errors import HookError
from ion_framework.pipeline.calling import attempt, call
from ion_framework.pipeline.implementation import CallMode, Implementation

SHUTDOWN_S = 2.0
"""Seconds that each implementation of ``ion_shutdown`` has at most."""

ALL_SHUTDOWNS_S = 4.0
"""Seconds that all of them have together; platforms kill a process that takes longer to stop."""


@attrs.frozen
class Started:
    """How one ``ion_startup`` went.

    Attributes:
        plugin: the plugin.
        problem: what went wrong, empty where nothing did.
        duration_ms: how long it took, in milliseconds.
    """

    plugin: str
    problem: str
    duration_ms: float


async def start_up(
    implementations: Sequence[Implementation], budget_s: float
) -> tuple[Started, ...]:
    """Call every ``ion_startup``, all at once.

    They mostly wait for connections, and one that hangs must not keep the others waiting.

    Args:
        implementations: the implementations.
        budget_s: seconds that each may take.
    """
    return tuple(await asyncio.gather(*(_start(item, budget_s) for item in implementations)))


async def _start(item: Implementation, budget_s: float) -> Started:
    began, problem = time.perf_counter(), ""
    try:
        await call(_off_the_loop(item), {}, budget_s)
    except HookError as error:
        problem = f"ion_startup {error.reason}"
    return Started(item.plugin, problem, (time.perf_counter() - began) * 1000)


def _off_the_loop(item: Implementation) -> Implementation:
    """A third party's plain function may block, and there is no turn yet whose time counts."""
    if item.mode is CallMode.SUPERVISED and not inspect.iscoroutinefunction(item.function):
        return attrs.evolve(item, mode=CallMode.THREAD)
    return item


async def shut_down(implementations: Sequence[Implementation]) -> None:
    """Call every ``ion_shutdown`` in reverse order; a failure is logged and stops nobody else.

    Each has an equal part of what is left of the time for all, so that one that hangs takes
    nobody else's.
    """
    now = asyncio.get_running_loop().time
    until = now() + ALL_SHUTDOWNS_S
    for waiting, item in zip(
        range(len(implementations), 0, -1), reversed(implementations), strict=True
    ):
        share_s = max(0.0, until - now()) / waiting
        try:
            # Whoever was left out of turns has something to let go of, too.
            await attempt(item, {}, min(SHUTDOWN_S, share_s))
        except HookError as error:
            import structlog  # only a failure pays for it

            structlog.get_logger("ion").warning(
                "a plugin failed while it was stopped",
                plugin=item.plugin,
                distribution=item.distribution,
                reason=error.reason,
            )
