"""A reply told while it is made: ``receipt``, ``delta`` …, ``done``. For events and WebSockets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import attrs

from ion_framework.errors import TurnError
from ion_framework.pipeline.reply import Reply, ReplyDelta, ReplyDone, ReplyEvent, ReplyStarted
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.names import shown_names
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.turns import settle, turn_failure, unless_broken_off

RECEIPT, DELTA, DONE, ERROR = "receipt", "delta", "done", "error"


@attrs.frozen(kw_only=True, slots=False)
class ReceiptEvent:
    """The event ``receipt``: who will answer and why, before any text.

    Attributes:
        request_id: names the turn.
        stream_id: names the stream, for coming back to it; None over a WebSocket.
        persona: who answers.
        secondary_persona: the runner-up.
        key: the resonance key of the message.
        language: of the message.
        scores: of every persona, by its unique name.
        margin: between the two best.
        confidence: 0 to 1.
        reasons: one sentence each.
    """

    request_id: str
    stream_id: str | None
    persona: str
    secondary_persona: str | None
    key: str
    language: str
    scores: dict[str, Decimal]
    margin: Decimal
    confidence: Decimal
    reasons: tuple[str, ...]


@attrs.frozen(kw_only=True, slots=False)
class DeltaEvent:
    """The event ``delta``: a piece of the answer."""

    text: str


@attrs.frozen(kw_only=True)
class Telling:
    """A turn whose reply is told while it is made.

    Attributes:
        request: what is asked.
        events: the turn; what it raises of `TurnError` becomes an error of the API.
        done: makes the body of the last event of the reply and of the milliseconds that it took;
            whatever has to be stored before the caller may take the turn for done, it stores.
        text_field: name of the member that holds the message, for errors.
        stream_id: names the stream, None over a WebSocket.
        log: where fields for the log line are added.
    """

    request: TurnRequest
    events: AsyncGenerator[ReplyEvent, None]
    done: Callable[[Reply, float], Awaitable[object]]
    text_field: str = "user_input"
    stream_id: str | None = None
    log: dict[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Told:
    """One event: its type and its body."""

    name: str
    body: Any


async def tell(telling: Telling, caller: Caller, service: Service) -> AsyncGenerator[Told, None]:
    """The events of a turn. What it spends of tokens is taken from the caller's budget.

    Raises:
        RequestFailed: the turn ended without an answer.
    """
    started = service.clock.monotonic()
    request = telling.request
    try:
        async with aclosing(telling.events) as events:
            async for event in events:
                if isinstance(event, ReplyStarted):
                    yield Told(RECEIPT, receipt_event(event, telling.stream_id, service))
                elif isinstance(event, ReplyDelta):
                    yield Told(DELTA, DeltaEvent(text=event.text))
                else:
                    yield await _done(event, telling, started, caller, service)
    except TurnError as error:
        raise turn_failure(error, request, service, telling.text_field) from error
    finally:
        service.traffic.turn_ended(service.clock.monotonic() - started)


async def _done(
    event: ReplyDone, telling: Telling, started: float, caller: Caller, service: Service
) -> Told:
    reply = event.reply
    await settle(service, caller, reply)
    telling.log.update(persona=reply.persona, cache=reply.receipt.cache.status.value)
    if reply.degraded:
        telling.log["degraded"] = reply.degraded
    unless_broken_off(reply, telling.request, service)
    duration_ms = round((service.clock.monotonic() - started) * 1000, 3)
    return Told(DONE, await telling.done(reply, duration_ms))


def receipt_event(started: ReplyStarted, stream_id: str | None, service: Service) -> ReceiptEvent:
    """What the beginning of a reply tells."""
    names = shown_names(service.ion.personas)
    decision = started.decision
    return ReceiptEvent(
        request_id=started.request_id,
        stream_id=stream_id,
        persona=names.get(started.persona, started.persona),
        secondary_persona=names.get(decision.secondary or ""),
        key=str(started.resonance.key),
        language=started.resonance.language.value,
        scores=dict(decision.scores),
        margin=decision.margin,
        confidence=decision.confidence,
        reasons=decision.reasons,
    )
