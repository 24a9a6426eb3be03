"""How the answer of one endpoint leads to another (OpenAPI links)."""

from __future__ import annotations

from typing import Any

from ion_host_aiohttp.api.endpoint import Endpoint
from ion_host_aiohttp.openapi.schemas import Schema

_LINKS: dict[tuple[str, str], dict[str, Schema]] = {
    ("GET", "/api/v2/personas"): {
        "firstPersona": {
            "operationId": "get_api_v2_personas_name",
            "parameters": {"name": "$response.body#/personas/0/name"},
            "description": "The first persona, by its name.",
        }
    },
    ("POST", "/sessions/{id}/messages"): {
        "nextMessage": {
            "operationId": "post_sessions_id_messages",
            "parameters": {"id": "$response.body#/session_id"},
            "description": "One more message of the same session.",
        },
        "end": {
            "operationId": "post_chat_end",
            "parameters": {"session_id": "$response.body#/session_id"},
            "description": "The end of the session.",
        },
    },
    ("POST", "/chat/end"): {
        "summary": {
            "operationId": "get_summaries_id",
            "parameters": {"id": "$request.query.session_id"},
            "description": "The summary of the session, where one is made.",
        }
    },
}


def links_of(endpoint: Endpoint[Any]) -> dict[str, Schema]:
    """Where the answer of an endpoint leads, by the name of each link; empty where nowhere."""
    return _LINKS.get((endpoint.method, endpoint.path), {})
