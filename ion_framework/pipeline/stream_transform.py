"""Changing the text of an answer while it streams, step by step, each step contained."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from ion_framework.errors import HookError, TurnRefusedError
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.chunks import Chunk, Finish, TextChunk
from ion_framework.pipeline.families import GUARD_FAILED
from ion_framework.pipeline.generation import read_stream
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.receipt import Outcome
from ion_framework.pipeline.trace import Trace


def transform_stream(
    implementations: Sequence[Implementation],
    values: Mapping[str, object],
    chunks: AsyncGenerator[Chunk, None],
    trace: Trace,
) -> AsyncGenerator[Chunk, None]:
    """Put every implementation of ``ion_transform_stream`` around a stream.

    Args:
        implementations: in order; guards are last and fail closed.
        values: the hook's arguments besides ``chunks``.
        chunks: the stream to start with.
        trace: the turn's notes.
    """
    for item in implementations:
        chunks = _Step(item, values, chunks, trace).run()
    return chunks


class _Step:
    """One implementation around one stream."""

    def __init__(
        self,
        item: Implementation,
        values: Mapping[str, object],
        source: AsyncGenerator[Chunk, None],
        trace: Trace,
    ) -> None:
        self._item = item
        self._values = values
        self._source = source
        self._trace = trace
        self._pending: list[Chunk] = []
        self._source_error: Exception | None = None
        self._started = trace.now_ms()

    async def run(self) -> AsyncGenerator[Chunk, None]:
        """The stream as this step leaves it."""
        async with aclosing(self._source):
            try:
                async with aclosing(self._changed()) as changed:
                    async for chunk in changed:
                        yield chunk
            except HookError as error:
                if self._source_error is not None:
                    raise self._source_error from None
                self._note_failure(error)
                for chunk in self._pending:
                    yield chunk
                async for chunk in self._source:
                    yield chunk

    async def _changed(self) -> AsyncGenerator[Chunk, None]:
        stream: Any = await call(
            self._item, {**self._values, "chunks": self._tap()}, self._trace.remaining_s()
        )
        if stream is None:
            self._trace.note(self._item, Outcome.PASSED, self._started)
            async for chunk in self._source:
                yield chunk
            return
        async with aclosing(read_stream(self._item, stream, self._trace.remaining_s)) as chunks:
            async for chunk in chunks:
                if not isinstance(chunk, TextChunk | Finish):
                    kind = type(chunk).__name__
                    raise HookError(
                        self._item.hook,
                        self._item.plugin,
                        f"yielded {kind} instead of TextChunk or Finish",
                    )
                self._pending.clear()
                yield chunk
        if self._source_error is not None:
            raise self._source_error
        self._trace.note(self._item, Outcome.CHANGED, self._started)

    async def _tap(self) -> AsyncGenerator[Chunk, None]:
        """The source as the implementation sees it, noting what it has taken in."""
        try:
            async for chunk in self._source:
                self._pending.append(chunk)
                yield chunk
        except Exception as error:
            # A failure of the source is not the implementation's, though it comes out of it.
            self._source_error = error
            raise

    def _note_failure(self, error: HookError) -> None:
        self._trace.note(self._item, Outcome.FAILED, self._started, error.reason)
        if self._item.guard:
            raise TurnRefusedError(
                self._item.plugin,
                GUARD_FAILED,
                "the answer could not be checked, so it is not sent",
            ) from error
