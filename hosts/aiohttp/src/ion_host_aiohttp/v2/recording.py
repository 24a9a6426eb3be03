"""``GET /api/v2/recording``: the turns that the host answers, for ``ion record --url``.

Nobody is recorded unless somebody asks here, and texts hold marks in place of what identifies
people unless the caller asks for everything. Turns wait in a bounded queue; a caller that does not
keep up loses some and is told how many.
"""

from __future__ import annotations

from typing import Annotated

import attrs
import msgspec

from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Call, Endpoint, ErrorStyle
from ion_host_aiohttp.api.streams import EVENT_STREAM, Stream
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
    from ion_host_aiohttp.v2.recording_events import events  # 20 ms of expressions that redact

    return Stream(chunks=events(call.query, service, log), log=log, lasting=True)


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
