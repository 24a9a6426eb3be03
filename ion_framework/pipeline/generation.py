"""Generating an answer: one generator after the other, until one speaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import attrs

from ion_framework.errors import HookError, NoAnswerError
from ion_framework.pipeline.calling import call, failed
from ion_framework.pipeline.chunks import Chunk, Finish, FinishReason, TextChunk
from ion_framework.pipeline.families import Budget
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.pipeline.receipt import Attempt, Outcome
from ion_framework.pipeline.supervision import Overrun, supervise_stream
from ion_framework.pipeline.trace import Trace
from ion_framework.settings.model import TurnSettings

RETRY_AFTER_S = 5
"""Seconds after which a caller may try again where every generator failed."""

NO_GENERATOR = (
    "no generator is active: install ion-offline (no key needed) or ion-gemini, "
    "and see `ion plugins` for what is installed"
)


@attrs.define
class _Progress:
    """How far one attempt has come."""

    started_ms: float
    first_token_ms: float | None = None
    finish: Finish | None = None


class Generation:
    """One answer in the making.

    Attributes:
        plugin: the generator that speaks, empty before the first piece of text.
        model: its model.
        finish: how it ended, None before the end.
        failures: what went wrong with generators that were asked earlier.
    """

    def __init__(
        self,
        implementations: Sequence[Implementation],
        models: Mapping[str, str],
        trace: Trace,
        limits: TurnSettings,
    ) -> None:
        self._implementations = implementations
        self._models = models
        self._trace = trace
        self._limits = limits
        self.plugin = ""
        self.model = ""
        self.finish: Finish | None = None
        self.failures: list[str] = []

    async def chunks(self, values: Mapping[str, object]) -> AsyncGenerator[Chunk, None]:
        """The answer: pieces of text, then one `Finish`.

        Args:
            values: the arguments of ``ion_generate`` by name.

        Raises:
            NoAnswerError: there is no generator, or none got as far as a first piece of text.
        """
        if not self._implementations:
            raise NoAnswerError("generate", NO_GENERATOR)
        budget = Budget(self._trace, self._trace.remaining_s())
        for index, item in enumerate(self._implementations):
            progress = _Progress(self._trace.now_ms())
            share_s = budget.share(len(self._implementations) - index)
            async with aclosing(self._attempt(item, values, share_s, progress)) as own:
                async for chunk in own:
                    yield chunk
            if self.finish is not None:
                return
        reasons = "; ".join(self.failures) or "every generator passed"
        raise NoAnswerError("generate", f"no generator could answer: {reasons}", RETRY_AFTER_S)

    async def _attempt(
        self,
        item: Implementation,
        values: Mapping[str, object],
        share_s: float,
        progress: _Progress,
    ) -> AsyncGenerator[Chunk, None]:
        """One generator's chunks; ends without a `Finish` where the next one is to be asked."""
        try:
            stream: Any = await call(item, values, share_s)
            if stream is None:
                self._trace.note(item, Outcome.PASSED, progress.started_ms)
                return
            async with aclosing(self._read(item, stream, share_s, progress)) as chunks:
                async for chunk in chunks:
                    yield chunk
            if progress.finish is None:
                raise HookError(item.hook, item.plugin, "its stream was cut off")  # noqa: TRY301  one path for every failure
        except HookError as error:
            self._failed(item, progress, error.reason)
            if progress.first_token_ms is None:
                return
            progress.finish = Finish(FinishReason.TRUNCATED, model=self.model)
        else:
            self._succeeded(item, progress)
        self.finish = progress.finish
        yield progress.finish

    async def _read(
        self, item: Implementation, stream: AsyncIterator[Any], share_s: float, progress: _Progress
    ) -> AsyncGenerator[Chunk, None]:
        def limit_s() -> float:
            if progress.first_token_ms is None:
                return min(self._limits.first_token_s, share_s)
            return min(self._limits.next_token_s, self._trace.remaining_s())

        async with aclosing(read_stream(item, stream, limit_s)) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, Finish):
                    progress.finish = self._checked(item, chunk, progress)
                    return
                if not isinstance(chunk, TextChunk):
                    kind = type(chunk).__name__
                    raise HookError(
                        item.hook, item.plugin, f"yielded {kind} instead of TextChunk or Finish"
                    )
                if not chunk.text:
                    continue
                if progress.first_token_ms is None:
                    progress.first_token_ms = self._trace.now_ms() - progress.started_ms
                    self.plugin, self.model = item.plugin, self._models.get(item.plugin, "")
                yield chunk

    def _checked(self, item: Implementation, finish: Finish, progress: _Progress) -> Finish:
        if progress.first_token_ms is None and finish.reason is not FinishReason.SAFETY:
            raise HookError(item.hook, item.plugin, "ended without a word")
        self.plugin = item.plugin
        self.model = finish.model or self._models.get(item.plugin, "")
        return attrs.evolve(finish, model=self.model)

    def _failed(self, item: Implementation, progress: _Progress, reason: str) -> None:
        self.failures.append(f"{item.plugin}: {reason}")
        self._trace.note(item, Outcome.FAILED, progress.started_ms, reason)
        self._record(item, progress, succeeded=False, error=reason)

    def _succeeded(self, item: Implementation, progress: _Progress) -> None:
        self._trace.note(item, Outcome.ANSWERED, progress.started_ms)
        self._record(item, progress, succeeded=True, error="")

    def _record(
        self, item: Implementation, progress: _Progress, *, succeeded: bool, error: str
    ) -> None:
        self._trace.attempts.append(
            Attempt(
                plugin=item.plugin,
                model=self._models.get(item.plugin, ""),
                succeeded=succeeded,
                first_token_ms=progress.first_token_ms,
                duration_ms=self._trace.now_ms() - progress.started_ms,
                error=error,
            )
        )


async def read_stream(
    item: Implementation, stream: AsyncIterator[Any], limit_s: Callable[[], float]
) -> AsyncGenerator[Any, None]:
    """The items of a plugin's stream, each within a limit, its failure told as HookError.

    Args:
        item: whose stream it is.
        stream: the stream.
        limit_s: seconds to wait for the next item, asked before each.
    """
    supervised = item.mode is not CallMode.DIRECT
    items = supervise_stream(stream, limit_s) if supervised else _direct(stream, limit_s)
    async with aclosing(items):
        while True:
            try:
                chunk = await anext(items)
            except StopAsyncIteration:
                return
            except asyncio.CancelledError:
                raise
            except (Exception, SystemExit) as failure:
                raise failed(item, failure) from failure
            yield chunk


async def _direct(
    stream: AsyncIterator[Any], limit_s: Callable[[], float]
) -> AsyncGenerator[Any, None]:
    try:
        while True:
            limit = limit_s()
            try:
                async with asyncio.timeout(limit):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise Overrun(f"gave nothing for {limit:.3g} s") from error
            yield chunk
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
