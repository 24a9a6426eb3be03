"""Bytes to a host and back, for what no client would send."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence

import attrs

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) ")
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


@attrs.frozen
class Exchange:
    """What came back.

    Attributes:
        statuses: of each response, in order.
        received: every byte.
        took_s: seconds until the host closed, or nothing more was to be expected.
        is_closed: whether the host closed the connection.
    """

    statuses: tuple[int, ...]
    received: bytes
    took_s: float
    is_closed: bool


async def exchange(
    port: int, parts: Sequence[bytes], *, patience_s: float = 15.0, quiet_s: float = 0.05
) -> Exchange:
    """Send bytes and hear what comes back.

    Args:
        port: of the host on this machine.
        parts: what is sent, one after the other.
        patience_s: seconds after which a host that neither answers nor closes counts as hanging.
        quiet_s: seconds without a byte, after a whole response, that end the exchange.
    """
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received, is_closed = b"", False
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(patience_s):
            while not is_closed:
                statuses = responses(received)
                wait_s = quiet_s if statuses and responses_are_whole(received) else patience_s
                try:
                    piece = await asyncio.wait_for(reader.read(65536), wait_s)
                except TimeoutError:
                    break
                received += piece
                is_closed = not piece
    except ConnectionError:
        is_closed = True
    except TimeoutError:
        is_closed = False
    finally:
        writer.close()
    return Exchange(responses(received), received, time.perf_counter() - began, is_closed)


def responses(received: bytes) -> tuple[int, ...]:
    """The statuses of the responses in some bytes, each read to its length."""
    found = []
    while match := _STATUS.match(received):
        found.append(int(match[1]))
        head, _, rest = received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        received = rest[int(length[1]) if length else 0 :]
    return tuple(found)


def responses_are_whole(received: bytes) -> bool:
    """Whether the last response has arrived to its end."""
    while _STATUS.match(received):
        head, found, rest = received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        most = int(length[1]) if length else 0
        if not found or len(rest) < most:
            return False
        received = rest[most:]
    return not received
