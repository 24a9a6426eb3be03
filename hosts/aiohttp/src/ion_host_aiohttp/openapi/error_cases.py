"""The errors that follow from what an endpoint declares."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import attrs

from ion_host_aiohttp.api.endpoint import Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.browser.cors import SAFE
from ion_host_aiohttp.errors import openai as errors_openai

_EVERYWHERE = (
    ErrorCase(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Something unforeseen."),
    ErrorCase(HTTPStatus.SERVICE_UNAVAILABLE, "TIMEOUT", "The answer was not ready in time."),
    ErrorCase(HTTPStatus.SERVICE_UNAVAILABLE, "DRAINING", "The host is being stopped."),
)
_BROWSER = (
    ErrorCase(HTTPStatus.FORBIDDEN, "HOST_REFUSED", "`Host` is not a name of this server."),
)
_UNSAFE = (
    ErrorCase(
        HTTPStatus.FORBIDDEN,
        "ORIGIN_REFUSED",
        "The web page that sent it may not call this server.",
    ),
)
_SHEDDABLE = (
    ErrorCase(HTTPStatus.FORBIDDEN, "REQUEST_REFUSED", "A guard of requests said no."),
    ErrorCase(HTTPStatus.FORBIDDEN, "GUARD_FAILED", "A guard of requests failed."),
    ErrorCase(HTTPStatus.SERVICE_UNAVAILABLE, "OVERLOADED", "The host has too much to do."),
)
_NOT_JSON = (
    ErrorCase(
        HTTPStatus.BAD_REQUEST, "INVALID_JSON", "The body is not JSON, or nested too deeply."
    ),
)
"""In v2; v1 tells of it as of a value that does not fit."""
_BODY = (
    ErrorCase(HTTPStatus.BAD_REQUEST, "BODY_BROKEN", "The body breaks off."),
    ErrorCase(HTTPStatus.REQUEST_TIMEOUT, "BODY_TIMEOUT", "The body did not arrive in time."),
    ErrorCase(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "REQUEST_TOO_LARGE", "The body is too large."),
    ErrorCase(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "CONTENT_TYPE", "The body is not JSON in UTF-8."),
    ErrorCase(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "CONTENT_ENCODING", "The body is compressed."),
)
_SCHEMA = (
    ErrorCase(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "VALIDATION_ERROR",
        "A value does not fit the schema; `errors` says which and why.",
    ),
)
_SCHEMA_OPENAI = tuple(
    ErrorCase(HTTPStatus.BAD_REQUEST, code, meaning)
    for code, meaning in errors_openai.ISSUE_CODES.items()
)
_PATH = (ErrorCase(HTTPStatus.NOT_FOUND, "NOT_FOUND", "A part of the path is not valid."),)
_SCOPE = (
    ErrorCase(HTTPStatus.UNAUTHORIZED, "AUTHENTICATION_REQUIRED", "Credentials are missing."),
    ErrorCase(HTTPStatus.UNAUTHORIZED, "CREDENTIALS_REFUSED", "The credentials are not valid."),
    ErrorCase(HTTPStatus.FORBIDDEN, "SCOPE_MISSING", "The caller lacks the scope."),
    ErrorCase(
        HTTPStatus.TOO_MANY_REQUESTS,
        "TOO_MANY_FAILED_LOGINS",
        "Too many credentials from the caller's address were not valid.",
    ),
    ErrorCase(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "AUTHENTICATION_UNAVAILABLE",
        "Credentials cannot be checked at the moment.",
    ),
)
_COST = (
    ErrorCase(HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED", "The caller's quota is used up."),
    ErrorCase(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "RATE_LIMIT_UNAVAILABLE",
        "The caller's quota cannot be known at the moment.",
    ),
)
_COST_BY_BODY = (
    ErrorCase(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "REQUEST_TOO_LARGE",
        "The request is too large, or counts more than the caller's quota can ever hold.",
    ),
)
_TURN = (
    ErrorCase(
        HTTPStatus.BAD_REQUEST,
        "INVALID_DEADLINE",
        "`ION-Deadline-Ms` is no number of milliseconds.",
    ),
    ErrorCase(HTTPStatus.FORBIDDEN, "TURN_REFUSED", "A guard, or the language model, said no."),
    ErrorCase(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "MESSAGE_REJECTED",
        "The language model does not take this message.",
    ),
    ErrorCase(HTTPStatus.SERVICE_UNAVAILABLE, "NOT_EQUIPPED", "An operator has something to set."),
    ErrorCase(HTTPStatus.SERVICE_UNAVAILABLE, "NO_ANSWER", "No answer can be given right now."),
    ErrorCase(HTTPStatus.GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED", "The turn ran out of its time."),
)
_STREAM = (
    ErrorCase(
        HTTPStatus.TOO_MANY_REQUESTS, "TOO_MANY_STREAMS", "The caller has too many streams open."
    ),
    ErrorCase(HTTPStatus.SERVICE_UNAVAILABLE, "STREAMS_FULL", "Too many streams are open."),
)


def cases_of(endpoint: Endpoint[Any]) -> tuple[ErrorCase, ...]:
    """Every error of an endpoint, by status; of two with one code the endpoint's own counts."""
    found: dict[tuple[int, str], ErrorCase] = {}
    for case in (*_implied(endpoint), *endpoint.errors):
        if endpoint.style is ErrorStyle.OPENAI:
            case = _as_in_openai(case)  # noqa: PLW2901  the same case in the words of its style
        found[(case.status, case.code)] = case
    return tuple(sorted(found.values(), key=lambda case: case.status))


def _as_in_openai(case: ErrorCase) -> ErrorCase:
    status = errors_openai.shown_status(case.status, case.code)
    return attrs.evolve(case, status=status, code=errors_openai.shown_code(case.code))


def _implied(endpoint: Endpoint[Any]) -> Iterator[ErrorCase]:
    yield from _EVERYWHERE
    yield from _BROWSER
    if endpoint.method not in SAFE:
        yield from _UNSAFE
    if endpoint.sheddable:
        yield from _SHEDDABLE
    if endpoint.request is not None:
        yield from _BODY if endpoint.style is ErrorStyle.V1 else (*_BODY, *_NOT_JSON)
    if endpoint.request is not None or endpoint.query is not None:
        yield from _SCHEMA_OPENAI if endpoint.style is ErrorStyle.OPENAI else _SCHEMA
    if endpoint.parameters:
        yield from _PATH
    if endpoint.scope is not None:
        yield from _SCOPE
    yield from _implied_by_work(endpoint)


def _implied_by_work(endpoint: Endpoint[Any]) -> Iterator[ErrorCase]:
    """The errors of what it costs to answer."""
    if endpoint.cost != 0:
        yield from _COST
    if callable(endpoint.cost):
        yield from _COST_BY_BODY
    if endpoint.runs_turns:
        yield from _TURN
    if endpoint.streams:
        yield from _STREAM
