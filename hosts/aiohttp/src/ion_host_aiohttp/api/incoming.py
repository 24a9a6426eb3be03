"""Asking the guards of requests. Where there is none, nothing is put together for them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus
from itertools import islice
from types import MappingProxyType
from typing import Any, cast

import attrs
from aiohttp import web

from ion_framework.errors import TurnRefusedError
from ion_framework.pipeline.families import GUARD_FAILED
from ion_framework.pipeline.incoming import IncomingRequest, RequestText
from ion_host_aiohttp.api.endpoint import Call, Endpoint
from ion_host_aiohttp.api.passage import passage_of
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import said_by, say
from ion_host_aiohttp.service import Service

CREDENTIALS = frozenset(
    # Pages in a browser put a token into the last one.
    {"authorization", "cookie", "proxy-authorization", "x-api-key", "sec-websocket-protocol"}
)
"""Headers that no guard is shown."""

MOST_TEXTS = 4000
"""Texts of one body that guards are shown; they are told when there are more."""

OPEN_MEMBER = "*"
"""How a member is called in an object whose members the endpoint does not name: its name is the
caller's own text."""

NO_PARTS: Mapping[str, str] = MappingProxyType({})
"""Of a path without variable parts."""


async def ask_guards(
    request: web.Request, endpoint: Endpoint[Any], service: Service, call: Call[Any]
) -> None:
    """Let plugins say whether a request may be worked on.

    They are not asked about probes: what may not be refused under load and costs nothing.

    Raises:
        RequestFailed: 403 where a guard says no, or fails.
    """
    hooks = service.ion.hooks
    is_probe = not endpoint.sheddable and endpoint.cost == 0
    if not hooks.guards_requests or is_probe:
        return
    try:
        await hooks.guard_request(_incoming(request, endpoint, service, call), service.clock)
    except TurnRefusedError as error:
        passage_of(request).log_fields = {"refused_by": error.guard, "reason": error.code}
        if error.code == GUARD_FAILED:
            service.logger.exception(
                "guard of requests failed", plugin=error.guard, reason=str(error.__cause__)
            )
        raise RequestFailed(_refused(error)) from None


def _refused(error: TurnRefusedError) -> Failure:
    """The failure of a refused request: the host's words for a guard that failed, else its own."""
    if error.code == GUARD_FAILED:
        return Failure(
            status=HTTPStatus.FORBIDDEN, code="GUARD_FAILED", message=say("request_guard_failed")
        )
    return Failure(
        status=HTTPStatus.FORBIDDEN,
        code="REQUEST_REFUSED",
        message=said_by(error.guard, error.code, str(error)),
        details={"reason": error.code},
    )


def _incoming(
    request: web.Request, endpoint: Endpoint[Any], service: Service, call: Call[Any]
) -> IncomingRequest:
    texts: list[RequestText] = []
    _add_texts(texts, call.body, "")
    headers, addresses = _headers(request), service.addresses
    target, parts = request.raw_path, request.match_info
    return IncomingRequest(
        method=request.method,
        path=request.path,
        target=target,
        route=endpoint.path,
        parts=dict(parts) if parts else NO_PARTS,
        query=tuple(request.query.items()) if "?" in target else (),
        scheme="https" if addresses.is_https(request) else "http",
        address=addresses.of(request),
        from_proxy=addresses.from_proxy(request),
        headers=headers,
        content_type=request.content_type if "content-type" in headers else "",
        body_bytes=request.content.total_bytes,
        texts=tuple(texts[:MOST_TEXTS]),
        complete=len(texts) <= MOST_TEXTS,
        language=call.language,
    )


def _headers(request: web.Request) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for given, value in request.headers.items():
        name = given.lower()
        if name not in CREDENTIALS:
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _add_texts(found: list[RequestText], value: object, field: str, member: str = "") -> None:
    """Add every text in a decoded body; the members of an enumeration are known already.

    As soon as there are more than guards are shown, no more are looked for.
    """
    kind = type(value)
    if len(found) > MOST_TEXTS or kind in _NO_TEXT:
        return
    if kind is str:
        found.append(RequestText(field, cast("str", value), member))
    elif kind in _MEMBERS:
        _add_members(found, value, field)
    elif isinstance(value, str):
        if not isinstance(value, Enum):
            found.append(RequestText(field, value, member))
    elif isinstance(value, Mapping):
        for name, item in islice(value.items(), MOST_TEXTS + 1):
            _add_texts(found, name, f"{field}.{OPEN_MEMBER}")
            _add_texts(found, item, f"{field}.{OPEN_MEMBER}", str(name))
    elif isinstance(value, list | tuple | set | frozenset):
        # One more than are shown tells that there are more; each is a text, or holds some.
        for item in islice(value, MOST_TEXTS + 1):
            _add_texts(found, item, field, member)
    else:
        _MEMBERS[kind] = _members_of(kind)
        _add_members(found, value, field)


_NO_TEXT = frozenset({type(None), bool, int, float})


def _add_members(found: list[RequestText], value: object, field: str) -> None:
    for name in _MEMBERS[type(value)]:
        item = getattr(value, name)
        if type(item) not in _NO_TEXT:
            _add_texts(found, item, f"{field}.{name}" if field else name)


def _members_of(kind: Any) -> tuple[str, ...]:
    return tuple(item.name for item in attrs.fields(kind)) if attrs.has(kind) else ()


_MEMBERS: dict[type, tuple[str, ...]] = {}
"""The names of the members of classes of bodies; none of a class of another kind. They are asked
before what a value is otherwise, which takes longer to tell."""
