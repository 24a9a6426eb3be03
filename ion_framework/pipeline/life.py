"""Starting and stopping plugins: ``ion_startup`` and ``ion_shutdown``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import attrs

from ion_framework.errors import HookError
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.implementation import Implementation

SHUTDOWN_S = 2.0
"""Seconds that each implementation of ``ion_shutdown`` has."""


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
        await call(item, {}, budget_s)
    except HookError as error:
        problem = f"ion_startup {error.reason}"
    return Started(item.plugin, problem, (time.perf_counter() - began) * 1000)


async def shut_down(implementations: Sequence[Implementation]) -> None:
    """Call every ``ion_shutdown`` in reverse order; a failure is logged and stops nobody else."""
    for item in reversed(implementations):
        try:
            await call(item, {}, SHUTDOWN_S)
        except HookError as error:
            import structlog  # only a failure pays for it

            structlog.get_logger("ion").warning(
                "a plugin failed while it was stopped",
                plugin=item.plugin,
                distribution=item.distribution,
                reason=error.reason,
            )
