"""The events of a recording; apart, because only a host that is recorded needs to redact."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from ion_framework.jsonable import to_json
from ion_framework.pipeline.taps import TurnTold
from ion_framework.recording.documents import LOST, line_of
from ion_framework.recording.heading import header_of
from ion_framework.recording.model import Origin
from ion_framework.recording.taking import Manner, Taker
from ion_framework.recording.tapping import Lost, Waiting
from ion_host_aiohttp.api.streams import sse_event
from ion_host_aiohttp.service import Service

if TYPE_CHECKING:
    from ion_host_aiohttp.v2.recording import RecordingQuery


async def events(
    query: RecordingQuery, service: Service, log: dict[str, str]
) -> AsyncGenerator[bytes, None]:
    """What is sent: the header, the turns that end from now on, and the end.

    Args:
        query: what is recorded.
        service: the host.
        log: fields of the line about the request; takes the number of turns.
    """
    manner = Manner(full=query.full, prompts=query.prompts)
    engine, waiting = service.ion.engine, Waiting()
    taker, number = Taker(manner, engine.prompt_of), 0
    processes = len(service.fleet.workers())
    until = service.clock.monotonic() + query.seconds
    with engine.taps.listening(waiting.put):
        header = header_of(service.ion, Origin.HOST, manner, processes)
        yield sse_event(line_of(header), event="header")
        while number < query.turns:
            item = await _next(waiting, service, until - service.clock.monotonic())
            if item is None:
                break
            if isinstance(item, Lost):
                yield sse_event(to_json({LOST: item.count}), event="lost")
                continue
            number += 1
            log["recorded"] = str(number)
            yield sse_event(line_of(await taker.taken(item, number)), event="turn")
    yield sse_event(to_json({"turns": number}), event="end")


async def _next(waiting: Waiting, service: Service, left_s: float) -> TurnTold | Lost | None:
    """What comes next; None where the time is up, or the host ends."""
    if left_s <= 0:
        return None
    coming = asyncio.create_task(waiting.next())
    ending = asyncio.create_task(service.lifecycle.draining.wait())
    try:
        await asyncio.wait({coming, ending}, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        return coming.result() if coming.done() else None
    finally:
        coming.cancel()
        ending.cancel()
