"""The requests of the open loop: chats that no cache has seen."""

from __future__ import annotations

from uuid import uuid4

import aiohttp

from ion_load.open_loop import Answer, Shot, open_loop
from ion_load.payloads import MESSAGES, numbered

PATIENCE_S = 30.0
"""Seconds after which a request has failed."""

_OK = 200


async def load(
    url: str, rate: float, seconds: float, *, key: str | None = None, repeat: bool = False
) -> tuple[Shot, ...]:
    """Ask a host at a constant rate.

    Args:
        url: its address.
        rate: requests a second.
        seconds: length of the load.
        key: API key.
        repeat: send the same ten messages again and again, which a cache may answer.
    """
    run = uuid4().hex[:6]
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    # A limit of connections would make requests wait inside this process.
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, headers=headers
    ) as session:

        async def send(number: int) -> Answer:
            message = MESSAGES[number % len(MESSAGES)] if repeat else numbered(number, run)
            body = {"message": message, "user_id": f"load-{run}"}
            async with session.post(f"{url}/chat", json=body) as response:
                await response.read()
                failure = "" if response.status == _OK else f"status {response.status}"
                return Answer(response.status, failure, "ION-Degraded" in response.headers)

        return (await open_loop(send, rate, seconds)).shots
