"""Breaking off a stream of the SDK so that the service stops writing.

Leaving the loop over it, or closing it, lets the service run to the end of an answer that nobody
reads and that is paid for: the generators inside the SDK stay suspended. What does stop it is to
ask for the next piece and to cancel that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any


async def close_stream(stream: AsyncIterator[Any], patience_s: float = 0.0) -> None:
    """Close a stream in the middle, or after its end.

    What was received already is taken from it piece by piece, which needs no waiting; the first
    wait is cancelled, and with it the connection.

    Args:
        stream: the stream; nobody else is reading it.
        patience_s: seconds that it may take to end by itself, more than 0 for an answer that is
            complete: then its connection can serve again.
    """
    if patience_s > 0:
        await _drain(stream, patience_s)
    while True:
        pulled = asyncio.ensure_future(_pull(stream))
        try:
            await asyncio.sleep(0)
        finally:
            if not pulled.done():
                pulled.cancel()
        await asyncio.wait({pulled})
        if pulled.cancelled() or not pulled.result():
            return


async def _drain(stream: AsyncIterator[Any], patience_s: float) -> None:
    try:
        async with asyncio.timeout(patience_s):
            while await _pull(stream):
                pass
    except TimeoutError:
        return


async def _pull(stream: AsyncIterator[Any]) -> bool:
    """Take the next piece; False where there is none."""
    try:
        await anext(stream)
    except Exception:  # noqa: BLE001  however it ends: it has ended, and nobody wants to know more
        return False
    return True


async def release(error: BaseException) -> None:
    """Give back the connection of an answer that an error document has ended.

    The SDK's error holds the SDK's answer, that holds the generator that reads it, and that is
    suspended and holds the answer: left alone, the connection would be out of the pool until the
    garbage collector happens to come by.

    Args:
        error: what reading the answer raised; any other error than such a one is left as it is.
    """
    answer = getattr(error, "response", None)
    for name in ("response_stream", "segment_iterator"):
        close = getattr(getattr(answer, name, None), "aclose", None)
        if close is not None:
            await close()
