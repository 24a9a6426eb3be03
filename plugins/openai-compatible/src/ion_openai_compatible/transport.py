"""The connections to the server: made when they are first needed, and closed at the end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import aiohttp
import attrs
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from ion_framework.clock import Clock, SystemClock
from ion_framework.errors import FailureCause, GenerationError
from ion_openai_compatible import documents, failures
from ion_openai_compatible.address import ServerAddress

_IDLE_S = 4.0
"""Seconds for which an idle connection is kept: less than the 5 after which many servers close it,
since a request that meets the closing is lost."""

_LONGEST_ERROR = 16 * 1024
_ERROR_S = 1.0
"""Seconds for the body of an error; its status has come already."""


class RefusedAddressError(OSError):
    """The host's name stands for an address that must not be connected to."""


class GuardedResolver(AbstractResolver):
    """Resolves names, and refuses those that lead where the address may not.

    The connection is made to the very addresses that were checked here, so that a name cannot mean
    one thing when it is checked and another when it is used.

    Args:
        address: the address, which knows what is allowed.
        names: what really resolves.
    """

    def __init__(self, address: ServerAddress, names: AbstractResolver) -> None:
        self._address = address
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host.

        Raises:
            RefusedAddressError: one of them is not allowed.
        """
        found = await self._names.resolve(host, port, family)
        for result in found:
            refusal = self._address.refuses(result["host"])
            if refusal:
                raise RefusedAddressError(refusal)
        return found

    async def close(self) -> None:
        """Close what really resolves."""
        await self._names.close()


@attrs.frozen
class TransportSettings:
    """How connections are made.

    Attributes:
        connect_s: seconds until a connection stands, waiting for a free one included.
        max_connections: most connections at once.
    """

    connect_s: float = 5.0
    max_connections: int = 256


class Transport:
    """One session for all turns of a plugin; it may be used again after it was closed.

    Args:
        address: the server.
        api_key: the key, empty where the server wants none.
        settings: how connections are made.
        clock: tells how far away a date is that a server asks to wait for.
        names: makes what resolves names, on the event loop.
    """

    def __init__(
        self,
        address: ServerAddress,
        api_key: str = "",
        settings: TransportSettings | None = None,
        *,
        clock: Clock | None = None,
        names: Callable[[], AbstractResolver] = ThreadedResolver,
    ) -> None:
        self.address = address
        self._names = names
        self._settings = settings or TransportSettings()
        self._clock = clock or SystemClock()
        # Compressed answers could be small on the wire and endless in memory.
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "ion-openai-compatible"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._session: aiohttp.ClientSession | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a session."""
        return self._session is not None

    async def post(self, path: str, body: bytes) -> aiohttp.ClientResponse:
        """Send a JSON document; the caller closes the response.

        Raises:
            GenerationError: ``busy``: no connection was free.
            aiohttp.ClientError: there is no answer.
        """
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        return await self._request("POST", path, data=body, headers=headers)

    async def get(self, path: str) -> aiohttp.ClientResponse:
        """Ask for a document; the caller closes the response.

        Raises:
            GenerationError: ``busy``: no connection was free.
            aiohttp.ClientError: there is no answer.
        """
        return await self._request("GET", path)

    async def _request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        place = _PlaceInPool()
        try:
            return await self._opened().request(
                method,
                self.address.url + path,
                allow_redirects=False,
                trace_request_ctx=place,
                **options,
            )
        except aiohttp.ConnectionTimeoutError:
            # One that had to queue used up its time there, whatever came of it later.
            if not place.queued:
                raise
        raise GenerationError(
            FailureCause.BUSY,
            f"none of our connections to {self.address.host} was free within connect_s: raise "
            "max_connections",
            tries=0,
        )

    async def failure(
        self, response: aiohttp.ClientResponse
    ) -> tuple[GenerationError, Mapping[str, Any]]:
        """What an answer whose status is not 200 means, and its error document.

        Args:
            response: the answer; a little of its body is read.
        """
        body = await _read_within(response, _LONGEST_ERROR, _ERROR_S)
        found = documents.document(body) or documents.NO_DOCUMENT
        wait_s = failures.retry_after_s(response.headers, self._clock.time())
        return failures.of_status(response.status, found, wait_s), found

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connect_s = self._settings.connect_s
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=GuardedResolver(self.address, self._names()),
                    limit=self._settings.max_connections,
                    keepalive_timeout=_IDLE_S,
                ),
                # Everything after the connection is timed by who reads the answer.
                timeout=aiohttp.ClientTimeout(
                    total=None, connect=connect_s, sock_connect=connect_s
                ),
                headers=self._headers,
                trace_configs=[_watch_pool()],
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


@attrs.define
class _PlaceInPool:
    """Whether a request had to wait for one of our own connections."""

    queued: bool = False


def _watch_pool() -> aiohttp.TraceConfig:
    """Tells requests that they wait; aiohttp's errors do not say for what the time ran out."""

    async def queued(
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        __: aiohttp.TraceConnectionQueuedStartParams,
    ) -> None:
        context.trace_request_ctx.queued = True

    watch = aiohttp.TraceConfig()
    watch.on_connection_queued_start.append(queued)
    return watch


def transport_failure(error: Exception, address: ServerAddress) -> GenerationError:
    """What a failed connection means.

    Args:
        error: what was raised.
        address: the server.
    """
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return GenerationError(
            FailureCause.TIMEOUT, f"no connection to {address.host} within the time for it"
        )
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientSSLError):
        return GenerationError(
            FailureCause.UNREACHABLE, f"{address.host} cannot be reached: {_why(error)}"
        )
    if isinstance(error, aiohttp.ClientResponseError):
        return GenerationError(FailureCause.BAD_ANSWER, "the server does not speak HTTP properly")
    return GenerationError(
        FailureCause.CUT_OFF, f"{address.host} closed the connection before the answer was whole"
    )


def _why(error: Exception) -> str:
    """The reason in words that hold nothing but our own and the system's."""
    reason = getattr(error, "os_error", None)
    if isinstance(reason, RefusedAddressError):
        return str(reason)
    if isinstance(error, aiohttp.ClientSSLError):
        return "its certificate is not accepted, or it does not speak TLS"
    if isinstance(reason, socket.gaierror):
        return "its name is not known"
    if isinstance(reason, ConnectionRefusedError):
        return "it refuses connections"
    return type(reason or error).__name__


async def read_at_most(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The body of a response; None where it has more bytes than the limit."""
    received = bytearray()
    while piece := await response.content.readany():
        received += piece
        if len(received) > limit:
            return None
    return bytes(received)


async def _read_within(response: aiohttp.ClientResponse, limit: int, patience_s: float) -> bytes:
    """As much of a body as comes in time and fits; empty where it does not come whole."""
    try:
        async with asyncio.timeout(patience_s):
            return await read_at_most(response, limit) or b""
    except (TimeoutError, aiohttp.ClientError, OSError):
        # The status has said what matters; the body would only have made it more exact.
        return b""
