"""Calling one implementation: awaited, contained, timed, and its failure named."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ion_framework.domain.conversation import shorten
from ion_framework.errors import GenerationError, HookError
from ion_framework.pipeline import at_work
from ion_framework.pipeline.begun import Begun
from ion_framework.pipeline.bulkhead import Bulkhead, BulkheadFullError, Place
from ion_framework.pipeline.containment import NotCalledError, Visit
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.pipeline.redaction import redact
from ion_framework.pipeline.supervision import Misbehaved, Overrun, cancellations, supervise
from ion_framework.pipeline.threads import in_thread

SLOW_SYNC_S = 0.1
"""A sync implementation that holds the event loop for longer is logged with its name."""

REASON_CHARS = 500
"""What an exception says of itself is cut after so many characters."""


Accept: TypeAlias = Callable[[object], object]
"""Makes the value to go on with of what an implementation returned; ValueError refuses it."""


async def call(
    implementation: Implementation,
    values: Mapping[str, object],
    limit_s: float,
    *,
    fair: bool = True,
    accept: Accept | None = None,
) -> object:
    """Call an implementation and await what is awaitable, unless its plugin is in quarantine.

    Args:
        implementation: what to call.
        values: all arguments of the hook by name.
        limit_s: seconds that it may take. A sync function on the loop cannot be stopped, only
            measured.
        fair: whether that is as much as the settings give it; taking longer than less is no fault.
        accept: what to make of an answer; not asked for None.

    Returns:
        what it returned: None, or what ``accept`` made of an instance of one of
        ``implementation.returns``.

    Raises:
        NotCalledError: it was not called: its plugin is in quarantine, or has no place free.
        HookError: it raised, hung or returned the wrong type; the original exception is the cause
            and carries a note with hook, plugin, distribution and version.
    """
    visit = Visit(implementation)
    try:
        result = await attempt(implementation, values, limit_s, accept)
    except HookError as error:
        visit.failed(error, fair=fair)
        raise
    except asyncio.CancelledError:
        visit.withdrawn()
        raise
    visit.succeeded()
    return result


async def attempt(
    implementation: Implementation,
    values: Mapping[str, object],
    limit_s: float,
    accept: Accept | None = None,
) -> object:
    """As `call`, where somebody else watches over the quarantine: of a stream, its reader.

    Raises:
        HookError: as `call`.
    """
    try:
        bulkhead = implementation.containment.bulkhead
        if bulkhead is None:
            result = await _call(implementation, values, limit_s, None)
        else:
            result = await _call_in_place(implementation, values, limit_s, bulkhead)
    except asyncio.CancelledError:
        raise
    except (Exception, SystemExit) as failure:
        raise failed(implementation, failure) from failure
    if result is None:
        return None
    if implementation.returns:
        check_type(implementation, result)
    return _accepted(implementation, accept, result) if accept else result


def _accepted(item: Implementation, accept: Accept, answer: object) -> object:
    """What a check makes of an answer; whatever goes wrong in it is the answer's fault.

    Raises:
        HookError: the answer cannot be used.
    """
    try:
        return accept(answer)
    except ValueError as error:
        reason = text_of(error, item.secrets)
        raise HookError(item.hook, item.plugin, reason) from error
    except Exception as error:  # the values may be a plugin's own code, down to their comparison
        reason = f"its answer cannot be checked: {failed(item, error).reason}"
        raise HookError(item.hook, item.plugin, reason) from error


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


async def _call_in_place(
    implementation: Implementation,
    values: Mapping[str, object],
    limit_s: float,
    bulkhead: Bulkhead,
) -> object:
    place = bulkhead.enter(implementation.hook, implementation.plugin)
    try:
        return await _call(implementation, values, limit_s, place)
    finally:
        # Who was left behind keeps it until it comes to an end.
        if not place.is_lent:
            place.leave()


async def _call(
    implementation: Implementation,
    values: Mapping[str, object],
    limit_s: float,
    place: Place | None,
) -> object:
    function = implementation.function
    arguments = implementation.positional(values)
    # Only a plain function blocks: a coroutine of a blocking plugin belongs on the loop.
    if implementation.mode is CallMode.THREAD and not inspect.iscoroutinefunction(function):
        result = await in_thread(implementation.threads, function, arguments, limit_s, place)
    else:
        try:
            result = call_on_loop(implementation, arguments)
        except CancelledItsCallerError as error:
            await _withdraw_cancellation(error.task, error.requested)
            raise Misbehaved("cancelled the task of the turn") from None
    # What it may return is nothing to wait for, and known faster than by asking what can be.
    if result is None or (implementation.returns and isinstance(result, implementation.returns)):
        return result
    if not inspect.isawaitable(result):
        return result
    if implementation.mode is CallMode.DIRECT:
        return await _await_directly(result, limit_s)
    return await supervise(result, limit_s, place, implementation.unclaimed)


async def _await_directly(awaitable: Awaitable[object], limit_s: float) -> object:
    requested = cancellations()
    limit: asyncio.Timeout | None = None
    try:
        if inspect.iscoroutine(awaitable):
            begun = Begun(awaitable)
            if begun.is_done:
                return begun.result
            awaitable = begun
        async with asyncio.timeout(limit_s) as limit:
            return await awaitable
    except asyncio.CancelledError as error:
        if cancellations() > requested:
            raise
        raise Misbehaved("raised CancelledError") from error
    except TimeoutError as error:
        if limit is None or not limit.expired():
            raise
        raise Overrun(f"took longer than {limit_s:.3g} s") from error


class CancelledItsCallerError(Exception):
    """A plain function cancelled the task that called it.

    Attributes:
        task: the task.
        requested: cancellations that were asked for before.
    """

    def __init__(self, task: asyncio.Task[Any], requested: int) -> None:
        super().__init__()
        self.task = task
        self.requested = requested


def call_on_loop(implementation: Implementation, arguments: Sequence[object]) -> object:
    """The call itself, in the turn's own task, which a plain function cannot be allowed to end.

    Raises:
        CancelledItsCallerError: it has tried.
        Misbehaved: it raised what only the loop may.
    """
    task = asyncio.current_task()
    requested = task.cancelling() if task else 0
    result = call_outside(implementation, arguments)
    if task and task.cancelling() > requested:
        # Nothing else ran meanwhile, so it was the function that cancelled its caller's task.
        raise CancelledItsCallerError(task, requested)
    return result


def call_outside(implementation: Implementation, arguments: Sequence[object]) -> object:
    """The call itself, where no task runs that the function could cancel.

    Raises:
        Misbehaved: it raised what only the loop may.
    """
    at_work.calling(implementation.hook, implementation.plugin)
    started = time.perf_counter()
    try:
        return implementation.function(*arguments)
    except asyncio.CancelledError as error:
        # A plain function cannot be cancelled: whoever raises this in one only pretends to be.
        raise Misbehaved("raised CancelledError") from error
    except (KeyboardInterrupt, Exception):
        raise
    except BaseException as error:
        raise Misbehaved(f"raised {type(error).__name__}") from error
    finally:
        at_work.returned()
        held = time.perf_counter() - started
        if held > SLOW_SYNC_S and not at_work.is_watched():
            warn_slow(implementation, held)


async def _withdraw_cancellation(task: asyncio.Task[object], requested: int) -> None:
    while task.cancelling() > requested:
        task.uncancel()
    try:
        # Until Python 3.13 the cancellation is still delivered at the next suspension: here.
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        if task.cancelling() > requested:
            raise


def warn_slow(implementation: Implementation, held: float) -> None:
    """Log that a plain function held the event loop for so many seconds."""
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
    if isinstance(failure, BulkheadFullError):
        return NotCalledError(implementation.hook, implementation.plugin, f"not called: {failure}")
    if type(failure) is HookError:
        # Mostly the core's own, but a plugin may raise one with words of its own.
        reason = redact(failure.reason, implementation.secrets)
        return HookError(implementation.hook, implementation.plugin, reason)
    original = failure.__cause__ if isinstance(failure, Misbehaved) else None
    _add_note(
        original or failure,
        f"in hook {implementation.hook} of plugin {implementation.plugin} "
        f"({implementation.distribution} {implementation.version})",
    )
    text = text_of(failure, implementation.secrets)
    if isinstance(failure, Overrun | Misbehaved | GenerationError):
        reason = text
    else:
        reason = f"raised {type(failure).__name__}" + (f": {text}" if text else "")
    return HookError(implementation.hook, implementation.plugin, reason)


def _add_note(failure: BaseException, note: str) -> None:
    # A plugin that raises one and the same object every time would gather a note per turn.
    if note not in getattr(failure, "__notes__", ()):
        failure.add_note(note)


def text_of(failure: BaseException, secrets: tuple[str, ...]) -> str:
    """What an exception says: short, without secrets, and fit for every log and encoder."""
    try:
        text = str(failure)
    except Exception as error:  # noqa: BLE001  str() of somebody else's exception is their code too
        return f"(its text cannot be read: {type(error).__name__})"
    # Hidden before the text is cut: half a secret would not be found.
    text = redact(text, secrets)
    return shorten(text.encode("utf-8", "backslashreplace").decode(), REASON_CHARS)
