"""One endpoint as an operation of the document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from ion_host_aiohttp.api.decoding import is_optional
from ion_host_aiohttp.api.endpoint import JSON, Endpoint
from ion_host_aiohttp.api.path import shown_path
from ion_host_aiohttp.api.versions import V1, Versioning
from ion_host_aiohttp.openapi.answers import responses_of
from ion_host_aiohttp.openapi.examples import example_of
from ion_host_aiohttp.openapi.links import links_of
from ion_host_aiohttp.openapi.parameters import parameters_of
from ion_host_aiohttp.openapi.schemas import Schema

BEARER, KEY = "bearer", "apiKey"
_WORD = re.compile(r"[A-Za-z0-9]+")
_VERSION = re.compile(r"v\d+")


@attrs.frozen
class Facts:
    """What the operations of one document share.

    Attributes:
        components: schemas by name.
        versioning: what is announced of versions.
        closed: whether nobody passes without credentials.
    """

    components: Mapping[str, Schema]
    versioning: Versioning
    closed: bool


def operation_of(endpoint: Endpoint[Any], roots: Mapping[str, Schema], facts: Facts) -> Schema:
    """The operation of an endpoint.

    Args:
        endpoint: the endpoint.
        roots: the schemas of its types: ``body``, ``answer``, ``?`` for the query, and those of
            the variable parts of its path.
        facts: what all operations share.
    """
    fields = facts.versioning.fields_of(endpoint.path)
    found: Schema = {
        "operationId": operation_id(endpoint),
        "tags": [tag_of(endpoint)],
        "summary": endpoint.summary,
    }
    if text := _description(endpoint):
        found["description"] = text
    if "Deprecation" in fields:
        found["deprecated"] = True
    found["parameters"] = parameters_of(endpoint, roots, facts.components)
    if endpoint.request is not None:
        required = not is_optional(endpoint.request)
        found["requestBody"] = _request_body(roots["body"], facts.components, required=required)
    found["responses"] = responses_of(endpoint, roots["answer"], tuple(fields))
    if links := links_of(endpoint):
        found["responses"][str(int(endpoint.status))]["links"] = links
    if endpoint.scope is not None:
        found["security"] = _security(str(endpoint.scope), closed=facts.closed)
    return found


def operation_id(endpoint: Endpoint[Any]) -> str:
    """The name of an endpoint's operation: its method and the words of its path."""
    words = "_".join(_WORD.findall(shown_path(endpoint.path))) or "root"
    return f"{endpoint.method.lower()}_{words}"


def tag_of(endpoint: Endpoint[Any]) -> str:
    """The group in the documentation that an endpoint belongs to."""
    if endpoint.tag:
        return endpoint.tag
    if shown_path(endpoint.path) in V1:
        return "v1"
    words: list[str] = _WORD.findall(endpoint.path)
    if words[:1] == ["api"] and len(words) > 1 and _VERSION.fullmatch(words[1]):
        return words[1]
    return words[0] if words else "service"


def _description(endpoint: Endpoint[Any]) -> str:
    parts = [endpoint.description.strip()]
    if endpoint.scope is not None:
        parts.append(f"Needs the scope `{endpoint.scope}`.")
    if callable(endpoint.cost):
        parts.append("Counts in the rate limit by what it asks for.")
    elif endpoint.cost == 0:
        parts.append("Does not count in the rate limit.")
    elif endpoint.purse:
        parts.append(
            "Counts beside the caller's rate limit: as many requests again, which others do not "
            "use up."
        )
    return "\n\n".join(part for part in parts if part)


def _request_body(schema: Schema, components: Mapping[str, Schema], *, required: bool) -> Schema:
    example = example_of(schema, components)
    return {"required": required, "content": {JSON: {"schema": schema, "example": example}}}


def _security(scope: str, *, closed: bool) -> list[dict[str, list[str]]]:
    """Either way to show who asks; on a host that lets everybody in, none is needed."""
    ways: list[dict[str, list[str]]] = [{BEARER: [scope]}, {KEY: [scope]}]
    return ways if closed else [*ways, {}]
