"""A turn of a conversation over a WebSocket: made, kept and repeated as by a request."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import attrs
import msgspec

from ion_framework.conversations.turning import TurnKept
from ion_framework.pipeline.reply import Reply
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.streaming.socket_messages import ConversationTurnMessage, Sent, SentAgain
from ion_host_aiohttp.streaming.telling import DELTA, DONE, DeltaEvent, Telling, tell
from ion_host_aiohttp.v2.conversation_schema import TurnBody
from ion_host_aiohttp.v2.schema import check_given
from ion_host_aiohttp.v2.turn_making import begin_turn

_TEXT = "text"


async def conversation_told(
    message: ConversationTurnMessage, call: Call[Any], service: Service, log: dict[str, str]
) -> AsyncGenerator[Sent, None]:
    """What is sent about a turn; ``done`` only once it is kept.

    Args:
        message: what is asked.
        call: who asks.
        service: the running host.
        log: where fields for the log line are added.

    Raises:
        RequestFailed: the turn is not made, or not kept.
    """
    check_given(message.text, _TEXT)
    making = await begin_turn(
        attrs.evolve(call, body=TurnBody(user_message=message.text, metadata=message.metadata)),
        service,
        conversation_id=message.conversation_id,
        key=message.idempotency_key,
        text_field=_TEXT,
    )
    if isinstance(making, TurnKept):
        log["replayed"] = "true"
        yield Sent(type=DELTA, id=message.id, data=DeltaEvent(text=making.turn.ai_response))
        document = msgspec.Raw(making.turn.document.encode())
        yield SentAgain(type=DONE, id=message.id, data=document)
        return

    async def done(_: Reply, __: float) -> object:
        return msgspec.Raw(making.document)

    telling = Telling(
        request=making.order.request,
        events=making.replies(),
        done=done,
        text_field=_TEXT,
        log=log,
    )
    async with aclosing(tell(telling, call.caller, service)) as told:
        async for each in told:
            yield Sent(type=each.name, id=message.id, data=each.body)
