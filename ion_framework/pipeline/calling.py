"""Calling one implementation: awaited, contained, timed, and its failure named."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Mapping

from ion_framework.errors import HookError
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.pipeline.supervision import Misbehaved, Overrun, in_thread, supervise

SLOW_SYNC_S = 0.1
"""A sync implementation that holds the event loop for longer is logged with its name."""


async def call(
    implementation: Implementation, values: Mapping[str, object], limit_s: float
) -> object:
    """Call an implementation and await what is awaitable.

    Args:
        implementation: what to call.
        values: all arguments of the hook by name.
        limit_s: seconds that it may take. A sync function on the loop cannot be stopped, only
            measured.

    Returns:
        what it returned: None, or an instance of one of ``implementation.returns``.

    Raises:
        HookError: it raised, hung or returned the wrong type; the original exception is the cause
            and carries a note with hook, plugin, distribution and version.
    """
    try:
        result = await _call(implementation, implementation.positional(values), limit_s)
    except asyncio.CancelledError:
        raise
    except (Exception, SystemExit) as failure:
        raise failed(implementation, failure) from failure
    if result is not None and implementation.returns:
        check_type(implementation, result)
    return result


def check_type(implementation: Implementation, result: object) -> None:
    """Refuse a result of the wrong type.

    Raises:
        HookError: it is of the wrong type; names the right ones.
    """
    if not isinstance(result, implementation.returns):
        wanted = " or ".join(kind.__name__ for kind in implementation.returns)
        raise HookError(
            implementation.hook,
            implementation.plugin,
            f"returned {type(result).__name__} instead of {wanted}",
        )


async def _call(
    implementation: Implementation, arguments: tuple[object, ...], limit_s: float
) -> object:
    if implementation.mode is CallMode.THREAD:
        return await in_thread(implementation.function, arguments, limit_s)
    started = time.perf_counter()
    result = _call_sync(implementation, arguments)
    if not inspect.isawaitable(result):
        held = time.perf_counter() - started
        if held > SLOW_SYNC_S:
            _warn_slow(implementation, held)
        return result
    if implementation.mode is CallMode.SUPERVISED:
        return await supervise(result, limit_s)
    try:
        async with asyncio.timeout(limit_s):
            return await result
    except TimeoutError as error:
        raise Overrun(f"took longer than {limit_s:.3g} s") from error


def _call_sync(implementation: Implementation, arguments: tuple[object, ...]) -> object:
    try:
        return implementation.function(*arguments)
    except asyncio.CancelledError as error:
        # A plain function cannot be cancelled: whoever raises this in one only pretends to be.
        raise Misbehaved("raised CancelledError") from error
    except (KeyboardInterrupt, Exception):
        raise
    except BaseException as error:
        raise Misbehaved(f"raised {type(error).__name__}") from error


def _warn_slow(implementation: Implementation, held: float) -> None:
    import structlog  # costs 50 ms, and hardly anybody needs it

    structlog.get_logger("ion").warning(
        "a plugin held the event loop",
        hook=implementation.hook,
        plugin=implementation.plugin,
        distribution=implementation.distribution,
        seconds=round(held, 3),
        advice="make the hook async, or set blocking = true in the manifest",
    )


def failed(implementation: Implementation, failure: BaseException) -> HookError:
    """The error that tells of an implementation's failure; adds a note to the original."""
    if isinstance(failure, HookError):
        return failure
    failure.add_note(
        f"in hook {implementation.hook} of plugin {implementation.plugin} "
        f"({implementation.distribution} {implementation.version})"
    )
    text = str(failure)
    if isinstance(failure, Overrun | Misbehaved):
        reason = text
    else:
        reason = f"raised {type(failure).__name__}" + (f": {text}" if text else "")
    return HookError(implementation.hook, implementation.plugin, reason)
