"""A turn that was made before, told once more as a stream: ``receipt``, ``delta``, ``done``."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ion_framework.conversations.model import StoredTurn
from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.api.idempotency import REPLAYED
from ion_host_aiohttp.api.streams import Stream, sse_event
from ion_host_aiohttp.names import shown_names
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.streaming.replay import Owner, Replay
from ion_host_aiohttp.streaming.reply_stream import NAME_BYTES
from ion_host_aiohttp.streaming.telling import DELTA, DONE, RECEIPT, DeltaEvent, ReceiptEvent

_ZERO = Decimal(0)


class _Receipt(msgspec.Struct):
    """The routing, as far as the receipt of a kept turn tells it."""

    scores: dict[str, Decimal] = {}
    margin: Decimal = _ZERO
    confidence: Decimal = _ZERO
    reasons: tuple[str, ...] = ()


class _Behind(msgspec.Struct):
    """What stood behind the answer."""

    language: str = ""
    receipt: _Receipt = msgspec.field(default_factory=_Receipt)


class _Told(msgspec.Struct):
    """The answer as its first caller got it."""

    metadata: _Behind = msgspec.field(default_factory=_Behind)


_DECODER: msgspec.json.Decoder[_Told] = msgspec.json.Decoder(_Told)


def told_again(turn: StoredTurn, call: Call[Any], service: Service) -> Stream:
    """The events of a kept turn; like every stream it can be come back to.

    Args:
        turn: the turn.
        call: who asks for it again.
        service: the running host.
    """
    owner = Owner(call.caller.principal, call.caller.tenant)
    name = secrets.token_urlsafe(NAME_BYTES)
    replay = Replay(name, owner, _nothing, _nothing)
    replays = service.streaming.replays

    async def chunks() -> AsyncGenerator[bytes, None]:
        replays.start(replay, _make(replay, turn, service), _nothing)
        async for event in replay.read(0):
            yield event

    return Stream(chunks=chunks(), headers={REPLAYED: "true"}, log={"replayed": "true"})


async def _make(replay: Replay, turn: StoredTurn, service: Service) -> None:
    for name, body in (
        (RECEIPT, encode(_receipt(turn, replay.name, shown_names(service.ion.personas)))),
        (DELTA, encode(DeltaEvent(text=turn.ai_response))),
        (DONE, turn.document.encode()),
    ):
        replay.add(sse_event(body, event=name, id=replay.next_id))
    replay.end()


def _receipt(turn: StoredTurn, stream_id: str, names: Mapping[str, str]) -> ReceiptEvent:
    try:
        behind = _DECODER.decode(turn.document).metadata
    except msgspec.DecodeError:
        # A turn whose document another version of the host wrote is told all the same.
        behind = _Behind()
    receipt = behind.receipt
    others = (name for name in receipt.scores if name != turn.persona)
    return ReceiptEvent(
        request_id=turn.request_id,
        stream_id=stream_id,
        persona=names.get(turn.persona, turn.persona),
        secondary_persona=names.get(next(others, "")),
        key=turn.key,
        language=behind.language,
        scores=receipt.scores,
        margin=receipt.margin,
        confidence=receipt.confidence,
        reasons=receipt.reasons,
    )


def _nothing() -> None:
    """What is told can neither be stopped nor has to be: all of it is there."""
