"""Conversations as the API shows them."""

from __future__ import annotations

import json
from typing import Any

from ion_framework.conversations.model import Conversation, Memory, Owner, StoredTurn
from ion_framework.conversations.turning import TurnMade
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.problem import DEFAULT_LANGUAGE
from ion_host_aiohttp.metadata import metadata_document
from ion_host_aiohttp.names import shown_names
from ion_host_aiohttp.receipts import usage_document, written_receipt
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.turns import SERVED_FROM_CACHE, spent_tokens
from ion_host_aiohttp.v2.conversation_schema import (
    ClosedSession,
    ClosingSummary,
    ContextMemory,
    SessionReport,
    SessionView,
    TurnBody,
    TurnMetadata,
    TurnResponse,
)
from ion_host_aiohttp.v2.turn_views import turn_view


def owner_of(caller: Caller) -> Owner:
    """Whose conversations a caller sees."""
    return Owner(tenant=caller.tenant, principal=caller.principal)


def session_view(conversation: Conversation, service: Service) -> SessionView:
    """A conversation in a list."""
    return SessionView(**_session(conversation, service))


def session_report(
    conversation: Conversation, turns: tuple[StoredTurn, ...], service: Service
) -> SessionReport:
    """A conversation with a part of its turns."""
    names = shown_names(service.ion.personas)
    closed_at = conversation.closed_at
    return SessionReport(
        **_session(conversation, service),
        user_id=conversation.user_id,
        messages=tuple(turn_view(turn, names.get(turn.persona, turn.persona)) for turn in turns),
        next_before=turns[0].number if turns and turns[0].number > 1 else None,
        context_memory=memory_view(conversation.memory),
        running_summary=conversation.running_summary,
        closed_at=None if closed_at is None else iso_time(closed_at),
    )


def _session(conversation: Conversation, service: Service) -> dict[str, Any]:
    names = shown_names(service.ion.personas)
    persona = conversation.persona
    return {
        "session_id": conversation.id,
        "persona_id": names.get(persona, persona) if persona else None,
        "pinned": conversation.pinned,
        "turn_count": conversation.turn_count,
        "created_at": iso_time(conversation.created_at),
        "last_activity": iso_time(conversation.last_activity),
        "expires_at": iso_time(conversation.expires_at),
        "state": conversation.state(service.ion.clock.time()),
    }


def memory_view(memory: Memory) -> ContextMemory:
    """What a conversation is about."""
    return ContextMemory(
        topics=memory.topics,
        entities={kind: tuple(names) for kind, names in memory.entities.items()},
        user_preferences=dict(memory.preferences),
    )


def turn_response(
    made: TurnMade, call: Call[TurnBody], service: Service, duration_ms: float
) -> TurnResponse:
    """The answer of a turn.

    Args:
        made: the turn.
        call: who asked.
        service: the running host.
        duration_ms: how long it took.
    """
    after = made.conversation
    return TurnResponse(
        turn_number=made.number,
        session_id=after.id,
        response_text=made.reply.content,
        context_used=_context_used(made, call, service),
        next_suggestion=made.suggestion,
        request_id=call.request_id,
        expires_at=iso_time(after.expires_at),
        timestamp=iso_time(after.last_activity),
        metadata=_metadata(made, call, service, duration_ms),
    )


def _context_used(made: TurnMade, call: Call[TurnBody], service: Service) -> str:
    memory = made.told.memory
    names = [name for found in memory.entities.values() for name in found]
    wishes = [f"{kind}: {value}" for kind, value in memory.preferences.items()]
    telling = service.catalogue.telling(call.asked, made.reply.language or DEFAULT_LANGUAGE)
    return telling.text(
        say(
            "context_used",
            topics=", ".join(memory.topics),
            entities=", ".join(names),
            preferences=", ".join(wishes),
            turns=made.told.turns,
        )
    )


def _metadata(
    made: TurnMade, call: Call[TurnBody], service: Service, duration_ms: float
) -> TurnMetadata:
    reply, names = made.reply, shown_names(service.ion.personas)
    before = made.handed_over_from
    return TurnMetadata(
        processing_time_ms=duration_ms,
        tokens_used=spent_tokens(reply.usage),
        confidence=reply.decision.confidence,
        persona_used=names.get(reply.persona, reply.persona),
        handed_over_from=names.get(before, before) if before else None,
        resonance_key=str(reply.resonance.key),
        language=reply.language.value,
        turns_carried=made.told.turns,
        context_memory=memory_view(made.conversation.memory),
        cached=reply.receipt.cache.status in SERVED_FROM_CACHE,
        degraded=bool(reply.degraded),
        degraded_reason=reply.degraded or None,
        generator=reply.generator,
        model=reply.model,
        finish_reason=reply.finish_reason.value,
        usage=usage_document(reply.usage),
        user_provided_metadata=call.body.metadata or {},
        plugins=metadata_document(reply, service),
        receipt=written_receipt(reply.receipt),
    )


def closed_session(conversation: Conversation, service: Service, *, saved: bool) -> ClosedSession:
    """A conversation that is closed, with its summary."""
    names = shown_names(service.ion.personas)
    found = json.loads(conversation.closing)
    found["personas"] = tuple(names.get(name, name) for name in found["personas"])
    found["main_topics"] = tuple(found["main_topics"])
    return ClosedSession(
        session_id=conversation.id,
        closed_at=iso_time(conversation.closed_at or 0.0),
        saved=saved,
        summary=ClosingSummary(**found),
    )
