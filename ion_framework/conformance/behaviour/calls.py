"""One call of a hook, observed: what came of it, and how long it held the event loop."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from typing import Any

import attrs

from ion_framework.pipeline.implementation import Implementation

LIMIT_S = 5.0
"""Seconds after which an ordinary call is one that hangs."""

ENDING_S = 1.0
"""Seconds that a call has to end once it is cancelled."""

PIECES = 10_000
"""Pieces up to which a stream is read."""


@attrs.frozen
class Outcome:
    """What came of a call.

    Attributes:
        value: what it returned; of a stream the pieces that were read.
        error: what it raised, None where it returned.
        wrong: the type that it returned, where that is a wrong one; empty otherwise.
        hung: whether it did not come back in time.
        survived: whether it did not end when it was cancelled then.
        held_s: the longest stretch for which it held the event loop, in seconds.
    """

    value: object = None
    error: BaseException | None = None
    wrong: str = ""
    hung: bool = False
    survived: bool = False
    held_s: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether anything is wrong with it."""
        return self.error is not None or bool(self.wrong) or self.hung

    def told(self) -> str:
        """What is wrong with it, in a few words."""
        if self.error is not None:
            return told(self.error)
        return f"a {self.wrong}" if self.wrong else "a hang"


def told(error: BaseException) -> str:
    """An exception in a few words."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001  str() of a plugin's own exception is its code too
        text = "(its text cannot be read)"
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f"{type(error).__name__}: {shown}" if shown else type(error).__name__


_SHOWN = 160


class Clocked:
    """An awaitable that notes the longest step of the coroutine inside it.

    Args:
        inner: the coroutine.
        note: told of the length of each step, in seconds.
    """

    def __init__(self, inner: Any, note: Callable[[float], None]) -> None:
        self._inner = inner
        self._note = note

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._inner.__await__()
        if not isinstance(steps, Generator):
            return (yield from steps)  # an awaitable of some library's own, made in C
        advance: Callable[[Any], Any] = steps.send
        given: Any = None
        while True:
            began = time.perf_counter()
            try:
                awaited = advance(given)
            except StopIteration as end:
                return end.value
            finally:
                self._note(time.perf_counter() - began)
            try:
                given = yield awaited
                advance = steps.send
            except BaseException as error:  # noqa: BLE001  passed on to where it belongs
                given, advance = error, steps.throw


class Call:
    """One call of an implementation.

    Args:
        implementation: what to call.
        values: the hook's arguments by name.
        blocking: its plain functions run in a thread, as its manifest asks.
    """

    def __init__(
        self, implementation: Implementation, values: Mapping[str, object], *, blocking: bool
    ) -> None:
        self._implementation = implementation
        self._arguments = implementation.positional(values)
        self._blocking = blocking
        self._held_s = 0.0

    async def within(self, limit_s: float) -> Outcome:
        """Call it, and cancel it where it takes too long.

        Args:
            limit_s: seconds that it may take.
        """
        task = asyncio.ensure_future(self._contained())
        await asyncio.wait({task}, timeout=limit_s)
        if task.done():
            return self._outcome(task)
        task.cancel()
        await asyncio.wait({task}, timeout=ENDING_S)
        return Outcome(hung=True, survived=not ended(task), held_s=self._held_s)

    async def cancelled(self, after_s: float) -> bool:
        """Call it, cancel it half-way, and say whether it went on all the same.

        Args:
            after_s: seconds after which it is cancelled; a call that is done by then proves
                nothing, and counts as one that ended.
        """
        task = asyncio.ensure_future(self._contained())
        await asyncio.wait({task}, timeout=after_s)
        if task.done():
            return False
        task.cancel()
        await asyncio.wait({task}, timeout=ENDING_S)
        return not ended(task)

    def _note(self, seconds: float) -> None:
        self._held_s = max(self._held_s, seconds)

    def _outcome(self, task: asyncio.Task[object]) -> Outcome:
        if task.cancelled():
            return Outcome(error=asyncio.CancelledError(), held_s=self._held_s)
        result = task.result()
        if isinstance(result, _Raised):
            return Outcome(error=result.error, held_s=self._held_s)
        if isinstance(result, _Wrong):
            return Outcome(wrong=result.kind, held_s=self._held_s)
        return Outcome(value=result, held_s=self._held_s)

    async def _contained(self) -> object:
        """The result; what it raises comes as a value, so that SystemExit ends no event loop."""
        try:
            return await self._result()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  whatever it is, it is what is looked for
            return _Raised(error)

    async def _result(self) -> object:
        item = self._implementation
        plain = not inspect.iscoroutinefunction(item.function)
        if self._blocking and plain and not inspect.isasyncgenfunction(item.function):
            result = await asyncio.to_thread(item.function, *self._arguments)
        else:
            began = time.perf_counter()
            result = item.function(*self._arguments)
            self._note(time.perf_counter() - began)
        if inspect.isawaitable(result):
            result = await Clocked(result, self._note)
        if result is not None and item.returns and not isinstance(result, item.returns):
            return _Wrong(type(result).__name__)
        if isinstance(result, AsyncIterator):
            return await self._read(result)
        return result

    async def _read(self, stream: AsyncIterator[object]) -> list[object]:
        pieces: list[object] = []
        try:
            while len(pieces) < PIECES:
                pieces.append(await Clocked(anext(stream), self._note))
        except StopAsyncIteration:
            return pieces
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()
        return pieces


@attrs.frozen
class _Raised:
    error: BaseException


@attrs.frozen
class _Wrong:
    kind: str


def ended(task: asyncio.Task[object]) -> bool:
    """Whether a task that was cancelled ended by it, and did not simply go on."""
    if not task.done():
        return False
    return task.cancelled() or isinstance(task.result(), _Raised)
