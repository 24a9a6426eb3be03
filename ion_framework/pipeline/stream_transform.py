"""Changing the text of an answer while it streams, step by step, each step contained."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from ion_framework.errors import HookError, TurnRefusedError
from ion_framework.pipeline.bulkhead import Place
from ion_framework.pipeline.calling import attempt
from ion_framework.pipeline.chunks import Chunk, Finish
from ion_framework.pipeline.containment import Visit
from ion_framework.pipeline.families import GUARD_FAILED, outcome_of
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.pipeline.reading import check_chunk, place_for, read_stream
from ion_framework.pipeline.receipt import Outcome
from ion_framework.pipeline.trace import Trace

GRACE_S = 1.0
"""Seconds past the deadline that a step awaited directly has, so that its source ends first."""


class SourceError(Exception):
    """What a step sees where the stream before it fails; the turn tells the true cause."""


def transform_stream(
    implementations: Sequence[Implementation],
    values: Mapping[str, object],
    chunks: AsyncGenerator[Chunk, None],
    trace: Trace,
    limit_s: float,
) -> AsyncGenerator[Chunk, None]:
    """Put every implementation of ``ion_transform_stream`` around a stream.

    Args:
        implementations: in order; guards are last and fail closed.
        values: the hook's arguments besides ``chunks``.
        chunks: the stream to start with.
        trace: the turn's notes.
        limit_s: seconds that each may take for a piece; waiting for its source does not count.
    """
    for item in implementations:
        chunks = _Step(item, values, chunks, trace, limit_s).run()
    return chunks


class _Step:
    """One implementation around one stream."""

    def __init__(
        self,
        item: Implementation,
        values: Mapping[str, object],
        source: AsyncGenerator[Chunk, None],
        trace: Trace,
        limit_s: float,
    ) -> None:
        self._item = item
        self._values = values
        self._source = source
        self._trace = trace
        self._limit_s = limit_s
        self._pending: list[Chunk] = []
        self._source_error: Exception | None = None
        self._left = False
        self._source_idle = asyncio.Event()
        self._source_idle.set()
        self._visit: Visit | None = None
        self._place: Place | None = None
        self._started = trace.spent_ms()
        self._busy_since: float | None = trace.now_ms()

    async def run(self) -> AsyncGenerator[Chunk, None]:
        """The stream as this step leaves it."""
        try:
            async with aclosing(self._changed()) as changed:
                async for chunk in changed:
                    yield chunk
        except HookError as error:
            if self._source_error is not None:
                raise self._source_error from None
            if self._visit is not None:
                self._visit.failed(error, fair=self._is_fair)
            self._note_failure(error)
            await self._take_back_source()
            for chunk in self._pending:
                yield chunk
            async for chunk in self._source:
                yield chunk
        finally:
            if self._visit is not None:
                self._visit.withdrawn()
            await self._take_back_source()
            await self._source.aclose()

    async def _take_back_source(self) -> None:
        """Wait until the implementation, cancelled by now, has left the source."""
        self._left = True
        await self._source_idle.wait()

    @property
    def _is_fair(self) -> bool:
        return not self._trace.shortened or self._trace.remaining_s() >= self._limit_s

    async def _changed(self) -> AsyncGenerator[Chunk, None]:
        limit_s = min(self._limit_s, self._trace.remaining_s())
        visit = self._visit = Visit(self._item)
        told = {**self._values, "chunks": self._tap()}
        stream: Any = await attempt(self._item, told, limit_s)
        if stream is None:
            visit.succeeded()
            self._trace.note(self._item, Outcome.PASSED, self._started)
            async for chunk in self._source:
                yield chunk
            return
        self._place = place_for(self._item)
        if self._place is not None:
            # It is taken again when the implementation begins; until then many may stand here.
            self._place.leave()
        watched = self._watched(stream)
        pieces = read_stream(self._item, watched, self._patience_s, self._place)
        async with aclosing(pieces) as chunks:
            async for chunk in chunks:
                yield chunk
        if self._source_error is not None:
            raise self._source_error
        visit.succeeded()
        self._trace.note(self._item, Outcome.CHANGED, self._started)

    async def _tap(self) -> AsyncGenerator[Chunk, None]:
        """The source as the implementation sees it, noting what it has taken in."""
        while not self._left:
            self._busy_since = None
            self._source_idle.clear()
            if self._place is not None:
                self._place.leave()
            try:
                chunk = await anext(self._source)
            except StopAsyncIteration:
                return
            except Exception as error:  # noqa: BLE001  run() raises it again
                # A failure of the source is not the implementation's, though it comes out of it.
                self._source_error = error
                raise SourceError("the answer ended early") from None
            finally:
                self._busy_since = self._trace.now_ms()
                self._source_idle.set()
                if self._place is not None:
                    self._place.come_back()
            self._pending.append(chunk)
            yield chunk

    async def _watched(self, stream: AsyncIterator[Any]) -> AsyncGenerator[Chunk, None]:
        """The implementation's stream, noting what it has given back.

        It is noted where the implementation yields and not where the reader takes, because by
        then the implementation may have taken in more.
        """
        if self._place is not None:
            self._place.come_back()
        try:
            self._busy_since = self._trace.now_ms()
            async for chunk in stream:
                checked = chunk if isinstance(chunk, Finish) else check_chunk(self._item, chunk)
                if self._left:
                    return
                self._pending.clear()
                self._busy_since = None
                yield checked
                self._busy_since = self._trace.now_ms()
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()

    def _patience_s(self) -> float:
        """Seconds that the implementation itself may still take; its source has its own limits."""
        if self._item.mode is CallMode.DIRECT:
            return self._trace.remaining_s() + GRACE_S
        if self._busy_since is None:
            return self._limit_s
        return self._limit_s - (self._trace.now_ms() - self._busy_since) / 1000

    def _note_failure(self, error: HookError) -> None:
        self._trace.note(self._item, outcome_of(error), self._started, error.reason)
        if self._item.guard:
            raise TurnRefusedError(
                self._item.plugin,
                GUARD_FAILED,
                "the answer could not be checked, so it is not sent",
            ) from error
