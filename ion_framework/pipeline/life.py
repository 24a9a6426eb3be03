"""Starting and stopping plugins: ``ion_startup`` and ``ion_shutdown``."""

from __future__ import annotations

from collections.abc import Sequence

from ion_framework.errors import HookError
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.implementation import Implementation

SHUTDOWN_S = 2.0
"""Seconds that each implementation of ``ion_shutdown`` has."""


async def start_up(
    implementations: Sequence[Implementation], budget_s: float
) -> tuple[tuple[Implementation, str], ...]:
    """Call every ``ion_startup``, one after the other.

    Args:
        implementations: in order.
        budget_s: seconds that each may take.

    Returns:
        each implementation with what went wrong, empty where nothing did.
    """
    outcomes = []
    for item in implementations:
        try:
            await call(item, {}, budget_s)
        except HookError as error:
            outcomes.append((item, f"ion_startup {error.reason}"))
        else:
            outcomes.append((item, ""))
    return tuple(outcomes)


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
