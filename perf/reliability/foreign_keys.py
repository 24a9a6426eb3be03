"""Keys of other programs in the same Redis, and proof of what became of them."""

from __future__ import annotations

import re
from asyncio import StreamReader, Task, create_task, gather, open_connection
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice

from redis import Redis

AT_A_TIME = 1000
DATABASES = (0, 1)
GONE = b"0" * 40
COMMAND = re.compile(rb'^\+[\d.]+ \[[^\]]*\] "([^"]*)"')
LINE_BYTES = 1 << 24

SHAPES = (
    "session:{}",
    "ion{}",
    "ion:{}",
    "ion:e:{}",
    "ion:0.1:e:{}",
    "ion:999.1:e:{}",
    "ion-b:2.1:e:{}",
    "ion2:2.1:e:{}",
    "Ion:2.1:e:{}",
    "xion:2.1:e:{}",
    "ion:2.1:foreign:{}",
    "ion-aiocache2:2.1:e:{}",
    "weather:{}",
    "{}:ion:2.1:e:",
    "*{}*",
    "[a-z]{}?",
)
"""Names of other programs, of other releases and installations of ours, and look-alikes."""


def names(number: int) -> list[str]:
    """So many names, every shape in turn."""
    return [SHAPES[index % len(SHAPES)].format(index) for index in range(number)]


def fill(url: str, foreign: Sequence[str]) -> None:
    """Write a value of one kind or another under each name, in two databases."""
    for database in DATABASES:
        with _client(url, database) as client:
            for some in _chunks(foreign):
                pipeline = client.pipeline(transaction=False)
                for name in some:
                    _write(pipeline, name)
                pipeline.execute()


def digests(url: str, foreign: Sequence[str]) -> list[bytes]:
    """Redis's own digest of each value, 40 zeros for one that is not there."""
    found: list[bytes] = []
    for database in DATABASES:
        with _client(url, database) as client:
            for some in _chunks(foreign):
                found += client.execute_command("DEBUG", "DIGEST-VALUE", *some)
    return found


@asynccontextmanager
async def monitored(port: int) -> AsyncIterator[Counter[str]]:
    """Counts every command that a Redis on this machine executes, by MONITOR."""
    reader, writer = await open_connection("127.0.0.1", port, limit=LINE_BYTES)
    writer.write(b"MONITOR\r\n")
    await reader.readline()
    seen: Counter[str] = Counter()
    task: Task[None] = create_task(_count(reader, seen))
    try:
        yield seen
    finally:
        task.cancel()
        await gather(task, return_exceptions=True)
        writer.close()


async def _count(reader: StreamReader, seen: Counter[str]) -> None:
    while line := await reader.readline():
        if found := COMMAND.match(line):
            seen[found[1].decode("ascii", "replace").upper()] += 1


def _client(url: str, database: int) -> Redis:
    """A client of one database; the one that the address names would win over an argument."""
    return Redis.from_url(f"{url.rsplit('/', 1)[0]}/{database}")


def _chunks(foreign: Sequence[str]) -> Iterator[Sequence[str]]:
    rest = iter(foreign)
    while some := list(islice(rest, AT_A_TIME)):
        yield some


def _write(client: Redis, name: str) -> None:
    match hash_of(name):
        case 0:
            client.rpush(name, "a", "b")
        case 1:
            client.hset(name, "field", "value")
        case 2:
            client.sadd(name, "member")
        case _:
            client.set(name, f"value of {name}")


def hash_of(name: str) -> int:
    """A number from 0 to 9 that is the same in every process."""
    return sum(name.encode()) % 10
