"""A listening socket that can be closed and opened again on the same port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

HOST = "127.0.0.1"
BACKLOG = 1024  # an open-loop load generator opens many connections at once


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setblocking(False)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


class Listener:
    """A port of this machine, which accepts connections or refuses them.

    While it is closed a socket without ``listen`` keeps the port, so that nobody else gets it.

    Args:
        factory: makes the protocol of each connection.
    """

    def __init__(self, factory: Callable[[], asyncio.BaseProtocol]) -> None:
        self._factory = factory
        self._socket = _bound(0)
        self._serving: asyncio.Task[asyncio.Server] | None = None
        self.port: int = self._socket.getsockname()[1]

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted."""
        return self._serving is not None

    def open(self) -> None:
        """Accept connections from now on; the kernel queues those that come at once."""
        if self._serving is None:
            self._socket.listen(BACKLOG)
            loop = asyncio.get_running_loop()
            serving = loop.create_server(self._factory, sock=self._socket, backlog=BACKLOG)
            self._serving = loop.create_task(serving, name=f"listen on {HOST}:{self.port}")

    def close(self) -> None:
        """Refuse connections from now on; those that are open are not touched.

        Raises:
            OSError: another process took the port in the moment between two sockets.
        """
        if self._serving is not None:
            self._stop()
            self._socket = _bound(self.port)

    async def aclose(self) -> None:
        """Give the port back."""
        serving = self._serving
        if serving is not None:
            self._stop()
            await asyncio.gather(serving, return_exceptions=True)
        self._socket.close()

    def _stop(self) -> None:
        serving, self._serving = self._serving, None
        if serving is not None and serving.done() and not serving.cancelled():
            serving.result().close()
        elif serving is not None:
            serving.cancel()
            # Half set up, it may have registered the socket already.
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
