"""Reading the stream of a plugin, contained: each item within its time, every failure named."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from ion_framework.errors import HookError
from ion_framework.pipeline.bulkhead import Bulkhead, BulkheadFullError, Place
from ion_framework.pipeline.calling import failed
from ion_framework.pipeline.chunks import TextChunk
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.pipeline.supervision import (
    Misbehaved,
    Overrun,
    cancellations,
    supervise_stream,
)


def check_chunk(item: Implementation, chunk: object) -> TextChunk:
    """The chunk, where it is a piece of text.

    Raises:
        HookError: it is something else.
    """
    if isinstance(chunk, TextChunk):
        return chunk
    kind = type(chunk).__name__
    raise HookError(item.hook, item.plugin, f"yielded {kind} instead of TextChunk or Finish")


def place_for(item: Implementation) -> Place | None:
    """A place for reading a stream of an implementation, None for one that needs none.

    Raises:
        NotCalledError: none is free.
    """
    bulkhead = item.containment.bulkhead
    if bulkhead is None:
        return None
    try:
        return bulkhead.enter(item.hook, item.plugin)
    except BulkheadFullError as failure:
        raise failed(item, failure) from failure


def noted_place(item: Implementation) -> Place:
    """A place that counts for nothing, by which the reading of a stream is known for whose it is.

    The answer of a model takes as long as it takes, in as many turns as the host lets in.
    """
    return _ROOM.enter(item.hook, item.plugin)


_ROOM = Bulkhead(sys.maxsize)


async def read_stream(
    item: Implementation,
    stream: AsyncIterator[Any],
    patience_s: Callable[[], float],
    place: Place | None = None,
) -> AsyncGenerator[Any, None]:
    """The items of a plugin's stream, each within a limit, its failure told as HookError.

    Args:
        item: whose stream it is.
        stream: the stream.
        patience_s: seconds to wait for the next item, asked before each.
        place: its place in the plugin's bulkhead, where it needs one.
    """
    if item.mode is CallMode.DIRECT:
        items = _direct(stream, patience_s)
    else:
        items = supervise_stream(stream, patience_s, place)
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
    stream: AsyncIterator[Any], patience_s: Callable[[], float]
) -> AsyncGenerator[Any, None]:
    try:
        while True:
            limit_s = max(0.0, patience_s())
            requested = cancellations()
            limit = asyncio.timeout(limit_s)
            try:
                async with limit:
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            except asyncio.CancelledError as error:
                if cancellations() > requested:
                    raise
                raise Misbehaved("raised CancelledError") from error
            except TimeoutError as error:
                if not limit.expired():
                    raise
                raise Overrun(f"gave nothing for {limit_s:.3g} s") from error
            yield chunk
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
