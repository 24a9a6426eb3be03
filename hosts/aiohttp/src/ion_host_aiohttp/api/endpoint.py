"""The one way to declare an endpoint. Nothing is routed that is not declared like this.

::

    PERSONAS = Endpoint(
        method="GET",
        path="/api/v2/personas",
        handler=list_personas,
        style=ErrorStyle.V2,
        summary="Every active persona and what it is best for.",
        response=PersonaList,
        scope=Scope.READ,
    )

Decoding, validation, access, rate limits, the OpenAPI document and the tests of the contract
follow from the declaration. A handler sees neither aiohttp nor bytes: it takes a `Call` and gives
an `Answer` (or a `Stream`), or raises `ion_host_aiohttp.errors.failure.RequestFailed`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import attrs

from ion_framework.domain.language import Language
from ion_framework.domain.trace_context import TraceContext
from ion_host_aiohttp.access.caller import ANYBODY, Caller, Scope
from ion_host_aiohttp.api.languages import NO_WISH, Asked
from ion_host_aiohttp.api.streams import Stream
from ion_host_aiohttp.api.upgrades import Upgrade
from ion_host_aiohttp.service import Service

RequestT = TypeVar("RequestT")

JSON = "application/json"


class ErrorStyle(StrEnum):
    """The shape of an endpoint's errors."""

    V1 = "v1"
    V2 = "v2"
    OPENAI = "openai"

    @classmethod
    def of_path(cls, path: str) -> ErrorStyle:
        """The style at an address where no endpoint is."""
        if path == "/v1" or path.startswith("/v1/"):
            return cls.OPENAI
        return cls.V2 if path.startswith("/api/") else cls.V1


@attrs.frozen(kw_only=True)
class Call(Generic[RequestT]):
    """A request as a handler sees it.

    Attributes:
        body: the decoded body; None where the endpoint takes none.
        query: the decoded query, an instance of the endpoint's ``query`` class; None without one.
        path: the variable parts of the path, each as the type that the endpoint declares for it.
        request_id: names the request everywhere.
        language: of the languages that personas speak the one that the caller asked for, None
            without a wish.
        asked: all languages that the caller asked for; ``service.catalogue.telling`` takes it.
        deadline_s: seconds that the caller gives a turn, None without a wish.
        caller: who asks.
        trace: where the request stands in the caller's distributed trace, if it is in one.
        accept: the header ``Accept``, all its values, empty without one.
        wants_events: whether ``Accept`` asks for a stream of events.
        last_event_id: the header ``Last-Event-ID``, None without one.
        idempotency_keys: every header ``Idempotency-Key``, where the endpoint declares it.
    """

    body: RequestT
    query: Any = None
    path: Mapping[str, Any]
    request_id: str
    language: Language | None
    deadline_s: float | None = None
    caller: Caller = ANYBODY
    trace: TraceContext | None = None
    asked: Asked = NO_WISH
    accept: str = ""
    wants_events: bool = False
    last_event_id: str | None = None
    idempotency_keys: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Answer:
    """What a handler gives back.

    Attributes:
        body: what is encoded as JSON; bytes are sent as they are, under ``media_type``.
        status: HTTP status.
        headers: response headers besides those of every response.
        log: fields for the request's log line; never text of a message.
        media_type: what the body is, where it is bytes.
    """

    body: object
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = attrs.field(factory=dict)
    log: Mapping[str, str] = attrs.field(factory=dict)
    media_type: str = JSON


@attrs.frozen
class ErrorCase:
    """An error that an endpoint has besides those that follow from its declaration.

    Attributes:
        status: HTTP status.
        code: ``error.code`` of API v2; OpenAI's protocol has a name of its own for some.
        meaning: when it happens, one sentence.
    """

    status: HTTPStatus
    code: str
    meaning: str


@attrs.frozen(kw_only=True)
class Endpoint(Generic[RequestT]):
    """An endpoint.

    Attributes:
        method: HTTP method, upper case; GET answers HEAD too.
        path: path pattern, variable parts as ``{name}``.
        handler: what answers.
        style: the shape of its errors.
        summary: what it does, one sentence.
        description: more of it for the documentation, Markdown.
        request: class of the body, None where it takes none.
        query: class of the query parameters, None where it knows none. Its fields are text,
            numbers, booleans or enumerations, each with or without None.
        parameters: a type for a variable part of the path, where it is not any text; what does
            not fit it is no address of this endpoint (404).
        response: class of the body of its answer; None is any JSON value.
        status: HTTP status of its answer.
        others: further statuses that it answers with the same class of body.
        media_type: what the body of its answer is.
        errors: errors besides those that follow from the declaration.
        scope: what a caller must be granted; None lets everybody in.
        cost: how many requests it counts in the caller's rate limit: 0 counts nothing; a function
            of the body is known once that is decoded.
        purse: name of what it counts in beside the caller's rate limit, which it leaves alone: as
            much again, for all endpoints with the same name; empty: it counts in the limit itself.
        runs_turns: whether it asks a language model, so that token budgets and the error of a
            turn apply.
        sheddable: whether it may be refused under overload; probes may not.
        tag: the group in the documentation it belongs to; by default what the path begins with.
        streams: whether it answers with a stream of events (`Stream`), always or when asked to.
        upgrade: whether the connection becomes a WebSocket (`Upgrade`); only of GET, without a
            body. Its scope is asked for at the opening and at every `Wire.admit`.
        repeatable: whether it takes the header ``Idempotency-Key``, by which a caller may send a
            request again without its being done again.
        hidden: whether the documentation leaves it out (the pages of the documentation itself).
        begin: called once, on the event loop, before the host serves it; None: nothing to begin.
    """

    method: str
    path: str
    handler: Callable[[Call[RequestT], Service], Awaitable[Answer | Stream | Upgrade]]
    style: ErrorStyle
    summary: str
    description: str = ""
    request: type[RequestT] | None = None
    query: type[Any] | None = None
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    response: Any = None
    status: HTTPStatus = HTTPStatus.OK
    others: tuple[HTTPStatus, ...] = ()
    media_type: str = JSON
    errors: tuple[ErrorCase, ...] = ()
    scope: str | None = Scope.CHAT
    cost: int | Callable[[RequestT], int] = 1
    purse: str = ""
    runs_turns: bool = False
    sheddable: bool = True
    tag: str = ""
    streams: bool = False
    upgrade: bool = False
    repeatable: bool = False
    hidden: bool = False
    begin: Callable[[Service], None] | None = None
