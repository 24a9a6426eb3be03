"""Whether an endpoint can be served as declared. Plugins write them, so nothing is assumed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from ion_host_aiohttp.api.decoding import decoder_of
from ion_host_aiohttp.api.endpoint import Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.path import path_names

METHODS = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
_WITHOUT_BODY = ("GET", "OPTIONS")

_TOKEN = re.compile(r"[A-Za-z0-9._:-]+")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
_SIMPLE = frozenset({"string", "integer", "number", "boolean", "null"})
_LEAST_ERROR = 400
_SWITCHED = HTTPStatus.SWITCHING_PROTOCOLS


def fault_of(endpoint: Endpoint[Any]) -> str | None:
    """What is wrong with an endpoint and what is valid, one sentence; None where nothing is."""
    for check in _CHECKS:
        fault = check(endpoint)
        if fault is not None:
            return fault
    return None


def _method(endpoint: Any) -> str | None:
    if endpoint.method not in METHODS:
        return f"the method is unknown; valid are: {', '.join(METHODS)}"
    return None


def _parts(endpoint: Any) -> str | None:
    if not callable(endpoint.handler):
        return "the handler cannot be called; give an async function of (call, service)"
    if not isinstance(endpoint.style, ErrorStyle):
        return "the style is unknown; valid are the members of ErrorStyle"
    if not isinstance(endpoint.summary, str) or not endpoint.summary.strip():
        return "the summary is missing; say in one sentence what the endpoint does"
    if not isinstance(endpoint.description, str) or not isinstance(endpoint.tag, str):
        return "the description and the tag have to be text"
    return None


def _path(endpoint: Any) -> str | None:
    path = endpoint.path
    if not isinstance(path, str) or not path.startswith("/"):
        return "the path has to be text that begins with a slash"
    try:
        web.UrlDispatcher().add_resource(path)
    except ValueError as error:
        return f"the path is no pattern: {error}; variable parts are written {{name}}"
    return None


def _parameters(endpoint: Any) -> str | None:
    given = endpoint.parameters
    if not isinstance(given, Mapping):
        return "the parameters have to be types by the names of variable parts of the path"
    names = path_names(endpoint.path)
    for name, kind in given.items():
        if name not in names:
            found = ", ".join(names) or "none"
            return f"the path has no variable part {name!r}; it has: {found}"
        fault = _fault_of_text(kind)
        if fault is not None:
            return f"the type of the variable part {name!r} {fault}"
    return None


def _request(endpoint: Any) -> str | None:
    if endpoint.request is None:
        return None
    try:
        decoder_of(endpoint.request)
        msgspec.json.schema(endpoint.request)
    except Exception as error:  # noqa: BLE001  resolving foreign annotations may raise anything
        return f"its request class cannot be decoded: {error}"
    if endpoint.method in _WITHOUT_BODY:
        return f"a request with {endpoint.method} has no body; leave the request class out"
    return None


def _query(endpoint: Any) -> str | None:
    if endpoint.query is None:
        return None
    try:
        (root,), components = msgspec.json.schema_components([endpoint.query])
    except Exception as error:  # noqa: BLE001  resolving foreign annotations may raise anything
        return f"its query class cannot be decoded: {error}"
    schema = components.get(str(root.get("$ref", "")).rpartition("/")[2], {})
    if "properties" not in schema:
        return "its query class has to be a class with fields"
    for name, kind in schema["properties"].items():
        if not _is_simple(kind, components):
            return (
                f"the field {name!r} of its query class cannot stand in an address; "
                "valid are text, numbers, booleans and enumerations"
            )
    return None


def _response(endpoint: Any) -> str | None:
    if endpoint.response is not None:
        try:
            msgspec.json.schema(endpoint.response)
        except Exception as error:  # noqa: BLE001  resolving foreign annotations may raise anything
            return f"its response class has no schema: {error}"
    media_type = endpoint.media_type
    if not isinstance(media_type, str) or not _MEDIA_TYPE.fullmatch(media_type):
        return "the media type has to be written as type/subtype, in small letters"
    return None


def _upgrade(endpoint: Any) -> str | None:
    if not isinstance(endpoint.upgrade, bool) or not isinstance(endpoint.streams, bool):
        return "whether it streams and whether it upgrades have to be True or False"
    if endpoint.upgrade and (endpoint.method != "GET" or endpoint.status != _SWITCHED):
        return "an endpoint that upgrades has the method GET and the status 101"
    return None


def _statuses(endpoint: Any) -> str | None:
    others = endpoint.others
    if not isinstance(others, tuple):
        return "the other statuses have to be a tuple of HTTPStatus"
    for status in (endpoint.status, *others):
        least = _SWITCHED if endpoint.upgrade else HTTPStatus.OK
        if not isinstance(status, HTTPStatus) or status < least:
            return f"{status!r} is not the status of an answer; valid are members of HTTPStatus"
    return None


def _errors(endpoint: Any) -> str | None:
    errors = endpoint.errors
    if not isinstance(errors, tuple):
        return "the errors have to be a tuple of ErrorCase"
    for case in errors:
        if not isinstance(case, ErrorCase):
            return f"the error {case!r} is no ErrorCase"
        status, texts = _parts_of(case)
        if not isinstance(status, HTTPStatus) or status < _LEAST_ERROR:
            return f"{status!r} is not the status of an error; valid are 400 to 599"
        if not all(isinstance(text, str) for text in texts):
            return "the code and the meaning of an error have to be text"
    return None


def _parts_of(case: ErrorCase) -> tuple[Any, tuple[Any, ...]]:
    """The status of an error, and what has to be text; typed as what anybody may have written."""
    return case.status, (case.code, case.meaning)


def _access(endpoint: Any) -> str | None:
    scope = endpoint.scope
    if scope is not None and not (isinstance(scope, str) and _TOKEN.fullmatch(scope)):
        return "the scope has to be one word of letters, digits, '.', '_', ':' or '-', or None"
    purse = endpoint.purse
    if not isinstance(purse, str) or (purse and not _TOKEN.fullmatch(purse)):
        return "the purse has to be one word of letters, digits, '.', '_', ':' or '-', or empty"
    cost = endpoint.cost
    if callable(cost):
        return None if endpoint.request else "a cost by the body needs a request class"
    if not isinstance(cost, int) or isinstance(cost, bool) or cost < 0:
        return "the cost has to be a whole number from 0 on, or a function of the body"
    return None


def _fault_of_text(kind: Any) -> str | None:
    """Why a type cannot be read from text in an address; None where it can."""
    try:
        (schema,), components = msgspec.json.schema_components([kind])
    except Exception as error:  # noqa: BLE001  resolving foreign annotations may raise anything
        return f"cannot be read: {error}"
    if not _is_simple(schema, components):
        return "cannot stand in an address; valid are text, numbers, booleans and enumerations"
    return None


def _is_simple(schema: Mapping[str, Any], components: Mapping[str, Any]) -> bool:
    """Whether a schema is of values without parts."""
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return all(_is_simple(kind, components) for kind in schema["anyOf"])
    return "enum" in schema or schema.get("type") in _SIMPLE


_CHECKS: tuple[Callable[[Any], str | None], ...] = (
    _method,
    _parts,
    _path,
    _parameters,
    _request,
    _query,
    _response,
    _upgrade,
    _statuses,
    _errors,
    _access,
)
