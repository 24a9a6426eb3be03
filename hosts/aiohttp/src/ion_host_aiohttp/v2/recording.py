"""``GET /api/v2/recording``: the turns that the host answers, for ``ion record --url``.

Nobody is recorded unless somebody asks here, and texts hold marks in place of what identifies
people unless the caller asks for everything. Turns wait in a bounded queue; a caller that does not
keep up loses some and is told how many.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

import attrs
import msgspec

from ion_framework.jsonable import to_json
from ion_framework.pipeline.taps import TurnTold
from ion_framework.recording.documents import LOST, line_of
from ion_framework.recording.heading import header_of
from ion_framework.recording.model import Origin
from ion_framework.recording.taking import Manner, Taker
from ion_framework.recording.tapping import Lost, Waiting
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Call, Endpoint, ErrorStyle
from ion_host_aiohttp.api.streams import EVENT_STREAM, Stream, sse_event
from ion_host_aiohttp.service import Service

LONGEST_S = 600
MOST_TURNS = 1_000_000


@attrs.frozen(kw_only=True)
class RecordingQuery:
    """What is recorded, and for how long.

    Attributes:
        seconds: how long; 0 gives the header alone.
        turns: after how many turns it ends before.
        full: whether texts are told as they are, and users and sessions by their names; else marks
            stand in place of mail addresses, telephone, resident and card numbers, addresses of
            the network, credentials and keys, and pseudonyms in place of names.
        prompts: whether prompts are told in full; else by their digests.
    """

    seconds: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_S)] = 60
    turns: Annotated[int, msgspec.Meta(ge=1, le=MOST_TURNS)] = MOST_TURNS
    full: bool = False
    prompts: bool = True


async def record(call: Call[None], service: Service) -> Stream:
    """Tell the turns that end from now on."""
    log: dict[str, str] = {"full": str(call.query.full).lower()}
    return Stream(chunks=_events(call.query, service, log), log=log, lasting=True)


async def _events(
    query: RecordingQuery, service: Service, log: dict[str, str]
) -> AsyncGenerator[bytes, None]:
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


RECORDING: Endpoint[None] = Endpoint(
    method="GET",
    path="/api/v2/recording",
    handler=record,
    style=ErrorStyle.V2,
    summary="The turns that this process answers, as they end: what `ion record --url` writes.",
    description=(
        "Events: `header`, then `turn` for each turn with its request, reading, routing, prompt, "
        "answer and times, `lost` with a count where the caller did not keep up, and `end`. The "
        "data of the first three are the lines of a recording that `ion replay` takes. Texts are "
        "redacted unless `full` is asked for. With several processes it is the turns of one."
    ),
    query=RecordingQuery,
    media_type=EVENT_STREAM,
    scope=Scope.ADMIN,
    tag="recording",
    streams=True,
)
