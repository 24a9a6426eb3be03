"""One proxied connection: two lanes of data between two sockets, with toxics in them."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from random import Random
from typing import Any

import attrs

from ion_framework.testing.network.toxic_stages import Piece, Stage, stage_type
from ion_framework.testing.network.toxics import Direction, Toxic

_READ_BYTES = 65536
_READ_AHEAD = 64
"""Pieces that are read before the ones before them were sent, so that latency delays data
without slowing it."""
_LINGER_NOT = struct.pack("ii", 1, 0)
"""With this SO_LINGER, closing a socket sends RST instead of FIN."""


@attrs.frozen
class Side:
    """A socket's two streams."""

    reader: asyncio.StreamReader
    """What comes from it."""
    writer: asyncio.StreamWriter
    """What goes to it."""


@attrs.frozen
class NumberedToxic:
    """An active toxic with its place in the order of all that were added."""

    number: int
    """Counted up with each toxic that is added."""
    toxic: Toxic
    """What it does."""


class ProxiedConnection:
    """A client's connection and its counterpart to the server.

    Args:
        client: the side that connected to the proxy.
        server: the side that the proxy connected to.
        random: where chance comes from.
    """

    def __init__(self, client: Side, server: Side, random: Random) -> None:
        self._sides = (client, server)
        self._over = asyncio.Event()
        self._resetting = False
        self._lanes = {
            Direction.UPSTREAM: _Lane(self, client.reader, server.writer, random),
            Direction.DOWNSTREAM: _Lane(self, server.reader, client.writer, random),
        }

    @property
    def over(self) -> bool:
        """Whether it is being closed."""
        return self._over.is_set()

    def close(self) -> None:
        """Close both sides (FIN); data on its way is lost."""
        self._over.set()

    def reset(self) -> None:
        """Reset both sides (RST)."""
        self._resetting = True
        self._over.set()

    def add(self, numbered: NumberedToxic) -> None:
        """Let a toxic work on it from now on, if its toxicity says so."""
        self._lanes[numbered.toxic.direction].add(numbered)

    def remove(self, numbered: NumberedToxic) -> None:
        """Let a toxic no longer work on it."""
        self._lanes[numbered.toxic.direction].remove(numbered)

    async def run(self) -> None:
        """Carry data both ways until both have ended, or until it is closed or reset."""
        tasks = [asyncio.create_task(self._carry()), asyncio.create_task(self._over.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._over.set()
            for lane in self._lanes.values():
                lane.dispose()
            for side in self._sides:
                end_socket(side.writer, reset=self._resetting)
            await end_tasks(tasks)
            for side in self._sides:
                with suppress(OSError):  # a side that was reset says so once more
                    await side.writer.wait_closed()

    async def _carry(self) -> None:
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes.values():
                group.create_task(lane.run())


def end_socket(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    """Close a socket at once, by RST or by FIN; what is not in the kernel yet is lost."""
    if reset and not writer.transport.is_closing():
        with suppress(OSError):  # macOS refuses options on a socket that was reset already
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT
            )
    writer.transport.abort()


async def end_tasks(ending: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait for their ends; what went wrong in them, if anything, is raised."""
    tasks = list(ending)
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


class _Lane:
    """One direction: a task that reads ahead, and one that lets each piece pass the toxics."""

    def __init__(
        self,
        connection: ProxiedConnection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        random: Random,
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._writer = writer
        self._random = random
        self._stages: list[Stage[Any]] = []
        self._ahead: asyncio.Queue[Piece | None] = asyncio.Queue(_READ_AHEAD)
        self._ended = asyncio.Event()
        # So that what was drained has left this process, and closing loses nothing that was sent.
        writer.transport.set_write_buffer_limits(high=0)

    def add(self, numbered: NumberedToxic) -> None:
        """Put a toxic in, behind those that are there, if its toxicity says so."""
        if self._random.random() < numbered.toxic.toxicity:
            make = stage_type(numbered.toxic)
            self._stages.append(make(numbered.toxic, self, numbered.number, self._random))

    def remove(self, numbered: NumberedToxic) -> None:
        """Take a toxic out."""
        for stage in [stage for stage in self._stages if stage.number == numbered.number]:
            self._stages.remove(stage)
            stage.remove()

    def dispose(self) -> None:
        """The connection is over."""
        for stage in self._stages:
            stage.dispose()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def reset(self) -> None:
        """Reset the connection."""
        self._connection.reset()

    async def run(self) -> None:
        """Carry data until it has ended and the other side knows."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read())
                group.create_task(self._carry())
        except* OSError:
            # One side was reset, so the other one is told the same way.
            self._connection.reset()

    async def pass_on(self, piece: Piece, after: int) -> None:
        """Give data to the next stage, or send it."""
        if self._connection.over:
            return
        stage = self._next(after)
        if stage is not None:
            await stage.take(piece)
            return
        self._writer.write(piece.data)
        await self._writer.drain()

    async def pass_end(self, after: int) -> None:
        """Tell the next stage, or the other side by FIN, that the data has ended."""
        if self._connection.over:
            return
        stage = self._next(after)
        if stage is not None:
            await stage.end()
        else:
            self._writer.write_eof()
            self._ended.set()

    def _next(self, after: int) -> Stage[Any] | None:
        return next((stage for stage in self._stages if stage.number > after), None)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while data := await self._reader.read(_READ_BYTES):
            await self._ahead.put(Piece(data, loop.time()))
        await self._ahead.put(None)

    async def _carry(self) -> None:
        while (piece := await self._ahead.get()) is not None:
            await self.pass_on(piece, after=-1)
        await self.pass_end(after=-1)
        # A toxic may have swallowed the end; then somebody else has to close the connection.
        await self._ended.wait()
