"""Clients that hold connections: by heads and bodies that never end, and by not reading."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping

from perf.reliability.burst import make_room

HEAD = b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = HEAD + b"Content-Length: 1000\r\n\r\n{"
ASK = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
EVERY_S = 1.0

Hold = Callable[[int], Awaitable[float]]
"""Holds a connection to a port as long as it can; gives the seconds until it was cut."""


async def slow_head(port: int) -> float:
    """A header line a second, for ever."""
    return await _dribble(port, HEAD, b"X-A: b\r\n")


async def slow_body(port: int) -> float:
    """A byte of the body a second, for ever."""
    return await _dribble(port, BODY, b" ")


async def _dribble(port: int, start: bytes, more: bytes) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()

    async def send() -> None:
        writer.write(start)
        while True:
            await asyncio.sleep(EVERY_S)
            writer.write(more)

    sending = asyncio.create_task(send())
    try:
        while await reader.read(65536):
            pass
        return time.perf_counter() - began
    except ConnectionError:
        return time.perf_counter() - began
    finally:
        sending.cancel()
        writer.close()


async def no_reader(port: int) -> float:
    """Ask for a large answer every second and read none of them."""
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        began = time.perf_counter()
        try:
            while True:
                await loop.sock_sendall(client, ASK)
                await asyncio.sleep(EVERY_S)
        except ConnectionError:
            return time.perf_counter() - began


HOLDS: Mapping[str, Hold] = {
    "slow heads": slow_head,
    "slow bodies": slow_body,
    "clients that do not read": no_reader,
}
PATIENCE_S = 40.0


async def crowd(port: int, numbers: Mapping[str, int], coming_s: float) -> dict[str, list[float]]:
    """Seconds until each of many was cut, by their kind; infinite where one was not.

    Args:
        port: of a host.
        numbers: how many of each kind.
        coming_s: seconds over which they come.
    """
    held = {
        name: [_held(HOLDS[name], port, coming_s * index / number) for index in range(number)]
        for name, number in numbers.items()
    }
    found = await asyncio.gather(*(asyncio.gather(*each) for each in held.values()))
    return dict(zip(held, found, strict=True))


async def _held(hold: Hold, port: int, after_s: float) -> float:
    await asyncio.sleep(after_s)
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await hold(port)
    except TimeoutError:
        return math.inf


def main() -> None:
    """Be all of them: a port, seconds, and a number of each kind; tells as JSON when each ended."""
    port, coming_s, *counts = sys.argv[1:]
    numbers = dict(zip(HOLDS, map(int, counts), strict=True))
    make_room(sum(numbers.values()))
    print(json.dumps(asyncio.run(crowd(int(port), numbers, float(coming_s)))))


if __name__ == "__main__":
    main()
