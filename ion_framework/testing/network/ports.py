"""Ports for servers that go away and come back in a test."""

from __future__ import annotations

import random
import socket

# Not the ports that the kernel gives to outgoing connections (32768 and up on Linux): while the
# server is down, a client that keeps trying could be given the very port and connect to itself.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens, outside the range of outgoing connections."""
    while True:
        port = random.choice(_PORTS)  # noqa: S311  no secret is chosen
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class KeptPort:
    """The port of a server that keeps it while it is down.

    Args:
        owner: what errors call the server.

    Attributes:
        known: the port, None before the first start and after the end.
    """

    def __init__(self, owner: str) -> None:
        self.known: int | None = None
        self._owner = owner

    @property
    def number(self) -> int:
        """The port.

        Raises:
            RuntimeError: there is none yet.
        """
        if self.known is None:
            raise RuntimeError(f"{self._owner} has no port yet: start() it first")
        return self.known
