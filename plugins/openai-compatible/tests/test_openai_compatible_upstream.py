"""One try against a real server: faults, leaving, and connections kept."""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from ion_openai_compatible.transport import TransportSettings
from ion_openai_compatible.upstream import LONGEST_QUIET_S

from ion_framework import Finish, FinishReason, TextChunk
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.testing import FakeOpenAI
from ion_framework.testing.model_servers.faults import (
    FAULTS,
    Answer,
    Behaviour,
    Break,
    Cut,
    Failure,
)

PATIENCE_S = 0.5


CAUSES = {
    "hang-before-headers": "timeout",
    "hang-after-headers": "timeout",
    "reset-before-headers": FailureCause.CUT_OFF,
    "reset-after-headers": FailureCause.CUT_OFF,
    "closed-before-headers": FailureCause.CUT_OFF,
    "error-json-first": FailureCause.UNAVAILABLE,
    "invalid-argument-400": FailureCause.REJECTED,
    "unauthenticated-401": FailureCause.DENIED,
    "permission-denied-403": FailureCause.DENIED,
    "model-not-found-404": FailureCause.UNKNOWN_MODEL,
    "quota-429": FailureCause.RATE_LIMITED,
    "internal-500": FailureCause.UNAVAILABLE,
    "bad-gateway-html-502": FailureCause.UNAVAILABLE,
    "unavailable-503": FailureCause.UNAVAILABLE,
    "gateway-timeout-504": FailureCause.UNAVAILABLE,
    "html-200": FailureCause.BAD_ANSWER,
    "empty-200": FailureCause.EMPTY,
    "no-candidates": FailureCause.EMPTY,
    "prompt-blocked": FinishReason.SAFETY,
    "safety-without-content": FinishReason.SAFETY,
    "max-tokens-without-text": FailureCause.EMPTY,
    "redirect": FailureCause.BAD_ANSWER,
    "down": FailureCause.UNREACHABLE,
    "slow-first-token": FinishReason.STOP,
    "slow-inter-token": FinishReason.STOP,
    "hang-mid-stream": "timeout",
    "reset-mid-stream": FailureCause.CUT_OFF,
    "end-mid-stream": FailureCause.CUT_OFF,
    "error-json-mid-stream": FailureCause.UNAVAILABLE,
    "broken-json-mid-stream": FailureCause.BAD_ANSWER,
    "max-tokens-with-text": FinishReason.LENGTH,
    "safety-with-text": FinishReason.SAFETY,
    "unknown-finish-reason": FinishReason.OTHER,
    "oversized": FailureCause.BAD_ANSWER,
}


@pytest.mark.parametrize("behaviour", FAULTS, ids=lambda behaviour: behaviour.name)
async def test_every_fault_is_typed(service, behaviour: Behaviour) -> None:
    """Each fault ends in one way: an answer, a refusal, a typed error, or silence to be timed."""
    patience_s = PATIENCE_S if "hang" in behaviour.name else 30
    failure = None
    async with service(behaviour) as running:
        try:
            async with asyncio.timeout(patience_s):
                _, finish = await running.ask()
            outcome: object = finish.reason
        except GenerationError as error:
            failure, outcome = error, error.cause
        except TimeoutError:
            outcome = "timeout"
        await running.fake.until(lambda: running.fake.open_requests == 0)

    assert "S3CRET" not in f"{failure}{failure!r}"
    # Nothing to walk to from the error: what aiohttp raises would show the headers of the request.
    assert failure is None or (None, None) == (failure.__context__, failure.__cause__)
    assert CAUSES[behaviour.name] == outcome


async def test_nobody_there_is_told(service) -> None:
    """Where connections are refused the error says so, and names the host."""
    async with service() as running:
        running.fake.stop_listening()
        failure = await running.failure()

    assert FailureCause.UNREACHABLE is failure.cause
    assert "127.0.0.1 cannot be reached: it refuses connections" == str(failure)


async def test_a_server_without_tls_is_told(service) -> None:
    """Where https is asked for and not spoken, nothing is sent and the error says so."""
    async with service() as plain:
        async with service(url=plain.fake.base_url.replace("http:", "https:")) as running:
            failure = await running.failure()
        assert not plain.fake.requests

    assert FailureCause.UNREACHABLE is failure.cause
    assert "does not speak TLS" in str(failure)


class Elsewhere(AbstractResolver):
    """A resolver for which every name is a public address."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """An address of the documentation's networks."""
        return [
            ResolveResult(
                hostname=host, host="203.0.113.7", port=port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_name_that_leads_elsewhere_is_not_connected_to(service) -> None:
    """A name for http that stands for a public address is refused, and the error says why."""
    async with service(url="http://gpu-box:8000/v1", names=Elsewhere) as running:
        failure = await running.failure()

    assert FailureCause.UNREACHABLE is failure.cause
    assert "203.0.113.7 is a public address" in str(failure)


async def test_a_full_pool_is_told_as_such(service) -> None:
    """A request that gets none of our connections in time is busy, and names the setting."""
    settings = TransportSettings(0.2, max_connections=1)
    async with (
        service(Cut(Break.HANG, 1), settings=settings) as running,
        aclosing(running.stream()) as holding,
    ):
        assert isinstance(await anext(holding), TextChunk)
        failure = await running.failure()

    assert (FailureCause.BUSY, 0) == (failure.cause, failure.tries)
    assert "max_connections" in str(failure)
    assert (None, None) == (failure.__context__, failure.__cause__)


async def test_a_connection_that_never_stands_is_given_up(service) -> None:
    """A server that completes no handshake of TLS is given up in the time for connecting."""
    settings = TransportSettings(0.2, max_connections=1)

    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(be_silent, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with service(url=url, settings=settings) as running, asyncio.timeout(30):
            failure = await running.failure()

    assert FailureCause.TIMEOUT is failure.cause


def _has_spoken(fake: FakeOpenAI, number: int) -> bool:
    """Whether the fake has written a first word of an answer."""
    return len(fake.requests) > number and fake.requests[number].chunks_written == 1


async def test_leaving_closes_the_connection(service) -> None:
    """Of 200 callers who leave after a first word, before it, or by cancellation, all are heard."""
    delays = []
    async with service(Cut(Break.HANG, 1)) as running:
        for number in range(200):
            if number % 2:
                async with aclosing(running.stream()) as chunks:
                    assert isinstance(await anext(chunks), TextChunk)
            else:
                asking = asyncio.create_task(running.ask())
                await running.fake.until(lambda n=number: _has_spoken(running.fake, n))
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
            left_at = time.monotonic()
            await running.fake.until(lambda: running.fake.open_requests == 0)
            cancelled_at = running.fake.requests[-1].cancelled_at
            assert cancelled_at is not None
            delays.append(max(0.0, cancelled_at - left_at))

    assert 200 == len(delays)
    assert 0.25 > statistics.median(delays)
    assert 2.5 > max(delays)


async def test_connections_are_kept(service) -> None:
    """Twenty answers, streamed and refused in turn, travel over one connection."""
    async with service() as running:
        for number in range(20):
            running.fake.behave(Answer(("Hi",)) if number % 2 else Failure(503))
            if number % 2:
                await running.ask()
            else:
                await running.failure()
        connector = running.transport._opened().connector
        kept = sum(map(len, connector._conns.values()))

    assert 1 == kept
    assert 20 == len(running.fake.requests)


@asynccontextmanager
async def raw_server(answer: bytes) -> AsyncIterator[str]:
    """The address of a server that says this to every request, and then waits for ever."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_silence_after_the_end_does_not_hold_an_answer(service) -> None:
    """Where a server gave its reason and then goes quiet, the answer is whole, and soon."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    event = b'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}\n\n'
    async with raw_server(head + event) as url, service(url=url) as running:
        chunks, began = running.stream(), 0.0
        async with asyncio.timeout(30), aclosing(chunks):
            text, began = await anext(chunks), time.monotonic()
            finish = await anext(chunks)

    assert TextChunk("Hi") == text
    assert isinstance(finish, Finish)
    assert FinishReason.STOP is finish.reason
    assert 10 * LONGEST_QUIET_S > time.monotonic() - began


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", FailureCause.BAD_ANSWER),
        (b"HTTP/1.1 200 OK\r\nA: " + b"S3CRET" * 5000 + b"\r\n", FailureCause.BAD_ANSWER),
        (b"S3CRET\r\n\r\n", FailureCause.BAD_ANSWER),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nS3C", FailureCause.UNAVAILABLE),
        (b"HTTP/1.1 503 Busy\r\n\r\n" + b"S3CRET" * 10_000, FailureCause.UNAVAILABLE),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nS3CRET\r\n",
            FailureCause.BAD_ANSWER,
        ),
    ],
    ids=["compressed", "endless header", "no HTTP", "half an error", "long error", "bad chunks"],
)
async def test_servers_that_speak_badly_have_a_cause(
    service, answer: bytes, cause: FailureCause
) -> None:
    """Compressed answers are not unpacked, long errors not read, and nothing is repeated."""
    async with raw_server(answer) as url, service(url=url) as running:
        async with asyncio.timeout(30):
            failure = await running.failure()

    assert cause is failure.cause
    assert "S3CRET" not in str(failure)


async def test_the_key_stays_in_its_header(service) -> None:
    """The key is sent as a bearer token, and shows in no representation."""
    async with service() as running:
        await running.ask()
        header = running.fake.requests[0].headers["Authorization"]
        shown = f"{running.transport!r}{running.upstream!r}{vars(running.served)}"

    assert f"Bearer {running.key}" == header
    assert running.key not in shown


async def test_a_transport_may_be_used_again(service) -> None:
    """After it was closed the next answer makes new connections; closing twice does no harm."""
    async with service() as running:
        await running.ask()
        assert running.transport.is_open
        await running.transport.close()
        await running.transport.close()
        assert not running.transport.is_open
        text, _ = await running.ask()

    assert "Hello from the fake." == text
