"""The one way to declare an endpoint. Nothing is routed that is not declared like this.

::

    PERSONAS = Endpoint(
        method="GET",
        path="/api/v2/personas",
        handler=list_personas,
        style=ErrorStyle.V2,
        summary="Every active persona and what it is best for.",
    )

A handler sees neither aiohttp nor bytes: it takes a `Call` and gives an `Answer`, or raises
`ion_host_aiohttp.errors.failure.RequestFailed`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Generic, TypeVar

import attrs

from ion_framework.domain.language import Language
from ion_host_aiohttp.service import Service

RequestT = TypeVar("RequestT")


class ErrorStyle(StrEnum):
    """The shape of an endpoint's errors."""

    V1 = "v1"
    V2 = "v2"

    @classmethod
    def of_path(cls, path: str) -> ErrorStyle:
        """The style at an address where no endpoint is."""
        return cls.V2 if path.startswith("/api/") else cls.V1


@attrs.frozen(kw_only=True)
class Call(Generic[RequestT]):
    """A request as a handler sees it.

    Attributes:
        body: the decoded body; None where the endpoint takes none.
        path: the variable parts of the path.
        request_id: names the request everywhere.
        language: the language that the caller asked for, None without a wish.
        deadline_s: seconds that the caller gives a turn, None without a wish.
    """

    body: RequestT
    path: Mapping[str, str]
    request_id: str
    language: Language | None
    deadline_s: float | None = None


@attrs.frozen(kw_only=True)
class Answer:
    """What a handler gives back.

    Attributes:
        body: what is encoded as JSON.
        status: HTTP status.
        headers: response headers besides those of every response.
        log: fields for the request's log line; never text of a message.
    """

    body: object
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = attrs.field(factory=dict)
    log: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Endpoint(Generic[RequestT]):
    """An endpoint.

    Attributes:
        method: HTTP method, upper case; GET answers HEAD too.
        path: path pattern, variable parts as ``{name}``.
        handler: what answers.
        style: the shape of its errors.
        summary: what it does, one sentence.
        request: class of the body, None where it takes none.
    """

    method: str
    path: str
    handler: Callable[[Call[RequestT], Service], Awaitable[Answer]]
    style: ErrorStyle
    summary: str
    request: type[RequestT] | None = None
