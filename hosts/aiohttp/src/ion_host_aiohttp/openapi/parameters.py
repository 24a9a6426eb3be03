"""What requests carry besides a body: parts of the path, the query, and headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from ion_host_aiohttp.api.deadline import HEADER as DEADLINE
from ion_host_aiohttp.api.deadline import LONGEST_MS
from ion_host_aiohttp.api.endpoint import Endpoint
from ion_host_aiohttp.api.path import path_names
from ion_host_aiohttp.api.request_id import HEADER as REQUEST_ID
from ion_host_aiohttp.openapi.schemas import REFERENCE, Schema

PARAMETERS = "#/components/parameters/"
ANY_TEXT = Annotated[str, msgspec.Meta(min_length=1, pattern="^[^/]+$")]
"""A variable part of a path of which the declaration says no more."""

# Only of the last is a bad value refused; of the others it is ignored, so that they are any text.
HEADER_PARAMETERS: dict[str, Schema] = {
    "AcceptLanguage": {
        "name": "Accept-Language",
        "in": "header",
        "description": "Languages of texts for people, as in `ko-KR, en;q=0.5`: `ko`, `en`, and "
        "those that plugins bring.",
        "schema": {"type": "string"},
    },
    "RequestId": {
        "name": REQUEST_ID,
        "in": "header",
        "description": "Names the request in the answer, in logs and in receipts: 1 to 128 "
        "letters, digits, `.`, `_` or `-`. Without one, the host makes one.",
        "schema": {"type": "string"},
    },
    "Traceparent": {
        "name": "traceparent",
        "in": "header",
        "description": "The caller's place in its trace (W3C Trace Context), as in "
        "`00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.",
        "schema": {"type": "string"},
    },
    "LastEventId": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The id of the last event of a stream that arrived, to go on after it; "
        "counts where a stream of events is asked for.",
        "schema": {"type": "string"},
    },
    "Deadline": {
        "name": DEADLINE,
        "in": "header",
        "description": "Milliseconds that the whole turn may take, as in `8000`; the host's own "
        "limit holds, too.",
        "schema": {"type": "integer", "minimum": 1, "maximum": LONGEST_MS},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The caller's own name for this request, in quotation marks or without: a "
        "request that comes again under the same name is not done again, and gets the same answer.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,255}$"},
    },
}


def parameter_type(endpoint: Endpoint[Any], name: str) -> Any:
    """The type of a variable part of an endpoint's path."""
    return endpoint.parameters.get(name, ANY_TEXT)


def parameters_of(
    endpoint: Endpoint[Any], roots: Mapping[str, Schema], components: Mapping[str, Schema]
) -> list[Schema]:
    """The parameters of an endpoint.

    Args:
        endpoint: the endpoint.
        roots: schemas of its variable parts, by name; that of its query under ``?``.
        components: what they refer to.
    """
    found = [
        {"name": name, "in": "path", "required": True, **_described(roots[name])}
        for name in path_names(endpoint.path)
    ]
    if endpoint.query is not None:
        query = components[roots["?"]["$ref"].removeprefix(REFERENCE)]
        found += [
            {
                "name": name,
                "in": "query",
                "required": name in query.get("required", ()),
                **_described(_without_null(schema)),
            }
            for name, schema in query["properties"].items()
        ]
    headers = ["AcceptLanguage", "RequestId", "Traceparent"]
    if endpoint.runs_turns:
        headers.append("Deadline")
    if endpoint.repeatable:
        headers.append("IdempotencyKey")
    if endpoint.streams and not endpoint.upgrade:
        headers.append("LastEventId")
    return found + [{"$ref": PARAMETERS + name} for name in headers]


def _described(schema: Schema) -> Schema:
    """A parameter's members: its description moves out of its schema."""
    rest = {name: value for name, value in schema.items() if name != "description"}
    if "description" in schema:
        return {"description": schema["description"], "schema": rest}
    return {"schema": rest}


def _without_null(schema: Schema) -> Schema:
    """The schema of a query parameter: it is there as text or not there, never null."""
    rest = {k: v for k, v in schema.items() if not (k == "default" and v is None)}
    if "anyOf" not in rest:
        return rest
    kinds = [kind for kind in rest.pop("anyOf") if kind != {"type": "null"}]
    return {**kinds[0], **rest} if len(kinds) == 1 else {"anyOf": kinds, **rest}
