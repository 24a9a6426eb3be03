"""A kept turn as the API shows it: what its caller was told of it then."""

from __future__ import annotations

from typing import Any

import msgspec

from ion_framework.conversations.model import StoredTurn
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2.conversation_schema import TurnView


class _Behind(msgspec.Struct):
    """What stood behind an answer; a turn that came from elsewhere may know nothing of it."""

    language: str | None = None
    handed_over_from: str | None = None
    confidence: float | None = None
    cached: bool = False
    degraded: bool = False
    degraded_reason: str | None = None
    generator: str | None = None
    model: str | None = None
    finish_reason: str | None = None
    receipt: dict[str, Any] | None = None


class _Told(msgspec.Struct):
    """The answer as the caller got it."""

    metadata: _Behind = msgspec.field(default_factory=_Behind)
    next_suggestion: str | None = None


_TOLD: msgspec.json.Decoder[_Told] = msgspec.json.Decoder(_Told)
_RECEIPT: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])


def turn_view(turn: StoredTurn, persona: str) -> TurnView:
    """A kept turn as the API shows it.

    Args:
        turn: the turn.
        persona: the shown name of who answered.
    """
    told = _told(turn)
    return TurnView(
        turn_id=turn.request_id,
        turn_number=turn.number,
        user_message=turn.user_message,
        ai_response=turn.ai_response,
        persona_used=persona,
        resonance_key=turn.key,
        timestamp=iso_time(turn.at),
        tokens_used=turn.tokens,
        next_suggestion=told.next_suggestion or None,
        **msgspec.structs.asdict(told.metadata),
    )


def _told(turn: StoredTurn) -> _Told:
    try:
        found = _TOLD.decode(turn.document)
    except msgspec.DecodeError:
        # A turn whose document another version of the host wrote is shown all the same.
        found = _Told()
    if found.metadata.receipt is None:
        found.metadata.receipt = _RECEIPT.decode(turn.receipt) or None
    return found
