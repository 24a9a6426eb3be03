"""The few commands that the tier needs of Redis, whatever its layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

if TYPE_CHECKING:
    from redis.asyncio import Redis

Command: TypeAlias = tuple[str | bytes | int, ...]
SPARE = 2
"""Connections besides those for commands: for a breaker's probe, and to learn a layout."""
SCAN_COUNT = 500
"""Keys that one SCAN looks at: a few milliseconds of Redis's time."""


class Commands(Protocol):
    """What the tier asks of Redis. Errors are those of redis-py."""

    async def values(self, names: Sequence[str]) -> list[Any]:
        """The values of keys, in one round trip to each server; None: there is none.

        In a Cluster an exception stands for each value that cannot be had just now.
        """

    async def batch(self, commands: Sequence[Command]) -> list[Any]:
        """The results of commands, each an exception where that command failed."""

    async def servers(self) -> Sequence[object]:
        """Every server that has keys of its own, for `scan`."""

    async def scan(self, server: object, cursor: int, pattern: str) -> tuple[int, list[bytes]]:
        """The next cursor, 0 at the end, and the next keys that match."""

    async def listener(self) -> tuple[Redis, bool]:
        """A client with one connection, for listening, and whether tracking can work over it."""

    async def forget(self) -> None:
        """Forget which server has what, because one did not answer."""

    async def close(self) -> None:
        """Close every connection."""


def no_retry() -> Retry:
    """What has redis-py try everything once only."""
    return Retry(NoBackoff(), 0)


async def scan_server(client: Any, cursor: int, pattern: str) -> tuple[int, list[bytes]]:
    """One step of a SCAN at one server, as `Commands.scan`."""
    following, names = await client.execute_command(
        "SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_COUNT
    )
    return int(following), names
