"""What a handler gives back in place of an `Answer` where the connection becomes a WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import IntEnum
from typing import Any, Protocol

import attrs

PROTOCOL = "ion.v2"
"""The subprotocol; a caller that names none gets the same."""
TOKEN_PREFIX = "bearer."  # noqa: S105  what stands before a token, and none itself
"""What a page in a browser, which cannot set ``Authorization``, puts before its token and names as
a further subprotocol."""


class CloseCode(IntEnum):
    """Why a WebSocket is closed (RFC 6455, section 7.4.1)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    POLICY = 1008
    TOO_BIG = 1009


class NotTextError(Exception):
    """A message arrived that is no text."""


class Wire(Protocol):
    """A WebSocket as a handler sees it."""

    draining: asyncio.Event
    """Set as soon as the host is being stopped."""

    async def receive(self, timeout_s: float) -> str | None:
        """The next message, None once the connection is over.

        Args:
            timeout_s: seconds to wait for it.

        Raises:
            TimeoutError: none came.
            NotTextError: it is binary.
        """

    async def send(self, document: object) -> None:
        """Send a document as JSON; waits until the system has taken it. Nothing on a closed one."""

    async def close(self, code: CloseCode, reason: str = "") -> None:
        """Close it."""

    async def admit(self, body: Any) -> Any:
        """A `Call` with this body, once its caller may still ask and has paid for it.

        Raises:
            RequestFailed: 401, 403, 429 or 503, as for a request.
        """


@attrs.frozen(kw_only=True)
class Upgrade:
    """The connection becomes a WebSocket.

    Attributes:
        serve: what is done with it; closed when it returns.
        log: fields for the request's log line, read at the end.
    """

    serve: Callable[[Wire], Awaitable[None]]
    log: Mapping[str, str] = attrs.field(factory=dict)
