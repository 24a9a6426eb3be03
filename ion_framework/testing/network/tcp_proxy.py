"""A TCP proxy that makes a network bad on purpose, in the test's own process.

    async with TcpProxy("127.0.0.1", server.port) as proxy:
        client = connect(proxy.host, proxy.port)
        async with proxy.toxic(Latency(0.2, jitter_s=0.05)):
            ...                                   # every answer takes 0.15 to 0.25 s
        await proxy.add(Timeout(direction="upstream", toxicity=0.5))
        await proxy.clear()

The toxics are those of `ion_framework.testing.network.toxics`. Several can be active; data passes
them in the order in which they were added. Adding and removing concerns open connections as well:
what a removed toxic held back goes on at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from types import TracebackType
from typing import Self

from ion_framework.testing.network.ports import KeptPort, free_port
from ion_framework.testing.network.tcp_connection import (
    NumberedToxic,
    ProxiedConnection,
    Side,
    end_socket,
    end_tasks,
)
from ion_framework.testing.network.toxic_stages import stage_type
from ion_framework.testing.network.toxics import Down, Toxic


class TcpProxy:
    """Listens on a free port of 127.0.0.1 and carries each connection to a server.

    Half-closed connections stay half open, and a reset of one side becomes a reset of the other.
    Where the server cannot be reached, the client's connection is closed. It is an async context
    manager, and leaves no task and no socket behind.

    Args:
        upstream_host: the server's host.
        upstream_port: the server's port.
        random: where the chance of toxicity, jitter and sizes comes from; None: ``Random(0)``, so
            that a run can be repeated.
    """

    host = "127.0.0.1"
    """Where it listens."""

    def __init__(
        self, upstream_host: str, upstream_port: int, *, random: Random | None = None
    ) -> None:
        self._upstream = (upstream_host, upstream_port)
        self._random = random or Random(0)  # noqa: S311  repeatable chance is the point
        self._port = KeptPort("the proxy")
        self._server: asyncio.Server | None = None
        self._active: list[NumberedToxic] = []
        self._added = 0
        self._accepted = 0
        self._open: set[ProxiedConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Its port, the same while it is down.

        Raises:
            RuntimeError: it was not started.
        """
        return self._port.number

    @property
    def accepted(self) -> int:
        """Connections of clients that it accepted since it was made."""
        return self._accepted

    @property
    def connections(self) -> int:
        """Connections that are open now, both sides."""
        return len(self._open)

    @property
    def toxics(self) -> tuple[Toxic, ...]:
        """The active toxics, in the order in which they were added."""
        return tuple(numbered.toxic for numbered in self._active)

    async def start(self) -> None:
        """Choose a port and listen.

        Raises:
            RuntimeError: it was started already.
        """
        if self._port.known is not None:
            raise RuntimeError(f"the proxy was started already, on port {self.port}")
        self._port.known = free_port()
        await self._listen()

    async def close(self) -> None:
        """Close the port and all connections. Can be called twice."""
        self._deafen()
        self._active.clear()
        self._port.known = None
        await end_tasks(self._tasks)

    async def add(self, toxic: Toxic) -> None:
        """Make a toxic active, for open connections and new ones.

        Raises:
            ValueError: an equal one is active already.
            TypeError: it is none of the eight.
        """
        if toxic in self.toxics:
            raise ValueError(f"{toxic!r} is active already: remove it, or add a different one")
        if not isinstance(toxic, Down):
            stage_type(toxic)  # refuses here what each connection would have to refuse
        numbered = NumberedToxic(self._added, toxic)
        self._added += 1
        self._active.append(numbered)
        if isinstance(toxic, Down):
            self._deafen()
            await end_tasks(self._tasks)
            return
        for connection in self._open:
            connection.add(numbered)

    async def remove(self, toxic: Toxic) -> None:
        """Make a toxic inactive, for open connections and new ones.

        Raises:
            ValueError: no such toxic is active.
            OSError: it was `Down`, and somebody else has taken the port.
        """
        found = [numbered for numbered in self._active if numbered.toxic == toxic]
        if not found:
            raise ValueError(f"{toxic!r} is not active; active are: {list(self.toxics)}")
        self._active.remove(found[0])
        if isinstance(toxic, Down):
            if not any(isinstance(other, Down) for other in self.toxics):
                await self._listen()
            return
        for connection in self._open:
            connection.remove(found[0])

    async def clear(self) -> None:
        """Remove all toxics, the last one first."""
        for toxic in reversed(self.toxics):
            await self.remove(toxic)

    @asynccontextmanager
    async def toxic(self, toxic: Toxic) -> AsyncIterator[None]:
        """Add a toxic for the time of an ``async with`` block.

        Raises:
            ValueError: an equal one is active already.
        """
        await self.add(toxic)
        try:
            yield
        finally:
            await self.remove(toxic)

    async def __aenter__(self) -> Self:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, self.host, self.port)

    def _deafen(self) -> None:
        """Close the port; connecting is refused from here on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The loop may hand over a connection that it accepted just before the port was closed.
        if self._server is None:
            end_socket(writer, reset=True)
            return
        self._accepted += 1
        task = asyncio.create_task(self._serve(Side(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: Side) -> None:
        try:
            server = Side(*await asyncio.open_connection(*self._upstream))
        except OSError:
            end_socket(client.writer, reset=False)
            return
        except asyncio.CancelledError:
            end_socket(client.writer, reset=False)
            raise
        connection = ProxiedConnection(client, server, self._random)
        for numbered in self._active:
            connection.add(numbered)
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.discard(connection)
