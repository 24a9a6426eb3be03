"""The texts of a request, and what kind of place each stands in."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import attrs

from ion_framework import IncomingRequest, RequestText

KNOWN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "content-type",
        "forwarded",
        "host",
        "if-none-match",
        "ion-deadline-ms",
        "last-event-id",
        "origin",
        "referer",
        "traceparent",
        "tracestate",
        "user-agent",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-request-id",
    }
)
"""Headers that are named in the log; the name of any other is the caller's own text."""


class Kind(StrEnum):
    """What a text is for, which is what it may hold."""

    TARGET = "target"
    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    ID = "id"
    MESSAGE = "message"


@attrs.frozen
class Place:
    """A text and where it stands.

    Attributes:
        kind: what it is for.
        name: where it stands, in words that are not the caller's.
        text: the text.
    """

    kind: Kind
    name: str
    text: str = attrs.field(repr=False)


def addresses_of(request: IncomingRequest, messages: frozenset[str]) -> Iterator[Place]:
    """The texts of a request's address.

    Args:
        request: the request.
        messages: names of the parameters that hold messages.
    """
    yield Place(Kind.TARGET, "target", request.target)
    yield Place(Kind.PATH, "path", request.path)
    for name, value in request.query:
        if name in messages:
            yield Place(Kind.MESSAGE, f"query.{name}", value)
        else:
            yield Place(Kind.QUERY, "query", value)
            yield Place(Kind.QUERY, "query-name", name)


def headers_of(request: IncomingRequest) -> Iterator[Place]:
    """The values of a request's headers."""
    for name, value in request.headers.items():
        known = name if name in KNOWN_HEADERS else "*"
        yield Place(Kind.HEADER, f"header.{known}", value)


def bodies_of(request: IncomingRequest, messages: frozenset[str]) -> Iterator[Place]:
    """The texts of a request's body.

    Args:
        request: the request.
        messages: names of the members that hold messages.
    """
    for item in request.texts:
        kind = Kind.MESSAGE if _holders(item) & messages else Kind.ID
        yield Place(kind, f"body.{item.field}", item.text)


def _holders(item: RequestText) -> frozenset[str]:
    """The member that holds a text, and the named one around it where it is in an open object."""
    named = [name for name in item.field.split(".") if name != "*"]
    return frozenset((item.name, *named[-1:]))
