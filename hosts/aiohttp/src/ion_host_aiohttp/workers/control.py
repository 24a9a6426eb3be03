"""The channel between the supervisor and one worker: a pair of sockets that nobody else reaches."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

from ion_host_aiohttp.workers.messages import Message, packed, unpacked

LONGEST_LINE = 4 * 1024 * 1024
MOST_UNSENT = 8 * 1024 * 1024
"""Bytes that wait for a reader who does not read. What would be more is not said: every message but
the first is repeated or overtaken by a later one."""


class Control:
    """One end of the channel.

    Args:
        reader: what comes in.
        writer: what goes out.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Control:
        """The channel over one end of a pair of sockets; it owns it from now on."""
        end.setblocking(False)
        return cls(*await asyncio.open_unix_connection(sock=end, limit=LONGEST_LINE))

    def send(self, message: Message) -> bool:
        """Say something; False where the other end is gone, or does not listen."""
        transport = self._writer.transport
        if transport.is_closing() or transport.get_write_buffer_size() > MOST_UNSENT:
            return False
        self._writer.write(packed(message))
        return True

    async def flush(self, seconds: float = 1.0) -> None:
        """Wait until what was said is on its way, or the other end is gone."""
        try:
            async with asyncio.timeout(seconds):
                await self._writer.drain()
        except (ConnectionError, TimeoutError):
            return

    async def heard(self) -> AsyncIterator[Message]:
        """What the other end says, until it is gone or says what is no message."""
        while True:
            try:
                line = await self._reader.readline()
                message = unpacked(line) if line.endswith(b"\n") else None
            except (ConnectionError, ValueError):
                return
            if not line.endswith(b"\n"):
                return
            if message is not None:
                yield message

    async def receive(self) -> Message | None:
        """The next thing that the other end says, None where it is gone."""
        async for message in self.heard():
            return message
        return None

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
