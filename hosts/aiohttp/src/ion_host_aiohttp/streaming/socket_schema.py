"""The JSON Schema of what is sent over a WebSocket, in both directions."""

from __future__ import annotations

from typing import Any

from ion_host_aiohttp.openapi.schemas import REFERENCE, schemas_of
from ion_host_aiohttp.service import ServiceLimits
from ion_host_aiohttp.streaming.socket_messages import (
    CancelMessage,
    ConversationTurnMessage,
    PingMessage,
    Sent,
    SentAgain,
    TurnMessage,
)
from ion_host_aiohttp.streaming.telling import DeltaEvent, ReceiptEvent
from ion_host_aiohttp.v2.conversation_schema import TurnResponse
from ion_host_aiohttp.v2.envelope import ProcessResponse

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SENT = (TurnMessage, ConversationTurnMessage, CancelMessage, PingMessage)
_TOLD = (Sent, SentAgain, ReceiptEvent, DeltaEvent, ProcessResponse, TurnResponse)


def socket_schema(limits: ServiceLimits) -> dict[str, Any]:
    """The schema: ``caller`` and ``host`` say what each side sends, ``data`` what is in events.

    Args:
        limits: what the operator allows.
    """
    schemas = schemas_of((*_SENT, *_TOLD), limits)
    sent, told = schemas.roots[: len(_SENT)], schemas.roots[len(_SENT) :]
    found: dict[str, Any] = _moved(
        {
            "$schema": DIALECT,
            "title": "/api/v2/ws",
            "$defs": {
                "caller": {"anyOf": list(sent)},
                "host": {"anyOf": [told[0], told[1]]},
                "data": {"receipt": told[2], "delta": told[3], "done": {"anyOf": told[4:6]}},
                **schemas.components,
            },
        }
    )
    return found


def _moved(value: Any) -> Any:
    """The same with references to where the schemas stand here."""
    if isinstance(value, dict):
        return {key: _moved(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_moved(item) for item in value]
    if isinstance(value, str) and value.startswith(REFERENCE):
        return "#/$defs/" + value.removeprefix(REFERENCE)
    return value
