"""Streams of endpoints: their head, their pieces, their errors and their end, over real sockets."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiohttp import ClientPayloadError
from ion_host_aiohttp.api.endpoint import Endpoint, ErrorStyle
from ion_host_aiohttp.api.streams import Stream, sse_event
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.service import ServiceLimits
from ion_host_aiohttp.streaming.places import Places
from ion_host_aiohttp.streaming.state import Streaming

from ion_framework import hookimpl

PATH = "/api/v2/probe"


class Source:
    """Provides an endpoint whose stream a test writes."""

    def __init__(self, chunks: Any, **more: Any) -> None:
        self._chunks = chunks
        self._more = more

    @hookimpl
    def ion_provide_routes(self) -> list[Endpoint[Any]]:
        """The endpoint."""

        async def answer(call: Any, service: Any) -> Stream:
            return Stream(chunks=self._chunks(), **self._more)

        return [
            Endpoint(
                method="GET", path=PATH, handler=answer, style=ErrorStyle.V2, summary="Stream."
            )
        ]


@pytest.fixture
def streaming(hosting, make):
    """A function that starts a host with an endpoint that streams these pieces."""

    def start(chunks: Any, **options: Any) -> Any:
        more = options.pop("stream", {})
        source = make.plugin("source", "extension", Source(chunks, **more))
        return hosting(*make.standard(), source, **options)

    return start


async def until(condition: Any, seconds: float = 5.0) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  conditions come about in code that has no event
            await asyncio.sleep(0.005)


def failing(status: int = 503) -> RequestFailed:
    """What an endpoint raises that cannot go on."""
    from http import HTTPStatus

    return RequestFailed(
        Failure(
            status=HTTPStatus(status),
            code="GIVEN_UP",
            message=say("internal"),
            headers={"Retry-After": "3"},
        )
    )


class TestEvents:
    """The form of one event."""

    @pytest.mark.parametrize(
        ("event", "expected"),
        [
            (sse_event("a"), b"data: a\n\n"),
            (sse_event(b"a", event="e", id="1"), b"id: 1\nevent: e\ndata: a\n\n"),
            (sse_event("a\nb\r\nc\rd"), b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
            (sse_event("", retry_ms=10), b"retry: 10\ndata: \n\n"),
        ],
    )
    def test_form(self, event, expected):
        """Type and name come first, and every line of the content has its own mark."""
        assert event == expected

    @pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0"])
    def test_a_name_is_one_line(self, bad):
        """A type or a name that would end its line is refused."""
        with pytest.raises(ValueError, match="one line"):
            sse_event("", event=bad)
        with pytest.raises(ValueError, match="one line"):
            sse_event("", id=bad)


class TestHead:
    """The head of a stream."""

    async def test_headers(self, streaming):
        """A stream has the headers of every answer, and those that keep proxies from holding it."""

        async def chunks():
            yield sse_event("one")
            yield sse_event("two")

        async with (
            streaming(chunks, stream={"headers": {"X-Own": "1"}, "log": {"own": "2"}}) as host,
            host.session.get(PATH, headers={"X-Request-ID": "s-1"}) as response,
        ):
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["X-Accel-Buffering"] == "no"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["X-Request-ID"] == "s-1"
            assert response.headers["Vary"] == "Origin"
            assert response.headers["X-Own"] == "1"
            assert await response.read() == b"data: one\n\ndata: two\n\n"
            (line,) = host.lines()
            assert (line["status"], line["own"], line["request_id"]) == (200, "2", "s-1")

    async def test_asking_for_the_head_alone(self, streaming):
        """HEAD gets the head of the stream and none of its pieces."""
        closed = []

        async def chunks():
            try:
                yield sse_event("one")
                yield sse_event("two")
            finally:
                closed.append(True)

        async with streaming(chunks) as host:
            async with host.session.head(PATH) as response:
                assert response.status == 200
                assert response.content_type == "text/event-stream"
            await until(lambda: closed)
            async with host.session.get("/health/live") as response:
                assert response.status == 200

    async def test_pieces_arrive_as_they_are_made(self, streaming):
        """A piece is sent at once, not when there are more."""
        go = asyncio.Event()

        async def chunks():
            yield sse_event("one")
            await go.wait()
            yield sse_event("two")

        async with streaming(chunks) as host, host.session.get(PATH) as response:
            async with asyncio.timeout(5):
                assert await response.content.readuntil(b"\n\n") == b"data: one\n\n"
            go.set()
            assert await response.content.read() == b"data: two\n\n"

    async def test_pings(self, streaming):
        """A stream that has nothing to say sends comments."""
        go = asyncio.Event()

        async def chunks():
            yield sse_event("one")
            await go.wait()

        limits = ServiceLimits(ping_s=0.02)
        async with streaming(chunks, limits=limits) as host, host.session.get(PATH) as response:
            await response.content.readuntil(b"\n\n")
            for _ in range(3):
                assert await response.content.readuntil(b"\n\n") == b": ping\n\n"
            go.set()
            await response.read()

    async def test_other_formats_have_no_pings(self, streaming):
        """A stream that is not one of events is sent as it is."""

        async def chunks():
            yield b"1\n"
            await asyncio.sleep(0.1)
            yield b"2\n"

        async with (
            streaming(
                chunks,
                limits=ServiceLimits(ping_s=0.01),
                stream={"media_type": "application/x-ndjson"},
            ) as host,
            host.session.get(PATH) as response,
        ):
            assert response.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
            assert await response.read() == b"1\n2\n"


class TestErrors:
    """What goes wrong."""

    async def test_before_the_first_piece(self, streaming):
        """What goes wrong before the first piece is an ordinary response."""

        async def chunks():
            raise failing()
            yield b""

        async with streaming(chunks) as host, host.session.get(PATH) as response:
            assert response.status == 503
            assert response.content_type == "application/problem+json"
            assert (await response.json())["error"]["code"] == "GIVEN_UP"

    @pytest.mark.parametrize(
        ("error", "code"), [(failing(), "GIVEN_UP"), (KeyError("secret"), "INTERNAL_ERROR")]
    )
    async def test_after_it(self, streaming, error, code):
        """What goes wrong later is an event with the body that the response would have had."""

        async def chunks():
            yield sse_event("one")
            raise error

        async with streaming(chunks) as host, host.session.get(PATH) as response:
            assert response.status == 200
            _, event = (await response.read()).split(b"\n\n", 1)
            assert event.startswith(b"event: error\n")
            assert b'"code":"%s"' % code.encode() in event
            assert b"secret" not in event
            assert (b"retry: 3000\n" in event) == (code == "GIVEN_UP")
            assert host.lines()[0]["stream_error"] == code

    async def test_in_words_of_its_own(self, streaming):
        """A stream may have another form of its last piece."""

        async def chunks():
            yield sse_event("one")
            raise failing()

        failed = {"failed": lambda failure: sse_event(failure.code)}
        async with streaming(chunks, stream=failed) as host, host.session.get(PATH) as response:
            assert (await response.read()).endswith(b"data: GIVEN_UP\n\n")

    async def test_a_stream_that_does_not_end(self, streaming):
        """A stream ends when its time is over."""

        async def chunks():
            while True:
                yield sse_event("one")
                await asyncio.sleep(0.01)

        limits = ServiceLimits(stream_s=0.2)
        async with streaming(chunks, limits=limits) as host, host.session.get(PATH) as response:
            assert b'"code":"STREAM_TOO_LONG"' in await response.read()

    async def test_it_outlasts_the_limit_of_requests(self, streaming):
        """The time that other requests have does not end a stream."""

        async def chunks():
            for _ in range(10):
                yield sse_event("one")
                await asyncio.sleep(0.05)

        limits = ServiceLimits(handler_s=0.2)
        async with streaming(chunks, limits=limits) as host, host.session.get(PATH) as response:
            assert await response.read() == b"data: one\n\n" * 10


class TestLeaving:
    """Callers who leave, and who do not read."""

    async def test_a_caller_who_leaves(self, streaming):
        """The stream of a caller who leaves is closed at once, and logged as such."""
        closed: list[float] = []

        async def chunks():
            try:
                yield sse_event("one")
                await asyncio.sleep(60)
            finally:
                closed.append(time.monotonic())

        async with streaming(chunks) as host:
            response = await host.session.get(PATH)
            await response.content.readuntil(b"\n\n")
            left = time.monotonic()
            response.close()
            await until(lambda: closed and host.lines())
            assert closed[0] - left < 2.5
            assert host.lines()[0]["status"] == 499
            assert host.service.streaming.streams.open == 0
            assert host.service.admission.in_flight == 0

    async def test_a_caller_who_does_not_read(self, streaming):
        """Who takes nothing holds the stream back, and is cut off."""
        sent = 0
        closed = []

        async def chunks():
            nonlocal sent
            try:
                while True:
                    yield sse_event("x" * 10000)
                    sent += 1
            finally:
                closed.append(True)

        async with streaming(chunks, limits=ServiceLimits(write_s=0.3)) as host:
            response = await host.session.get(PATH)
            await until(lambda: closed, 20)
            assert sent < 3000
            with pytest.raises(ClientPayloadError):
                await response.read()

    async def test_places(self, streaming):
        """One caller has a bounded number of streams, and so has the host."""
        go = asyncio.Event()

        async def chunks():
            yield sse_event("one")
            await go.wait()

        bounds = Streaming(streams=Places(3, 1))
        async with streaming(chunks, streaming=bounds) as host:
            first = await host.session.get(PATH)
            async with host.session.get(PATH) as response:
                assert response.status == 429
                assert response.headers["Retry-After"] == "5"
                assert (await response.json())["error"]["code"] == "TOO_MANY_STREAMS"
            bounds.streams.take("a")
            bounds.streams.take("b")
            go.set()
            await first.read()
            bounds.streams.take("c")
            async with host.session.get(PATH) as response:
                assert response.status == 503
                assert (await response.json())["error"]["code"] == "STREAMS_FULL"

    async def test_the_end_of_the_host(self, streaming):
        """A stream that still runs when the host ends is told so."""

        async def chunks():
            yield sse_event("one")
            await asyncio.sleep(60)

        async with streaming(chunks) as host:
            response = await host.session.get(PATH)
            await response.content.readuntil(b"\n\n")
            began = time.monotonic()
            stopping = asyncio.create_task(host.server.stop())
            assert b'"code":"DRAINING"' in await response.read()
            await stopping
            assert time.monotonic() - began < 8
