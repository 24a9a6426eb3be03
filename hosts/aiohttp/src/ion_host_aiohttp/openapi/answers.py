"""The responses of an endpoint: its answers and its errors, with their headers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import hdrs

from ion_host_aiohttp.api import headers
from ion_host_aiohttp.api.endpoint import JSON, Endpoint, ErrorStyle
from ion_host_aiohttp.api.request_id import HEADER as REQUEST_ID
from ion_host_aiohttp.api.streams import EVENT_STREAM
from ion_host_aiohttp.errors import openai as errors_openai
from ion_host_aiohttp.openapi.error_cases import cases_of
from ion_host_aiohttp.openapi.error_shapes import error_media_type, error_schema
from ion_host_aiohttp.openapi.schemas import Schema

HEADERS = "#/components/headers/"

_TEXT: Schema = {"type": "string"}
_EVENTS: Schema = {"description": "Server-sent events, where they are asked for."}
_NUMBER: Schema = {"type": "integer", "minimum": 0}

RESPONSE_HEADERS: dict[str, Schema] = {
    "RequestId": {
        "description": "Names the request, also in the host's log.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
    },
    "Cache": {
        "description": "What the cache did.",
        "schema": {"type": "string", "enum": ["hit", "stale", "miss", "bypass"]},
    },
    "Age": {"description": "Seconds since a stored answer was made.", "schema": _NUMBER},
    "Degraded": {"description": "Which preferred generator failed.", "schema": _TEXT},
    "Persona": {"description": "Name of the persona that answers.", "schema": _TEXT},
    "ShouldRetry": {
        "description": "Whether the same request may be answered a little later.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "RetryAfterMs": {
        "description": "Milliseconds to wait before another try.",
        "schema": _NUMBER,
    },
    "ContentLanguage": {"description": "Language of the text.", "schema": _TEXT},
    "RateLimit": {
        "description": "What is left of the caller's quota (IETF RateLimit header fields).",
        "schema": _TEXT,
    },
    "RateLimitPolicy": {"description": "The caller's quota.", "schema": _TEXT},
    "RetryAfter": {"description": "Seconds to wait before another try.", "schema": _NUMBER},
    "WwwAuthenticate": {"description": "How to show who asks.", "schema": _TEXT},
    "ETag": {"description": "Names this version of the answer.", "schema": _TEXT},
    "Deprecation": {
        "description": "Since when the endpoint is deprecated (RFC 9745).",
        "schema": {"type": "string", "pattern": "^@-?[0-9]+$"},
    },
    "Sunset": {"description": "When the endpoint ends (RFC 8594).", "schema": _TEXT},
    "Link": {"description": "The endpoint that succeeds this one.", "schema": _TEXT},
}
_NAMES = {
    "RequestId": REQUEST_ID,
    "Cache": headers.CACHE,
    "Age": hdrs.AGE,
    "Degraded": headers.DEGRADED,
    "Persona": headers.PERSONA,
    "ShouldRetry": errors_openai.SHOULD_RETRY,
    "RetryAfterMs": errors_openai.RETRY_AFTER_MS,
    "ContentLanguage": hdrs.CONTENT_LANGUAGE,
    "RateLimit": "RateLimit",
    "RateLimitPolicy": "RateLimit-Policy",
    "RetryAfter": hdrs.RETRY_AFTER,
    "WwwAuthenticate": hdrs.WWW_AUTHENTICATE,
    "ETag": hdrs.ETAG,
    "Deprecation": "Deprecation",
    "Sunset": "Sunset",
    "Link": hdrs.LINK,
}
_WAIT = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
_CHALLENGED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_BARE = (HTTPStatus.SWITCHING_PROTOCOLS, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
"""Statuses without a body."""


def responses_of(endpoint: Endpoint[Any], body: Schema, versioning: tuple[str, ...]) -> Schema:
    """The responses of an endpoint, by status.

    Args:
        endpoint: the endpoint.
        body: the schema of its answer.
        versioning: which of the headers on versions it has.
    """
    found: dict[int, Schema] = {}
    for status in (endpoint.status, *endpoint.others):
        found[status] = _answer(endpoint, status, body, versioning)
    cases = cases_of(endpoint)
    for status in dict.fromkeys(case.status for case in cases):
        these = [case for case in cases if case.status is status]
        text = "\n".join(f"- `{case.code}`: {case.meaning}" for case in these)
        schema = error_schema(endpoint.style, status, these)
        response = _response(
            text,
            _error_headers(endpoint, status, versioning),
            {error_media_type(endpoint.style): schema},
        )
        found[status] = _either(found[status], response) if status in found else response
    return {str(int(status)): found[status] for status in sorted(found)}


def _answer(
    endpoint: Endpoint[Any], status: HTTPStatus, body: Schema, versioning: tuple[str, ...]
) -> Schema:
    names = ["RequestId"]
    if endpoint.runs_turns:
        names += ["Cache", "Age", "Degraded", "ContentLanguage"]
    if endpoint.runs_turns and endpoint.style is ErrorStyle.OPENAI:
        names.append("Persona")
    if endpoint.cost != 0:
        names += ["RateLimit", "RateLimitPolicy"]
    if HTTPStatus.NOT_MODIFIED in endpoint.others:
        names.append("ETag")
    if status in _BARE:
        return _response(status.phrase + ".", (*names, *versioning), {})
    is_json = endpoint.media_type == JSON
    schema = body if is_json or endpoint.response is not None else _TEXT
    bodies = {endpoint.media_type: schema}
    if endpoint.streams:
        bodies[EVENT_STREAM] = _EVENTS
    return _response(_meaning(status), (*names, *versioning), bodies)


def _meaning(status: HTTPStatus) -> str:
    return "The answer." if status < HTTPStatus.MULTIPLE_CHOICES else f"{status.phrase}."


def _error_headers(
    endpoint: Endpoint[Any], status: HTTPStatus, versioning: tuple[str, ...]
) -> tuple[str, ...]:
    names = ["RequestId", "ContentLanguage"]
    if endpoint.cost != 0:
        names += ["RateLimit", "RateLimitPolicy"]
    if status in _WAIT:
        names.append("RetryAfter")
    if endpoint.style is ErrorStyle.OPENAI:
        names += ["ShouldRetry", "RetryAfterMs"] if status in _WAIT else ["ShouldRetry"]
    if status in _CHALLENGED and endpoint.scope is not None:
        names.append("WwwAuthenticate")
    return (*names, *versioning)


def _response(text: str, names: tuple[str, ...] | list[str], bodies: dict[str, Schema]) -> Schema:
    found: Schema = {
        "description": text,
        "headers": {_NAMES[name]: {"$ref": HEADERS + name} for name in names},
    }
    if bodies:
        found["content"] = {kind: {"schema": schema} for kind, schema in bodies.items()}
    return found


def _either(answer: Schema, error: Schema) -> Schema:
    """A status that answers and errors share."""
    content = dict(answer.get("content", {}))
    for kind, media in error["content"].items():
        mine = content.get(kind)
        both = {"anyOf": [mine["schema"], media["schema"]]} if mine else media["schema"]
        content[kind] = {"schema": both}
    return {
        "description": f"{answer['description']}\n\n{error['description']}",
        "headers": answer["headers"] | error["headers"],
        "content": content,
    }
