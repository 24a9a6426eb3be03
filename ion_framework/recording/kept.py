"""The turns of conversations that a store keeps, as records.

A store keeps what was said and the receipts. Prompts are not among it, nor what a conversation's
summary and notes were at the time, so that of these turns reading, routing and answers are known.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from decimal import Decimal
from typing import Any

from ion_framework.conversations.exporting import Selection
from ion_framework.conversations.model import Conversation, StoredTurn
from ion_framework.conversations.receipts import scores_of
from ion_framework.conversations.store import ConversationStore
from ion_framework.conversations.tokens import carried
from ion_framework.conversations.turning import SCORED_BACK, history_of
from ion_framework.domain.handover import Holding
from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.language import detect_language
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.receipt import CacheStatus, StageTiming
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.recording.documents import structure
from ion_framework.recording.model import RecordedReply, RecordedTurn
from ion_framework.recording.redaction import Hide
from ion_framework.recording.taking import (
    Manner,
    Pseudonyms,
    hiding,
    redacted_request,
    request_texts,
)
from ion_framework.settings.conversations import ConversationSettings


class KeptTurns:
    """Makes records of stored turns.

    Args:
        manner: what is kept.
        settings: how much of a conversation a prompt carries.
    """

    def __init__(self, manner: Manner, settings: ConversationSettings) -> None:
        self._manner = manner
        self._settings = settings
        self._pseudonyms = Pseudonyms()

    async def of(
        self, store: ConversationStore, selection: Selection
    ) -> AsyncGenerator[RecordedTurn, None]:
        """The records of a store's turns, conversation by conversation.

        Args:
            store: the store.
            selection: which conversations are meant.
        """
        number = 0
        async for conversation, turns in store.everything():
            if not selection.takes(conversation):
                continue
            for place in range(len(turns)):
                number += 1
                yield self._record(conversation, turns[: place + 1], number)

    def _record(
        self, conversation: Conversation, turns: tuple[StoredTurn, ...], number: int
    ) -> RecordedTurn:
        turn, receipt = turns[-1], _object(turns[-1].receipt)
        asked = self._request(conversation, turns)
        reasons = _value(receipt, "reasons", tuple[str, ...], ())
        said = (*request_texts(asked), turn.ai_response, *reasons)
        full, hide = self._manner.full, hiding(self._manner, said)
        kept = asked if full else redacted_request(asked, self._pseudonyms, hide)
        language = detect_language(turn.user_message)
        return RecordedTurn(
            number=number,
            at=turn.at,
            request=kept,
            marks=hide(asked.text).marks,
            altered=(kept.text, kept.history) != (asked.text, asked.history),
            resonance=Resonance.given(ResonanceKey.parse(turn.key), language),
            decision=_decision(turn, receipt, hide, forced=conversation.pinned),
            reply=_reply(turn, receipt, hide),
            stages=_value(receipt, "stages", tuple[StageTiming, ...], ()),
            spent_ms=_value(receipt, "spent_ms", float, None),
        )

    def _request(self, conversation: Conversation, turns: tuple[StoredTurn, ...]) -> TurnRequest:
        *before, turn = turns
        earlier = tuple(before)
        told = carried(earlier, self._settings.context_turns, self._settings.context_tokens)
        held = bool(earlier) and not conversation.pinned
        return TurnRequest(
            text=turn.user_message,
            user_id=conversation.user_id,
            session_id=conversation.id,
            persona=conversation.persona if conversation.pinned else None,
            history=history_of(told),
            whole_history=True,
            holding=(
                Holding(earlier[-1].persona, scores_of(earlier[-SCORED_BACK:])) if held else None
            ),
            request_id=turn.request_id,
        )


def _decision(
    turn: StoredTurn, receipt: Mapping[str, Any], hide: Hide, *, forced: bool
) -> RoutingDecision | None:
    scores = _value(receipt, "scores", Mapping[str, Decimal], {})
    if not scores:
        return None
    others = (name for name in scores if name != turn.persona)
    reasons = _value(receipt, "reasons", tuple[str, ...], ())
    return RoutingDecision(
        primary=turn.persona,
        secondary=max(others, key=scores.__getitem__, default=None),
        confidence=_value(receipt, "confidence", Decimal, Decimal(0)),
        scores=dict(scores),
        reasons=tuple(hide(reason).text for reason in reasons),
        forced=forced,
    )


def _reply(turn: StoredTurn, receipt: Mapping[str, Any], hide: Hide) -> RecordedReply:
    attempts = [item for item in _objects(receipt, "attempts") if item.get("succeeded")]
    made = attempts[-1] if attempts else {}
    cache = receipt.get("cache")
    return RecordedReply(
        text=hide(turn.ai_response).text,
        persona=turn.persona,
        language=detect_language(turn.ai_response),
        finish=_value(receipt, "finish_reason", FinishReason, None),
        usage=_value(receipt, "usage", Usage, Usage()),
        generator=_value(made, "plugin", str, ""),
        model=_value(made, "model", str, ""),
        cache=_value(cache, "status", CacheStatus, None) if isinstance(cache, dict) else None,
    )


def _object(text: str) -> Mapping[str, Any]:
    """A receipt; empty where a store has none that can be read."""
    try:
        found = json.loads(text, parse_float=Decimal)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _objects(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = document.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _value(document: Mapping[str, Any], name: str, kind: Any, otherwise: Any) -> Any:
    """A member of a receipt; something else where an older ION wrote it otherwise or not at all."""
    if document.get(name) is None:
        return otherwise
    try:
        return structure(document[name], kind)
    except ValueError:
        return otherwise
