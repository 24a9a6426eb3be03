"""The whole document: every endpoint that is served and not hidden, with what they refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ion_host_aiohttp.api.endpoint import Endpoint
from ion_host_aiohttp.api.gate import API_KEY
from ion_host_aiohttp.api.path import path_names, shown_path
from ion_host_aiohttp.api.versions import Versioning
from ion_host_aiohttp.openapi.answers import RESPONSE_HEADERS
from ion_host_aiohttp.openapi.error_shapes import ERROR_COMPONENTS
from ion_host_aiohttp.openapi.operation import BEARER, KEY, Facts, operation_of, tag_of
from ion_host_aiohttp.openapi.parameters import HEADER_PARAMETERS, parameter_type
from ion_host_aiohttp.openapi.schemas import Schema, Schemas, schemas_of
from ion_host_aiohttp.service import Service

OPENAPI = "3.1.0"

_DESCRIPTION = """\
A persona framework over HTTP: a message goes to the persona that fits it, and every answer says
why.

- Text is JSON in UTF-8; no text may hold NUL or a surrogate without its partner.
- Every answer carries `X-Request-ID`, and so do errors. Errors come in English, Korean and what
  plugins bring, by `Accept-Language`; `Content-Language` names their languages.
- API v1 answers errors as `{"error", "status_code"}` and `{"detail"}`, API v2 as
  `application/problem+json` (RFC 9457), and what is under `/v1` in the shape of OpenAI's protocol.
- An answer of a persona carries `ION-Cache`, and `ION-Degraded` where a preferred generator failed.
"""
_TAGS = {
    "v1": "API v1, at the root.",
    "v2": "API v2, under `/api/v2`.",
    "health": "Probes.",
    "openai": "OpenAI's protocol, under `/v1`, for its clients.",
}
_SECURITY: dict[str, Schema] = {
    BEARER: {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, or a JSON Web Token of an issuer that the host believes. "
        "Each operation names the scope that it needs: `chat`, `read` or `admin`, which holds "
        "the others.",
    },
    KEY: {
        "type": "apiKey",
        "in": "header",
        "name": API_KEY,
        "description": "An API key with the scope that the operation names.",
    },
}


def document_of(
    endpoints: Iterable[Endpoint[Any]], service: Service, *, closed: bool
) -> dict[str, Any]:
    """The OpenAPI document of these endpoints.

    Args:
        endpoints: what is served.
        service: what they share; gives the version, the limits and the settings.
        closed: whether nobody passes without credentials.
    """
    shown = [endpoint for endpoint in endpoints if not endpoint.hidden]
    schemas, roots = _schemas(shown, service)
    facts = Facts(schemas.components, Versioning.by(service.ion.settings.api), closed)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "ION",
            "version": service.version,
            "summary": "A persona framework over HTTP.",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": _tags(shown),
        "paths": _paths(shown, roots, facts),
        "components": {
            "schemas": {**schemas.components, **ERROR_COMPONENTS},
            "parameters": HEADER_PARAMETERS,
            "headers": RESPONSE_HEADERS,
            "securitySchemes": _SECURITY,
        },
    }


def _paths(
    shown: Sequence[Endpoint[Any]], roots: Sequence[Mapping[str, Schema]], facts: Facts
) -> dict[str, Schema]:
    """The operations by path and method, in the order of the declarations."""
    paths: dict[str, Schema] = {}
    for endpoint, own in zip(shown, roots, strict=True):
        methods = paths.setdefault(shown_path(endpoint.path), {})
        methods[endpoint.method.lower()] = operation_of(endpoint, own, facts)
    return paths


def _tags(shown: Sequence[Endpoint[Any]]) -> list[Schema]:
    names = dict.fromkeys(tag_of(endpoint) for endpoint in shown)
    return [
        {"name": name, "description": _TAGS[name]} if name in _TAGS else {"name": name}
        for name in names
    ]


def _schemas(
    shown: Sequence[Endpoint[Any]], service: Service
) -> tuple[Schemas, list[dict[str, Schema]]]:
    """The schemas of all types, and for each endpoint its own by their places."""
    places = [types_of(endpoint) for endpoint in shown]
    kinds = [kind for found in places for kind in found.values()]
    schemas = schemas_of(kinds, service.limits)
    left = iter(schemas.roots)
    return schemas, [{place: next(left) for place in found} for found in places]


def types_of(endpoint: Endpoint[Any]) -> dict[str, Any]:
    """The types of an endpoint by their places: ``body``, ``?``, ``answer``, parts of the path."""
    found: dict[str, Any] = {
        name: parameter_type(endpoint, name) for name in path_names(endpoint.path)
    }
    if endpoint.request is not None:
        found["body"] = endpoint.request
    if endpoint.query is not None:
        found["?"] = endpoint.query
    found["answer"] = Any if endpoint.response is None else endpoint.response
    return found
