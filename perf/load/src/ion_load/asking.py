"""The requests of the open loop: chats that no cache has seen."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from uuid import uuid4

import aiohttp

from ion_load.answers import CHAT, fault
from ion_load.open_loop import Answer, Shot, open_loop
from ion_load.payloads import MESSAGES, numbered

PATIENCE_S = 30.0
"""Seconds after which a request has failed."""

Told = Callable[[float, str], None]
"""Is told the seconds since the begin, and figures for people."""

_LOOK_S = 0.2
_OK = 200


async def load(  # noqa: PLR0913  what a load consists of
    url: str,
    rate: float,
    seconds: float,
    *,
    key: str | None = None,
    repeat: bool = False,
    told: Told | None = None,
) -> tuple[Shot, ...]:
    """Ask a host at a constant rate.

    Args:
        url: its address.
        rate: requests a second.
        seconds: length of the load.
        key: API key.
        repeat: send the same ten messages again and again, which a cache may answer.
        told: is told how far it is, a few times a second; None where nobody wants to know.
    """
    count: Counter[str] = Counter()
    run = uuid4().hex[:6]
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    # A limit of connections would make requests wait inside this process.
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, headers=headers
    ) as session:

        async def send(number: int) -> Answer:
            count["asked"] += 1
            message = MESSAGES[number % len(MESSAGES)] if repeat else numbered(number, run)
            body = {"message": message, "user_id": f"load-{run}"}
            async with session.post(f"{url}/chat", json=body) as response:
                answer, status = await response.read(), response.status
                failure = fault(answer, CHAT) if status == _OK else f"status {status}"
                count.update(answered=1, wrong=bool(failure))
                return Answer(status, failure, "ION-Degraded" in response.headers)

        telling = asyncio.create_task(_tell(told, count)) if told else None
        try:
            return (await open_loop(send, rate, seconds)).shots
        finally:
            if telling:
                telling.cancel()


async def _tell(told: Told, count: Counter[str]) -> None:
    """Tell how far it is until somebody cancels it."""
    began = time.monotonic()
    while True:
        asked, answered, wrong = (count[name] for name in ("asked", "answered", "wrong"))
        told(time.monotonic() - began, f"{asked} asked, {answered} answered, {wrong} of them wrong")
        await asyncio.sleep(_LOOK_S)
