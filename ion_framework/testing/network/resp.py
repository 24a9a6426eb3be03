"""A word with a Redis server over a plain socket, so that the kit needs no Redis client.

The protocol: "Redis serialization protocol specification", version 2.
"""

from __future__ import annotations

import socket
from typing import BinaryIO, TypeAlias

Reply: TypeAlias = "str | int | bytes | list[Reply] | None"
"""A status, a number, a string of bytes, several of these, or nothing."""


class RedisReplyError(Exception):
    """The server answered with an error; the message is its text."""


def ask(
    port: int, *words: str | bytes, password: str | None = None, timeout_s: float = 2.0
) -> Reply:
    """Send one command to 127.0.0.1 on a connection of its own, and return the reply.

    Args:
        port: the server's port.
        words: the command and its arguments; text is sent as UTF-8.
        password: sent first with ``AUTH``, unless None.
        timeout_s: seconds to wait for the connection, and for each part of the reply.

    Raises:
        RedisReplyError: the server refused the command or the password.
        OSError: no connection, no answer in time, or the connection was closed.
    """
    with (
        socket.create_connection(("127.0.0.1", port), timeout_s) as connection,
        connection.makefile("rb") as stream,
    ):
        if password is not None:
            connection.sendall(_encoded(("AUTH", password)))
            _read(stream)
        connection.sendall(_encoded(words))
        return _read(stream)


def _encoded(words: tuple[str | bytes, ...]) -> bytes:
    raw = [word.encode() if isinstance(word, str) else word for word in words]
    return b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in raw)


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the Redis server closed the connection in the middle of a reply")
    return line[:-2]


def _read(stream: BinaryIO) -> Reply:
    line = _line(stream)
    kind, rest = line[:1], line[1:]
    match kind:
        case b"+":
            return rest.decode()
        case b"-":
            raise RedisReplyError(rest.decode())
        case b":":
            return int(rest)
        case b"$":
            return _bulk(stream, int(rest))
        case b"*":
            return None if int(rest) < 0 else [_read(stream) for _ in range(int(rest))]
    raise ConnectionError(f"that is not a reply of Redis: {line[:40]!r}")


def _bulk(stream: BinaryIO, length: int) -> bytes | None:
    if length < 0:
        return None
    found = stream.read(length + 2)
    if len(found) < length + 2:
        raise ConnectionError("the Redis server closed the connection in the middle of a reply")
    return found[:-2]
