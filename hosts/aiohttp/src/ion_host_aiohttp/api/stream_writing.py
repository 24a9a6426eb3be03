"""Sending a stream: piece by piece, with pings between, until it ends or its caller leaves.

Who does not take a piece in time is cut off by the connection (`run.writing`), which cancels the
request like any other caller who leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus

from aiohttp import hdrs, web

from ion_framework.pipeline.supervision import Overrun
from ion_host_aiohttp.api.middleware import log_fields, unbound, unforeseen
from ion_host_aiohttp.api.passage import passage_of
from ion_host_aiohttp.api.responses import failure_response, stream_response
from ion_host_aiohttp.api.streams import EVENT_STREAM, PING, Stream, sse_event
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.service import Service

STREAM_ERROR = "stream_error"
"""Field of the log line of a stream that ended early: the code of why."""


async def send_stream(
    request: web.Request, stream: Stream, service: Service, subject: str
) -> web.StreamResponse:
    """Send a stream to its end.

    Args:
        request: what was asked.
        stream: the answer.
        service: the host.
        subject: whose stream it is; what rates count by.

    Raises:
        RequestFailed: 429 or 503 where there is no place for one more stream.
        Exception: whatever the stream raises before its first piece.
    """
    failure: Failure | None = None
    passage = passage_of(request)
    try:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_close, stream.chunks)
            stack.enter_context(service.streaming.streams.place(subject))
            first = await anext(stream.chunks, b"")
            response = stream_response(stream.media_type, stream.headers)
            await unbound(request, service)
            passage.begun_at, passage.lasting = service.clock.monotonic(), stream.lasting
            await response.prepare(request)
            if request.method != hdrs.METH_HEAD:
                failure = await _Sending(request, response, stream, service).all_of(first)
        return response
    finally:
        if passage.begun_at is not None:
            failure = failure or stream.broken_by()
        if failure is not None:
            passage.broken_by = failure
        more = {} if failure is None else {STREAM_ERROR: failure.code}
        passage.log_fields = {**log_fields(stream.log), **more}


async def _close(chunks: AsyncIterator[bytes]) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()


class _Sending:
    """One stream on its way.

    Args:
        request: what was asked.
        response: the response, whose head is prepared.
        stream: the answer.
        service: the host.
    """

    def __init__(
        self, request: web.Request, response: web.StreamResponse, stream: Stream, service: Service
    ) -> None:
        self._request = request
        self._response = response
        self._stream = stream
        self._service = service
        self._is_events = stream.media_type == EVENT_STREAM
        self._written_at = asyncio.get_running_loop().time()

    async def all_of(self, first: bytes) -> Failure | None:
        """Send the pieces; gives why they end early, None where they do not."""
        failure = await self._pieces(first)
        if failure is not None:
            last = self._last(failure)
            if last:
                await self._write(last)
        await self._response.write_eof()
        return failure

    async def _pieces(self, first: bytes) -> Failure | None:
        """Send all pieces; gives why they end early, None where they do not."""
        limit = self._service.lifecycle.within(self._service.limits.stream_s)
        try:
            with limit:
                async with self._pings():
                    if first:
                        await self._write(first)
                    async for piece in self._stream.chunks:
                        await self._write(piece)
        except RequestFailed as error:
            return error.failure
        except (TimeoutError, Overrun) as error:
            if limit.expired:
                return self._out_of_time()
            return unforeseen(self._request, self._service, error)
        except Exception as error:  # noqa: BLE001  the status is sent: all that is left is to say so
            return unforeseen(self._request, self._service, error)
        return None

    async def _write(self, piece: bytes) -> None:
        """Send a piece, and wait until the system has taken it.

        Raises:
            CancelledError: the caller is gone.
        """
        self._written_at = asyncio.get_running_loop().time()
        try:
            await self._response.write(piece)
            # aiohttp itself waits only after 64 KiB, which is a long answer as a whole.
            await self._request.writer.drain()
        except ConnectionError:
            # The connection's own cancellation is on its way; nothing can be sent until then.
            raise asyncio.CancelledError from None

    @asynccontextmanager
    async def _pings(self) -> AsyncIterator[None]:
        """Send pings whenever nothing else was sent for a while, where the format has any."""
        if not self._is_events:
            yield
            return
        pinging = asyncio.create_task(self._ping())
        try:
            yield
        finally:
            pinging.cancel()

    async def _ping(self) -> None:
        every_s, loop = self._service.limits.ping_s, asyncio.get_running_loop()
        while True:
            wait_s = self._written_at + every_s - loop.time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            else:
                await self._write(PING)

    def _out_of_time(self) -> Failure:
        if self._service.lifecycle.is_cut_off:
            return failures.cut_off()
        return failures.stream_too_long(self._service.limits.stream_s)

    def _last(self, failure: Failure) -> bytes:
        if self._stream.failed is None:
            return error_event(self._request, failure, self._service) if self._is_events else b""
        try:
            return self._stream.failed(failure)
        except Exception as error:  # noqa: BLE001  a plugin's, and the status is sent already
            unforeseen(self._request, self._service, error)
            return b""


def error_event(
    request: web.BaseRequest,
    failure: Failure,
    service: Service,
    id: str | None = None,  # noqa: A002  the field's name in the format
) -> bytes:
    """The event ``error``: the body that the error would have as a response.

    Args:
        request: what was asked.
        failure: what went wrong.
        service: the host.
        id: of the event.
    """
    body = failure_response(request, failure, service.catalogue, service.clock.time()).body
    assert isinstance(body, bytes)  # noqa: S101  failures are encoded before they get here
    wait = failure.headers.get(hdrs.RETRY_AFTER)
    retry_ms = int(wait) * 1000 if wait and failure.status >= HTTPStatus.TOO_MANY_REQUESTS else None
    return sse_event(body, event="error", id=id, retry_ms=retry_ms)
